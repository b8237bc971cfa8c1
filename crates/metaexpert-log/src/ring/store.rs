//! The store of rings that outlive their process: a directory of the user's own on tmpfs, with one
//! directory per ring.
//!
//! ```text
//! <store>/<log directory's hash>-<pid>-<start>/author.json    who wrote here
//!                                             /config.0.json  the configuration in force, and those to come
//!                                             /ring           cursors, marks, names, frames
//! ```
//! A process locks its `ring` for as long as it lives; what can be locked is left over. Numbers of processes
//! decide nothing: containers that share a store give the same ones. Memory that is backed by a disk would
//! not do: a store to it can wait for the disk.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::clock::now_ns;
use crate::fnv::{self, fnv1a};
use crate::platform::disk::FileId;
use crate::platform::holdings::{self, Holding};
use crate::ring::belief;

/// What a ring's files look like; other versions are left alone.
pub const FORMAT: u32 = 4;
/// How often a ring is begun anew that another process has taken for left over.
const CREATE_ATTEMPTS: u32 = 8;

/// What the name of a ring's directory begins with until the ring is whole.
const UNFINISHED: &str = ".new-";

/// Who wrote a ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// [`FORMAT`] of the version that wrote it.
    pub format: u32,
    /// The system's number of the process.
    pub process: u32,
    /// The id that no other process has.
    pub run_id: String,
    /// When the ring was made, in nanoseconds since the Unix epoch.
    pub started_ns: i64,
    /// The log directory.
    pub directory: PathBuf,
}

/// A directory for rings.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// The user's directory on the system's tmpfs; `None` where there is none.
    pub fn of_user() -> Option<Store> {
        // SAFETY: geteuid has no preconditions.
        let user = unsafe { libc::geteuid() };
        let tmpfs = Path::new("/dev/shm");
        is_memory(tmpfs).then(|| Store { path: tmpfs.join(format!("metaexpert-log-{user}")) })
    }

    /// Rings under `path`, whatever it lies on.
    pub fn at(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into() }
    }

    /// Makes a ring's directory with a file of `len` zeroed bytes, all but those at `later` allocated, and
    /// locks it.
    pub(super) fn create(
        &self,
        author: &Author,
        config: &str,
        len: usize,
        later: Range<usize>,
    ) -> io::Result<Claim> {
        let mut attempts = 1;
        loop {
            match self.create_once(author, config, len, later.clone()) {
                Err(problem) if attempts < CREATE_ATTEMPTS && is_taken(&problem) => attempts += 1,
                outcome => return outcome,
            }
        }
    }

    fn create_once(
        &self,
        author: &Author,
        config: &str,
        len: usize,
        later: Range<usize>,
    ) -> io::Result<Claim> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        self.prepare()?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.path.join(format!("{UNFINISHED}{}-{count}-{:x}", author.process, now_ns()));
        DirBuilder::new().mode(belief::DIRECTORY_MODE).create(&unfinished)?;
        let claim = Claim::fill(&unfinished, author, config, len, later).and_then(|mut claim| {
            let name = format!("{}-{}-{:x}", key(&author.directory), author.process, now_ns());
            claim.path = self.path.join(name);
            fs::rename(&unfinished, &claim.path)?;
            Ok(claim)
        });
        if claim.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        claim
    }

    /// Every ring here, oldest first, those of living processes too. Fails if others could have written here.
    pub fn rings(&self) -> io::Result<Vec<PathBuf>> {
        match belief::check_directory(&self.path) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            outcome => outcome?,
        }
        let mut rings = Vec::new();
        for entry in fs::read_dir(&self.path)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(UNFINISHED) {
                forget_unfinished(&entry.path());
            } else {
                rings.push((age_of(&name), entry.path()));
            }
        }
        rings.sort();
        Ok(rings.into_iter().map(|(_, path)| path).collect())
    }

    /// Whether the ring at `path` belongs to the log directory `directory`.
    pub fn is_of(path: &Path, directory: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.split('-').next() == Some(&key(directory))
    }

    /// Makes the directory; refuses one that others could write to.
    fn prepare(&self) -> io::Result<()> {
        match DirBuilder::new().mode(belief::DIRECTORY_MODE).create(&self.path) {
            Err(problem) if problem.kind() != io::ErrorKind::AlreadyExists => Err(problem),
            _ => belief::check_directory(&self.path),
        }
    }
}

/// A ring's directory, locked by this process.
pub struct Claim {
    path: PathBuf,
    /// Before the file, so that it is given up first.
    _holding: Holding,
    file: File,
}

