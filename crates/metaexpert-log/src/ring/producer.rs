//! The writing end: room is reserved, filled, published.

use std::sync::Arc;

use crate::frame::{self, ALIGN};
use crate::platform::cache::fetch_for_writing;
use crate::ring::cursors::ProducerCursor;
use crate::ring::gap::Gap;
use crate::ring::layout::Ring;

/// There is no room for a frame of this size now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Lines this far ahead are fetched: some frames of the usual size.
const AHEAD_BYTES: u64 = 512;

/// The writing end.
#[repr(C)]
pub struct Producer {
    ring: Arc<Ring>,
    cursor: ProducerCursor,
}

impl Producer {
    pub(super) fn new(ring: Arc<Ring>) -> Producer {
        Producer { cursor: ProducerCursor::new(ring.capacity as u64), ring }
    }

    /// Room for a frame of `len` bytes (a multiple of eight), leaving `keep_free` bytes unused.
    /// Nothing is visible to the consumer before [`Producer::publish`]; a slot that is never
    /// published is simply used again.
    #[inline]
    pub fn reserve(&mut self, len: usize, keep_free: usize) -> Result<&mut [u8], Full> {
        debug_assert_eq!(len % ALIGN, 0);
        let room = self.cursor.reserve(self.ring.cursors(), len as u64, keep_free as u64).ok_or(Full)?;
        let data = self.ring.data();
        if room.padding > 0 {
            // SAFETY: the cursor granted `padding` bytes ending at the ring's end, which the consumer does
            // not read before publication; this is the only producer (`&mut self`).
            let gap = unsafe { std::slice::from_raw_parts_mut(data.add(room.padding_offset), room.padding) };
            frame::write_padding(gap);
        }
        // SAFETY: as above, for `len` bytes at `offset`, which end at or before the ring's end.
        Ok(unsafe { std::slice::from_raw_parts_mut(data.add(room.offset), len) })
    }

    /// Gives back what the frame has not needed of the reserved room, `unused` bytes (a multiple of eight).
    #[inline]
    pub fn trim(&mut self, unused: usize) {
        debug_assert_eq!(unused % ALIGN, 0);
        self.cursor.trim(unused as u64);
    }

    /// Makes the reserved frame visible. Returns an upper bound of the bytes now waiting: what the consumer
    /// has taken since [`Producer::waiting`] was last asked still counts.
    #[inline]
    pub fn publish(&mut self) -> usize {
        let waiting = self.cursor.publish(self.ring.cursors());
        self.fetch_ahead();
        waiting as usize
    }

    /// Has two lines of a later frame fetched, which otherwise are in the other core's cache or in none.
    #[inline]
    fn fetch_ahead(&self) {
        let offset = self.cursor.offset_of(self.cursor.published() + AHEAD_BYTES);
        let line = self.ring.data().wrapping_add(offset);
        fetch_for_writing(line);
        fetch_for_writing(line.wrapping_add(LINE_BYTES));
    }

    /// The position behind the last published frame; compare with [`super::Consumer::position`].
    #[inline]
    pub fn position(&self) -> u64 {
        self.cursor.published()
    }

    /// Bytes between the last published frame and what the sinks have taken.
    pub fn waiting(&mut self) -> usize {
        self.cursor.waiting(self.ring.cursors()) as usize
    }

    /// As [`Producer::waiting`], by a look from outside.
    pub fn backlog(&self) -> usize {
        (self.position() - self.ring.cursors().tail()) as usize
    }

    /// Keeps what was lost where it outlives the process.
    pub fn note_gap(&self, gap: &Gap) {
        self.ring.header().gap.set(gap);
    }

    /// The shared memory.
    #[inline]
    pub fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }
}
