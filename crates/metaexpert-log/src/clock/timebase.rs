//! The counter's ticks as wall-clock time: a straight line between looks at both clocks.

use super::now_ns;
use super::stamp::{counter, ticks_of};
use crate::sync::{AtomicU64, Ordering};

/// The line goes through the last look and one at least this long before, so that its slope is exact.
const SPAN_NS: i64 = 50_000_000;
/// A wall clock that is so far off the line was set. Clocks that are being corrected gain or lose 25 µs in a span.
const STEP_NS: i64 = 1_000_000;
/// What two looks may differ by, because reading two clocks takes time; a record is never dated back for that.
const JITTER_NS: i64 = 10_000;
/// A pair of readings that took no longer is good enough.
const GOOD_TICKS: u64 = 300;
const MOST_LOOKS: u32 = 4;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    ticks: u64,
    ns: i64,
}

impl Look {
    fn now() -> Look {
        let (mut best, mut shortest) = (Look::default(), u64::MAX);
        for _ in 0..MOST_LOOKS {
            let before = counter::read();
            let ns = now_ns();
            let took = counter::read().wrapping_sub(before);
            if took < shortest {
                (best, shortest) = (Look { ticks: before + took / 2, ns }, took);
            }
            if took <= GOOD_TICKS {
                break;
            }
        }
        best
    }
}

/// Wall-clock time by ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    through: Look,
    /// Nanoseconds a tick, times 2^32; 0 if that is not known yet.
    slope: u64,
}

impl Line {
    fn between(base: Look, last: Look) -> Option<u64> {
        let ticks = last.ticks.checked_sub(base.ticks).filter(|ticks| *ticks > 0)?;
        let ns = u64::try_from(last.ns.checked_sub(base.ns)?).ok()?;
        u64::try_from((u128::from(ns) << 32) / u128::from(ticks)).ok()
    }

    #[inline]
    fn at(&self, ticks: u64) -> i64 {
        let after = ticks.wrapping_sub(self.through.ticks) as i64;
        let ns = (i128::from(after) * i128::from(self.slope)) >> 32;
        self.through.ns.saturating_add(i64::try_from(ns).unwrap_or(0))
    }

    /// The line of a process that is gone, made complete if it had not come to look twice: its machine still runs.
    pub(crate) fn completed(mut self) -> Line {
        if self.slope == 0 {
            self.slope = Line::between(self.through, Look::now()).unwrap_or(0);
        }
        self
    }

    /// The wall-clock time of a stamp; of one that is in nanoseconds, itself.
    #[inline]
    pub(crate) fn date(&self, stamp: i64) -> i64 {
        ticks_of(stamp).map_or(stamp, |ticks| self.at(ticks))
    }
}

/// The backend's knowledge of both clocks.
pub(crate) struct Timebase {
    base: Look,
    middle: Look,
    line: Line,
    /// The last slope that is exact, for a wall clock that was set.
    exact_slope: u64,
    /// The line before the wall clock was set, and until when it holds.
    before_step: Option<(u64, Line)>,
    latest_ns: i64,
}

impl Timebase {
    pub(crate) fn begin() -> Timebase {
        Timebase::from(Look::now())
    }

    fn from(first: Look) -> Timebase {
        let line = Line { through: first, slope: 0 };
        Timebase { base: first, middle: first, line, exact_slope: 0, before_step: None, latest_ns: i64::MIN }
    }

    /// Looks at both clocks, which is to be done before any batch.
    pub(crate) fn look(&mut self) -> &Line {
        self.take(Look::now());
        &self.line
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    fn take(&mut self, now: Look) {
        let last = self.line.through;
        let is_set =
            self.line.slope > 0 && self.line.at(now.ticks).saturating_sub(now.ns).saturating_abs() > STEP_NS;
        if is_set {
            self.before_step = Some((last.ticks, self.line));
            (self.base, self.middle) = (now, now);
            self.line.slope = self.exact_slope;
            self.latest_ns = i64::MIN;
        } else {
            self.before_step = None;
            // A first look that was followed by a step would make any slope.
            let is_confirmed = self.line.slope > 0;
            self.line.slope = Line::between(self.base, now).unwrap_or(self.line.slope);
            if is_confirmed && now.ns.saturating_sub(self.base.ns) >= SPAN_NS {
                self.exact_slope = self.line.slope;
            }
        }
        self.line.through = now;
        if now.ns.saturating_sub(self.middle.ns) >= SPAN_NS {
            (self.base, self.middle) = (self.middle, now);
        }
    }

    /// The wall-clock time of a stamp. Those of one thread come in order, and their times do, unless the wall clock
    /// was set.
    #[inline]
    pub(crate) fn date(&mut self, stamp: i64) -> i64 {
        let Some(ticks) = ticks_of(stamp) else { return stamp };
        if let Some((_, line)) = self.before_step.filter(|(until, _)| ticks <= *until) {
            return line.at(ticks);
        }
        let ns = self.line.at(ticks);
        if ns < self.latest_ns && self.latest_ns - ns < JITTER_NS {
            return self.latest_ns;
        }
        self.latest_ns = ns;
        ns
    }
}

/// A line where it outlives the process, twice: the one that is not in use is replaced.
#[repr(C)]
#[derive(Default)]
pub(crate) struct SharedLine {
    turn: AtomicU64,
    lines: [[AtomicU64; 3]; 2],
}

impl SharedLine {
    /// For the backend alone.
    pub(crate) fn set(&self, line: &Line) {
        let turn = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        let words = [line.through.ticks, line.through.ns as u64, line.slope];
        for (slot, word) in self.lines[(turn & 1) as usize].iter().zip(words) {
            slot.store(word, Ordering::Release);
        }
        self.turn.store(turn, Ordering::Release);
    }

