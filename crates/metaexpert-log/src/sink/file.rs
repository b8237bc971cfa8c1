//! A log file: appended to, one writer a file, rotated between lines, followed when others move it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::now_ns;
use crate::config::{Format, SinkConfig, Sync};
use crate::disk::{Disk, FileId, directory, is_absent};
use crate::error::Error;
use crate::holdings::{has_changed_user, is_ours};
use crate::sink::archive::Archive;
use crate::sink::claim::{Absent, Current, Nature, claim, lock};
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

/// On whose behalf a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// A configuration's, of which every file must open.
    Configuration,
    /// One's that was in force before: what cannot be opened now is tried for each line, like any file that fails.
    Restart,
    /// That of the process with this number, which is gone: its very file must open, or one named after it.
    Recovery(u32),
}

/// A log file, open once it is there.
pub struct LogFile {
    disk: Arc<dyn Disk>,
    config: SinkConfig,
    path: PathBuf,
    /// `None` before the first line of a file that was not there.
    current: Option<Current>,
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
    opener: Opener,
    /// Neither this process, which gave up its rights before it began, nor a later one of its user makes it.
    is_out_of_reach: bool,
}

impl LogFile {
    /// Opens `config.path` for appending, with its directory. If another process writes it already,
    /// `name.<pid>.ext` is opened instead. A file that is not there is made by its first line, unless it is to be made
    /// at once. Finished files are not touched before [`LogFile::activate`].
    pub fn open(config: &SinkConfig, disk: Arc<dyn Disk>, opener: Opener) -> Result<LogFile, Error> {
        // Before it is opened once more.
        let is_heir = disk.status_at(&config.path).is_ok_and(|there| is_ours(there.identity));
        let (path, current) = match find(config, &*disk, opener) {
            Err(_) if opener == Opener::Restart => (config.path.clone(), None),
            found => found?,
        };
        let size = current.as_ref().map_or(0, |current| current.status.len);
        let mut file = LogFile {
            archive: Archive::new(Arc::clone(&disk), &path, config),
            disk,
            config: config.clone(),
            path,
            size,
            synced: size,
            clockwork: Clockwork::new(config.rotate, now_ns()),
            current,
            is_active: false,
            is_heir,
            sync_failed: false,
            directory_unsynced: config.sync != Sync::Never,
            rotation_retry: None,
            is_astray: false,
            tidied: Instant::now(),
            problem: None,
            opener,
            is_out_of_reach: has_changed_user(),
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

    /// Whether it is a plain file of this process's own, no pipe, device or standard stream: it can be read again and
    /// cut. What is not there yet will be.
    pub fn is_plain(&self) -> bool {
        self.current.as_ref().map_or(!self.is_out_of_reach, |current| current.nature != Nature::Stream)
    }

    fn is_own(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.nature == Nature::Own)
    }

    /// Which file it is; nothing before it is there.
    pub fn identity(&self) -> FileId {
        self.current.as_ref().map_or_else(FileId::default, |current| current.status.identity)
    }

    /// How far the disk has acknowledged it: what was there when it was opened, and what [`LogFile::sync`] has
    /// forced since.
    pub fn synced_size(&self) -> u64 {
        self.synced
    }

    /// Takes over from an earlier sink on the same file, which is closed by now: opens again if that has rotated
    /// it, claims it, and tidies up its finished files. The first write does so at the latest.
    pub fn activate(&mut self) -> io::Result<()> {
        match &self.current {
            None => {}
            Some(current) if is_at(&*self.disk, &self.path, current.status.identity) => {
                // The earlier sink's claim ended with it.
                if current.nature != Nature::Stream {
                    lock(&current.file);
                }
                self.measure()?;
            }
            Some(_) => self.reopen()?,
        }
        if !self.is_active {
            self.is_active = true;
            if self.is_heir {
                self.tidy();
            } else {
                self.begin_archive();
            }
        }
        Ok(())
    }

    fn begin_archive(&self) {
        if self.is_active && self.has_archive() {
            self.archive.begin();
        }
    }

    /// Whether finished files are this process's to look after: those of a file that is, or that nobody has.
    fn has_archive(&self) -> bool {
        self.current.is_none() || self.is_own()
    }

    /// Settles which file the next write goes to.
    pub fn make_ready(&mut self) -> io::Result<()> {
        if !self.is_active {
            self.activate()?;
        }
        if self.is_astray || self.current.is_none() {
            self.reopen()?;
        }
        Ok(())
    }

    /// Writes some of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.make_ready()?;
        let count = self.disk.write(&self.opened()?.file, bytes)?;
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
        if let Some(current) = self.current.as_ref().filter(|current| current.status.is_regular) {
            self.disk.sync(&current.file).inspect_err(|_| self.sync_failed = true)?;
        }
        self.synced = self.size;
        if self.directory_unsynced && self.current.is_some() {
            self.disk.sync_directory(directory(&self.path))?;
            self.directory_unsynced = false;
        }
        Ok(())
    }

    /// Counts as forced what a failed [`LogFile::sync`] has left in doubt.
    pub fn forget_failed_sync(&mut self) {
        (self.sync_failed, self.synced) = (false, self.size);
    }

