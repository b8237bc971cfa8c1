//! **Ring**: bounded bytes between one producer and one consumer, with the names they share.
//!
//! The memory is one mapping: a page with the cursors, the sinks' [`marks`], the [`dictionary`] of names,
//! then the ring's bytes. Frames never wrap; room that is too short at the end is filled with padding.
//! The consumer moves the tail only when every sink has taken the frames, so what lies between tail
//! and head is always the whole of what is not yet written. Where the mapping is of a file in a
//! [`store`], that outlives the process.

mod cursors;
pub mod dictionary;
mod gap;
mod mapping;
pub mod marks;
mod remains;
pub mod store;

use std::collections::HashSet;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use cursors::{Cursors, ProducerCursor};
use dictionary::Dictionary;
use mapping::Mapping;
use marks::{Mark, Marks};
use store::{Claim, Origin, Store};

pub use gap::Gap;
use gap::SharedGap;

use crate::error::Error;
use crate::frame::{self, ALIGN};
use crate::sync::{AtomicU64, Ordering};

const HEADER_BYTES: usize = 4096;
const MARKS_BYTES: usize = size_of::<Marks>().next_multiple_of(4096);
const DICTIONARY_BYTES: usize = 1 << 20;
const DATA_OFFSET: usize = HEADER_BYTES + MARKS_BYTES + DICTIONARY_BYTES;
/// The smallest ring: room for the largest records that small limits allow.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The first page.
#[repr(C)]
struct Header {
    cursors: Cursors,
    /// The configuration in force at the tail.
    epoch: AtomicU64,
    gap: SharedGap,
}

/// The memory shared by the two sides.
pub struct Ring {
    mapping: Mapping,
    capacity: usize,
    /// Where it outlives the process, if it does.
    claim: Option<Claim>,
}

impl Ring {
    /// Reserves a ring of `capacity_bytes`, rounded up to a power of two of at least
    /// [`MIN_CAPACITY`], that ends with the process. Every page is touched here, so that no later store
    /// can fault.
    pub fn create(capacity_bytes: usize) -> Result<(Producer, Consumer), Error> {
        let capacity = capacity_of(capacity_bytes);
        let mapping = Mapping::anonymous(DATA_OFFSET + capacity).map_err(Error::Memory)?;
        Ok(Ring { mapping, capacity, claim: None }.into_ends())
    }

    /// As [`Ring::create`], in `store`, where the ring outlives the process that `origin` names.
    pub fn create_in(
        store: &Store,
        origin: &Origin,
        config: &str,
        capacity_bytes: usize,
    ) -> std::io::Result<(Producer, Consumer)> {
        let capacity = capacity_of(capacity_bytes);
        let claim = store.create(origin, config, DATA_OFFSET + capacity)?;
        let mapping = Mapping::of_file(claim.file(), DATA_OFFSET + capacity).inspect_err(|_| {
            let _ = claim.remove();
        })?;
        Ok(Ring { mapping, capacity, claim: Some(claim) }.into_ends())
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
        let ring = Arc::new(Ring { mapping, capacity, claim: Some(claim) });
        remains::mend(&ring);
        let read = ring.cursors().tail();
        Ok(Consumer { ring, read })
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
        let capacity = self.capacity as u64;
        let ring = Arc::new(self);
        let producer = Producer { cursor: ProducerCursor::new(capacity), ring: Arc::clone(&ring) };
        (producer, Consumer { ring, read: 0 })
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
        unsafe { Dictionary::new(self.mapping.start().add(HEADER_BYTES + MARKS_BYTES), DICTIONARY_BYTES) }
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

    /// What was lost and not yet told in the log, kept for whoever comes after a kill.
    pub fn gap(&self) -> Gap {
        self.header().gap.get()
    }
}

fn capacity_of(bytes: usize) -> usize {
    bytes.max(MIN_CAPACITY).next_power_of_two()
}

/// There is no room for a frame of this size now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The writing end.
pub struct Producer {
    ring: Arc<Ring>,
    cursor: ProducerCursor,
}

impl Producer {
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

    /// Makes the reserved frame visible. Returns an upper bound of the bytes now waiting: what the consumer
    /// has taken since [`Producer::waiting`] was last asked still counts.
    #[inline]
    pub fn publish(&mut self) -> usize {
        self.cursor.publish(self.ring.cursors()) as usize
    }

    /// The position behind the last published frame; compare with [`Consumer::position`].
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

/// The reading end.
pub struct Consumer {
    ring: Arc<Ring>,
    /// Everything before has been read, though not every sink may have taken it.
    read: u64,
}

impl Consumer {
    /// The published frames that were not read yet, at most about `limit` bytes of them.
    #[inline]
    pub fn batch(&self, limit: usize) -> Batch<'_> {
        self.frames(self.read, u64::MAX, limit)
    }

    /// The frames from position `from` on and before `until`, at most about `limit` bytes of them. Nothing
    /// before `from` may have been released.
    #[inline]
    pub fn frames(&self, from: u64, until: u64, limit: usize) -> Batch<'_> {
        let head = self.ring.cursors().head();
        Batch {
            ring: &self.ring,
            at: from,
            end: head.min(until),
            stop: from.saturating_add(limit as u64),
            damaged: Vec::new(),
        }
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

/// Frames of one batch in order, padding left out.
pub struct Batch<'a> {
    ring: &'a Ring,
    at: u64,
    end: u64,
    stop: u64,
    damaged: Vec<u64>,
}

impl<'a> Batch<'a> {
    /// All frames between two positions.
    fn new(ring: &'a Ring, at: u64, end: u64) -> Batch<'a> {
        Batch { ring, at, end, stop: u64::MAX, damaged: Vec::new() }
    }
}

impl Batch<'_> {
    /// The position behind the last frame that was returned.
    #[inline]
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Where bytes had to be passed over because they are no frame.
    pub fn damaged(&self) -> &[u64] {
        &self.damaged
    }

