//! The counter's ticks as wall-clock time: a straight line between looks at both clocks.

use super::stamp::{counter, has_counter, ticks_of};
use super::wall::now_ns;
use crate::sync::{AtomicU64, Ordering};

/// The line goes through the last look and one at least this long before, so that its slope is exact.
const SPAN_NS: i64 = 50_000_000;
/// Looks that are nearer to each other say nothing of the slope.
const SHORTEST_SPAN_NS: i64 = 1_000_000;
/// The first slope is measured for so long, until it comes out the same twice.
const FIRST_SPAN_NS: i64 = 50_000;
const MOST_MEASUREMENTS: u32 = 10;
/// No processor's counter changes its speed by a part like this: the wall clock was set in between.
const MOST_CHANGE: u64 = 50;
/// A wall clock that is so far off the line was set; clocks that are being corrected are off by a part of the
/// time that has passed.
const STEP_NS: i64 = 1_000_000;
const MOST_DRIFT: i64 = 1000;
/// What two looks may differ by, because reading two clocks takes time; a record is never dated back for
/// that.
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
pub(crate) struct Timeline {
    through: Look,
    /// Nanoseconds a tick, times 2^32; 0 if that is not known yet.
    slope: u64,
}

impl Timeline {
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

    /// The line of a process that is gone, made complete if it had not come to look twice: its machine still
    /// runs.
    pub(crate) fn completed(mut self) -> Timeline {
        if self.slope == 0 {
            self.slope = Timeline::between(self.through, Look::now()).unwrap_or(0);
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
    timeline: Timeline,
    /// The line before the wall clock was set, and until when it holds.
    before_step: Option<(u64, Timeline)>,
    latest_ns: i64,
}

impl Timebase {
    /// Takes 0.1 ms to find out how long a tick is, where stamps are ticks.
    pub(crate) fn begin() -> Timebase {
        if !has_counter() {
            return Timebase::from(Look::now());
        }
        let (mut slope, mut now) = measure();
        for _ in 0..MOST_MEASUREMENTS {
            let before = slope;
            (slope, now) = measure();
            if is_near(slope, before) {
                break;
            }
        }
        let mut timebase = Timebase::from(now);
        timebase.timeline.slope = slope;
        timebase
    }

    fn from(first: Look) -> Timebase {
        let timeline = Timeline { through: first, slope: 0 };
        Timebase { base: first, middle: first, timeline, before_step: None, latest_ns: i64::MIN }
    }

    /// Looks at both clocks, which is to be done before any batch.
    pub(crate) fn look(&mut self) -> &Timeline {
        self.take(Look::now());
        &self.timeline
    }

    pub(crate) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn take(&mut self, now: Look) {
        let Timeline { through: last, slope } = self.timeline;
        let off = self.timeline.at(now.ticks).saturating_sub(now.ns).saturating_abs();
        let passed = now.ns.saturating_sub(last.ns).saturating_abs();
        if slope > 0 && off > STEP_NS && off > passed / MOST_DRIFT {
            self.before_step = Some((last.ticks, self.timeline));
            (self.base, self.middle) = (now, now);
            self.latest_ns = i64::MIN;
        } else {
            self.before_step = None;
            if now.ns.saturating_sub(self.base.ns) >= SHORTEST_SPAN_NS {
                let exact =
                    Timeline::between(self.base, now).filter(|exact| slope == 0 || is_near(*exact, slope));
                self.timeline.slope = exact.unwrap_or(slope);
            }
        }
        self.timeline.through = now;
        if now.ns.saturating_sub(self.middle.ns) >= SPAN_NS {
            (self.base, self.middle) = (self.middle, now);
        }
    }

    /// The wall-clock time of a stamp. Those of one thread come in order, and their times do, unless the wall
    /// clock was set.
    #[inline]
    pub(crate) fn date(&mut self, stamp: i64) -> i64 {
        let Some(ticks) = ticks_of(stamp) else { return stamp };
        if let Some((_, line)) = self.before_step.filter(|(until, _)| ticks <= *until) {
            return line.at(ticks);
        }
        let ns = self.timeline.at(ticks);
        if ns < self.latest_ns && self.latest_ns - ns < JITTER_NS {
            return self.latest_ns;
        }
        self.latest_ns = ns;
        ns
    }
}

/// How long a tick is, by two looks at both clocks, and the second of these.
fn measure() -> (u64, Look) {
    let first = Look::now();
    let mut now = first;
    while (0..FIRST_SPAN_NS).contains(&now.ns.saturating_sub(first.ns)) {
        now = Look::now();
    }
    (Timeline::between(first, now).unwrap_or(0), now)
}

fn is_near(slope: u64, other: u64) -> bool {
    slope.abs_diff(other) <= other / MOST_CHANGE
}

/// A line where it outlives the process, twice: the one that is not in use is replaced.
#[repr(C)]
#[derive(Default)]
pub(crate) struct SharedTimeline {
    turn: AtomicU64,
    lines: [[AtomicU64; 3]; 2],
}

impl SharedTimeline {
    /// For the backend alone.
    pub(crate) fn set(&self, line: &Timeline) {
        let turn = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        let words = [line.through.ticks, line.through.ns as u64, line.slope];
        for (slot, word) in self.lines[(turn & 1) as usize].iter().zip(words) {
            slot.store(word, Ordering::Release);
        }
        self.turn.store(turn, Ordering::Release);
    }

    pub(crate) fn get(&self) -> Timeline {
        let turn = self.turn.load(Ordering::Acquire);
        let [ticks, ns, slope] =
            std::array::from_fn(|word| self.lines[(turn & 1) as usize][word].load(Ordering::Acquire));
        Timeline { through: Look { ticks, ns: ns as i64 }, slope }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::super::stamp::of_ticks;
    use super::*;

    const START_NS: i64 = 1_700_000_000_000_000_000;

    /// A machine whose counter makes `ticks_per_us` in each microsecond.
    fn look(ticks_per_us: i64, at_ns: i64) -> Look {
        Look { ticks: ((1i64 << 40) + at_ns * ticks_per_us / 1000) as u64, ns: START_NS + at_ns }
    }

    fn stamped(ticks_per_us: i64, at_ns: i64) -> i64 {
        of_ticks(look(ticks_per_us, at_ns).ticks)
    }

    /// One that has measured its first slope.
    fn begun(ticks_per_us: i64) -> Timebase {
        let (first, second) = (look(ticks_per_us, -100_000_000), look(ticks_per_us, 0));
        let mut timebase = Timebase::from(first);
        timebase.timeline = Timeline { through: second, slope: Timeline::between(first, second).unwrap() };
        timebase
    }

    proptest! {
        #[test]
        fn every_time_is_exact_in_order_and_stays_so(
            ticks_per_us in 100i64..6000,
            pauses in proptest::collection::vec(1_000i64..20_000_000, 2..60),
        ) {
            let mut timebase = begun(ticks_per_us);
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
            let set = |at_ns| Look { ns: look(3000, at_ns).ns + step, ..look(3000, at_ns) };
            let mut timebase = begun(3000);
            timebase.take(look(3000, 60_000_000));
            timebase.take(set(70_000_000));
            let (early, late) = (stamped(3000, 59_000_000), stamped(3000, 70_000_500));
            prop_assert!((timebase.date(early) - START_NS - 59_000_000).abs() < 10);
            prop_assert!((timebase.date(late) - START_NS - step - 70_000_500).abs() < 10);
            timebase.take(set(80_000_000));
            prop_assert!((timebase.date(stamped(3000, 75_000_000)) - START_NS - step - 75_000_000).abs() < 10);
        }
    }

    #[test]
    fn a_clock_that_is_set_again_and_again_spoils_no_slope() {
        let mut timebase = begun(3000);
        for at_ms in 1..40 {
            let now = look(3000, at_ms * 1_000_000);
            let step_ns = [0, 3600, -3600, 86_400][at_ms as usize % 4] * 1_000_000_000;
            timebase.take(Look { ns: now.ns + step_ns, ..now });
            let dated = timebase.date(stamped(3000, at_ms * 1_000_000 + 300));
            assert!((dated - START_NS - step_ns - at_ms * 1_000_000 - 300).abs() < 10, "{dated} {at_ms}");
        }
    }

    #[test]
    fn this_machine_is_dated_as_its_clock_shows() {
        super::super::prepare_stamps();
        let mut timebase = Timebase::begin();
        for _ in 0..100 {
            let (before, stamp, after) = (now_ns(), super::super::stamp(), now_ns());
            timebase.look();
            let dated = timebase.date(stamp);
            // The wall clock may be corrected meanwhile.
            let near = (before - 1_000_000)..(after + 1_000_000);
            assert!(near.contains(&dated) || after < before, "{before} {dated} {after}");
        }
    }

    #[test]
    fn two_looks_that_differ_by_jitter_date_nothing_back() {
        let mut timebase = begun(3000);
        timebase.take(look(3000, 60_000_000));
        let before = timebase.date(stamped(3000, 60_000_100));
        let now = look(3000, 60_001_000);
        timebase.take(Look { ns: now.ns - 2_000, ..now });
        assert_eq!(timebase.date(stamped(3000, 60_001_100)), before);
    }

    #[test]
    fn nanoseconds_are_left_as_they_are() {
        let mut timebase = Timebase::begin();
        assert_eq!(timebase.date(-5), -5);
        assert_eq!(timebase.look().date(START_NS), START_NS);
    }

    #[test]
    fn a_line_is_read_back_and_completed_by_a_later_look() {
        let shared = SharedTimeline::default();
        let line = Timeline { through: look(3000, 5), slope: 9 };
        shared.set(&Timeline::default());
        shared.set(&line);
        assert_eq!(shared.get(), line);
        assert_eq!(line.completed(), line);
        let now = Look::now();
        let begun = Timeline {
            through: Look { ticks: now.ticks.wrapping_sub(3_000_000_000), ns: now.ns - 1_000_000_000 },
            slope: 0,
        };
        let dated = begun.completed().date(of_ticks(now.ticks));
        assert!((dated - now.ns).abs() < 100_000_000 || counter::read() == 0, "{dated} {now:?}");
    }
}