    pub(crate) fn get(&self) -> Line {
        let turn = self.turn.load(Ordering::Acquire);
        let [ticks, ns, slope] =
            std::array::from_fn(|word| self.lines[(turn & 1) as usize][word].load(Ordering::Acquire));
        Line { through: Look { ticks, ns: ns as i64 }, slope }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::super::stamp::of_ticks;
    use super::*;

    const START_NS: i64 = 1_700_000_000_000_000_000;

    /// A machine whose counter makes `ticks_per_us` in each microsecond.
    fn look(ticks_per_us: u64, at_ns: i64) -> Look {
        Look { ticks: 77_000 + at_ns as u64 * ticks_per_us / 1000, ns: START_NS + at_ns }
    }

    fn stamped(ticks_per_us: u64, at_ns: i64) -> i64 {
        of_ticks(look(ticks_per_us, at_ns).ticks)
    }

    proptest! {
        #[test]
        fn every_time_is_exact_in_order_and_stays_so(
            ticks_per_us in 100u64..6000,
            pauses in proptest::collection::vec(1_000i64..20_000_000, 2..60),
        ) {
            let mut timebase = Timebase::from(look(ticks_per_us, 0));
            let (mut now, mut last) = (0, i64::MIN);
            for pause in pauses {
                // Made since the last look, and one while the batch is being read.
                let times = [now + 301, now + 301 + (pause - 300) / 2, now + pause + 300];
                now += pause;
                timebase.take(look(ticks_per_us, now));
                for time in times {
                    let dated = timebase.date(stamped(ticks_per_us, time));
                    // A tick is up to 10 ns long.
                    prop_assert!((dated - START_NS - time).abs() <= 25, "{dated} {time}");
                    prop_assert!(dated >= last);
                    last = dated;
                }
            }
        }

        #[test]
        fn a_clock_that_is_set_dates_what_came_before_and_after(back in any::<bool>(), hours in 1i64..48) {
            let step = if back { -hours } else { hours } * 3_600_000_000_000;
            let mut timebase = Timebase::from(look(3000, 0));
            timebase.take(look(3000, 30_000_000));
            timebase.take(look(3000, 60_000_000));
            let after = look(3000, 70_000_000);
            timebase.take(Look { ns: after.ns + step, ..after });
            let (early, late) = (stamped(3000, 59_000_000), stamped(3000, 70_000_500));
            prop_assert!((timebase.date(early) - START_NS - 59_000_000).abs() < 10);
            prop_assert!((timebase.date(late) - START_NS - step - 70_000_500).abs() < 10);
            let next = look(3000, 80_000_000);
            timebase.take(Look { ns: next.ns + step, ..next });
            prop_assert!((timebase.date(stamped(3000, 75_000_000)) - START_NS - step - 75_000_000).abs() < 10);
        }
    }

    #[test]
    fn two_looks_that_differ_by_jitter_date_nothing_back() {
        let mut timebase = Timebase::from(look(3000, 0));
        timebase.take(look(3000, 60_000_000));
        let before = timebase.date(stamped(3000, 60_000_100));
        let now = look(3000, 60_001_000);
        timebase.take(Look { ns: now.ns - 2_000, ..now });
        assert_eq!(timebase.date(stamped(3000, 60_001_100)), before);
    }

    #[test]
    fn a_clock_that_is_set_at_the_very_beginning_disturbs_only_that() {
        let mut timebase = Timebase::from(look(3000, 0));
        let set = |at_ns| Look { ns: look(3000, at_ns).ns + 3_600_000_000_000, ..look(3000, at_ns) };
        for at_ns in [1_000_000, 2_000_000, 3_000_000, 4_000_000] {
            timebase.take(set(at_ns));
        }
        let dated = timebase.date(stamped(3000, 3_500_000));
        assert!((dated - set(3_500_000).ns).abs() < 10, "{dated}");
    }

    #[test]
    fn nanoseconds_are_left_as_they_are() {
        let mut timebase = Timebase::begin();
        assert_eq!(timebase.date(-5), -5);
        assert_eq!(timebase.look().date(START_NS), START_NS);
    }

    #[test]
    fn a_line_is_read_back_and_completed_by_a_later_look() {
        let shared = SharedLine::default();
        let line = Line { through: look(3000, 5), slope: 9 };
        shared.set(&Line::default());
        shared.set(&line);
        assert_eq!(shared.get(), line);
        assert_eq!(line.completed(), line);
        let now = Look::now();
        let begun = Line {
            through: Look { ticks: now.ticks.wrapping_sub(3_000_000_000), ns: now.ns - 1_000_000_000 },
            slope: 0,
        };
        let dated = begun.completed().date(of_ticks(now.ticks));
        assert!((dated - now.ns).abs() < 100_000_000 || counter::read() == 0, "{dated} {now:?}");
    }
}
