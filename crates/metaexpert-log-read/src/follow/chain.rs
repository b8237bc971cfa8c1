//! The files of one writer, read one after the other in the order in which they were written.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use metaexpert_log::platform::disk::FileId;

use super::appended::{Appended, Content, Position};
use super::listing::Listed;
use super::next::Next;
use super::reading::Reading;

/// How much of one writer's files is given at once.
const MOST_BYTES: usize = 1 << 20;
/// How many files of one writer are open at once. Those behind them are opened when these are finished.
const MOST_OPEN: usize = 16;

/// A finished file, or one that is not to be read.
#[derive(Clone, Debug)]
struct Known {
    identity: FileId,
    number: u32,
    len: u64,
}

/// What a writer has made and makes.
pub(super) struct Chain {
    pub log: PathBuf,
    /// The path that the writer appends to.
    pub written: PathBuf,
    /// From the file that is read to the one that is written.
    reading: VecDeque<Reading>,
    known: Vec<Known>,
    /// There may be something to read.
    pub has_news: bool,
    /// The causes that were told, until the file can be read.
    told: Vec<(PathBuf, String)>,
}

impl Chain {
    pub fn new(log: PathBuf, written: PathBuf) -> Chain {
        Chain { log, written, reading: VecDeque::new(), known: Vec::new(), has_news: false, told: Vec::new() }
    }

    /// Takes `files`, ordered from the oldest on, for read, up to the last line break of the newest.
    pub fn begin(&mut self, files: &[Listed]) -> io::Result<Vec<Position>> {
        let Some(newest) = files.last() else { return Ok(Vec::new()) };
        let reading = Reading::open_at_end(newest)?;
        let position = |file: &Listed, end_bytes| Position {
            log: self.log.clone(),
            file: file.path.clone(),
            identity: (file.status.identity.dev, file.status.identity.ino),
            end_bytes,
        };
        let mut positions: Vec<Position> = files.iter().map(|file| position(file, file.status.len)).collect();
        positions.pop();
        positions.push(position(newest, reading.mark.offset));
        self.reading.push_back(reading);
        self.remember(files);
        Ok(positions)
    }

    /// Notes what `files` are there, ordered from the oldest on, and opens those that are new. Returns false if
    /// one was renamed before it was opened, or more are waiting: look again.
    pub fn look(&mut self, files: &[Listed], found: &mut Vec<Appended>) -> bool {
        for file in files {
            if let Some(reading) = self.reading.iter_mut().find(|one| one.identity == file.status.identity) {
                reading.moved_to(&file.path);
                self.has_news |= reading.seen != Some(file.status);
                reading.seen = Some(file.status);
            }
        }
        let first_new = self.first_new(files);
        let mut is_complete = true;
        for file in &files[first_new..] {
            if self.reading.len() >= MOST_OPEN {
                is_complete = false;
                break;
            }
            match Reading::open(file) {
                Ok(reading) => {
                    self.reading.push_back(reading);
                    self.has_news = true;
                }
                Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                    is_complete = false;
                    break;
                }
                Err(problem) => self.tell(file.path.clone(), problem, found),
            }
        }
        self.remember(files);
        is_complete
    }

    /// The index of the oldest file in `files` that is newer than all that were seen before.
    fn first_new(&self, files: &[Listed]) -> usize {
        let newest = self.reading.back().map(|reading| reading.identity);
        if let Some(at) = files.iter().position(|file| Some(file.status.identity) == newest) {
            return at + 1;
        }
        let is_known = |file: &Listed| {
            self.known.iter().any(|known| {
                known.identity == file.status.identity
                    && known.number <= file.number
                    && known.len == file.status.len
            })
        };
        files.iter().rposition(is_known).map_or(0, |at| at + 1)
    }

    fn remember(&mut self, files: &[Listed]) {
        let is_read = |file: &&Listed| !self.reading.iter().any(|one| one.identity == file.status.identity);
        let known = |file: &Listed| Known {
            identity: file.status.identity,
            number: file.number,
            len: file.status.len,
        };
        self.known = files.iter().filter(is_read).map(known).collect();
    }

    /// Adds what was appended, about 1 MiB at most.
    pub fn read(&mut self, found: &mut Vec<Appended>) {
        let mut left = MOST_BYTES;
        while self.has_news && left > 0 {
            // Looked at first: what is in the file before was written before.
            let is_finished = self.reading.len() > 2 || self.reading.get(1).is_some_and(Reading::has_begun);
            let Some(front) = self.reading.front_mut() else {
                self.has_news = false;
                return;
            };
            let file = front.path.clone();
            let content = match front.next(left) {
                Ok(Next::Lines(lines)) => Content::Lines(lines),
                Ok(Next::Piece(piece)) => Content::Piece(piece),
                Ok(Next::Truncated) => Content::Truncated,
                Ok(Next::End) if is_finished => {
                    self.finish(found);
                    continue;
                }
                Ok(Next::End) => {
                    self.has_news = false;
                    return;
                }
                Err(problem) => {
                    self.has_news = is_finished;
                    if is_finished {
                        self.reading.pop_front();
                    }
                    self.tell(file, problem, found);
                    continue;
                }
            };
            if let Content::Lines(bytes) | Content::Piece(bytes) = &content {
                left = left.saturating_sub(bytes.len());
            }
            self.told.retain(|(path, _)| *path != file);
            found.push(Appended { log: self.log.clone(), file, content });
        }
    }

    /// Leaves the first file, which gets no more.
    fn finish(&mut self, found: &mut Vec<Appended>) {
        let Some(mut front) = self.reading.pop_front() else { return };
        let file = front.path.clone();
        match front.rest() {
            Ok(rest) if rest.is_empty() => {}
            Ok(rest) => found.push(Appended { log: self.log.clone(), file, content: Content::Piece(rest) }),
            Err(problem) => self.tell(file, problem, found),
        }
    }

    fn tell(&mut self, file: PathBuf, problem: io::Error, found: &mut Vec<Appended>) {
        let cause = (file.clone(), problem.to_string());
        if !self.told.contains(&cause) {
            self.told.push(cause);
            found.push(Appended { log: self.log.clone(), file, content: Content::Unreadable(problem) });
        }
    }
}
