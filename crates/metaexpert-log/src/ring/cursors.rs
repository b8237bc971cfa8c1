//! The ring's protocol: who may touch which bytes, and when. Checked by loom (`tests` below).
//!
//! `head` counts bytes ever published, `tail` bytes ever released; both only grow. The producer
//! owns `[head, tail + capacity)`, the consumer `[tail, head)`. Publishing `head` with Release and
//! reading it with Acquire makes the frame's bytes visible; releasing `tail` likewise gives them back.

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU64, Ordering};

/// The two positions, a cache line apart, at the start of the mapping.
#[repr(C)]
pub(super) struct Cursors {
    head: CachePadded<AtomicU64>,
    tail: CachePadded<AtomicU64>,
}

impl Cursors {
    pub(super) const HEAD_OFFSET: usize = std::mem::offset_of!(Cursors, head);
    pub(super) const TAIL_OFFSET: usize = std::mem::offset_of!(Cursors, tail);

    #[inline]
    pub(super) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn tail(&self) -> u64 {
        self.tail.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn release(&self, position: u64) {
        self.tail.store(position, Ordering::Release);
    }

    /// Sets both positions of a ring that has no producer.
    pub(super) fn set(&self, head: u64, tail: u64) {
        self.head.store(head, Ordering::Release);
        self.tail.store(tail, Ordering::Release);
    }
}

/// Bytes the producer may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) padding_offset: usize,
    pub(super) padding: usize,
    pub(super) offset: usize,
}

/// The producer's private knowledge: positions it need not read from shared memory.
pub(super) struct ProducerCursor {
    capacity: u64,
    head: u64,
    reserved: u64,
    known_tail: u64,
}

impl ProducerCursor {
    pub(super) fn new(capacity: u64) -> Self {
        debug_assert!(capacity.is_power_of_two());
        ProducerCursor { capacity, head: 0, reserved: 0, known_tail: 0 }
    }

    /// Where the byte at `position` lies in the ring.
    #[inline]
    pub(super) fn offset_of(&self, position: u64) -> usize {
        (position & (self.capacity - 1)) as usize
    }

    /// Finds `len` contiguous bytes so that `keep_free` more stay unused, or nothing.
    #[inline]
    pub(super) fn reserve(&mut self, cursors: &Cursors, len: u64, keep_free: u64) -> Option<Room> {
        let offset = self.offset_of(self.head) as u64;
        let to_end = self.capacity - offset;
        let padding = if len > to_end { to_end } else { 0 };
        let end = self.head + padding + len;
        if end + keep_free > self.known_tail + self.capacity {
            self.known_tail = cursors.tail();
            if end + keep_free > self.known_tail + self.capacity {
                return None;
            }
        }
        self.reserved = end;
        Some(Room {
            padding_offset: offset as usize,
            padding: padding as usize,
            offset: self.offset_of(self.head + padding),
        })
    }

    /// Gives back the last `unused` bytes of the reservation.
    #[inline]
    pub(super) fn trim(&mut self, unused: u64) {
        debug_assert!(unused <= self.reserved - self.head);
        self.reserved -= unused;
    }

    /// Makes everything up to the last reservation visible. Returns an upper bound of the bytes waiting.
    #[inline]
    pub(super) fn publish(&mut self, cursors: &Cursors) -> u64 {
        self.head = self.reserved;
        cursors.head.store(self.head, Ordering::Release);
        self.head - self.known_tail
    }

    /// The bytes waiting now, which also makes the bound of [`ProducerCursor::publish`] exact again.
    pub(super) fn waiting(&mut self, cursors: &Cursors) -> u64 {
        self.known_tail = cursors.tail();
        self.head - self.known_tail
    }

    #[inline]
    pub(super) fn published(&self) -> u64 {
        self.head
    }
}

/// `RUSTFLAGS="--cfg loom" cargo test -p metaexpert-log --release loom_`
#[cfg(all(test, loom))]
mod tests {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;

    struct Model {
        cursors: Cursors,
        // One cell a word of the ring; loom reports any unsynchronised pair of accesses.
        words: Vec<UnsafeCell<u64>>,
    }

