//! A log file: appended to, one writer a file, rotated between lines, followed when others move it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::now_ns;
use crate::config::{SinkConfig, Sync};
use crate::disk::{Disk, FileId, directory, is_absent};
use crate::error::Error;
use crate::holdings::is_ours;
use crate::sink::archive::Archive;
use crate::sink::claim::{Current, claim, lock};
use crate::sink::rotate::{Clockwork, is_at};
use crate::sink::torn::unfinished_line;

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

/// An open log file.
pub struct LogFile {
    disk: Arc<dyn Disk>,
    config: SinkConfig,
    path: PathBuf,
    current: Current,
    size: u64,
    clockwork: Clockwork,
    archive: Archive,
    is_active: bool,
    /// An earlier sink of this process has the file, and has cleared up after those before it.
    is_heir: bool,
    /// What has been forced to the disk, and whether forcing the rest has failed.
    synced: u64,
    sync_failed: bool,
    /// The directory does not know the file for certain.
    directory_unsynced: bool,
    rotation_retry: Option<Instant>,
    /// A rotation ended with the file finished and no other begun: it must get no more lines.
    is_astray: bool,
    tidied: Instant,
    problem: Option<String>,
}

impl LogFile {
    /// Opens `config.path` for appending, with its directory. If another process writes it already,
    /// `name.<pid>.ext` is opened instead. Finished files are not touched before [`LogFile::activate`].
    pub fn open(config: &SinkConfig, disk: Arc<dyn Disk>) -> Result<LogFile, Error> {
        let parent = directory(&config.path);
        disk.create_directory(parent).map_err(Error::io("create log directory", parent))?;
        let is_heir = disk.status_at(&config.path).is_ok_and(|there| is_ours(there.identity));
        let (path, current) =
            claim(&*disk, &config.path, &config.path).map_err(Error::io("open log file", &config.path))?;
        let archive = Archive::new(Arc::clone(&disk), &path, config);
        let mut file = LogFile {
            disk,
            config: config.clone(),
            path,
            size: current.status.len,
            synced: current.status.len,
            clockwork: Clockwork::new(config.rotate, now_ns()),
            current,
            archive,
            is_active: false,
            is_heir,
            sync_failed: false,
            directory_unsynced: config.sync != Sync::Never,
            rotation_retry: None,
            is_astray: false,
            tidied: Instant::now(),
            problem: None,
        };
        file.wind_clockwork();
        Ok(file)
    }

    /// Where it writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it is a plain file, no pipe or device.
    pub fn is_regular(&self) -> bool {
        self.current.status.is_regular
    }

    /// Which file it is.
    pub fn identity(&self) -> FileId {
        self.current.status.identity
    }

    /// How far the disk has acknowledged it: what was there when it was opened, and what [`LogFile::sync`] has
    /// forced since.
    pub fn synced_size(&self) -> u64 {
        self.synced
    }

    /// Takes over from an earlier sink on the same file, which is closed by now: opens again if that has rotated
    /// it, claims it, and tidies up its finished files. The first write does so at the latest.
    pub fn activate(&mut self) -> io::Result<()> {
        if is_at(&*self.disk, &self.path, self.identity()) {
            // The earlier sink's claim ended with it.
            lock(&self.current.file);
            self.measure()?;
        } else {
            self.reopen()?;
        }
        if !self.is_active {
            self.is_active = true;
            if self.is_heir {
                self.tidy();
            } else {
                self.archive.begin();
            }
        }
        Ok(())
    }

    /// Settles which file the next write goes to.
    pub fn make_ready(&mut self) -> io::Result<()> {
        if !self.is_active {
            self.activate()?;
        }
        if self.is_astray {
            self.reopen()?;
        }
        Ok(())
    }

