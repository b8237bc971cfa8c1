//! **Sink**: encoded lines to their destination, with failures as values.
//!
//! `delivery` is the same for every destination: lines are gathered, written, held and tried again. A
//! `target` is an open destination of any kind; each kind has a file or a folder of its own.

mod console;
mod delivery;
mod file;
mod socket;
mod target;
pub mod trouble;

pub use crate::platform::holdings::forget_after_fork;
pub use console::{Console, shows_colour};
pub(crate) use delivery::Settled;
pub use delivery::{Line, Shipment, Sink, SinkReport, SinkTotals, Supply, Worth};
pub use file::{Change, LogFile, Opener, chain, set_worker};
pub(crate) use file::{is_plain, siblings};
