//! The Arrow C data interface: columns handed to any library that knows Arrow, without a copy.
//!
//! The structs are those of <https://arrow.apache.org/docs/format/CDataInterface.html> and
//! <https://arrow.apache.org/docs/format/CStreamInterface.html>. Each struct that is handed out owns what it
//! points to through `private_data`, until its consumer calls `release`.

mod array;
mod schema;
mod stream;

pub use array::{Array, ArrowArray, Buffer};
pub use schema::ArrowSchema;
pub use stream::{ArrowArrayStream, BatchSource};
