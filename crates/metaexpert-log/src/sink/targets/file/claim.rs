//! One writer per file: a file that another process writes is left to that process. A lock that is held
//! decides who writes it, because processes of separate containers may have the same number.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::rotate::is_at;
use crate::family::{Member, Namesake, members, sibling};
use crate::platform::disk::{Disk, Status, Way, directory, is_absent};
use crate::platform::holdings::{Holding, has_changed_user, inherited, is_ours, register};

/// How often we ask who holds a file, because a thread of this process may let go of it between two
/// questions.
const LOCK_ATTEMPTS: usize = 3;

/// How often a file is opened anew that another process rotates at the same moment.
const CLAIM_ATTEMPTS: usize = 8;

/// The reason when the process could have opened the file before it gave up its rights.
const GIVEN_UP: &str = "Permission denied: the process has given up the rights to it; a handler with \
                        `delay: false` makes its file before that";

/// How many processes of one number can write beside each other. Each tries the names before its own first.
const MOST_NAMESAKES: u32 = 256;

/// On whose behalf a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// A configuration's, of which every file must open.
    Configuration,
    /// One's that was in force before: what cannot be opened now is tried for each line, like any file that
    /// fails.
    Restart,
    /// That of the process with this number, which is gone: its very file must open, or one named after it.
    Recovery(u32),
}

/// What may be done to a file besides appending to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Everything: it is a regular file with this name, and this process writes it alone.
    Own,
    /// All but rotation: a symbolic link leads to it, and renaming that would leave the file where it is.
    Linked,
    /// Nothing: it is a pipe, a device, what a process has open, or shared with a parent.
    Stream,
}

/// The file behind the path. Its claim ends before it ceases to be held, so that what is claimed by this
/// process is always known as that, and it ceases to be held before it is closed.
pub(super) struct Current {
    _holding: Holding,
    pub(super) file: File,
    pub(super) status: Status,
    pub(super) nature: Nature,
}

impl Drop for Current {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open until the fields are dropped.
        unsafe { libc::flock(self.file.as_raw_fd(), libc::LOCK_UN) };
    }
}

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is, because a line is to be written.
    Made,
    /// It is left for the first line to make.
    Left,
}

/// Whether this process leaves names without its number to another.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// Says whether this process works for another one that lives and writes the same files: that one gets the
/// names without a number, though it may not have written anything yet.
pub fn set_worker(is_worker: bool) {
    IS_WORKER.store(is_worker, Ordering::Relaxed);
}

/// Opens `first`, or where another process holds it the first namesake of `wanted` that none does. A file
/// that is not there, and is left so, is not opened. Where this process may not open any, what it has from
/// its parent serves.
pub(super) fn claim(
    disk: &dyn Disk,
    first: &Path,
    wanted: &Path,
    absent: Absent,
    opener: Opener,
) -> io::Result<(PathBuf, Option<Current>)> {
    let (process, is_worker) = match opener {
        Opener::Recovery(process) => (process, false),
        _ => (std::process::id(), IS_WORKER.load(Ordering::Relaxed)),
    };
    // What is no regular file has no one writer.
    let is_left = is_worker
        && first == wanted
        && disk.status_at(wanted).map_or(true, |status| is_rewritable(disk, wanted, &status).unwrap_or(true));
    let namesakes = (1..=MOST_NAMESAKES).map(|ordinal| sibling(wanted, Namesake { process, ordinal }));
    for candidate in Some(first.to_owned()).filter(|_| !is_left).into_iter().chain(namesakes) {
        match claim_one(disk, &candidate, wanted, absent) {
            Ok(Claimed::Anothers) => {}
            Ok(Claimed::Left) => return Ok((candidate, None)),
            Ok(Claimed::Ours(current)) => return Ok((candidate, Some(current))),
            Err(problem) => return from_parent(disk, wanted, problem),
        }
    }
    Err(io::Error::other(format!("{MOST_NAMESAKES} other processes of number {process} write beside it")))
}

enum Claimed {
    Ours(Current),
    Anothers,
    Left,
}

