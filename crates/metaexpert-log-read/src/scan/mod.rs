//! **Scan**: which lines of a block are wanted, and which are no records.

mod batch;
mod block;
mod filter;
mod keys;
mod text;

pub(crate) use batch::Seen;
pub use batch::{Batch, Line};
pub(crate) use block::Scanner;
pub use filter::Filter;
pub use text::{TextError, TextPattern};
