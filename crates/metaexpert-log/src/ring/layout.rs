//! The layout of a ring's memory: cursors, marks, names, frames.

use crate::clock::SharedTimeline;
use crate::frame::STAMP_OFFSET;
use crate::ring::cursors::Cursors;
use crate::ring::gap::{Gap, SharedGap};
use crate::ring::mapping::Mapping;
use crate::ring::marks::{Mark, Marks};
use crate::ring::store::Claim;
use crate::sync::AtomicU64;

pub(super) const HEADER_BYTES: usize = 4096;
const MARKS_BYTES: usize = size_of::<Marks>().next_multiple_of(4096);
pub(super) const DICTIONARY_BYTES: usize = 1 << 20;
pub(super) const DICTIONARY_OFFSET: usize = HEADER_BYTES + MARKS_BYTES;
pub(super) const DATA_OFFSET: usize = DICTIONARY_OFFSET + DICTIONARY_BYTES;
/// The ring's first bytes, made present by whoever makes it; the backend does the rest while records come, a
/// step at a time, each a fraction of a millisecond's work: a start need not wait for it.
pub(super) const PRESENT_STEP: usize = 256 << 10;
/// The smallest ring: room for the largest records that small limits allow.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The first page.
#[repr(C)]
pub(super) struct Header {
    pub(super) cursors: Cursors,
    /// The configuration in force at the tail.
    pub(super) epoch: AtomicU64,
    pub(super) gap: SharedGap,
    /// How ticks in frames become times.
    pub(super) timeline: SharedTimeline,
}

/// The memory shared by the two sides.
pub struct Ring {
    pub(super) mapping: Mapping,
    pub(super) capacity: usize,
    /// What can be read of the dictionary.
    pub(super) dictionary_len: usize,
    /// Where it outlives the process, if it does.
    pub(super) claim: Option<Claim>,
}

impl Ring {
    /// Bytes of frames it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether it outlives the process.
    pub fn is_crash_safe(&self) -> bool {
        self.claim.is_some()
    }

    /// Its files, if it has any.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// The bytes from position `at` to `end`, or to where the ring wraps.
    #[inline]
    pub(super) fn bytes_at(&self, at: u64, end: u64) -> &[u8] {
        let offset = at as usize & (self.capacity - 1);
        let most = (self.capacity - offset).min((end - at) as usize);
        // SAFETY: the slice lies inside the mapping. What is between tail and head is published and
        // unreleased, so the producer does not touch it; a ring that was taken over has no producer.
        unsafe { std::slice::from_raw_parts(self.data().add(offset), most) }
    }

    /// Has the dictionary's bytes from `from` to `to` (multiples of a page) allocated and present. Returns
    /// false if there is no memory for them: they must not be touched then.
    pub(super) fn allocate_names(&self, from: usize, to: usize) -> bool {
        let offset = DICTIONARY_OFFSET + from;
        let is_allocated = self.claim.as_ref().is_none_or(|claim| claim.allocate(offset, to - from).is_ok());
        if is_allocated {
            self.mapping.make_present(offset, to - from);
        }
        is_allocated
    }

    #[inline]
    pub(super) fn header(&self) -> &Header {
        const { assert!(size_of::<Header>() <= HEADER_BYTES) };
        // SAFETY: the mapping is page-aligned, zeroed at creation and longer than `Header`, which is valid
        // for any bits; the first page is touched through this reference alone, and all of it is atomic.
        unsafe { &*self.mapping.start().cast::<Header>() }
    }

    #[inline]
    pub(super) fn cursors(&self) -> &Cursors {
        &self.header().cursors
    }

    pub(super) fn marks(&self) -> &Marks {
        // SAFETY: the region lies inside the mapping, page-aligned, behind the header and before the
        // dictionary; `Marks` is valid for any bits, and all of it is atomic.
        unsafe { &*self.mapping.start().add(HEADER_BYTES).cast::<Marks>() }
    }

    #[inline]
    pub(super) fn data(&self) -> *mut u8 {
        // SAFETY: the offset lies inside the mapping.
        unsafe { self.mapping.start().add(DATA_OFFSET) }
    }

    /// Notes how far sink number `sink` of the configuration `epoch` has come. For the reading side alone.
    #[inline]
    pub(crate) fn set_mark(&self, epoch: u64, sink: usize, mark: &Mark) {
        self.marks().slot(epoch, sink).set(epoch, mark);
    }

    /// Replaces the stamp of the frame at position `at`, in one store. For the reading side alone, while it
    /// does not look at this frame.
    #[inline]
    pub(super) fn set_stamp(&self, at: u64, stamp: i64) {
        let offset = (at as usize & (self.capacity - 1)) + STAMP_OFFSET;
        // SAFETY: frames begin at multiples of eight, so the word is aligned, and lies inside the mapping
        // with the rest of the frame's header. Between tail and head the producer touches nothing, and the
        // reading side, which alone calls this, holds no reference into this frame now.
        let word = unsafe { std::sync::atomic::AtomicU64::from_ptr(self.data().add(offset).cast()) };
        word.store((stamp as u64).to_le(), std::sync::atomic::Ordering::Release);
    }

    /// What was lost and not yet told in the log, kept for whoever comes after a kill.
    pub fn gap(&self) -> Gap {
        self.header().gap.get()
    }
}
