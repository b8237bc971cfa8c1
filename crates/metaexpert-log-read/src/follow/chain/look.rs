//! Which files of a writer are new.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::Chain;
use crate::follow::appended::Appended;
use crate::follow::known::beginning;
use crate::follow::listing::Listed;
use crate::follow::reading::{Reading, Role};

/// How many files of one writer are open at once. Those behind them are opened when these are finished.
const MOST_OPEN: usize = 16;
/// A removed file is closed after this, because its space is not free before. A file that was moved elsewhere is
/// polled for as long.
const MISSING_FOR: Duration = Duration::from_secs(10);

impl Chain {
    /// Notes what `files` are there, ordered from the oldest on, and opens those that are new. Returns false if
    /// one was renamed before it was opened, or more are waiting: look again.
    pub fn look(&mut self, files: &[Listed], found: &mut Vec<Appended>) -> bool {
        self.has_news |= !self.told.is_empty();
        self.note_moves(files);
        self.find_late(files);
        let Some(first_new) = self.first_new(files) else { return false };
        let opened = self.open(&files[first_new..], found);
        let is_read = |file: &&Listed| self.reading.iter().any(|one| one.is(file));
        let met = files.len() - opened.waiting;
        self.known.remember(&files[..met].iter().filter(|file| !is_read(file)).collect::<Vec<_>>());
        opened.is_complete
    }

    fn note_moves(&mut self, files: &[Listed]) {
        for reading in &mut self.reading {
            if let Some(file) = files.iter().find(|file| reading.is(file)) {
                self.has_news |= reading.path != file.path;
                self.has_news |= reading.seen.replace(file.status) != Some(file.status);
                reading.path.clone_from(&file.path);
                (reading.gone_since, reading.missing_since) = (None, None);
            } else {
                self.has_news = true;
                reading.missing_since.get_or_insert_with(Instant::now);
            }
        }
        let is_spent = |reading: &Reading| reading.gone_since.is_some_and(|at| at.elapsed() > MISSING_FOR);
        if self.reading.len() == 1 && self.reading.iter().all(is_spent) {
            self.reading.clear();
        }
    }

    /// Whether the newest file may be written to without the kernel's telling: it was moved elsewhere just now,
    /// or has a name in another directory.
    pub fn is_out_of_sight(&self) -> bool {
        self.reading.back().is_some_and(|newest| {
            let is_missing = newest.missing_since.is_some_and(|since| since.elapsed() < MISSING_FOR);
            is_missing || newest.seen.is_some_and(|seen| seen.links > 1)
        })
    }

    /// Finds lines that finished files got after all.
    fn find_late(&mut self, files: &[Listed]) {
        for file in files.iter().filter(|file| file.number > 0) {
            if !self.reading.iter().any(|reading| reading.is(file)) {
                if let Some(reading) = self.known.late(file) {
                    self.reading.push_front(reading);
                    self.has_news = true;
                }
            }
        }
    }

    /// The index of the oldest file in `files` that is newer than all that were seen before; none if one was
    /// renamed meanwhile.
    fn first_new(&mut self, files: &[Listed]) -> Option<usize> {
        let is_newest = |file: &Listed| self.reading.back().is_some_and(|one| one.is(file));
        if let Some(at) = files.iter().position(is_newest) {
            return Some(at + 1);
        }
        // It was packed, moved elsewhere or removed. A file that has its number is new.
        let mut first_new = 0;
        for (at, file) in files.iter().enumerate().rev() {
            match self.age(file)? {
                Age::New => {}
                Age::Old => {
                    first_new = at + 1;
                    break;
                }
                Age::Copy => {
                    first_new = if self.read_sleeper_from(file) { at + 1 } else { at };
                    break;
                }
            }
        }
        self.note_removal();
        Some(first_new)
    }

    /// Whether a file was seen before, or is a copy of one that was; none if it was renamed meanwhile.
    fn age(&mut self, file: &Listed) -> Option<Age> {
        if self.reading.iter().any(|reading| reading.is(file)) {
            return Some(Age::Old);
        }
        if file.number == 0 {
            return Some(Age::New);
        }
        let text = match beginning(file) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return None,
            // Whoever opens it tells of it.
            Err(_) => return Some(Age::New),
            Ok(text) => text,
        };
        if let Some(newest) = self.reading.back_mut().filter(|newest| newest.begins(&text)) {
            newest.is_copied = true;
            return Some(Age::Copy);
        }
        Some(if self.known.has(file, &text) { Age::Old } else { Age::New })
    }

    fn note_removal(&mut self) {
        let Some(newest) = self.reading.back_mut() else { return };
        let is_removed = !newest.is_copied && (newest.is_asleep() || newest.is_removed());
        if is_removed && newest.gone_since.is_none() {
            newest.gone_since = Some(Instant::now());
            self.has_news = true;
        }
    }

    /// Has the rest of a sleeping file read from its copy. Returns false if the newest file is awake: then it
    /// is read itself, and what the copy has beside it.
    fn read_sleeper_from(&mut self, copy: &Listed) -> bool {
        let Some(newest) = self.reading.back_mut().filter(|newest| !newest.is_open()) else { return false };
        if newest.is_asleep() {
            newest.close();
            if let Ok(Some(rest)) = Reading::resume(copy, &newest.mark, Role::Copy) {
                let at = self.reading.len() - 1;
                self.reading.insert(at, rest);
                self.has_news = true;
            }
        }
        true
    }

    /// Opens new files.
    fn open(&mut self, files: &[Listed], found: &mut Vec<Appended>) -> Opened {
        for (at, file) in files.iter().enumerate() {
            let waiting = files.len() - at;
            if self.reading.len() >= MOST_OPEN {
                return Opened { is_complete: false, waiting };
            }
            match Reading::open(file) {
                Ok(mut reading) => {
                    reading.doubles = self.reading.back().and_then(Reading::doubles);
                    self.reading.push_back(reading);
                    self.has_news = true;
                }
                Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                    return Opened { is_complete: false, waiting };
                }
                Err(problem) => {
                    // A file that another one follows is left out; it must not hold up the log.
                    let may_be_readable_later = waiting == 1 || is_exhausted(&problem);
                    self.tell(file.path.clone(), problem, found);
                    if may_be_readable_later {
                        return Opened { is_complete: true, waiting };
                    }
                }
            }
        }
        Opened { is_complete: true, waiting: 0 }
    }
}

enum Age {
    New,
    Old,
    /// It begins as the newest file that was seen: it is its packed copy, or repeats its lines.
    Copy,
}

struct Opened {
    /// No look is needed before the next change.
    is_complete: bool,
    /// How many files are still to be opened.
    waiting: usize,
}

/// Whether no descriptor was left.
fn is_exhausted(problem: &io::Error) -> bool {
    matches!(Errno::from_io_error(problem), Some(Errno::MFILE | Errno::NFILE))
}
