//! Counters of what was logged, written and lost: counted as it happens and readable at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::level::LEVEL_SLOTS;

const SLOTS: usize = LEVEL_SLOTS.len();

/// One number a level; indexes are [`crate::level::Level::slot`].
pub type PerLevel = [u64; SLOTS];

/// Why a record was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The ring had no room, and the record was not protected or waited in vain.
    QueueFull = 0,
    /// The record was larger than a frame may be.
    TooLarge = 1,
    /// A sink could not write it within its budget.
    Sink = 2,
    /// There was no pipeline to take it, and none could be started.
    NotStarted = 3,
    /// A bug of this library kept it from being captured.
    Internal = 4,
}

/// Names of the [`Loss`] reasons, in their order.
pub const LOSS_NAMES: [&str; 5] = ["queue_full", "too_large", "sink", "not_started", "internal"];

/// For which of the [`Loss`] reasons records were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons([bool; LOSS_NAMES.len()]);

impl Reasons {
    pub(crate) fn add(&mut self, reason: Loss) {
        self.0[reason as usize] = true;
    }

    /// What follows "records were lost because".
    pub(crate) fn text(self) -> String {
        const TEXTS: [&str; LOSS_NAMES.len()] = [
            "the queue was full",
            "the queue takes none so large",
            "a handler could not write them",
            "nothing took them",
            "an error inside the library, told on standard error, kept them out",
        ];
        let given: Vec<_> =
            TEXTS.iter().zip(self.0).filter(|(_, is_given)| *is_given).map(|(text, _)| *text).collect();
        given.join(", or ")
    }
}

/// Live counters. Each has one writer at a time: the producer or the backend thread.
#[derive(Default)]
pub struct Counters {
    logged: [AtomicU64; SLOTS],
    written: [AtomicU64; SLOTS],
    dropped: [[AtomicU64; SLOTS]; LOSS_NAMES.len()],
    bytes: AtomicU64,
    errors: AtomicU64,
    queue_high_water: AtomicU64,
    delay: Histogram,
}

// Relaxed throughout: the counters order nothing. `snapshot` reads them in an order that keeps
// `logged >= written + dropped`.
impl Counters {
    /// Counts a call.
    #[inline]
    pub fn count_logged(&self, slot: usize) {
        // One writer, so load and store do without a locked instruction.
        let counter = &self.logged[slot];
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Counts a lost record.
    pub fn count_dropped(&self, reason: Loss, slot: usize) {
        self.dropped[reason as usize][slot].fetch_add(1, Ordering::Release);
    }

    /// Counts records that were lost for want of a pipeline.
    pub fn count_unstarted(&self, records: &PerLevel) {
        for (slot, count) in records.iter().enumerate() {
            self.logged[slot].fetch_add(*count, Ordering::Release);
            self.dropped[Loss::NotStarted as usize][slot].fetch_add(*count, Ordering::Release);
        }
    }

    /// Records that never came to the backend.
    pub fn refused(&self) -> u64 {
        let before = [Loss::QueueFull, Loss::TooLarge];
        before.iter().flat_map(|reason| read(&self.dropped[*reason as usize])).sum()
    }

    /// Counts records that every sink has written.
    pub fn count_written(&self, records: &PerLevel) {
        for (counter, records) in self.written.iter().zip(records) {
            counter.fetch_add(*records, Ordering::Release);
        }
    }

    /// Counts bytes given to the system, and failed operations.
    pub fn count_volume(&self, bytes: u64, errors: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.errors.fetch_add(errors, Ordering::Relaxed);
    }

    /// Remembers the largest backlog.
    #[inline]
    pub fn saw_backlog(&self, bytes: u64) {
        if bytes > self.queue_high_water.load(Ordering::Relaxed) {
            self.queue_high_water.store(bytes, Ordering::Relaxed);
        }
    }

    /// Counts the time between a call and its record being written.
    #[inline]
    pub fn saw_delay(&self, delay_ns: i64) {
        self.delay.add(delay_ns.max(0) as u64);
    }

    /// A consistent reading: `logged == written + dropped + queued`.
    pub fn snapshot(&self) -> Snapshot {
        // What is counted last is read first, so that no record is counted as done before it is as logged.
        let written = read(&self.written);
        let dropped: [PerLevel; LOSS_NAMES.len()] = std::array::from_fn(|reason| read(&self.dropped[reason]));
        let logged = read(&self.logged);
        let done: u64 = written.iter().sum::<u64>() + dropped.iter().flatten().sum::<u64>();
        Snapshot {
            logged,
            written,
            dropped,
            queued: logged.iter().sum::<u64>().saturating_sub(done),
            bytes: self.bytes.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            queue_high_water_bytes: self.queue_high_water.load(Ordering::Relaxed),
            delay_p50_ns: self.delay.quantile(0.50),
            delay_p99_ns: self.delay.quantile(0.99),
            delay_max_ns: self.delay.max.load(Ordering::Relaxed),
        }
    }
}

fn read(counters: &[AtomicU64; SLOTS]) -> PerLevel {
    std::array::from_fn(|slot| counters[slot].load(Ordering::Acquire))
}

impl Snapshot {
    /// Adds records that were lost for want of a pipeline.
    pub fn add_unstarted(&mut self, records: &PerLevel) {
        for (slot, count) in records.iter().enumerate() {
            self.logged[slot] += count;
            self.dropped[Loss::NotStarted as usize][slot] += count;
        }
    }
}

/// The counters at one instant.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Calls whose level was enabled, by level.
    pub logged: PerLevel,
    /// Records that every sink has taken, by level.
    pub written: PerLevel,
    /// Lost records, by reason and level.
    pub dropped: [PerLevel; LOSS_NAMES.len()],
    /// Records on their way.
    pub queued: u64,
    /// Bytes given to the system, all sinks.
    pub bytes: u64,
    /// Failed operations.
    pub errors: u64,
    /// The largest backlog of the ring.
    pub queue_high_water_bytes: u64,
    /// Median time from call to write.
    pub delay_p50_ns: u64,
    /// 99th percentile of it.
    pub delay_p99_ns: u64,
    /// The longest.
    pub delay_max_ns: u64,
}

