//! The ledger of records that some sink has given up, or still holds after they have left the ring. So each
//! record is counted once: as written when every sink has it, else as dropped.

use std::collections::HashMap;

use crate::frame::{self, Kind};
use crate::level::Level;
use crate::ring::consumer::Consumer;
use crate::stats::{Counters, Loss, PerLevel};

#[derive(Default)]
struct Entry {
    slot: usize,
    /// Sinks that hold its line.
    holders: u32,
    is_dropped: bool,
    has_left: bool,
}

/// Records with a fate of their own, by number.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: HashMap<u64, Entry>,
}

impl Ledger {
    /// Whether every record is simply written once it leaves the ring.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn entry(&mut self, seq: u64, level: i32) -> &mut Entry {
        self.entries.entry(seq).or_insert_with(|| Entry { slot: Level(level).slot(), ..Entry::default() })
    }

    /// A sink has given up the record, which is still in the ring.
    pub(crate) fn drop_record(&mut self, seq: u64, level: i32) {
        self.entry(seq, level).is_dropped = true;
    }

    /// A sink holds the record, which is still in the ring.
    pub(crate) fn hold(&mut self, seq: u64, level: i32) {
        self.entry(seq, level).holders += 1;
    }

    /// The level's slot of a record that has a fate of its own.
    pub(crate) fn slot(&self, seq: u64) -> Option<usize> {
        self.entries.get(&seq).map(|entry| entry.slot)
    }

    /// A sink does not hold the records any more: it has written them, or given them up.
    pub(crate) fn let_go(&mut self, records: &[u64], is_written: bool, counters: &Counters) {
        for seq in records {
            let Some(entry) = self.entries.get_mut(seq) else { continue };
            entry.holders = entry.holders.saturating_sub(1);
            entry.is_dropped |= !is_written;
            if entry.has_left && entry.holders == 0 {
                count(entry, counters);
                self.entries.remove(seq);
            }
        }
    }

    /// Counts the records between two positions, which every sink has passed.
    pub(crate) fn settle(&mut self, consumer: &Consumer, from: u64, until: u64, counters: &Counters) {
        let mut written: PerLevel = PerLevel::default();
        for (_, kind, bytes) in consumer.frames(from, until, usize::MAX / 2) {
            if kind != Kind::Record {
                continue;
            }
            if !self.entries.is_empty() && self.has_fate(frame::seq(bytes), counters) {
                continue;
            }
            written[Level(frame::level(bytes)).slot()] += 1;
        }
        counters.count_written(&written);
    }

    /// Whether the record, which leaves the ring now, is not simply written.
    fn has_fate(&mut self, seq: u64, counters: &Counters) -> bool {
        let Some(entry) = self.entries.get_mut(&seq) else { return false };
        if entry.holders > 0 {
            entry.has_left = true;
        } else {
            count(entry, counters);
            self.entries.remove(&seq);
        }
        true
    }
}

fn count(entry: &Entry, counters: &Counters) {
    if entry.is_dropped {
        counters.count_dropped(Loss::Sink, entry.slot);
    } else {
        let mut written = PerLevel::default();
        written[entry.slot] = 1;
        counters.count_written(&written);
    }
}
