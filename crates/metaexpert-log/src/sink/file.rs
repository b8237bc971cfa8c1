//! A log file: appended to, one writer a file, rotated between lines.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::config::SinkConfig;
use crate::error::Error;
use crate::sink::rotate::{Clockwork, shift};

/// How many sinks of this process write a file; with the process's id, because a forked child inherits
/// the table but not the right.
static HELD: LazyLock<Mutex<HashMap<(u32, PathBuf), usize>>> = LazyLock::new(Mutex::default);

/// An open log file.
pub struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    max_size: u64,
    backup_count: u32,
    clockwork: Clockwork,
}

impl LogFile {
    /// Opens `config.path` for appending, with its directory. If another process writes it already,
    /// `name.<pid>.ext` is opened instead.
    pub fn open(config: &SinkConfig) -> Result<LogFile, Error> {
        if let Some(directory) = config.path.parent() {
            fs::create_dir_all(directory).map_err(Error::io("create log directory", directory))?;
        }
        let (path, file) = open_unshared(&config.path).map_err(Error::io("open log file", &config.path))?;
        let metadata = file.metadata().map_err(Error::io("examine log file", &path))?;
        let clockwork = Clockwork::new(config.rotate, metadata.mtime() * 1_000_000_000);
        Ok(LogFile {
            path,
            file,
            size: metadata.len(),
            max_size: config.max_size,
            backup_count: config.backup_count,
            clockwork,
        })
    }

    /// Where it writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens again if the path names another file by now: an earlier sink may have rotated it.
    pub fn activate(&mut self) -> io::Result<()> {
        let (ours, there) = (self.file.metadata()?, fs::metadata(&self.path));
        if !there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
            self.file = open_append(&self.path)?;
        }
        // The earlier sink's claim ended with it.
        lock(&self.file);
        self.size = self.file.metadata()?.len();
        Ok(())
    }

    /// Writes some of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.size += count as u64;
        Ok(count)
    }

    /// Whether a line at `start..end` of the waiting bytes belongs into the next file.
    #[inline]
    pub fn is_due(&self, start: usize, end: usize, timestamp_ns: i64) -> bool {
        let before = self.size + start as u64;
        before > 0
            && self.backup_count > 0
            && ((self.max_size > 0 && self.size + end as u64 > self.max_size)
                || self.clockwork.is_due(timestamp_ns))
    }

    /// Moves the file to `name.1` (and `name.1` to `name.2`…) and begins a new one.
    pub fn rotate(&mut self, timestamp_ns: i64) -> io::Result<()> {
        self.clockwork.advance(timestamp_ns);
        if self.size == 0 {
            return Ok(());
        }
        shift(&self.path, self.backup_count)?;
        self.file = open_append(&self.path)?;
        lock(&self.file);
        self.size = self.file.metadata()?.len();
        Ok(())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        let held = (std::process::id(), self.path.clone());
        let mut table = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = table.get_mut(&held) {
            *count -= 1;
            if *count == 0 {
                table.remove(&held);
            }
        }
    }
}

/// Never waits: a pipe without a reader is an error at once, not a process that hangs in `configure`.
fn open_append(path: &Path) -> io::Result<File> {
    let flags = libc::O_CLOEXEC | libc::O_NONBLOCK;
    OpenOptions::new().append(true).create(true).mode(0o644).custom_flags(flags).open(path)
}

/// Opens `path`, or its namesake with the process id if another process holds it.
fn open_unshared(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    for candidate in [path.to_owned(), with_process_id(path, process)] {
        let file = open_append(&candidate)?;
        let ours = held.contains_key(&(process, candidate.clone()));
        if ours || lock(&file) || candidate != path {
            *held.entry((process, candidate.clone())).or_default() += 1;
            return Ok((candidate, file));
        }
    }
    unreachable!("the second candidate is always accepted")
}

/// Claims the file for this process until it is closed; false if another one has it.
fn lock(file: &File) -> bool {
    // SAFETY: the descriptor is open for the duration of the call.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// `expert.log` → `expert.<pid>.log`.
fn with_process_id(path: &Path, process: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}.{process}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{process}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_id_goes_before_the_extension() {
        assert_eq!(with_process_id(Path::new("logs/expert.log"), 7), Path::new("logs/expert.7.log"));
        assert_eq!(with_process_id(Path::new("logs/expert"), 7), Path::new("logs/expert.7"));
    }
}
