//! An open log file: its size, how much of it is on the disk, and writing to it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::archive::Archive;
use super::claim::{Absent, Current, Nature, Opener, claim, lock};
use super::rotate::{Schedule, is_at};
use crate::clock::now_ns;
use crate::config::{FileConfig, Format, Sync};
use crate::error::Error;
use crate::level::Level;
use crate::platform::disk::{Disk, FileId, directory};
use crate::platform::holdings::{has_changed_user, is_ours};

/// A file that is forced to the disk now and then is so at least this often.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// A log file, open once it is there.
pub struct LogFile {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) config: FileConfig,
    /// Half a line at its end is cut off, for half a JSON record is none; of another format it is ended.
    pub(super) cuts_torn: bool,
    pub(super) path: PathBuf,
    /// `None` before the first line of a file that was not there.
    pub(super) current: Option<Current>,
    pub(super) size: u64,
    pub(super) schedule: Schedule,
    pub(super) archive: Archive,
    pub(super) is_active: bool,
    /// An earlier sink of this process has the file, and has cleared up after those before it.
    pub(super) is_heir: bool,
    /// What has been forced to the disk, and whether forcing the rest has failed.
    pub(super) synced: u64,
    pub(super) sync_failed: bool,
    pub(super) last_sync: Instant,
    /// A record of ERROR or above was written since.
    pub(super) has_urgent: bool,
    /// The directory does not know the file for certain.
    pub(super) directory_unsynced: bool,
    pub(super) rotation_retry: Option<Instant>,
    /// What is to be told of the last rotation, if it failed.
    pub(in crate::sink) rotation_problem: Option<String>,
    /// A rotation ended with the file finished and no other begun: it must get no more lines.
    pub(super) is_astray: bool,
    pub(super) tidied: Instant,
    pub(super) problem: Option<String>,
    pub(super) opener: Opener,
    /// Neither this process, which gave up its rights before it began, nor a later one of its user makes it.
    pub(super) is_out_of_reach: bool,
}

impl LogFile {
    /// Opens `config.path` for appending, with its directory. If another process writes it already,
    /// `name.<pid>.ext` is opened instead. A file that is not there is made by its first line, unless it is
    /// to be made at once. Finished files are not touched before [`LogFile::activate`].
    pub fn open(
        config: &FileConfig,
        format: &Format,
        disk: Arc<dyn Disk>,
        opener: Opener,
    ) -> Result<LogFile, Error> {
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
            cuts_torn: *format == Format::Json,
            path,
            size,
            synced: size,
            schedule: Schedule::new(config.rotate, now_ns()),
            current,
            is_active: false,
            is_heir,
            sync_failed: false,
            last_sync: Instant::now(),
            has_urgent: false,
            directory_unsynced: config.sync != Sync::Never,
            rotation_retry: None,
            rotation_problem: None,
            is_astray: false,
            tidied: Instant::now(),
            problem: None,
            opener,
            is_out_of_reach: has_changed_user(),
        };
        file.renew_schedule();
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

    /// Whether it is a regular file of this process's own, no pipe, device or standard stream: it can be read
    /// again and cut. What is not there yet will be.
    pub fn is_rewritable(&self) -> bool {
        self.current.as_ref().map_or(!self.is_out_of_reach, |current| current.nature != Nature::Stream)
    }

    pub(super) fn is_own(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.nature == Nature::Own)
    }

    /// Which file it is; nothing before it is there.
    pub fn identity(&self) -> FileId {
        self.current.as_ref().map_or_else(FileId::default, |current| current.status.identity)
    }

    /// How far the disk has acknowledged it: what was there when it was opened, and what [`LogFile::sync`]
    /// has forced since.
    pub fn synced_size(&self) -> u64 {
        self.synced
    }

    /// Takes over from an earlier sink on the same file, which is closed by now: opens again if that has
    /// rotated it, claims it, and tidies up its finished files. The first write does so at the latest.
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

    pub(super) fn begin_archive(&self) {
        if self.is_active && self.has_archive() {
            self.archive.begin();
        }
    }

    /// Whether finished files are this process's to look after: those of a file that is, or that nobody has.
    pub(super) fn has_archive(&self) -> bool {
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
        (self.last_sync, self.has_urgent) = (Instant::now(), false);
        Ok(())
    }

    /// Whether it is forced to the disk at all.
    pub(in crate::sink) fn is_synced(&self) -> bool {
        self.config.sync != Sync::Never
    }

    /// Whether what was written is to be forced to the disk now, or `wanted` is enough for that.
    pub(in crate::sink) fn is_sync_due(&self, wanted: bool) -> bool {
        match self.config.sync {
            Sync::Never | Sync::Always => true,
            Sync::Error if self.has_urgent => true,
            Sync::Error | Sync::Interval => wanted || self.last_sync.elapsed() >= SYNC_INTERVAL,
        }
    }

    /// Notes that a record of this level is among the next lines.
    #[inline]
    pub(in crate::sink) fn note_level(&mut self, level: i32) {
        self.has_urgent |= level >= Level::ERROR.0;
    }

    /// Counts as forced what a failed [`LogFile::sync`] has left in doubt.
    pub fn forget_failed_sync(&mut self) {
        (self.sync_failed, self.synced) = (false, self.size);
    }

    /// Takes back what was written after the first `size` bytes. What is no regular file stays as it is.
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

    fn opened(&self) -> io::Result<&Current> {
        self.current.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn measure(&mut self) -> io::Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let now = self.disk.status(&current.file)?;
        if !self.is_active {
            self.synced = now.len;
        }
        self.synced = self.synced.min(now.len);
        self.size = now.len;
        current.status = now;
        self.renew_schedule();
        Ok(())
    }

    /// Mends the names of finished files of a killed process: what it was packing is no line's only place.
    pub(crate) fn mend_archive(&self) {
        if self.has_archive() {
            self.archive.mend();
        }
    }

    pub(super) fn tidy(&mut self) {
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

    pub(super) fn note(&mut self, outcome: io::Result<()>) {
        if let Err(problem) = outcome {
            self.problem = Some(format!("{}: {problem}", self.path.display()));
        }
    }
}

/// The file at the path of `config`, or the path at which its first line is to make it. Makes the directory.
fn find(config: &FileConfig, disk: &dyn Disk, opener: Opener) -> Result<(PathBuf, Option<Current>), Error> {
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
