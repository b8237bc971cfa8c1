//! **Ring**: bounded bytes between one producer and one consumer, with the names they share.
//!
//! The memory is one mapping: a page with the cursors, the sinks' [`marks`], the [`dictionary`] of names,
//! then the ring's bytes. Frames never wrap; room that is too short at the end is filled with padding.
//! The consumer moves the tail only when every sink has taken the frames, so what lies between tail
//! and head is always the whole of what is not yet written. Where the mapping is of a file in a
//! [`store`], that outlives the process.

mod batch;
mod belief;
mod consumer;
mod cursors;
pub mod dictionary;
pub mod event;
mod gap;
pub(crate) mod ledger;
pub mod lexicon;
mod mapping;
pub mod marks;
mod producer;
mod remains;
pub mod store;
#[cfg(all(test, not(loom)))]
mod tests;

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use cursors::Cursors;
use dictionary::Dictionary;
use mapping::Mapping;
use marks::{Mark, Marks};
use store::{Claim, Origin, Store};

pub use batch::Batch;
pub use consumer::Consumer;
pub use gap::Gap;
use gap::SharedGap;
pub use producer::{Full, Producer};

use crate::clock::SharedLine;
use crate::error::Error;
use crate::sync::AtomicU64;

const HEADER_BYTES: usize = 4096;
const MARKS_BYTES: usize = size_of::<Marks>().next_multiple_of(4096);
const DICTIONARY_BYTES: usize = 1 << 20;
const DICTIONARY_OFFSET: usize = HEADER_BYTES + MARKS_BYTES;
const DATA_OFFSET: usize = DICTIONARY_OFFSET + DICTIONARY_BYTES;
/// The ring's first bytes, made present by whoever makes it; the backend does the rest while records come, a step
/// at a time, each a fraction of a millisecond's work: a start need not wait for it.
const PRESENT_STEP: usize = 256 << 10;
/// The smallest ring: room for the largest records that small limits allow.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The first page.
#[repr(C)]
struct Header {
    cursors: Cursors,
    /// The configuration in force at the tail.
    epoch: AtomicU64,
    gap: SharedGap,
    /// How ticks in frames become times.
    line: SharedLine,
}

/// The memory shared by the two sides.
pub struct Ring {
    mapping: Mapping,
    capacity: usize,
    /// What can be read of the dictionary.
    dictionary_len: usize,
    /// Where it outlives the process, if it does.
    claim: Option<Claim>,
}

impl Ring {
    /// Reserves a ring of `capacity_bytes`, rounded up to a power of two of at least
    /// [`MIN_CAPACITY`], that ends with the process. Its first pages are present when it returns, the others once
    /// `Consumer::make_present` has come to them.
    pub fn create(capacity_bytes: usize) -> Result<(Producer, Consumer), Error> {
        let capacity = capacity_of(capacity_bytes);
        let mapping = Mapping::anonymous(DATA_OFFSET + capacity).map_err(Error::Memory)?;
        Ok(Ring { mapping, capacity, dictionary_len: DICTIONARY_BYTES, claim: None }.into_ends())
    }

    /// As [`Ring::create`], in `store`, where the ring outlives the process that `origin` names.
    pub fn create_in(
        store: &Store,
        origin: &Origin,
        config: &str,
        capacity_bytes: usize,
    ) -> std::io::Result<(Producer, Consumer)> {
        let capacity = capacity_of(capacity_bytes);
        // Names get their bytes when there are some, which most programs have few of.
        let claim = store.create(origin, config, DATA_OFFSET + capacity, DICTIONARY_OFFSET..DATA_OFFSET)?;
        let mapping = Mapping::of_file(claim.file(), DATA_OFFSET + capacity).inspect_err(|_| {
            let _ = claim.remove();
        })?;
        Ok(Ring { mapping, capacity, dictionary_len: DICTIONARY_BYTES, claim: Some(claim) }.into_ends())
    }

