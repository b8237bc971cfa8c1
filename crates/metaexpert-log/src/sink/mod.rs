//! **Sink**: encoded lines to their destination, with failures as values.
//!
//! `delivery` is the same for every destination: lines are gathered, written, held and tried again. A
//! `target` is an open destination of any kind.

mod delivery;
mod target;
pub mod trouble;

pub use crate::platform::holdings::forget_after_fork;
pub(crate) use delivery::Settled;
pub use delivery::{Line, Shipment, Sink, SinkReport, SinkTotals, Supply, Worth};
pub use target::console::{Console, shows_colour};
pub use target::file::{Change, LogFile, Opener, chain, set_worker};
pub(crate) use target::file::{is_plain, siblings};
