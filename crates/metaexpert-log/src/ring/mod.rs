//! **Ring**: bounded bytes between one producer and one consumer, with the names they share.
//!
//! The memory is one mapping: a header page with the cursors, the [`dictionary`] of names, then the
//! ring's bytes. Frames never wrap; room that is too short at the end is filled with padding.
//! The consumer moves the tail only when the sinks have taken the frames, so what lies between tail
//! and head is always the whole of what is not yet written.

mod cursors;
pub mod dictionary;
mod mapping;

use std::sync::Arc;

use cursors::{Cursors, ProducerCursor};
use dictionary::Dictionary;
use mapping::Mapping;

use crate::error::Error;
use crate::frame::{self, ALIGN};

const HEADER_BYTES: usize = 4096;
const DICTIONARY_BYTES: usize = 1 << 20;
/// The smallest ring: room for the largest records that small limits allow.
pub const MIN_CAPACITY: usize = 64 << 10;

/// The memory shared by the two sides.
pub struct Ring {
    mapping: Mapping,
    capacity: usize,
}

impl Ring {
    /// Reserves a ring of `capacity_bytes`, rounded up to a power of two of at least
    /// [`MIN_CAPACITY`]. Every page is touched here, so that no later store can fault.
    pub fn create(capacity_bytes: usize) -> Result<(Producer, Consumer), Error> {
        let capacity = capacity_bytes.max(MIN_CAPACITY).next_power_of_two();
        let mapping =
            Mapping::anonymous(HEADER_BYTES + DICTIONARY_BYTES + capacity).map_err(Error::Memory)?;
        let ring = Arc::new(Ring { mapping, capacity });
        let producer = Producer { cursor: ProducerCursor::new(capacity as u64), ring: Arc::clone(&ring) };
        Ok((producer, Consumer { ring }))
    }

    /// Bytes of frames it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The names that frames refer to.
    #[inline]
    pub fn dictionary(&self) -> Dictionary<'_> {
        // SAFETY: the region lies inside the mapping, behind the header page and before the data;
        // only `Dictionary` touches it.
        unsafe { Dictionary::new(self.mapping.start().add(HEADER_BYTES), DICTIONARY_BYTES) }
    }

    #[inline]
    fn cursors(&self) -> &Cursors {
        // SAFETY: the mapping is page-aligned, zeroed at creation and longer than `Cursors`, which
        // is valid for any bits; the header page is touched through this reference alone.
        unsafe { &*self.mapping.start().cast::<Cursors>() }
    }

    #[inline]
    fn data(&self) -> *mut u8 {
        // SAFETY: the offset lies inside the mapping.
        unsafe { self.mapping.start().add(HEADER_BYTES + DICTIONARY_BYTES) }
    }
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

    /// The shared memory.
    #[inline]
    pub fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }
}

/// The reading end.
pub struct Consumer {
    ring: Arc<Ring>,
}

impl Consumer {
    /// The published, unreleased frames, at most about `limit` bytes of them.
    #[inline]
    pub fn batch(&mut self, limit: usize) -> Batch<'_> {
        let cursors = self.ring.cursors();
        let (tail, head) = (cursors.tail(), cursors.head());
        Batch { ring: &self.ring, at: tail, end: head, stop: tail + limit as u64 }
    }

    /// Gives the room before `position` back to the producer.
    #[inline]
    pub fn release(&mut self, position: u64) {
        self.ring.cursors().release(position);
    }

    /// The position behind the last released frame.
    pub fn position(&self) -> u64 {
        self.ring.cursors().tail()
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
}

impl Batch<'_> {
    /// The position behind the last frame that was returned.
    #[inline]
    pub fn position(&self) -> u64 {
        self.at
    }
}

impl<'a> Iterator for Batch<'a> {
    type Item = (frame::Kind, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.end && self.at < self.stop {
            let offset = self.at as usize & (self.ring.capacity - 1);
            let most = (self.ring.capacity - offset).min((self.end - self.at) as usize);
            // SAFETY: tail..head is published and unreleased, so the producer does not touch it; the
            // slice ends at the ring's end or at head, whichever comes first.
            let bytes = unsafe { std::slice::from_raw_parts(self.ring.data().add(offset), most) };
            // Only this process writes here; a frame that can't be read is a bug, and passing over the
            // rest of the batch beats reading it for ever.
            let Ok((len, kind)) = frame::peek(bytes) else {
                debug_assert!(false, "unreadable frame at {}", self.at);
                self.at = self.end;
                return None;
            };
            self.at += len as u64;
            if kind != frame::Kind::Padding {
                return Some((kind, &bytes[..len]));
            }
            self.stop += len as u64;
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
        for (_, bytes) in batch.by_ref() {
            let frame = Frame::parse(bytes).unwrap();
            seen.push((frame.seq, frame.message.to_vec()));
        }
        let position = batch.position();
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
        consumer.release(head);
        head - before
    }

    #[test]
    fn a_reserved_frame_is_invisible_until_published() {
        let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
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
