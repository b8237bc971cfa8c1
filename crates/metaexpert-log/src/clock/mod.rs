//! The clocks of the system: its time in nanoseconds and in RFC 3339, and the stamps that a call reads
//! instead.

mod rfc3339;
mod stamp;
mod timebase;
mod wall;

pub use rfc3339::{FRACTION_LEN, Fraction, RFC3339_LEN, Rfc3339};
pub use stamp::{prepare_stamps, stamp, stamp_of};
pub(crate) use timebase::{SharedTimeline, Timebase};
pub use wall::now_ns;
