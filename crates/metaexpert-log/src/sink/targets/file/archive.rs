//! Finished files: kept by number and age, and packed, off the write path.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::packing::write_packed;
use super::rotate::{backups, is_file, parts, shift, unless_absent, unshift};
use crate::clock::now_ns;
use crate::config::{Compress, FileConfig};
use crate::family::{Member, numbered};
use crate::platform::disk::{Disk, FileId, Status, directory, is_absent};
use crate::platform::holdings::is_ours;
use crate::platform::thread;

const DAY_NS: i64 = 24 * 3_600_000_000_000;

/// The finished files of one log file, and the thread that packs them while there are some to be packed.
pub(super) struct Archive {
    shared: Arc<Shared>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    keep: u32,
    max_age_days: Option<u32>,
    packing: Compress,
    /// Whose turn it is to rename or remove finished files. Held for that alone, never while one is read or
    /// written.
    turn: Mutex<()>,
    state: Mutex<State>,
    ended: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    is_running: bool,
    /// There may be more to do than the thread has seen.
    again: bool,
    problem: Option<String>,
}

impl Archive {
    /// The finished files of `path`; nothing is touched yet.
    pub(super) fn new(disk: Arc<dyn Disk>, path: &Path, config: &FileConfig) -> Archive {
        Archive {
            shared: Arc::new(Shared {
                disk,
                path: path.to_owned(),
                keep: config.backup_count,
                max_age_days: config.max_age_days,
                packing: config.compress,
                turn: Mutex::default(),
                state: Mutex::default(),
                ended: Condvar::new(),
                stop: AtomicBool::new(false),
            }),
        }
    }

    /// [`Archive::mend`], then [`Archive::tidy`].
    pub(super) fn begin(&self) {
        self.mend();
        self.tidy();
    }

    /// Clears away what a killed process left behind.
    pub(super) fn mend(&self) {
        self.shared.note(self.shared.clear());
    }

    /// Removes what is too many or too old, and has the rest packed. A failure is a problem to be told.
    pub(super) fn tidy(&self) {
        match self.shared.remove_spent() {
            Ok(true) if self.shared.packing != Compress::None => self.wake(),
            outcome => self.shared.note(outcome.map(drop)),
        }
    }

    /// Makes the file at the path the first of the finished ones.
    pub(super) fn take(&self) -> io::Result<()> {
        let _turn = lock(&self.shared.turn);
        shift(&*self.shared.disk, &self.shared.path, self.shared.keep)
    }

    /// Undoes [`Archive::take`] for the file `identity`.
    pub(super) fn give_back(&self, identity: FileId) -> io::Result<()> {
        let _turn = lock(&self.shared.turn);
        unshift(&*self.shared.disk, &self.shared.path, identity)
    }

    /// Waits until nothing is being packed, at most until `deadline`. False if something still is.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let mut state = lock(&self.shared.state);
        while state.is_running {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// What went wrong since the last call, the latest of it.
    pub(super) fn take_problem(&self) -> Option<String> {
        lock(&self.shared.state).problem.take()
    }

    fn wake(&self) {
        let mut state = lock(&self.shared.state);
        state.again = true;
        if !state.is_running {
            let shared = Arc::clone(&self.shared);
            match thread::spawn("metaexpert-pack", move || shared.run()) {
                Ok(_) => state.is_running = true,
                Err(problem) => {
                    state.problem = Some(format!("could not start the packing thread: {problem}"))
                }
            }
        }
    }
}

impl Drop for Archive {
    /// The thread ends at its next block; the next start does what it has not done.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // A renaming under way ends first, and no other begins: an heir has a turn of its own.
        drop(lock(&self.shared.turn));
    }
}