    /// Takes back what was written after the first `size` bytes. What is no plain file stays as it is.
    pub fn cut_to(&mut self, size: u64) -> io::Result<()> {
        let Some(current) = self.current.as_ref().filter(|current| current.nature != Nature::Stream) else {
            return Ok(());
        };
        // Another program may have cut more off: the file must not be filled up with zeros.
        let size = size.min(self.disk.status(&current.file)?.len);
        self.disk.truncate(&current.file, size)?;
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
            && self.has_archive()
            && self.rotation_retry.is_none_or(|retry| Instant::now() >= retry)
    }

    /// Moves the file to `name.1` (and `name.1` to `name.2`…) and begins a new one; an empty file stays. On an
    /// error it goes on being written, and is due again after a second.
    pub fn rotate(&mut self, timestamp_ns: i64) -> io::Result<()> {
        let is_nothing = self.size == 0 || !self.is_own();
        let outcome = if is_nothing { Ok(()) } else { self.begin_next() };
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

    /// Looks, after a write, whether an outside program has moved, removed or cut the file, and opens the path
    /// again where it has, with its directory. Now and then it also removes finished files that are too old.
    /// After an error it is not known whether what was written since the last look is safe: look again before
    /// more is written, and if that does not help, [`LogFile::reopen`] and write it again.
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
        self.wind_clockwork();
        if is_first { self.repair_found() } else { Ok(()) }
    }

    fn claim(&self, first: &Path) -> io::Result<(PathBuf, Current)> {
        let (path, current) = claim(&*self.disk, first, &self.config.path, Absent::Made, self.opener)?;
        Ok((path, current.ok_or(io::ErrorKind::NotFound)?))
    }

    /// Mends what another process has left since the start in a file that was not there then.
    fn repair_found(&mut self) -> io::Result<()> {
        if self.size > 0 && self.repair_last_line(self.config.format == Format::Json)?.is_some() {
            self.note(Err(io::Error::other("the last line was torn, and cut off")));
        }
        Ok(())
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

    fn opened(&self) -> io::Result<&Current> {
        self.current.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn measure(&mut self) -> io::Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let now = self.disk.status(&current.file)?;
        if !self.is_active {
            self.synced = now.len;
        }
        self.synced = self.synced.min(now.len);
        self.size = now.len;
        current.status = now;
        self.wind_clockwork();
        Ok(())
    }

    /// An empty file's period is that of its first line, one with lines has that of its last.
    fn wind_clockwork(&mut self) {
        let modified_ns = self.current.as_ref().map(|current| current.status.modified_ns);
        let written_ns = modified_ns.filter(|_| self.size > 0).unwrap_or_else(now_ns);
        self.clockwork = Clockwork::new(self.config.rotate, written_ns);
    }

    /// Mends the names of finished files of a killed process: what it was packing is no line's only place.
    pub(crate) fn mend_archive(&self) {
        if self.has_archive() {
            self.archive.mend();
        }
    }

    /// Mends what a killed process or machine left at the end: a line without a line break. Of JSON it is cut
    /// off and returned, for half a record is none; any other is ended, and nothing returned.
    pub fn repair_last_line(&mut self, json: bool) -> io::Result<Option<Vec<u8>>> {
        match self.unfinished()? {
            None => Ok(None),
            Some(torn) if torn.as_ref().is_some_and(Vec::is_empty) => Ok(None),
            Some(Some(torn)) if json => {
                self.cut_to(self.size - torn.len() as u64)?;
                Ok(Some(torn))
            }
            Some(_) => {
                while self.write(b"\n")? == 0 {}
                Ok(None)
            }
        }
    }

    /// Takes back what is there of a line that was begun and will not be completed. Returns how many bytes that was.
    pub fn cut_unfinished(&mut self) -> io::Result<u64> {
        let Some(Some(torn)) = self.unfinished()? else { return Ok(0) };
        let len = torn.len() as u64;
        if len > 0 {
            self.cut_to(self.size - len)?;
        }
        Ok(len)
    }

    /// What follows the last line break, if that is not too much for a line; `None` if it is not to be changed.
    fn unfinished(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        if self.current.is_none() || !self.is_plain() {
            return Ok(None);
        }
        let reader = self.disk.open_read(&self.path)?;
        let status = self.disk.status(&reader)?;
        if status.identity != self.identity() {
            return Ok(None);
        }
        self.size = status.len;
        unfinished_line(&*self.disk, &reader, self.size).map(Some)
    }

    fn tidy(&mut self) {
        self.tidied = Instant::now();
        if self.has_archive() {
            self.archive.tidy();
        }
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

/// The file at the path of `config`, or the path at which its first line is to make it. Makes the directory.
fn find(config: &SinkConfig, disk: &dyn Disk, opener: Opener) -> Result<(PathBuf, Option<Current>), Error> {
    let parent = directory(&config.path);
    disk.create_directory(parent).map_err(Error::io("create log directory", parent))?;
    let absent = if config.delay { Absent::Left } else { Absent::Made };
    let found = claim(disk, &config.path, &config.path, absent, opener).and_then(|(path, current)| {
        if current.is_none() {
            disk.check_directory(parent)?;
        }
        Ok((path, current))
    });
    found.map_err(Error::io("open log file", &config.path))
}
