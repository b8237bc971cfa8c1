//! The log files that this process has open, in a table without locks: a fork may happen at any moment, and
//! its child must be able to read the table and to let go of the files.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use crate::disk::FileId;

/// The files of two configurations of 64 sinks each, of which one replaces the other, and twice as many.
const SLOTS: usize = 256;
const FREE: i32 = -1;
const FILLING: i32 = -2;

struct Slot {
    fd: AtomicI32,
    dev: AtomicU64,
    ino: AtomicU64,
}

impl Slot {
    fn is_of(&self, identity: FileId) -> bool {
        self.fd.load(Ordering::Acquire) >= 0
            && self.dev.load(Ordering::Relaxed) == identity.dev
            && self.ino.load(Ordering::Relaxed) == identity.ino
    }
}

static TABLE: [Slot; SLOTS] =
    [const { Slot { fd: AtomicI32::new(FREE), dev: AtomicU64::new(0), ino: AtomicU64::new(0) } }; SLOTS];
/// How many forks lie between the first process and this one: what was held before is not ours to let go.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A file's place in the table, given up when dropped; to be dropped before the file is closed.
pub(crate) struct Holding {
    slot: Option<usize>,
    generation: u32,
}

/// Notes that `fd` is open on the file `identity`. A full table holds no more; such a file counts as another
/// process's.
pub(crate) fn register(fd: RawFd, identity: FileId) -> Holding {
    let generation = GENERATION.load(Ordering::Acquire);
    for (index, slot) in TABLE.iter().enumerate() {
        if slot.fd.compare_exchange(FREE, FILLING, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            slot.dev.store(identity.dev, Ordering::Relaxed);
            slot.ino.store(identity.ino, Ordering::Relaxed);
            // Release: who sees the descriptor sees the identity.
            slot.fd.store(fd, Ordering::Release);
            return Holding { slot: Some(index), generation };
        }
    }
    Holding { slot: None, generation }
}

impl Holding {
    /// Whether this process holds the file by another opening as well.
    pub(crate) fn is_shared(&self, identity: FileId) -> bool {
        TABLE.iter().enumerate().any(|(index, slot)| self.slot != Some(index) && slot.is_of(identity))
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        if let Some(index) = self.slot {
            if self.generation == GENERATION.load(Ordering::Acquire) {
                TABLE[index].fd.store(FREE, Ordering::Release);
            }
        }
    }
}

/// Whether this process has the file open for writing.
pub(crate) fn is_ours(identity: FileId) -> bool {
    TABLE.iter().any(|slot| slot.is_of(identity))
}

/// In a forked child, before it opens files of its own: closes the parent's log files here, so that the
/// parent's claim on them ends with the parent, and forgets them. What used them must never be dropped.
pub fn forget_after_fork() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
    for slot in &TABLE {
        let fd = slot.fd.swap(FREE, Ordering::AcqRel);
        if fd >= 0 {
            // SAFETY: the descriptor is a copy that the fork made of one of the parent's; the threads that used
            // it do not exist here, and the caller sees to it that the values that own it are not dropped.
            unsafe { libc::close(fd) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_while_it_is_held() {
        let identity = FileId { dev: u64::MAX, ino: 1 };
        let other = FileId { dev: u64::MAX, ino: 2 };
        let first = register(1 << 20, identity);
        assert!(is_ours(identity) && !is_ours(other) && !first.is_shared(identity));
        let second = register(1 << 20, identity);
        assert!(first.is_shared(identity) && second.is_shared(identity));
        drop(first);
        assert!(!second.is_shared(identity));
        assert!(is_ours(identity));
        drop(second);
        assert!(!is_ours(identity));
    }
}
