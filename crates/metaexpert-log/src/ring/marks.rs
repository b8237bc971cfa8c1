//! Marks: the position in the ring that each sink has come to, and the file's size at that point.
//!
//! A file only grows at its end, so whoever finds more in it than the mark says knows exactly which records
//! were written after it. That makes a record that was cut off by a kill, or by a full disk, go into
//! the file once.

use crate::platform::disk::FileId;
use crate::sync::{AtomicU64, Ordering};

/// Sinks of one configuration.
pub const MAX_SINKS: usize = 64;

/// Everything before `position` that a sink wants is in its destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Position in the ring.
    pub position: u64,
    /// The file's size in bytes at that point; 0 for what is no file.
    pub size: u64,
    /// The file.
    pub file: FileId,
}

const WORDS: usize = 6;

/// One sink's mark, twice: the older copy is replaced, so that a kill half way leaves the other.
#[repr(C, align(128))]
pub(super) struct MarkSlot {
    copies: [[AtomicU64; WORDS]; 2],
}

/// The marks of two configurations: of the one in force, and of the next while it takes over.
#[repr(C)]
pub(super) struct Marks {
    slots: [[MarkSlot; MAX_SINKS]; 2],
}

impl Marks {
    pub(super) fn slot(&self, epoch: u64, sink: usize) -> &MarkSlot {
        &self.slots[(epoch & 1) as usize][sink]
    }
}

impl MarkSlot {
    /// The latest mark that was completed for `epoch`, if there is one.
    pub(super) fn get(&self, epoch: u64) -> Option<Mark> {
        let (first, second) = (self.copy(0, epoch), self.copy(1, epoch));
        match (first, second) {
            (Some(first), Some(second)) => Some(if first.0 > second.0 { first.1 } else { second.1 }),
            (first, second) => first.or(second).map(|(_, mark)| mark),
        }
    }

    /// Replaces the older copy. For the thread that owns the ring's reading end alone.
    pub(super) fn set(&self, epoch: u64, mark: &Mark) {
        let turns = [0, 1].map(|index| self.copies[index][0].load(Ordering::Relaxed));
        let older = usize::from(turns[1] < turns[0]);
        let turn = turns[0].max(turns[1]).wrapping_add(1);
        let words = [turn, mark.position, mark.size, mark.file.dev, mark.file.ino];
        let copy = &self.copies[older];
        copy[WORDS - 1].store(0, Ordering::Release);
        for (slot, word) in copy.iter().zip(words) {
            slot.store(word, Ordering::Release);
        }
        copy[WORDS - 1].store(check(&words, epoch), Ordering::Release);
    }

    fn copy(&self, index: usize, epoch: u64) -> Option<(u64, Mark)> {
        let words: [u64; WORDS] =
            std::array::from_fn(|word| self.copies[index][word].load(Ordering::Acquire));
        let [turn, position, size, dev, ino, checked] = words;
        let is_whole = checked == check(&[turn, position, size, dev, ino], epoch);
        is_whole.then_some((turn, Mark { position, size, file: FileId { dev, ino } }))
    }
}

/// Never 0, which stands for a copy that is being written.
fn check(words: &[u64; WORDS - 1], epoch: u64) -> u64 {
    words.iter().fold(epoch ^ 0x9E37_79B9_7F4A_7C15, |mixed, word| {
        (mixed ^ word).wrapping_mul(0xFF51_AFD7_ED55_8CCD).rotate_left(31)
    }) | 1
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn slot() -> MarkSlot {
        MarkSlot { copies: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))) }
    }

    fn mark(position: u64) -> Mark {
        Mark { position, size: position * 3, file: FileId { dev: 7, ino: 9 } }
    }

    #[test]
    fn the_last_mark_is_read_back_for_its_own_configuration_alone() {
        let slot = slot();
        assert_eq!(slot.get(0), None);
        for position in [5, 9, 1000] {
            slot.set(4, &mark(position));
            assert_eq!(slot.get(4), Some(mark(position)));
        }
        assert_eq!(slot.get(6), None);
    }

    #[test]
    fn a_mark_that_a_kill_cut_short_leaves_the_one_before() {
        let slot = slot();
        slot.set(0, &mark(1));
        slot.set(0, &mark(2));
        let newest = usize::from(slot.copies[1][1].load(Ordering::Relaxed) == 2);
        for word in 0..WORDS {
            let kept = slot.copies[newest][word].swap(0xDEAD, Ordering::Relaxed);
            assert_eq!(slot.get(0), Some(mark(1)), "word {word}");
            slot.copies[newest][word].store(kept, Ordering::Relaxed);
        }
        assert_eq!(slot.get(0), Some(mark(2)));
    }
}

/// Whoever recovers comes after a kill, at any point of the writer's: a reader beside the writer sees what
/// any kill leaves, and more.
#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn loom_a_mark_is_one_that_was_set_and_the_frames_before_it_were_released_after_it() {
        loom::model(|| {
            let slot =
                MarkSlot { copies: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))) };
            let shared = Arc::new((slot, AtomicU64::new(0)));
            let mark = |position| Mark { position, size: position * 3, file: FileId { dev: 7, ino: 9 } };
            shared.0.set(0, &mark(8));
            let writer = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    shared.0.set(0, &mark(16));
                    shared.1.store(16, Ordering::Release);
                })
            };
            let tail = shared.1.load(Ordering::Acquire);
            let found = shared.0.get(0).expect("one copy is whole at any time");
            assert!(found == mark(8) || found == mark(16), "{found:?}");
            assert!(found.position >= tail, "a tail in front of the mark would lose what lies between");
            writer.join().unwrap();
        });
    }
}
