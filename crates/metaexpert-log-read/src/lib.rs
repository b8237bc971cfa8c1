//! The reading engine: log files opened, whatever they are packed with.

mod open;

pub use open::{MAGIC_BYTES, Packing, unpacked};
