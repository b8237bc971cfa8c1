//! **Source**: the files of a log, read as blocks of whole lines.

mod file;
mod pool;
mod samples;
mod stream;
mod unpacking;

pub use file::Identity;
pub(crate) use file::LogFile;
pub(crate) use pool::Pool;
pub(crate) use stream::Stream;