const SUB_BUCKETS: usize = 8;
const BUCKETS: usize = 64 * SUB_BUCKETS;

/// Durations in buckets of at most 12.5 % width.
struct Histogram {
    counts: Box<[AtomicU64]>,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(), max: AtomicU64::new(0) }
    }
}

impl Histogram {
    #[inline]
    fn add(&self, value: u64) {
        let counter = &self.counts[bucket(value)];
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if value > self.max.load(Ordering::Relaxed) {
            self.max.store(value, Ordering::Relaxed);
        }
    }

    /// The upper bound of the bucket in which the quantile lies; 0 without values.
    fn quantile(&self, quantile: f64) -> u64 {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let rank = (counts.iter().sum::<u64>() as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        for (index, count) in counts.iter().enumerate() {
            seen += count;
            if seen >= rank && seen > 0 {
                return bucket_end(index).min(self.max.load(Ordering::Relaxed));
            }
        }
        0
    }
}

#[inline]
fn bucket(value: u64) -> usize {
    if value < SUB_BUCKETS as u64 {
        return value as usize;
    }
    let exponent = value.ilog2() as usize;
    let sub = (value >> (exponent - 3)) as usize & (SUB_BUCKETS - 1);
    (exponent - 2) * SUB_BUCKETS + sub
}

fn bucket_end(index: usize) -> u64 {
    if index < SUB_BUCKETS {
        return index as u64;
    }
    let (exponent, sub) = (index / SUB_BUCKETS + 2, (index % SUB_BUCKETS) as u64);
    let width = 1u64 << (exponent - 3);
    (SUB_BUCKETS as u64 + sub) * width + (width - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logged_is_written_plus_dropped_plus_queued() {
        let counters = Counters::default();
        for slot in [0, 1, 1, 3] {
            counters.count_logged(slot);
        }
        counters.count_dropped(Loss::QueueFull, 0);
        counters.count_written(&[0, 1, 0, 0, 0]);
        let seen = counters.snapshot();
        assert_eq!(seen.logged, [1, 2, 0, 1, 0]);
        assert_eq!((seen.queued, seen.dropped[0][0]), (2, 1));
    }

    #[test]
    fn an_empty_histogram_has_no_quantiles() {
        assert_eq!(Histogram::default().quantile(0.99), 0);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_values_within_an_eighth(value in any::<u64>()) {
            let end = bucket_end(bucket(value));
            prop_assert!(end >= value && end - value <= value / 8);
        }
    }
}