fn claim_one(disk: &dyn Disk, path: &Path, wanted: &Path, absent: Absent) -> io::Result<Claimed> {
    for _ in 0..CLAIM_ATTEMPTS {
        let opened = match absent {
            Absent::Made => disk.open_append(path),
            Absent::Left => disk.open_existing(path),
        };
        let file = match opened {
            Err(problem) if absent == Absent::Left && is_absent(&problem) => return Ok(Claimed::Left),
            opened => opened.map_err(with_way_out)?,
        };
        let status = disk.status(&file)?;
        let nature = nature(disk, path, &status)?;
        let is_known = is_ours(status.identity);
        // Before the lock is taken: another thread of this process that does not get it must find us here.
        let holding = register(file.as_raw_fd(), status.identity, Some(wanted));
        // What is no regular file has no one writer.
        if nature != Nature::Stream && !is_known && is_anothers(&file, &holding, &status) {
            return Ok(Claimed::Anothers);
        }
        // Another process may have rotated it away between opening and claiming.
        if is_at(disk, path, status.identity) {
            return Ok(Claimed::Ours(Current { _holding: holding, file, status, nature }));
        }
    }
    Err(io::Error::other("it is replaced faster than it can be opened"))
}

/// The system's own words, and what to do where they do not let that be guessed.
fn with_way_out(problem: io::Error) -> io::Error {
    let way_out = match problem.raw_os_error() {
        Some(libc::ENXIO) => "if it is a pipe, start what reads it first",
        Some(libc::EISDIR) => "name a file in it",
        _ => return problem,
    };
    io::Error::new(problem.kind(), format!("{problem}; {way_out}"))
}

/// What the parent had open for `wanted` when it forked this process, which may not open it any more.
fn from_parent(disk: &dyn Disk, wanted: &Path, problem: io::Error) -> io::Result<(PathBuf, Option<Current>)> {
    let is_refused = problem.kind() == io::ErrorKind::PermissionDenied;
    let file = is_refused.then(|| inherited(wanted)).flatten();
    let found = file.map(|file| Ok::<_, io::Error>((disk.status(&file)?, file))).transpose()?;
    // What has no name any more would take lines that nobody finds.
    let Some((status, file)) = found.filter(|(status, _)| status.links > 0) else {
        let is_given_up = is_refused && has_changed_user();
        return Err(if is_given_up { io::Error::new(problem.kind(), GIVEN_UP) } else { problem });
    };
    let holding = register(file.as_raw_fd(), status.identity, None);
    Ok((wanted.to_owned(), Some(Current { _holding: holding, file, status, nature: Nature::Stream })))
}

/// Whether the file with this status that `path` leads to is a regular one, of which only this process's is
/// written.
pub(crate) fn is_rewritable(disk: &dyn Disk, path: &Path, status: &Status) -> io::Result<bool> {
    Ok(nature(disk, path, status)? != Nature::Stream)
}

/// What may be done to the file with this status that `path` leads to.
fn nature(disk: &dyn Disk, path: &Path, status: &Status) -> io::Result<Nature> {
    if !status.is_regular {
        return Ok(Nature::Stream);
    }
    Ok(match disk.way(path) {
        // Moved away meanwhile: whoever claims it looks for it once more.
        Err(problem) if is_absent(&problem) => Nature::Own,
        way => match way? {
            Way::Name => Nature::Own,
            Way::Link => Nature::Linked,
            Way::Descriptor => Nature::Stream,
        },
    })
}

/// Claims the file, unless this process has it already or another one does; only the last is true.
fn is_anothers(file: &File, holding: &Holding, status: &Status) -> bool {
    (0..LOCK_ATTEMPTS).all(|_| !lock(file) && !holding.is_shared(status.identity))
}

/// Claims the file for this process until it is closed; false if another one has it. Where files cannot be
/// claimed, nobody has.
pub(super) fn lock(file: &File) -> bool {
    // SAFETY: the descriptor is open for the duration of the call.
    let done = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 };
    done || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock
}

/// The files beside `path` that processes with the number `process` write. What cannot be listed counts as
/// absent.
pub(crate) fn siblings(disk: &dyn Disk, path: &Path, process: u32) -> Vec<PathBuf> {
    let all = members(path, disk.list(directory(path)).unwrap_or_default());
    let is_its = |member: &Member| member.namesake.is_some_and(|namesake| namesake.process == process);
    all.into_iter().filter(|member| is_its(member) && member.number == 0).map(|member| member.path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_to_open_says_what_to_do() {
        let told = |code: i32| with_way_out(io::Error::from_raw_os_error(code)).to_string();
        assert!(
            told(libc::ENXIO).ends_with("; if it is a pipe, start what reads it first"),
            "{}",
            told(libc::ENXIO)
        );
        assert!(told(libc::EISDIR).ends_with("; name a file in it"), "{}", told(libc::EISDIR));
        assert_eq!(told(libc::ENOSPC), io::Error::from_raw_os_error(libc::ENOSPC).to_string());
        // What decides how to go on from an error is as it was.
        let missing = with_way_out(io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(missing.raw_os_error(), Some(libc::ENOENT));
    }
}