    /// Passes over bytes that are no frame, which only happens in what a dead process has left.
    #[cold]
    fn resume(&mut self) {
        self.damaged.push(self.at);
        self.at = remains::next_frame(self.ring, self.at + ALIGN as u64, self.end).unwrap_or(self.end);
    }
}

impl<'a> Iterator for Batch<'a> {
    /// Where it lies, what it is, and its bytes.
    type Item = (u64, frame::Kind, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.end && self.at < self.stop {
            let at = self.at;
            let bytes = remains::bytes_at(self.ring, at, self.end);
            match frame::peek(bytes) {
                Ok((len, frame::Kind::Padding)) if len == bytes.len() || at + len as u64 == self.end => {
                    self.at += len as u64;
                    self.stop = self.stop.saturating_add(len as u64);
                }
                Ok((len, kind)) if kind != frame::Kind::Padding => {
                    self.at += len as u64;
                    return Some((at, kind, &bytes[..len]));
                }
                _ => self.resume(),
            }
        }
        None
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::frame::{Frame, Record};
    use proptest::prelude::*;

    fn push(producer: &mut Producer, message: &[u8], seq: u64) -> Result<(), Full> {
        let record = Record { level: 20, logger: 1, category: 0, timestamp_ns: 1, message, sections: &[] };
        record.write(producer.reserve(record.frame_len(), 0)?, seq);
        producer.publish();
        Ok(())
    }

    fn drain(consumer: &mut Consumer, limit: usize) -> Vec<(u64, Vec<u8>)> {
        let mut batch = consumer.batch(limit);
        let mut seen = Vec::new();
        for (_, _, bytes) in batch.by_ref() {
            let frame = Frame::parse(bytes).unwrap();
            seen.push((frame.seq, frame.message.to_vec()));
        }
        let position = batch.position();
        consumer.advance(position);
        consumer.release(position);
        seen
    }

    #[test]
    fn a_full_ring_refuses_and_takes_again_after_release() {
        let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
        let mut accepted = 0;
        while push(&mut producer, &[b'x'; 1000], accepted).is_ok() {
            accepted += 1;
        }
        assert!(accepted > 50, "{accepted}");
        assert_eq!(push(&mut producer, &[b'x'; 1000], 0), Err(Full));
        assert_eq!(drain(&mut consumer, usize::MAX / 2).len() as u64, accepted);
        assert_eq!(push(&mut producer, &[b'x'; 1000], 0), Ok(()));
    }

    #[test]
    fn room_kept_free_is_refused_only_to_those_who_must_leave_it() {
        let (mut producer, _consumer) = Ring::create(MIN_CAPACITY).unwrap();
        while producer.reserve(1024, MIN_CAPACITY / 8).is_ok() {
            frame::write_padding(producer.reserve(1024, 0).unwrap());
            producer.publish();
        }
        assert!(producer.reserve(1024, 0).is_ok());
    }

    #[test]
    fn asking_for_the_backlog_makes_its_bound_exact() {
        let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
        let mut bound = 0;
        for seq in 0..100 {
            push(&mut producer, b"taken at once", seq).unwrap();
            assert_eq!(drain(&mut consumer, usize::MAX / 2).len(), 1);
            producer.reserve(64, 0).unwrap();
            bound = producer.publish();
            assert_eq!(drain_all(&mut consumer), 64);
        }
        assert!(bound > 64, "{bound}");
        assert_eq!(producer.waiting(), 0);
        producer.reserve(64, 0).unwrap();
        assert_eq!(producer.publish(), 64);
    }

    fn drain_all(consumer: &mut Consumer) -> u64 {
        let before = consumer.position();
        let head = consumer.ring().cursors().head();
        consumer.advance(head);
        consumer.release(head);
        head - before
    }

    #[test]
    fn a_reserved_frame_is_invisible_until_published() {
        let (mut producer, consumer) = Ring::create(MIN_CAPACITY).unwrap();
        producer.reserve(64, 0).unwrap();
        assert!(consumer.batch(1 << 20).next().is_none());
    }

    proptest! {
        #[test]
        fn every_accepted_record_comes_out_once_in_order(
            sizes in proptest::collection::vec(0usize..9000, 1..200),
            limit in 1usize..40_000,
        ) {
            let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
            let (mut sent, mut received) = (Vec::new(), Vec::new());
            for (seq, size) in sizes.into_iter().enumerate() {
                let message = vec![b'a' + (seq % 26) as u8; size];
                while push(&mut producer, &message, seq as u64).is_err() {
                    let got = drain(&mut consumer, limit);
                    prop_assert!(!got.is_empty());
                    received.extend(got);
                }
                sent.push((seq as u64, message));
            }
            while received.len() < sent.len() {
                let got = drain(&mut consumer, limit);
                prop_assert!(!got.is_empty());
                received.extend(got);
            }
            prop_assert_eq!(sent, received);
        }
    }

    #[test]
    fn two_threads_pass_every_record_in_order() {
        let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
        const COUNT: u64 = 100_000;
        let writer = std::thread::spawn(move || {
            for seq in 0..COUNT {
                let message = vec![seq as u8; (seq % 301) as usize];
                while push(&mut producer, &message, seq).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        let mut next = 0;
        while next < COUNT {
            for (seq, message) in drain(&mut consumer, 16 << 10) {
                assert_eq!(seq, next);
                assert_eq!(message, vec![seq as u8; (seq % 301) as usize]);
                next += 1;
            }
        }
        writer.join().unwrap();
    }
}
