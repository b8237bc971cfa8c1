//! The turnover of a file to the next: rotation, and renames or deletions by other programs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::archive::Archive;
use super::claim::{Absent, Current, Nature, claim, lock};
use super::log_file::LogFile;
use super::rotate::{Schedule, is_at};
use crate::clock::now_ns;
use crate::config::Sync;
use crate::platform::disk::{directory, is_absent};

/// A rotation that failed is tried again after this; until then the file grows.
const ROTATION_RETRY: Duration = Duration::from_secs(1);
const TIDY_INTERVAL: Duration = Duration::from_secs(3600);

/// What an outside program has done to a file since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that matters.
    None,
    /// It has another name now, and all that was written; what follows goes into a new file.
    Moved,
    /// It is gone, with what was written since the last look; what follows goes into a new file.
    Removed,
    /// It was cut; what follows goes on from there.
    Truncated,
}

impl LogFile {
    /// Whether a line at `start..end` of the waiting bytes belongs into the next file.
    #[inline]
    pub fn is_due(&self, start: usize, end: usize, timestamp_ns: i64) -> bool {
        let (max, before) = (self.config.max_size, self.size + start as u64);
        let is_full = max > 0 && before > 0 && self.size + end as u64 > max;
        (is_full || self.schedule.is_due(timestamp_ns))
            && self.config.backup_count > 0
            && self.has_archive()
            && self.rotation_retry.is_none_or(|retry| Instant::now() >= retry)
    }

    /// Moves the file to `name.1` (and `name.1` to `name.2`…) and begins a new one; an empty file stays. On
    /// an error it goes on being written, and is due again after a second.
    pub fn rotate(&mut self, timestamp_ns: i64) -> io::Result<()> {
        let is_nothing = self.size == 0 || !self.is_own();
        let outcome = if is_nothing { Ok(()) } else { self.begin_next() };
        match &outcome {
            Ok(()) => self.schedule.advance(timestamp_ns),
            Err(_) => self.rotation_retry = Some(Instant::now() + ROTATION_RETRY),
        }
        outcome
    }

    fn begin_next(&mut self) -> io::Result<()> {
        if self.config.sync != Sync::Never {
            self.sync()?;
        }
        let finished = self.identity();
        // Else somebody has moved it already, and what is at the path is to be gone on with.
        if is_at(&*self.disk, &self.path, finished) {
            self.archive.take()?;
        }
        match self.claim(&self.path) {
            Ok((path, current)) => self.follow(path, current),
            Err(problem) => {
                let given_back = self.archive.give_back(finished);
                self.is_astray = given_back.is_err();
                self.note(given_back);
                return Err(problem);
            }
        }
        self.rotation_retry = None;
        self.tidy();
        if self.directory_unsynced {
            // Repeated with the next `sync`, which does not succeed without.
            let synced = self.disk.sync_directory(directory(&self.path));
            self.directory_unsynced = synced.is_err();
            self.note(synced);
        }
        Ok(())
    }

    /// Looks, after a write, whether an outside program has moved, removed or cut the file, and opens the
    /// path again where it has, with its directory. Now and then it also removes finished files that are too
    /// old. After an error it is not known whether what was written since the last look is safe: look again
    /// before more is written, and if that does not help, [`LogFile::reopen`] and write it again.
    pub fn look(&mut self) -> io::Result<Change> {
        let Some(current) = self.current.as_ref().filter(|current| current.status.is_regular) else {
            return Ok(Change::None);
        };
        let now = self.disk.status(&current.file)?;
        if now.links == 0 {
            self.reopen()?;
            return Ok(Change::Removed);
        }
        if current.nature == Nature::Stream {
            return Ok(Change::None);
        }
        if !is_at(&*self.disk, &self.path, now.identity) {
            return Ok(self.leave_moved());
        }
        if self.tidied.elapsed() >= TIDY_INTERVAL {
            self.tidy();
        }
        let was_cut = now.len < self.size;
        self.size = now.len;
        self.synced = self.synced.min(now.len);
        Ok(if was_cut { Change::Truncated } else { Change::None })
    }

    /// Goes on in a new file; if that cannot be had, or the moved one not be forced to the disk, in the moved
    /// one, where nothing is lost.
    fn leave_moved(&mut self) -> Change {
        let is_safe = if self.config.sync == Sync::Never { Ok(()) } else { self.sync() };
        match is_safe.and_then(|()| self.reopen()) {
            Ok(()) => Change::Moved,
            Err(problem) => {
                self.note(Err(problem));
                Change::None
            }
        }
    }

    /// Opens the path anew, with its directory: after an error from which an open file does not recover. What
    /// was not forced to the disk before stays in doubt.
    pub fn reopen(&mut self) -> io::Result<()> {
        let (path, current) = match self.claim(&self.config.path) {
            Err(problem) if is_absent(&problem) => {
                self.disk.create_directory(directory(&self.config.path))?;
                self.claim(&self.config.path)?
            }
            outcome => outcome?,
        };
        if self.current.is_some() && current.status.identity == self.identity() {
            // The old claim holds for the old opening alone, and ends with it.
            if current.nature != Nature::Stream {
                lock(&current.file);
            }
            self.current = Some(current);
            self.is_astray = false;
            return self.measure();
        }
        let is_first = self.current.is_none();
        self.follow(path, current);
        self.renew_schedule();
        if is_first { self.repair_found() } else { Ok(()) }
    }

    fn claim(&self, first: &Path) -> io::Result<(PathBuf, Current)> {
        let (path, current) = claim(&*self.disk, first, &self.config.path, Absent::Made, self.opener)?;
        Ok((path, current.ok_or(io::ErrorKind::NotFound)?))
    }

    /// Goes on in `current`, at `path`.
    fn follow(&mut self, path: PathBuf, current: Current) {
        self.size = current.status.len;
        self.current = Some(current);
        self.is_astray = false;
        (self.synced, self.sync_failed) = (self.size, false);
        self.directory_unsynced = self.config.sync != Sync::Never;
        if path != self.path {
            self.archive = Archive::new(Arc::clone(&self.disk), &path, &self.config);
            self.path = path;
            self.begin_archive();
        }
    }

    /// An empty file's period is that of its first line, one with lines has that of its last.
    pub(super) fn renew_schedule(&mut self) {
        let modified_ns = self.current.as_ref().map(|current| current.status.modified_ns);
        let written_ns = modified_ns.filter(|_| self.size > 0).unwrap_or_else(now_ns);
        self.schedule = Schedule::new(self.config.rotate, written_ns);
    }
}
