//! One writer a file: a file that another process writes is left to it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Status};
use crate::holdings::{Holding, is_ours, register};
use crate::sink::rotate::is_at;

/// How often it is asked who holds a file: between two questions a thread of this process may have let go of it.
const LOCK_ATTEMPTS: usize = 3;

/// How often a file is opened anew that another process rotates at the same moment.
const CLAIM_ATTEMPTS: usize = 8;

/// The file behind the path. Its claim ends before it ceases to be held, so that what is claimed by this process is
/// always known as that, and it ceases to be held before it is closed.
pub(super) struct Current {
    _holding: Holding,
    pub(super) file: File,
    pub(super) status: Status,
}

impl Drop for Current {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open until the fields are dropped.
        unsafe { libc::flock(self.file.as_raw_fd(), libc::LOCK_UN) };
    }
}

/// Opens `first`, or the namesake of `wanted` with the process id if another process holds it.
pub(super) fn claim(disk: &dyn Disk, first: &Path, wanted: &Path) -> io::Result<(PathBuf, Current)> {
    let own = sibling(wanted, std::process::id());
    for (candidate, is_last) in [(first, first == own), (&own, true)] {
        for _ in 0..CLAIM_ATTEMPTS {
            let file = disk.open_append(candidate)?;
            let status = disk.status(&file)?;
            let is_known = is_ours(status.identity);
            // Before the lock is taken: another thread of this process that does not get it must find us here.
            let holding = register(file.as_raw_fd(), status.identity);
            if !is_known && is_anothers(&file, &holding, &status) && !is_last {
                break;
            }
            // Another process may have rotated it away between opening and claiming.
            if is_at(disk, candidate, status.identity) {
                return Ok((candidate.to_owned(), Current { _holding: holding, file, status }));
            }
        }
        if is_last {
            break;
        }
    }
    Err(io::Error::other("it is replaced faster than it can be opened"))
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

/// `expert.log` → `expert.<pid>.log`; a name without an extension gets one, for `expert.<pid>` would be a
/// finished file's name.
pub fn sibling(path: &Path, process: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or("log".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}.{process}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_id_goes_before_the_extension_and_never_looks_like_a_backup() {
        assert_eq!(sibling(Path::new("logs/expert.log"), 7), Path::new("logs/expert.7.log"));
        assert_eq!(sibling(Path::new("logs/expert"), 7), Path::new("logs/expert.7.log"));
    }
}