    /// The reading end of a ring whose process is gone. Fails if its size is none that [`Ring::create_in`] makes.
    pub fn adopt(claim: Claim) -> std::io::Result<Consumer> {
        let len = claim.file().metadata()?.len() as usize;
        let capacity = len.saturating_sub(DATA_OFFSET);
        if capacity < MIN_CAPACITY || !capacity.is_power_of_two() {
            let problem = format!("the ring's file has an impossible size: {len} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, problem));
        }
        let mapping = Mapping::of_file(claim.file(), len)?;
        // Touching what was never allocated would take memory that there may be none of.
        let dictionary_len = claim.allocated(DICTIONARY_OFFSET, DICTIONARY_BYTES);
        let ring = Arc::new(Ring { mapping, capacity, dictionary_len, claim: Some(claim) });
        remains::mend(&ring);
        let read = ring.cursors().tail();
        Ok(Consumer::new(ring, read, len))
    }

    /// Whether there is nothing to be recovered in the ring of a process that is gone.
    pub fn is_empty(claim: &Claim) -> bool {
        let mut page = [0; HEADER_BYTES];
        let word =
            |page: &[u8], offset: usize| page[offset..offset + 8].try_into().map_or(0, u64::from_ne_bytes);
        let gap = std::mem::offset_of!(Header, gap);
        claim.file().read_exact_at(&mut page, 0).is_ok()
            && word(&page, Cursors::HEAD_OFFSET) == word(&page, Cursors::TAIL_OFFSET)
            && page[gap..gap + size_of::<SharedGap>()].iter().all(|byte| *byte == 0)
    }

    fn into_ends(self) -> (Producer, Consumer) {
        let end = DATA_OFFSET + self.capacity;
        let first = PRESENT_STEP.min(self.capacity);
        let is_present =
            self.mapping.make_present(0, DICTIONARY_OFFSET) && self.mapping.make_present(DATA_OFFSET, first);
        let present_to = if is_present { DATA_OFFSET + first } else { end };
        if !is_present {
            // SAFETY: a new ring is zero, and nobody else has it yet. The ranges are allocated.
            unsafe {
                self.mapping.touch(0, DICTIONARY_OFFSET);
                self.mapping.touch(DATA_OFFSET, self.capacity);
            }
        }
        let ring = Arc::new(self);
        (Producer::new(Arc::clone(&ring)), Consumer::new(ring, 0, present_to))
    }

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

    /// The names that frames refer to.
    #[inline]
    pub fn dictionary(&self) -> Dictionary<'_> {
        // SAFETY: the region lies inside the mapping, behind the marks and before the data;
        // only `Dictionary` touches it.
        unsafe { Dictionary::new(self.mapping.start().add(DICTIONARY_OFFSET), self.dictionary_len, self) }
    }

    /// Has the dictionary's bytes from `from` to `to` (multiples of a page) allocated and present. Returns false if
    /// there is no memory for them: they must not be touched then.
    fn allocate_names(&self, from: usize, to: usize) -> bool {
        let offset = DICTIONARY_OFFSET + from;
        let is_allocated = self.claim.as_ref().is_none_or(|claim| claim.allocate(offset, to - from).is_ok());
        if is_allocated {
            self.mapping.make_present(offset, to - from);
        }
        is_allocated
    }

    #[inline]
    fn header(&self) -> &Header {
        const { assert!(size_of::<Header>() <= HEADER_BYTES) };
        // SAFETY: the mapping is page-aligned, zeroed at creation and longer than `Header`, which is valid
        // for any bits; the first page is touched through this reference alone, and all of it is atomic.
        unsafe { &*self.mapping.start().cast::<Header>() }
    }

    #[inline]
    fn cursors(&self) -> &Cursors {
        &self.header().cursors
    }

    fn marks(&self) -> &Marks {
        // SAFETY: the region lies inside the mapping, page-aligned, behind the header and before the
        // dictionary; `Marks` is valid for any bits, and all of it is atomic.
        unsafe { &*self.mapping.start().add(HEADER_BYTES).cast::<Marks>() }
    }

    #[inline]
    fn data(&self) -> *mut u8 {
        // SAFETY: the offset lies inside the mapping.
        unsafe { self.mapping.start().add(DATA_OFFSET) }
    }

    /// Notes how far sink number `sink` of the configuration `epoch` has come. For the reading side alone.
    #[inline]
    pub(crate) fn set_mark(&self, epoch: u64, sink: usize, mark: &Mark) {
        self.marks().slot(epoch, sink).set(epoch, mark);
    }

    /// Replaces the stamp of the frame at position `at`, in one store. For the reading side alone, while it does not look
    /// at this frame.
    #[inline]
    fn set_stamp(&self, at: u64, stamp: i64) {
        let offset = (at as usize & (self.capacity - 1)) + crate::frame::STAMP_OFFSET;
        // SAFETY: frames begin at multiples of eight, so the word is aligned, and lies inside the mapping with the rest of
        // the frame's header. Between tail and head the producer touches nothing, and the reading side, which
        // alone calls this, holds no reference into this frame now.
        let word = unsafe { std::sync::atomic::AtomicU64::from_ptr(self.data().add(offset).cast()) };
        word.store((stamp as u64).to_le(), std::sync::atomic::Ordering::Release);
    }

    /// What was lost and not yet told in the log, kept for whoever comes after a kill.
    pub fn gap(&self) -> Gap {
        self.header().gap.get()
    }
}

fn capacity_of(bytes: usize) -> usize {
    bytes.max(MIN_CAPACITY).next_power_of_two()
}
