//! Delays of records, from the call to their files, as statistics. The wall clock may be set meanwhile.

use std::time::{Duration, Instant};

use crate::clock::now_ns;
use crate::stats::Counters;

/// The clocks drift apart by less than this between two looks, unless one was set.
const SMALLEST_STEP_NS: i64 = 50_000_000;
/// Under a load that never ends a step is forgotten after this long.
const LONGEST_MEMORY: Duration = Duration::from_secs(10);

/// Collects when the records of a batch were made, and counts their delays once it is written.
///
/// A record carries the wall clock's time alone. So delays over a step of that clock, which a steady one
/// shows, are passed over: few are missing rather than an hour wrong.
pub(crate) struct Delays {
    made_ns: Vec<i64>,
    begun: Instant,
    /// How far the wall clock was ahead of the steady one at the last look.
    ahead_ns: i64,
    /// When a step was noticed that records in the ring may lie before.
    stepped: Option<Instant>,
}

impl Delays {
    pub(crate) fn new() -> Delays {
        Delays { made_ns: Vec::new(), begun: Instant::now(), ahead_ns: now_ns(), stepped: None }
    }

    /// Notes a record of the current batch.
    #[inline]
    pub(crate) fn note(&mut self, made_ns: i64) {
        self.made_ns.push(made_ns);
    }

    /// Counts the batch's delays up to now. To be called after each batch, an empty one too.
    pub(crate) fn settle(&mut self, counters: &Counters) {
        self.settle_at(now_ns(), Instant::now(), counters);
    }

    fn settle_at(&mut self, wall_ns: i64, steady: Instant, counters: &Counters) {
        let ahead_ns = wall_ns.saturating_sub(steady.duration_since(self.begun).as_nanos() as i64);
        let steps = (ahead_ns.saturating_sub(self.ahead_ns)).abs() > SMALLEST_STEP_NS;
        self.ahead_ns = ahead_ns;
        if steps {
            self.stepped = Some(steady);
        }
        let is_past = self.made_ns.is_empty() && !steps;
        let is_long_ago = self.stepped.is_some_and(|at| steady.duration_since(at) > LONGEST_MEMORY);
        if is_past || is_long_ago {
            self.stepped = None;
        }
        if self.stepped.is_none() {
            self.made_ns.iter().for_each(|made| counters.saw_delay(wall_ns.saturating_sub(*made)));
        }
        self.made_ns.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Delays, counters, and the wall and steady time at their beginning.
    fn begin() -> (Delays, Counters, i64, Instant) {
        let delays = Delays::new();
        let (wall, steady) = (delays.ahead_ns, delays.begun);
        (delays, Counters::default(), wall, steady)
    }

    fn longest_ms(counters: &Counters) -> u64 {
        counters.snapshot().delay_max_ns / MS as u64
    }

    #[test]
    fn a_delay_lasts_from_the_call_to_the_end_of_its_batch() {
        let (mut delays, counters, wall, steady) = begin();
        delays.note(wall + 3 * MS);
        delays.settle_at(wall + 10 * MS, steady + Duration::from_millis(10), &counters);
        assert_eq!(longest_ms(&counters), 7);
    }

    #[test]
    fn a_step_is_no_delay_and_later_ones_count_again() {
        const HOUR: i64 = 3_600_000 * MS;
        for step in [HOUR, -HOUR] {
            let (mut delays, counters, wall, steady) = begin();
            delays.note(wall);
            delays.settle_at(wall + step + 10 * MS, steady + Duration::from_millis(10), &counters);
            // What was still in the ring when it was noticed.
            delays.note(wall + MS);
            delays.settle_at(wall + step + 20 * MS, steady + Duration::from_millis(20), &counters);
            assert_eq!(longest_ms(&counters), 0, "{step}");
            delays.settle_at(wall + step + 30 * MS, steady + Duration::from_millis(30), &counters);
            delays.note(wall + step + 35 * MS);
            delays.settle_at(wall + step + 40 * MS, steady + Duration::from_millis(40), &counters);
            assert_eq!(longest_ms(&counters), 5, "{step}");
        }
    }

    #[test]
    fn a_load_that_never_ends_is_measured_again_after_a_while() {
        let (mut delays, counters, wall, steady) = begin();
        let step = 3_600_000 * MS;
        for second in 1..20 {
            let now = wall + step + second * 1000 * MS;
            delays.note(now - 4 * MS);
            delays.settle_at(now, steady + Duration::from_secs(second as u64), &counters);
        }
        assert_eq!(longest_ms(&counters), 4);
    }
}
