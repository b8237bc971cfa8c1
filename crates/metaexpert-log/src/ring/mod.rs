//! **Ring**: bounded bytes between one producer and one consumer, with the names they share.
//!
//! The memory is one mapping: a page with the cursors, the sinks' [`marks`], the [`dictionary`] of names,
//! then the ring's bytes. Frames never wrap; room that is too short at the end is filled with padding.
//! The consumer moves the tail only when every sink has taken the frames, so what lies between tail
//! and head is always the whole of what is not yet written. Where the mapping is of a file in a
//! [`store`], that outlives the process.

mod batch;
mod belief;
mod consumer;
mod cursors;
pub mod decoded;
pub mod dictionary;
mod ends;
pub mod fields;
mod gap;
mod layout;
pub(crate) mod ledger;
pub mod lexicon;
mod mapping;
pub mod marks;
mod producer;
mod remains;
pub mod store;
#[cfg(all(test, not(loom)))]
mod tests;

pub use batch::Batch;
pub use consumer::Consumer;
pub use gap::Gap;
pub use layout::{MIN_CAPACITY, Ring};
pub use producer::{Full, Producer};
