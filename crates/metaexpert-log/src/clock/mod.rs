//! Wall-clock time in nanoseconds, its RFC 3339 form, and the stamps that a call reads in its place.

mod rfc3339;
mod stamp;
mod timebase;
mod wall;

pub use rfc3339::{FRACTION_LEN, Fraction, RFC3339_LEN, Rfc3339};
pub use stamp::{prepare_stamps, stamp, stamp_of};
pub(crate) use timebase::{SharedTimeline, Timebase};
pub use wall::now_ns;