impl Shared {
    fn run(&self) {
        thread::lower_priority();
        loop {
            lock(&self.state).again = false;
            self.note(self.pack_all());
            let mut state = lock(&self.state);
            if !state.again || self.is_stopped() {
                state.is_running = false;
                self.ended.notify_all();
                return;
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn note(&self, outcome: io::Result<()>) {
        if let Err(problem) = outcome {
            if !self.is_stopped() {
                let path = self.path.display();
                lock(&self.state).problem = Some(format!("finished files of {path}: {problem}"));
            }
        }
    }

    /// Removes what was packed by half, and mends names.
    fn clear(&self) -> io::Result<()> {
        for part in parts(&*self.disk, &self.path)? {
            unless_absent(self.disk.remove(&part))?;
        }
        self.mend_names()
    }

    fn mend_names(&self) -> io::Result<()> {
        for backup in backups(&*self.disk, &self.path)? {
            if backup.packing == Compress::None {
                if let Some((file, status)) = self.open(&backup)? {
                    self.mend_name(backup.number, &file, status.identity)?;
                }
            }
        }
        Ok(())
    }

    /// Gives a file that is packed but has an unpacked name the right one: see [`Shared::replace`]. Returns
    /// whether it is packed.
    fn mend_name(&self, number: u32, file: &File, identity: FileId) -> io::Result<bool> {
        let packing = self.packing_of(file)?;
        if packing == Compress::None {
            return Ok(false);
        }
        let _turn = lock(&self.turn);
        if let Some(number) = self.find(number, identity) {
            let unpacked = numbered(&self.path, number, Compress::None);
            self.disk.rename(&unpacked, &numbered(&self.path, number, packing))?;
        }
        Ok(true)
    }

    /// A finished file that nobody writes any more; `None` for what is none or has gone.
    fn open(&self, backup: &Member) -> io::Result<Option<(File, Status)>> {
        let file = match self.disk.open_read(&backup.path) {
            Ok(file) => file,
            Err(problem) if is_absent(&problem) => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let status = self.disk.status(&file)?;
        // Ours: it is being rotated, or a new configuration has it open that is not in force yet.
        let is_finished = status.is_regular && !is_ours(status.identity);
        Ok(is_finished.then_some((file, status)))
    }

    /// How a file is packed, by its first bytes, with which no line of text begins.
    fn packing_of(&self, file: &File) -> io::Result<Compress> {
        let mut first = [0; 4];
        let count = self.disk.read_at(file, &mut first, 0)?;
        Ok(match &first[..count] {
            [0x1f, 0x8b, ..] => Compress::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Compress::Zstd,
            _ => Compress::None,
        })
    }

    /// The number by now of the unpacked file that had `number`. Numbers only grow. To be asked in one's
    /// turn; whoever is no longer wanted finds nothing.
    fn find(&self, number: u32, identity: FileId) -> Option<u32> {
        let is_here = |number: &u32| {
            let path = numbered(&self.path, *number, Compress::None);
            self.disk.status_at(&path).is_ok_and(|status| status.identity == identity)
        };
        (number..=self.keep.max(number)).find(is_here).filter(|_| !self.is_stopped())
    }

    /// Removes what is too many or too old. Returns whether unpacked files are left.
    fn remove_spent(&self) -> io::Result<bool> {
        let oldest_ns = self.max_age_days.map(|days| now_ns().saturating_sub(i64::from(days) * DAY_NS));
        let mut unpacked_left = false;
        let _turn = lock(&self.turn);
        for backup in backups(&*self.disk, &self.path)? {
            // With no backups the file is not rotated at all: what is there is not ours to remove.
            if !is_file(&*self.disk, &backup.path) {
                continue;
            }
            let surplus = self.keep > 0 && backup.number > self.keep;
            if surplus || self.is_older(&backup, oldest_ns)? {
                unless_absent(self.disk.remove(&backup.path))?;
            } else {
                unpacked_left |= backup.packing == Compress::None;
            }
        }
        Ok(unpacked_left)
    }

    fn is_older(&self, backup: &Member, than_ns: Option<i64>) -> io::Result<bool> {
        let Some(than_ns) = than_ns else { return Ok(false) };
        match self.disk.status_at(&backup.path) {
            Ok(status) => Ok(status.is_regular && status.modified_ns < than_ns),
            Err(problem) => unless_absent(Err(problem)).map(|()| false),
        }
    }

    /// Packs what is unpacked, oldest first, up to the first failure.
    fn pack_all(&self) -> io::Result<()> {
        // Files move along meanwhile, so each is known by its identity.
        let mut seen = HashSet::new();
        while let Some((number, file, status)) = self.next_unpacked(&mut seen)? {
            if !self.mend_name(number, &file, status.identity)? {
                self.pack(number, &file, status.identity)?;
            }
        }
        Ok(())
    }

    fn next_unpacked(&self, seen: &mut HashSet<FileId>) -> io::Result<Option<(u32, File, Status)>> {
        for backup in backups(&*self.disk, &self.path)?.iter().rev() {
            if backup.packing != Compress::None || self.is_stopped() {
                continue;
            }
            if let Some((file, status)) = self.open(backup)? {
                if seen.insert(status.identity) {
                    return Ok(Some((backup.number, file, status)));
                }
            }
        }
        Ok(None)
    }

    /// Packs one file beside itself, then puts the result in its place.
    fn pack(&self, number: u32, source: &File, identity: FileId) -> io::Result<()> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut part = numbered(&self.path, number, self.packing).into_os_string();
        part.push(format!(".{}-{serial}.part", std::process::id()));
        let part = PathBuf::from(part);
        let replaced =
            self.pack_into(&part, source).and_then(|len| self.replace(number, source, identity, len, &part));
        match replaced {
            // The names are as they should be; a machine that dies now may find the unpacked file again.
            Ok(true) => self.disk.sync_directory(directory(&self.path)),
            outcome => {
                let _ = self.disk.remove(&part);
                if self.is_stopped() { Ok(()) } else { outcome.map(drop) }
            }
        }
    }

    /// Packs `source` into the new file `part`. Returns how many bytes were read.
    fn pack_into(&self, part: &Path, source: &File) -> io::Result<u64> {
        let file = self.disk.create_new(part)?;
        let read = write_packed(self.packing, &*self.disk, source, &file, || self.is_stopped())?;
        self.disk.imitate(source, &file)?;
        self.disk.sync(&file)?;
        Ok(read)
    }

    /// Puts `part` in the place of the file `identity`, under the number it has by now. Two renamings, the
    /// first onto the unpacked name: killed between them, each line is still in one file, whose name is
    /// mended by the next start. Returns false if the file is gone.
    fn replace(
        &self,
        number: u32,
        source: &File,
        identity: FileId,
        len: u64,
        part: &Path,
    ) -> io::Result<bool> {
        let _turn = lock(&self.turn);
        let Some(number) = self.find(number, identity) else { return Ok(false) };
        if self.disk.status(source)?.len != len {
            return Err(io::Error::other(format!("number {number} was written to while it was packed")));
        }
        let unpacked = numbered(&self.path, number, Compress::None);
        self.disk.rename(part, &unpacked)?;
        self.disk.rename(&unpacked, &numbered(&self.path, number, self.packing))?;
        Ok(true)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
