//! The wall clock.

/// Nanoseconds since the Unix epoch, read from the system's real-time clock.
#[inline]
pub fn now_ns() -> i64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `ts` is a valid, exclusively borrowed timespec; CLOCK_REALTIME always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut ts) };
    #[allow(clippy::unnecessary_cast)] // both are 32 bits on some platforms
    let now = ts.tv_sec as i64 * 1_000_000_000 + ts.tv_nsec as i64;
    now
}