    fn model(words: usize) -> Arc<Model> {
        Arc::new(Model {
            cursors: Cursors {
                head: CachePadded::new(AtomicU64::new(0)),
                tail: CachePadded::new(AtomicU64::new(0)),
            },
            words: (0..words).map(|_| UnsafeCell::new(0)).collect(),
        })
    }

    impl Model {
        fn read(&self, index: usize) -> u64 {
            // SAFETY: the word lies between tail and head, where the consumer may read; loom fails the test
            // if the producer can touch it at the same time.
            self.words[index].with(|word| unsafe { *word })
        }

        fn write(&self, index: usize, value: u64) {
            // SAFETY: the cursor granted the word to the producer; loom fails the test if the consumer can
            // touch it at the same time.
            self.words[index].with_mut(|word| unsafe { *word = value });
        }
    }

    /// Frames of one word and of two, over a ring of four: wraps, pads and fills within few steps.
    fn produce(shared: &Model, frames: &[(u64, u64)]) {
        let mut cursor = ProducerCursor::new(32);
        for &(words, stamp) in frames {
            let room = loop {
                match cursor.reserve(&shared.cursors, words * 8, 0) {
                    Some(room) => break room,
                    None => loom::thread::yield_now(),
                }
            };
            if room.padding > 0 {
                shared.write(room.padding_offset / 8, u64::MAX);
            }
            for index in 0..words as usize {
                shared.write(room.offset / 8 + index, stamp << 8 | words);
            }
            cursor.publish(&shared.cursors);
        }
    }

    #[test]
    fn loom_frames_are_seen_whole_once_and_in_order() {
        loom::model(|| {
            let shared = model(4);
            let frames = [(1, 1), (2, 2), (2, 3)];
            let writer = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || produce(&shared, &frames))
            };
            let (mut at, mut seen) = (0u64, Vec::new());
            while seen.len() < frames.len() {
                let head = shared.cursors.head();
                if at == head {
                    loom::thread::yield_now();
                    continue;
                }
                while at < head {
                    let (next, stamp) = pass(&shared, at);
                    seen.extend(stamp);
                    at = next;
                }
                shared.cursors.release(at);
            }
            writer.join().unwrap();
            assert_eq!(seen, frames.map(|(_, stamp)| stamp));
        });
    }

    /// The consumer reads on while a slow sink is behind: what was read stays as it is until it is released,
    /// and is read once more then, as a replay does.
    #[test]
    fn loom_what_was_read_and_not_released_is_not_written_over() {
        // Every schedule with three preemptions: all of them would take a minute and more.
        let mut schedules = loom::model::Builder::new();
        schedules.preemption_bound = Some(3);
        schedules.check(|| {
            let shared = model(4);
            let writer = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || produce(&shared, &[(2, 1), (1, 2), (2, 3)]))
            };
            // The tail follows one step behind: each frame is released when the next has been read.
            let (mut read, mut released, mut seen) = (0u64, 0u64, Vec::new());
            while seen.len() < 3 {
                if read == shared.cursors.head() {
                    // The slow sink catches up: nothing else would make room for the last frame.
                    while released < read {
                        released = pass(&shared, released).0;
                    }
                    shared.cursors.release(released);
                    loom::thread::yield_now();
                    continue;
                }
                let (next, stamp) = pass(&shared, read);
                read = next;
                seen.extend(stamp);
            }
            writer.join().unwrap();
            assert_eq!(seen, [1, 2, 3]);
        });
    }

    /// The frame at `at`: where it ends, and its stamp unless it is padding.
    fn pass(shared: &Model, at: u64) -> (u64, Option<u64>) {
        let index = (at as usize / 8) % 4;
        let word = shared.read(index);
        if word == u64::MAX {
            return (at + (4 - index as u64) * 8, None);
        }
        let (stamp, words) = (word >> 8, word & 0xFF);
        for next in 1..words as usize {
            assert_eq!(shared.read(index + next), word);
        }
        (at + words * 8, Some(stamp))
    }
}
