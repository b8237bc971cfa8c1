//! Records by time, in intervals that grow with what was logged.

use std::collections::BTreeMap;

/// How long an interval may be; each is a multiple of the one before it.
const WIDTHS_S: [i64; 11] = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 31_449_600];
/// More intervals than this are joined.
const MAX_INTERVALS: usize = 4_096;

/// How many records there were in each interval, and how many of them were errors.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The place of the width.
    step: usize,
    intervals: BTreeMap<i64, [u64; 2]>,
    /// The interval that came last.
    latest: Option<(i64, [u64; 2])>,
}

impl Times {
    pub(super) fn add(&mut self, second: i64, is_error: bool) {
        let interval = second.div_euclid(WIDTHS_S[self.step]);
        if self.latest.is_none_or(|(latest, _)| latest != interval) {
            self.put_latest();
            self.latest = Some((second.div_euclid(WIDTHS_S[self.step]), [0, 0]));
        }
        if let Some((_, counts)) = &mut self.latest {
            counts[0] += 1;
            counts[1] += u64::from(is_error);
        }
    }

    fn put_latest(&mut self) {
        let Some((interval, counts)) = self.latest.take() else { return };
        let known = self.intervals.entry(interval).or_default();
        *known = [known[0] + counts[0], known[1] + counts[1]];
        while self.intervals.len() > MAX_INTERVALS && self.join() {}
    }

    /// Makes the intervals as long as the next width; false for the last one.
    fn join(&mut self) -> bool {
        let Some(next) = WIDTHS_S.get(self.step + 1) else { return false };
        let factor = next / WIDTHS_S[self.step];
        self.step += 1;
        for (interval, counts) in std::mem::take(&mut self.intervals) {
            let known = self.intervals.entry(interval.div_euclid(factor)).or_default();
            *known = [known[0] + counts[0], known[1] + counts[1]];
        }
        true
    }

    /// The width in seconds, and for each interval that has records: when it begins, in seconds since 1970,
    /// its records, and its errors. From the first to the last there are at most `most` intervals, unless
    /// that takes more than a year each.
    pub(super) fn finish(&mut self, most: i64) -> (i64, Vec<(i64, u64, u64)>) {
        self.put_latest();
        let span = |intervals: &BTreeMap<i64, [u64; 2]>| {
            let ends = intervals.first_key_value().zip(intervals.last_key_value());
            ends.map_or(0, |((first, _), (last, _))| last - first + 1)
        };
        while span(&self.intervals) > most && self.join() {}
        let width = WIDTHS_S[self.step];
        let intervals = self.intervals.iter().map(|(at, [all, errors])| (at * width, *all, *errors));
        (width, intervals.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_until_there_are_few() {
        let mut times = Times::default();
        for second in 0..20_000 {
            times.add(second, second % 2 == 0);
        }
        times.add(3, true);
        let (width, intervals) = times.finish(60);
        assert_eq!((width, intervals.len()), (900, 23));
        assert_eq!((intervals[0], intervals[22]), ((0, 901, 451), (19_800, 200, 100)));
    }

    #[test]
    fn times_before_1970_and_far_apart_are_taken() {
        let mut times = Times::default();
        times.add(-1, false);
        times.add(253_402_300_799, false);
        let (width, intervals) = times.finish(60);
        assert_eq!((width, intervals.len()), (31_449_600, 2));
        assert_eq!(intervals[0].0, -31_449_600);
    }
}