    /// Writes some of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.make_ready()?;
        let count = self.disk.write(&self.current.file, bytes)?;
        self.size += count as u64;
        Ok(count)
    }

    /// Returns when everything written is on the disk, with the file's name. After a failure the system may
    /// hold for written what is lost, so no later call succeeds before [`LogFile::cut_to`] has taken the file
    /// back to [`LogFile::synced_size`], or [`LogFile::forget_failed_sync`] was told that the loss is known.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.sync_failed {
            return Err(io::Error::other(format!(
                "what follows byte {} could not be forced to the disk before",
                self.synced
            )));
        }
        if self.current.status.is_regular {
            self.disk.sync(&self.current.file).inspect_err(|_| self.sync_failed = true)?;
        }
        self.synced = self.size;
        if self.directory_unsynced {
            self.disk.sync_directory(directory(&self.path))?;
            self.directory_unsynced = false;
        }
        Ok(())
    }

    /// Counts as forced what a failed [`LogFile::sync`] has left in doubt.
    pub fn forget_failed_sync(&mut self) {
        (self.sync_failed, self.synced) = (false, self.size);
    }

    /// Takes back what was written after the first `size` bytes.
    pub fn cut_to(&mut self, size: u64) -> io::Result<()> {
        // Another program may have cut more off: the file must not be filled up with zeros.
        let size = size.min(self.disk.status(&self.current.file)?.len);
        self.disk.truncate(&self.current.file, size)?;
        self.size = size;
        if size <= self.synced {
            (self.sync_failed, self.synced) = (false, size);
        }
        Ok(())
    }

    /// Whether a line at `start..end` of the waiting bytes belongs into the next file.
    #[inline]
    pub fn is_due(&self, start: usize, end: usize, timestamp_ns: i64) -> bool {
        let (max, before) = (self.config.max_size, self.size + start as u64);
        let is_full = max > 0 && before > 0 && self.size + end as u64 > max;
        (is_full || self.clockwork.is_due(timestamp_ns))
            && self.config.backup_count > 0
            && self.rotation_retry.is_none_or(|retry| Instant::now() >= retry)
    }

    /// Moves the file to `name.1` (and `name.1` to `name.2`…) and begins a new one; an empty file stays. On an
    /// error it goes on being written, and is due again after a second.
    pub fn rotate(&mut self, timestamp_ns: i64) -> io::Result<()> {
        let outcome = if self.size == 0 { Ok(()) } else { self.begin_next() };
        match &outcome {
            Ok(()) => self.clockwork.advance(timestamp_ns),
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
        match claim(&*self.disk, &self.path, &self.config.path) {
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

    /// Looks, after a write, whether an outside program has moved, removed or cut the file, and opens the path
    /// again where it has, with its directory. Now and then it also removes finished files that are too old.
    /// After an error it is not known whether what was written since the last look is safe: look again before
    /// more is written, and if that does not help, [`LogFile::reopen`] and write it again.
    pub fn look(&mut self) -> io::Result<Change> {
        if !self.current.status.is_regular {
            return Ok(Change::None);
        }
        let now = self.disk.status(&self.current.file)?;
        if now.links == 0 {
            self.reopen()?;
            return Ok(Change::Removed);
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
        let (path, current) = match claim(&*self.disk, &self.config.path, &self.config.path) {
            Err(problem) if is_absent(&problem) => {
                self.disk.create_directory(directory(&self.config.path))?;
                claim(&*self.disk, &self.config.path, &self.config.path)?
            }
            outcome => outcome?,
        };
        if current.status.identity == self.identity() {
            // The old claim holds for the old opening alone, and ends with it.
            self.current = current;
            self.is_astray = false;
            lock(&self.current.file);
            return self.measure();
        }
        self.follow(path, current);
        self.wind_clockwork();
        Ok(())
    }

    /// Goes on in `current`, at `path`.
    fn follow(&mut self, path: PathBuf, current: Current) {
        if path != self.path {
            self.archive = Archive::new(Arc::clone(&self.disk), &path, &self.config);
            if self.is_active {
                self.archive.begin();
            }
            self.path = path;
        }
        self.size = current.status.len;
        self.current = current;
        self.is_astray = false;
        (self.synced, self.sync_failed) = (self.size, false);
        self.directory_unsynced = self.config.sync != Sync::Never;
    }

    fn measure(&mut self) -> io::Result<()> {
        let now = self.disk.status(&self.current.file)?;
        if !self.is_active {
            self.synced = now.len;
        }
        self.synced = self.synced.min(now.len);
        self.size = now.len;
        self.current.status = now;
        self.wind_clockwork();
        Ok(())
    }

    /// An empty file's period is that of its first line, one with lines has that of its last.
    fn wind_clockwork(&mut self) {
        let written_ns = if self.size == 0 { now_ns() } else { self.current.status.modified_ns };
        self.clockwork = Clockwork::new(self.config.rotate, written_ns);
    }

    /// Mends the names of finished files of a killed process: what it was packing is no line's only place.
    pub(crate) fn mend_archive(&self) {
        self.archive.mend();
    }

    /// Mends what a killed process or machine left at the end: a line without a line break. Of JSON it is cut
    /// off and returned, for half a record is none; any other is ended, and nothing returned.
    pub fn repair_last_line(&mut self, json: bool) -> io::Result<Option<Vec<u8>>> {
        if !self.current.status.is_regular {
            return Ok(None);
        }
        let reader = self.disk.open_read(&self.path)?;
        let status = self.disk.status(&reader)?;
        if status.identity != self.identity() {
            return Ok(None);
        }
        self.size = status.len;
        match unfinished_line(&*self.disk, &reader, self.size)? {
            Some(torn) if torn.is_empty() => Ok(None),
            Some(torn) if json => {
                self.cut_to(self.size - torn.len() as u64)?;
                Ok(Some(torn))
            }
            _ => {
                while self.write(b"\n")? == 0 {}
                Ok(None)
            }
        }
    }

    fn tidy(&mut self) {
        self.tidied = Instant::now();
        self.archive.tidy();
    }

    /// Gives the packing of finished files until `deadline`. Returns false if it is not done; the next start
    /// then does it.
    pub fn settle(&self, deadline: Instant) -> bool {
        self.archive.wait(deadline)
    }

    /// What went wrong beside the writing since the last call: with finished files, or a file that was moved.
    pub fn take_problem(&mut self) -> Option<String> {
        self.problem.take().or_else(|| self.archive.take_problem())
    }

    fn note(&mut self, outcome: io::Result<()>) {
        if let Err(problem) = outcome {
            self.problem = Some(format!("{}: {problem}", self.path.display()));
        }
    }
}
