//! **Sink**: encoded lines to their destination, with failures as values.
//!
//! `delivery` is the same for every destination: lines are gathered, written, held and tried again.
//! `targets` has the open destinations; each kind has a file or a folder of its own there.

mod delivery;
mod targets;
pub mod trouble;

pub use crate::platform::holdings::forget_after_fork;
pub(crate) use delivery::Settled;
pub use delivery::{Line, Shipment, Sink, SinkReport, SinkTotals, Supply, Worth};
pub use targets::console::{Console, shows_colour};
pub use targets::file::{Change, LogFile, Opener, chain, set_worker};
pub(crate) use targets::file::{is_rewritable, siblings};
