//! **Pipeline**: the stages put together, started, reconfigured, flushed and stopped.

#[cfg(any(test, feature = "doubles"))]
pub mod driven;
mod ending;
mod intake;
mod start;
mod switching;
mod waiting;

pub use crate::backend::notice::OWN_LOGGER;
pub use crate::backend::opening::{InForce, Needs, Opened, Surroundings};
pub use ending::{LAST_GAP_LIMIT, Stopping};
pub use intake::{Pipeline, Refused};
pub use switching::{QUEUE_STAYED_FULL, SWITCH_LIMIT};
pub use waiting::{DISK_LIMIT, Waiter};
