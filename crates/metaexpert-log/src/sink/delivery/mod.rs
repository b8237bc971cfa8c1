//! **Delivery**: what is done with lines whatever their destination.
//!
//! A sink's [`state`] says whether its destination takes lines. [`sink`] begins, ends and reports; [`lines`]
//! writes, [`settle`] makes certain, [`behind`] tries again, and [`replay`] takes lines once more from what
//! gives them ([`supply`]), be it the ring or a file. The [`progress`] is what is known to be in the
//! destination, with what a replay finds there ([`resume`]); lines that had to leave the ring are [`held`],
//! and those that a connection has taken are in [`transit`].

mod behind;
mod held;
mod lines;
mod progress;
mod replay;
mod resume;
mod settle;
mod shipment;
mod sink;
mod state;
mod supply;
mod transit;

pub use shipment::Shipment;
pub(crate) use sink::Settled;
pub use sink::{Sink, SinkReport, SinkTotals};
pub use supply::{Line, Supply, Worth};