impl Claim {
    /// Takes over what a process has left at `path`; `None` if it lives, or another process takes over. Fails
    /// if others could have written there.
    pub fn take(path: &Path) -> io::Result<Option<Claim>> {
        let opened = belief::check_directory(path).and_then(|()| belief::open(&path.join("ring")));
        let file = match opened {
            // Another process has just finished with it.
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if !lock(&file) || file.metadata()?.nlink() == 0 {
            return Ok(None);
        }
        Claim::of(path, file).map(Some)
    }

    /// A forked child must let go of the lock, or the ring would count as a living process's while it lives.
    fn of(path: &Path, file: File) -> io::Result<Claim> {
        let metadata = file.metadata()?;
        let identity = FileId { dev: metadata.dev(), ino: metadata.ino() };
        Ok(Claim {
            path: path.to_owned(),
            _holding: holdings::register(file.as_raw_fd(), identity, None),
            file,
        })
    }

    fn fill(
        path: &Path,
        author: &Author,
        config: &str,
        len: usize,
        later: Range<usize>,
    ) -> io::Result<Claim> {
        let file = belief::create(&path.join("ring"))?;
        // Another process that has found the ring before it was locked removes it.
        if !lock(&file) || file.metadata()?.nlink() == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        allocate(&file, 0, later.start)?;
        allocate(&file, later.end, len - later.end)?;
        let claim = Claim::of(path, file)?;
        claim.write_config(0, config)?;
        let text = serde_json::to_string(author).map_err(io::Error::other)?;
        belief::create(&path.join("author.json"))?.write_all(text.as_bytes())?;
        Ok(claim)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Allocates `len` bytes of the ring's file from `offset` on.
    pub(super) fn allocate(&self, offset: usize, len: usize) -> io::Result<()> {
        allocate(&self.file, offset, len)
    }

    /// How many of `len` bytes of the ring's file from `offset` on come before one that nothing was ever
    /// stored to.
    pub(super) fn allocated(&self, offset: usize, len: usize) -> usize {
        #[cfg(target_os = "linux")]
        // SAFETY: the descriptor is open for the duration of the call; nobody reads at its position.
        let hole = unsafe { libc::lseek(self.file.as_raw_fd(), offset as libc::off_t, libc::SEEK_HOLE) };
        #[cfg(not(target_os = "linux"))]
        let hole = -1;
        // Where holes cannot be asked for there are none.
        usize::try_from(hole).map_or(len, |hole| hole.saturating_sub(offset).min(len))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the configuration `epoch`, which must be there before its switch frame is.
    pub(crate) fn write_config(&self, epoch: u64, text: &str) -> io::Result<()> {
        // A kill half way must not leave half of it under its name.
        let unfinished = self.path.join(format!(".config.{epoch}.json"));
        let _ = fs::remove_file(&unfinished);
        belief::create(&unfinished)?.write_all(text.as_bytes())?;
        fs::rename(unfinished, self.config_path(epoch))
    }

    /// The configuration `epoch`.
    pub fn config(&self, epoch: u64) -> io::Result<String> {
        belief::read(&self.config_path(epoch))
    }

    /// The numbers of the configurations that are there, in order.
    pub(crate) fn configs(&self) -> io::Result<Vec<u64>> {
        let number = |name: &str| name.strip_prefix("config.")?.strip_suffix(".json")?.parse().ok();
        let names = fs::read_dir(&self.path)?.flatten().map(|entry| entry.file_name());
        let mut epochs: Vec<u64> = names.filter_map(|name| number(&name.to_string_lossy())).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// Removes a configuration that is not in force any more.
    pub(super) fn forget_config(&self, epoch: u64) {
        let _ = fs::remove_file(self.config_path(epoch));
    }

    fn config_path(&self, epoch: u64) -> PathBuf {
        self.path.join(format!("config.{epoch}.json"))
    }

    /// Removes the ring and everything with it.
    pub fn remove(&self) -> io::Result<()> {
        // First the ring: what is left without one is nobody's, and any process may remove it.
        let outcome = fs::remove_file(self.path.join("ring")).and_then(|()| fs::remove_dir_all(&self.path));
        outcome
            .or_else(|problem| if problem.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(problem) })
    }
}

/// Who wrote the ring at `path`.
pub fn author(path: &Path) -> io::Result<Author> {
    serde_json::from_str(&belief::read(&path.join("author.json"))?).map_err(io::Error::other)
}

/// Who wrote the ring at `path`, as far as its directory's name tells; `None` if that is none of a ring.
pub(crate) fn author_by_name(path: &Path) -> Option<Author> {
    let name = path.file_name()?.to_str()?;
    let mut parts = name.split('-').skip(1);
    let process = parts.next()?.parse().ok()?;
    let started_ns = i64::from_str_radix(parts.next()?, 16).ok()?;
    let run_id = "unknown".to_owned();
    Some(Author { format: FORMAT, process, run_id, started_ns, directory: PathBuf::new() })
}

/// A log directory's name in the store, with which the names of its rings begin.
pub fn key(directory: &Path) -> String {
    let canonical = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    // Every process and version must find the same name.
    format!("{:016x}", fnv1a(canonical.as_os_str().as_encoded_bytes(), fnv::START))
}

fn age_of(name: &str) -> u64 {
    let started = name.rsplit('-').next().unwrap_or_default();
    u64::from_str_radix(started, 16).unwrap_or(0)
}

/// Removes what a process that is gone had only begun to make: nothing was ever logged into it. One that
/// lives holds its ring's lock, or finds what it has made so far gone, and begins anew.
fn forget_unfinished(path: &Path) {
    match Claim::take(path) {
        Ok(Some(claim)) => drop(claim.remove()),
        // Fails unless it is empty.
        Ok(None) => drop(fs::remove_dir(path)),
        Err(_) => {}
    }
}

/// Whether another process has what was to be made, or has removed it.
fn is_taken(problem: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotFound, WouldBlock};
    [AlreadyExists, DirectoryNotEmpty, NotFound, WouldBlock].contains(&problem.kind())
}

fn lock(file: &File) -> bool {
    // SAFETY: the descriptor is open for the duration of the call.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// Gives `file` at least the length `offset + len`, and the last `len` bytes of it room: a page that tmpfs
/// has none for would end the process at the first store to it.
fn allocate(file: &File, offset: usize, len: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: the descriptor is open for the duration of the call.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), offset as libc::off_t, len as libc::off_t) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, offset, len);
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn is_memory(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let Ok(path) = std::ffi::CString::new(path.as_os_str().as_bytes()) else { return false };
        // SAFETY: statfs is data without pointers; the path is a valid C string; the result is read only on
        // success.
        unsafe {
            let mut found: libc::statfs = std::mem::zeroed();
            libc::statfs(path.as_ptr(), &mut found) == 0
                && (found.f_type == libc::TMPFS_MAGIC || found.f_type == 0x8584_58F6_u32 as libc::c_long)
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}
