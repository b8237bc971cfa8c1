//! Checks of files that an earlier process has left. A directory must be this user's alone, and a file in it
//! a regular one with one name and the mode that it was made with. Files are opened without following a link,
//! and without waiting.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::platform::descriptor::above_standard;

pub(super) const DIRECTORY_MODE: u32 = 0o700;
pub(super) const FILE_MODE: u32 = 0o600;
const PERMISSIONS: u32 = 0o777;
/// A configuration or author is far shorter.
const MOST_READ_BYTES: u64 = 16 << 20;

/// Fails unless `path` is a directory of this user's alone.
pub(super) fn check_directory(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_dir() && is_private(&found, DIRECTORY_MODE) {
        return Ok(());
    }
    Err(refused(path, "is not a directory of this user alone (mode 0700)"))
}

/// Opens a file of this user's alone for reading and writing.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = above_standard(OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?)?;
    let found = file.metadata()?;
    // One that has no name any more was removed after it was opened.
    if found.is_file() && found.nlink() <= 1 && is_private(&found, FILE_MODE) {
        return Ok(file);
    }
    Err(refused(path, "is not a regular file of this user alone (mode 0600, one name)"))
}

/// Makes a file that is not there yet, for reading and writing.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(FILE_MODE);
    above_standard(options.custom_flags(libc::O_CLOEXEC).open(path)?)
}

/// The text of a file of this user's alone.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.take(MOST_READ_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn is_private(found: &fs::Metadata, mode: u32) -> bool {
    // SAFETY: geteuid has no preconditions.
    found.uid() == unsafe { libc::geteuid() } && found.mode() & PERMISSIONS == mode
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("{} {why}; it was left alone", path.display()))
}
