//! **Delivery**: what is done with lines whatever their destination.
//!
//! [`sink`] begins, ends and reports; [`lines`] writes, [`settle`] makes certain, [`behind`] tries again. The
//! [`progress`] is what is known to be in the destination, with what a replay finds there ([`resume`]); lines that
//! had to leave the ring are [`held`], and those that a connection has taken are in [`transit`].

mod backoff;
mod behind;
mod held;
mod lines;
mod progress;
mod resume;
mod settle;
mod sink;
mod transit;

pub(crate) use sink::{Accepted, Settled};
pub use sink::{Sink, SinkReport, SinkTotals};
