//! Operations on files, at a seam where tests make any single operation fail.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::platform::descriptor::above_standard;

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The file system.
    pub dev: u64,
    /// The file's number there, which another file may have once this one is gone and closed.
    pub ino: u64,
}

/// What a file is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which file it is.
    pub identity: FileId,
    /// Its length in bytes.
    pub len: u64,
    /// How many names it has; with none it is gone once it is closed.
    pub links: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Whether it is a regular file, no pipe, device or directory.
    pub is_regular: bool,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// How a path leads to its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is a name of the file.
    Name,
    /// It is a symbolic link to it.
    Link,
    /// It is a symbolic link to what a process has open: `/dev/stdout` is one.
    Descriptor,
}

/// Operations on files; each is one system call, or repeats one, and none waits for a pipe's other end.
pub trait Disk: Send + Sync {
    /// Makes a directory and those above it, where they are missing.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Opens for appending, and makes the file if it is not there.
    fn open_append(&self, path: &Path) -> io::Result<File>;
    /// Opens a file for appending that is there.
    fn open_existing(&self, path: &Path) -> io::Result<File>;
    /// Fails if this process may not make files in a directory.
    fn check_directory(&self, path: &Path) -> io::Result<()>;
    /// Opens for reading.
    fn open_read(&self, path: &Path) -> io::Result<File>;
    /// Makes a file that must not be there yet, for writing, readable by its owner alone.
    fn create_new(&self, path: &Path) -> io::Result<File>;
    /// Writes some of `bytes`.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize>;
    /// Reads some bytes from `offset` on; 0 at the end.
    fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Returns when the content is on the disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Returns when the names in a directory are on the disk.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Cuts the file, or fills it with zeros, to `len` bytes.
    fn truncate(&self, file: &File, len: u64) -> io::Result<()>;
    /// Gives a file another name, in place of what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file's name away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// What an open file is at the moment.
    fn status(&self, file: &File) -> io::Result<Status>;
    /// What is at `path` at the moment, behind a symbolic link.
    fn status_at(&self, path: &Path) -> io::Result<Status>;
    /// Whether `path` is a name of its file, or a link to it.
    fn way(&self, path: &Path) -> io::Result<Way>;
    /// What is in a directory.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// Gives `to` the permissions and the time of `from`.
    fn imitate(&self, from: &File, to: &File) -> io::Result<()>;
}

/// The disk itself.
pub struct SystemDisk;

/// The disk itself, to be shared.
pub fn system() -> Arc<dyn Disk> {
    Arc::new(SystemDisk)
}

/// Never waits: a pipe without a reader is an error at once, not a process that hangs in `configure`.
const FLAGS: libc::c_int = libc::O_CLOEXEC | libc::O_NONBLOCK;
/// As many as Linux follows.
const MOST_LINKS: u32 = 40;

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    above_standard(options.custom_flags(FLAGS).open(path)?)
}

impl Disk for SystemDisk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<File> {
        open(OpenOptions::new().append(true).create(true).mode(0o644), path)
    }

    fn open_existing(&self, path: &Path) -> io::Result<File> {
        open(OpenOptions::new().append(true), path)
    }

    fn check_directory(&self, path: &Path) -> io::Result<()> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let wanted = libc::W_OK | libc::X_OK;
        // SAFETY: the path is a valid C string; nothing is changed.
        match unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), wanted, libc::AT_EACCESS) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        open(OpenOptions::new().read(true), path)
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        open(OpenOptions::new().write(true).create_new(true).mode(0o600), path)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let outcome = self.open_read(path)?.sync_all();
        // Some file systems keep names by themselves, and refuse to be asked.
        outcome.or_else(|problem| match problem.raw_os_error() {
            Some(libc::EINVAL | libc::ENOTSUP) => Ok(()),
            _ => Err(problem),
        })
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        file.set_len(len)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn status(&self, file: &File) -> io::Result<Status> {
        file.metadata().map(|metadata| status(&metadata))
    }

    fn status_at(&self, path: &Path) -> io::Result<Status> {
        fs::metadata(path).map(|metadata| status(&metadata))
    }

    fn way(&self, path: &Path) -> io::Result<Way> {
        let (mut at, mut way) = (path.to_owned(), Way::Name);
        for _ in 0..MOST_LINKS {
            if !fs::symlink_metadata(&at)?.is_symlink() {
                return Ok(way);
            }
            // However it is spelled: `/dev/fd` is a link to there as well.
            if fs::canonicalize(directory(&at))?.starts_with("/proc") {
                return Ok(Way::Descriptor);
            }
            (at, way) = (directory(&at).join(fs::read_link(&at)?), Way::Link);
        }
        Err(io::Error::from_raw_os_error(libc::ELOOP))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn imitate(&self, from: &File, to: &File) -> io::Result<()> {
        let metadata = from.metadata()?;
        to.set_permissions(metadata.permissions())?;
        to.set_modified(metadata.modified()?)
    }
}

fn status(metadata: &fs::Metadata) -> Status {
    Status {
        identity: FileId { dev: metadata.dev(), ino: metadata.ino() },
        len: metadata.len(),
        links: metadata.nlink(),
        modified_ns: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
        is_regular: metadata.is_file(),
        is_directory: metadata.is_dir(),
    }
}

/// The directory that `path` is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Whether `problem` says that there is no such file.
pub(crate) fn is_absent(problem: &io::Error) -> bool {
    matches!(problem.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
