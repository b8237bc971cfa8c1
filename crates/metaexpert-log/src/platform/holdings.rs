//! The log files that this process has open, in a table without locks: a fork may happen at any moment, and
//! its child must be able to read the table and to let go of the files.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Write};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use crate::platform::descriptor::above_standard;
use crate::platform::disk::FileId;

/// The files of two configurations of 64 sinks each, of which one replaces the other, and twice as many.
const SLOTS: usize = 256;
const FREE: i32 = -1;
const FILLING: i32 = -2;
const NO_PATH: u64 = 0;

struct Slot {
    fd: AtomicI32,
    dev: AtomicU64,
    ino: AtomicU64,
    /// What its path is known by; [`NO_PATH`] of what a child cannot go on with.
    path: AtomicU64,
}

impl Slot {
    const fn empty() -> Slot {
        Slot {
            fd: AtomicI32::new(FREE),
            dev: AtomicU64::new(0),
            ino: AtomicU64::new(0),
            path: AtomicU64::new(NO_PATH),
        }
    }

    fn is_of(&self, identity: FileId) -> bool {
        self.fd.load(Ordering::Acquire) >= 0
            && self.dev.load(Ordering::Relaxed) == identity.dev
            && self.ino.load(Ordering::Relaxed) == identity.ino
    }
}

static TABLE: [Slot; SLOTS] = [const { Slot::empty() }; SLOTS];
/// What this process has from its parent, to be used where it may not open files itself.
static INHERITED: [Slot; SLOTS] = [const { Slot::empty() }; SLOTS];
/// How many forks lie between the first process and this one: what was held before is not ours to let go.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A file's place in the table, given up when dropped; to be dropped before the file is closed.
pub(crate) struct Holding {
    slot: Option<usize>,
    generation: u32,
}

/// Notes that `fd` is open on the file `identity`. A full table holds no more; such a file counts as another
/// process's. A child that may not open `path` itself goes on with the file.
pub(crate) fn register(fd: RawFd, identity: FileId, path: Option<&Path>) -> Holding {
    let generation = GENERATION.load(Ordering::Acquire);
    for (index, slot) in TABLE.iter().enumerate() {
        if slot.fd.compare_exchange(FREE, FILLING, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            slot.dev.store(identity.dev, Ordering::Relaxed);
            slot.ino.store(identity.ino, Ordering::Relaxed);
            slot.path.store(path.map_or(NO_PATH, hash_of), Ordering::Relaxed);
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

/// The user for whom files were first opened, by this process or the one that forked it.
static FIRST_USER: AtomicU32 = AtomicU32::new(libc::uid_t::MAX);

/// Whether the process has given up the rights that it, or the one that forked it, had when files were first
/// opened.
pub(crate) fn has_changed_user() -> bool {
    // SAFETY: geteuid has no preconditions.
    let user = unsafe { libc::geteuid() };
    let first = FIRST_USER.compare_exchange(libc::uid_t::MAX, user, Ordering::Relaxed, Ordering::Relaxed);
    first.is_err_and(|first| first != user)
}

/// Whether this process has the file open for writing.
pub(crate) fn is_ours(identity: FileId) -> bool {
    TABLE.iter().any(|slot| slot.is_of(identity))
}

/// What the parent of this process had open for `path` when it forked, if the parent could have given up
/// privileges.
pub(crate) fn inherited(path: &Path) -> Option<File> {
    let slot = INHERITED.iter().find(|slot| slot.path.load(Ordering::Acquire) == hash_of(path))?;
    // SAFETY: the descriptor is open, and stays so: what is in the table is closed in forked children alone.
    let own = unsafe { libc::fcntl(slot.fd.load(Ordering::Acquire), libc::F_DUPFD_CLOEXEC, 0) };
    // SAFETY: the descriptor was just made, and nobody else has it.
    (own >= 0).then(|| unsafe { File::from_raw_fd(own) }).and_then(|file| above_standard(file).ok())
}

/// In a forked child, before it opens files of its own: closes the parent's log files here, so that the
/// parent's claim on them ends with the parent, and forgets them. What used them must never be dropped.
///
/// A process that may open any file keeps them, without the claim: it may be about to give that privilege up.
pub fn forget_after_fork() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
    // SAFETY: geteuid has no preconditions.
    let is_privileged = unsafe { libc::geteuid() } == 0;
    for slot in &TABLE {
        let fd = slot.fd.swap(FREE, Ordering::AcqRel);
        if fd >= 0 {
            if is_privileged {
                keep(slot, fd);
            }
            // SAFETY: the descriptor is a copy that the fork made of one of the parent's; the threads that
            // used it do not exist here, and the caller sees to it that the values that own it are not
            // dropped.
            unsafe { libc::close(fd) };
        }
    }
}

/// Opens what `fd` leads to once more, for [`inherited`]. Only what may be done right after a fork is done
/// here.
fn keep(held: &Slot, fd: RawFd) {
    let path = held.path.load(Ordering::Relaxed);
    let Some(again) = (path != NO_PATH).then(|| open_again(fd)).flatten() else { return };
    let is_wanted = |slot: &&Slot| [path, NO_PATH].contains(&slot.path.load(Ordering::Relaxed));
    let Some(slot) = INHERITED.iter().find(is_wanted) else { return };
    let before = slot.fd.swap(again.into_raw_fd(), Ordering::AcqRel);
    slot.path.store(path, Ordering::Release);
    if before >= 0 {
        // SAFETY: it was the grandparent's; what uses it has a descriptor of its own.
        drop(unsafe { OwnedFd::from_raw_fd(before) });
    }
}

/// Another opening of the file behind `fd`, for appending, which has no part in the lock of the first.
fn open_again(fd: RawFd) -> Option<OwnedFd> {
    let mut name = Cursor::new([0_u8; 32]);
    write!(name, "/proc/self/fd/{fd}\0").ok()?;
    let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the name is a C string, for so much was written.
    let again = unsafe { libc::open(name.get_ref().as_ptr().cast(), flags) };
    // SAFETY: just opened, and nobody else has it.
    (again >= 0).then(|| unsafe { OwnedFd::from_raw_fd(again) }).and_then(|again| above_standard(again).ok())
}

fn hash_of(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish().max(NO_PATH + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_while_it_is_held() {
        let identity = FileId { dev: u64::MAX, ino: 1 };
        let other = FileId { dev: u64::MAX, ino: 2 };
        let first = register(1 << 20, identity, None);
        assert!(is_ours(identity) && !is_ours(other) && !first.is_shared(identity));
        let second = register(1 << 20, identity, None);
        assert!(first.is_shared(identity) && second.is_shared(identity));
        drop(first);
        assert!(!second.is_shared(identity));
        assert!(is_ours(identity));
        drop(second);
        assert!(!is_ours(identity));
    }
}
