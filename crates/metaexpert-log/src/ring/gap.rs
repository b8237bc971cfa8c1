//! Gaps: records that were lost, which the log does not tell of yet.

use crate::stats::PerLevel;
use crate::sync::{AtomicU64, Ordering};

/// Records lost since the last one that got through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// The first that was lost; 0 if none was.
    pub first_seq: u64,
    /// The last.
    pub last_seq: u64,
    /// How many, by level.
    pub lost: PerLevel,
}

impl Gap {
    /// Whether nothing was lost.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first_seq == 0
    }

    /// How many were lost.
    pub fn total(&self) -> u64 {
        // What a damaged ring says may be anything.
        self.lost.iter().fold(0, |total, lost| total.saturating_add(*lost))
    }

    /// Whether it can be what a process has counted, which in a damaged ring it need not be.
    pub(crate) fn is_believable(&self) -> bool {
        // One more: a kill may come between the count and the bounds.
        self.last_seq.checked_sub(self.first_seq).is_some_and(|after| self.total() <= after.saturating_add(2))
    }

    /// Counts a lost record.
    pub fn add(&mut self, seq: u64, slot: usize) {
        if self.is_empty() {
            self.first_seq = seq;
        }
        self.last_seq = self.last_seq.max(seq);
        self.lost[slot] += 1;
    }

    /// Counts what another gap counts, too.
    pub fn join(&mut self, other: &Gap) {
        if other.is_empty() {
            return;
        }
        self.first_seq = if self.is_empty() { other.first_seq } else { self.first_seq.min(other.first_seq) };
        self.last_seq = self.last_seq.max(other.last_seq);
        self.lost.iter_mut().zip(other.lost).for_each(|(own, lost)| *own += lost);
    }
}

/// A gap where it outlives the process. A kill between two stores may leave one record counted and not yet
/// within the bounds, or the reverse.
#[repr(C)]
#[derive(Default)]
pub(super) struct SharedGap {
    first_seq: AtomicU64,
    last_seq: AtomicU64,
    lost: [AtomicU64; 5],
}

impl SharedGap {
    #[cfg(all(test, loom))]
    fn new() -> SharedGap {
        let lost = std::array::from_fn(|_| AtomicU64::new(0));
        SharedGap { first_seq: AtomicU64::new(0), last_seq: AtomicU64::new(0), lost }
    }

    pub(super) fn get(&self) -> Gap {
        Gap {
            first_seq: self.first_seq.load(Ordering::Acquire),
            last_seq: self.last_seq.load(Ordering::Acquire),
            lost: std::array::from_fn(|slot| self.lost[slot].load(Ordering::Acquire)),
        }
    }

    pub(super) fn set(&self, gap: &Gap) {
        for (slot, lost) in self.lost.iter().zip(gap.lost) {
            slot.store(lost, Ordering::Release);
        }
        self.last_seq.store(gap.last_seq, Ordering::Release);
        self.first_seq.store(gap.first_seq, Ordering::Release);
    }
}

/// As for marks: what a reader beside the writer sees, a kill may leave.
#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn loom_a_gap_that_was_noted_is_believable_at_any_moment() {
        // Every schedule with three preemptions: all of them would take a minute and more.
        let mut schedules = loom::model::Builder::new();
        schedules.preemption_bound = Some(3);
        schedules.check(|| {
            let shared = Arc::new(SharedGap::new());
            let mut gap = Gap::default();
            gap.add(5, 1);
            let first = gap;
            gap.add(6, 1);
            let writer = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    shared.set(&first);
                    shared.set(&gap);
                })
            };
            let found = shared.get();
            assert!(found.is_empty() || found.is_believable(), "{found:?}");
            assert!(found.is_empty() || (1..=2).contains(&found.total()), "{found:?}");
            writer.join().unwrap();
            assert_eq!(shared.get(), gap);
        });
    }
}
