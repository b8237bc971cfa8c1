//! The reading end: what was published is read in batches, and its room given back once every sink has it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::clock::Timebase;
use crate::ring::batch::Batch;
use crate::ring::gap::Gap;
use crate::ring::layout::{DATA_OFFSET, PRESENT_STEP, Ring};
use crate::ring::marks::Mark;
use crate::ring::remains;
use crate::sync::Ordering;

/// Frames that are dated one by one.
pub(crate) struct Dated<'a> {
    batch: Batch<'a>,
    timebase: &'a mut Timebase,
}

impl Dated<'_> {
    /// As [`Batch::position`].
    #[inline]
    pub(crate) fn position(&self) -> u64 {
        self.batch.position()
    }
}

impl<'a> Iterator for Dated<'a> {
    type Item = <Batch<'a> as Iterator>::Item;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.batch.next_dated(|stamp| self.timebase.date(stamp))
    }
}

/// The reading end.
pub struct Consumer {
    ring: Arc<Ring>,
    /// Everything before has been read, though not every sink may have taken it.
    read: u64,
    /// How far the mapping's pages are present.
    present_to: usize,
}

impl Consumer {
    /// Begins at `read`; the mapping's pages are present up to `present_to`.
    pub(super) fn new(ring: Arc<Ring>, read: u64, present_to: usize) -> Consumer {
        Consumer { ring, read, present_to }
    }

    /// Makes the next pages of the ring present, before the producer comes to them. Returns false when all
    /// are.
    pub(crate) fn make_present(&mut self) -> bool {
        let end = DATA_OFFSET + self.ring.capacity;
        let step = PRESENT_STEP.min(end - self.present_to);
        if step == 0 {
            return false;
        }
        // Where there is no memory left now, each page is made present by the first store to it.
        self.ring.mapping.make_present(self.present_to, step);
        self.present_to += step;
        true
    }

    /// The published frames that were not read yet, at most about `limit` bytes of them.
    #[inline]
    pub fn batch(&self, limit: usize) -> Batch<'_> {
        self.frames(self.read, u64::MAX, limit)
    }

    /// The frames from position `from` on and before `until`, at most about `limit` bytes of them. Nothing
    /// before `from` may have been released.
    #[inline]
    pub fn frames(&self, from: u64, until: u64, limit: usize) -> Batch<'_> {
        Batch::new(&self.ring, from, self.ring.cursors().head().min(until), limit)
    }

    /// Looks at both clocks, which is to be done before a batch is dated.
    pub(crate) fn look(&self, timebase: &mut Timebase) {
        self.ring.header().timeline.set(timebase.look());
    }

    /// The frames that were not read yet, at most about `limit` bytes of them. Each is dated when it is come
    /// to: the wall-clock time replaces the ticks, so that whoever reads it again, after a kill too, makes
    /// the same line of it.
    #[inline]
    pub(crate) fn dated<'a>(&'a mut self, timebase: &'a mut Timebase, limit: usize) -> Dated<'a> {
        Dated { batch: self.batch(limit), timebase }
    }

    /// Keeps the first look at the clocks, for the case that the process is killed before the next.
    pub(crate) fn begin_dating(&mut self, timebase: &Timebase) {
        self.ring.header().timeline.set(timebase.timeline());
    }

    /// Dates everything that a dead process has left.
    pub(crate) fn date_remains(&mut self) {
        let timeline = self.ring.header().timeline.get().completed();
        let mut batch = self.frames(self.position(), u64::MAX, usize::MAX / 2);
        while batch.next_dated(|stamp| timeline.date(stamp)).is_some() {}
    }

    /// Notes that everything before `position` has been read.
    #[inline]
    pub fn advance(&mut self, position: u64) {
        self.read = position;
    }

    /// The position behind the last frame that was read.
    #[inline]
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Gives the room before `position` back to the producer.
    #[inline]
    pub fn release(&mut self, position: u64) {
        self.ring.cursors().release(position);
    }

    /// The position behind the last released frame.
    #[inline]
    pub fn position(&self) -> u64 {
        self.ring.cursors().tail()
    }

    /// Bytes published and not released.
    pub fn backlog(&self) -> u64 {
        self.ring.cursors().head() - self.position()
    }

    /// Bytes published and not read.
    pub fn unread(&self) -> u64 {
        self.ring.cursors().head() - self.read
    }

    /// The configuration in force at the tail.
    pub fn epoch(&self) -> u64 {
        self.ring.header().epoch.load(Ordering::Acquire)
    }

    /// Puts another configuration in force; its sinks must have their marks.
    pub fn set_epoch(&mut self, epoch: u64) {
        let before = self.epoch();
        self.ring.header().epoch.store(epoch, Ordering::Release);
        if let Some(claim) = self.ring.claim().filter(|_| before != epoch) {
            claim.forget_config(before);
        }
    }

    /// How far sink number `sink` of the configuration `epoch` had come.
    pub fn mark(&self, epoch: u64, sink: usize) -> Option<Mark> {
        self.ring.marks().slot(epoch, sink).get(epoch)
    }

    /// Where records lie that are left of an earlier lap; only damage brings them between tail and head.
    pub(crate) fn stale(&self, from: u64) -> HashSet<u64> {
        remains::stale(&self.ring, from, self.ring.cursors().head())
    }

    /// Forgets what was lost: it is told in the log.
    pub fn clear_gap(&mut self) {
        self.ring.header().gap.set(&Gap::default());
    }

    /// The shared memory.
    pub fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }
}
