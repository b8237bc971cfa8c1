//! Both ends of a ring: of a new one, or the reading end of one that a dead process has left.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::error::Error;
use crate::ring::consumer::Consumer;
use crate::ring::cursors::Cursors;
use crate::ring::gap::SharedGap;
use crate::ring::layout::{
    DATA_OFFSET, DICTIONARY_BYTES, DICTIONARY_OFFSET, HEADER_BYTES, Header, MIN_CAPACITY, PRESENT_STEP, Ring,
};
use crate::ring::mapping::Mapping;
use crate::ring::producer::Producer;
use crate::ring::remains;
use crate::ring::store::{Author, Claim, Store};

impl Ring {
    /// Reserves a ring of `capacity_bytes`, rounded up to a power of two of at least [`MIN_CAPACITY`], that
    /// ends with the process. Its first pages are present when it returns, the others once
    /// `Consumer::make_present` has come to them.
    pub fn create(capacity_bytes: usize) -> Result<(Producer, Consumer), Error> {
        let capacity = capacity_of(capacity_bytes);
        let mapping = Mapping::anonymous(DATA_OFFSET + capacity).map_err(Error::Memory)?;
        Ok(Ring { mapping, capacity, dictionary_len: DICTIONARY_BYTES, claim: None }.into_ends())
    }

    /// As [`Ring::create`], in `store`, where the ring outlives the process that `author` names.
    pub fn create_in(
        store: &Store,
        author: &Author,
        config: &str,
        capacity_bytes: usize,
    ) -> std::io::Result<(Producer, Consumer)> {
        let capacity = capacity_of(capacity_bytes);
        // Names get their bytes when there are some, which most programs have few of.
        let claim = store.create(author, config, DATA_OFFSET + capacity, DICTIONARY_OFFSET..DATA_OFFSET)?;
        let mapping = Mapping::of_file(claim.file(), DATA_OFFSET + capacity).inspect_err(|_| {
            let _ = claim.remove();
        })?;
        Ok(Ring { mapping, capacity, dictionary_len: DICTIONARY_BYTES, claim: Some(claim) }.into_ends())
    }

    /// The reading end of a ring whose process is gone. Fails if its size is none that [`Ring::create_in`]
    /// makes.
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
}

fn capacity_of(bytes: usize) -> usize {
    bytes.max(MIN_CAPACITY).next_power_of_two()
}
