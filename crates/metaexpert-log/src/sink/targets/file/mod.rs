//! A log file: appended to, one writer per file, rotated between lines, followed when others move it.

mod archive;
mod claim;
mod log_file;
mod packing;
mod repair;
mod rotate;
mod torn;
mod turnover;

pub use claim::{Opener, set_worker};
pub(crate) use claim::{is_rewritable, siblings};
pub use log_file::LogFile;
pub use rotate::chain;
pub use turnover::Change;
