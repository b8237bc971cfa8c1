//! Stamps: the time of a call, read at the least cost. It is the processor's counter where the kernel keeps
//! time with it, else the kernel's clock. The backend makes wall-clock time of it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::wall::now_ns;

/// Stamps below it are ticks of the counter, counted from `i64::MIN`; others are nanoseconds since the Unix
/// epoch, which reach back to the year 1823.
const FIRST_NS: i64 = i64::MIN / 2;
const TICKS: u64 = (1 << 62) - 1;

static HAS_COUNTER: AtomicBool = AtomicBool::new(false);

/// Finds out how stamps are to be taken from now on.
pub fn prepare_stamps() {
    HAS_COUNTER.store(counter::is_reliable(), Ordering::Relaxed);
}

/// The present time, for a frame: ticks of the counter, or nanoseconds since the Unix epoch where there is no
/// good one.
#[inline(always)]
pub fn stamp() -> i64 {
    if HAS_COUNTER.load(Ordering::Relaxed) { of_ticks(counter::read()) } else { now_ns() }
}

/// The stamp of a known time; before 1823 there is none.
#[inline]
pub fn stamp_of(timestamp_ns: i64) -> i64 {
    timestamp_ns.max(FIRST_NS)
}

pub(super) fn has_counter() -> bool {
    HAS_COUNTER.load(Ordering::Relaxed)
}

#[inline(always)]
pub(super) fn of_ticks(ticks: u64) -> i64 {
    i64::MIN.wrapping_add((ticks & TICKS) as i64)
}

/// The ticks of a stamp that is not in nanoseconds.
#[inline]
pub(super) fn ticks_of(stamp: i64) -> Option<u64> {
    (stamp < FIRST_NS).then_some(stamp.wrapping_sub(i64::MIN) as u64)
}

#[cfg(target_arch = "x86_64")]
pub(super) mod counter {
    /// Ticks since the machine was started, the same on all its processors.
    #[inline(always)]
    pub fn read() -> u64 {
        // SAFETY: every processor of this architecture has the instruction, and user code may use it unless
        // the kernel forbids it, whose own clocks in user code would not work then.
        unsafe { core::arch::x86_64::_rdtsc() }
    }

    /// The kernel keeps time with it only if it goes at one speed, through all idle states, in step on all
    /// processors.
    pub(super) fn is_reliable() -> bool {
        let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        std::fs::read_to_string(source).is_ok_and(|name| name.trim() == "tsc")
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) mod counter {
    pub fn read() -> u64 {
        0
    }

    pub(super) fn is_reliable() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_nanoseconds_are_told_apart() {
        for ticks in [0, 1, 1 << 40, TICKS] {
            assert_eq!(ticks_of(of_ticks(ticks)), Some(ticks));
        }
        for time_ns in [FIRST_NS, -5, 0, 1_800_000_000_000_000_000, i64::MAX] {
            assert_eq!(ticks_of(stamp_of(time_ns)), None);
            assert_eq!(stamp_of(time_ns), time_ns);
        }
        assert_eq!(ticks_of(stamp_of(i64::MIN)), None);
    }
}
