//! The files of one writer, read one after the other in the order in which they were written.

mod look;
mod read;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use super::appended::{Appended, Content, Position};
use super::known::KnownFiles;
use super::listing::Listed;
use super::reading::Reading;

/// What a writer has made and makes.
pub(super) struct Chain {
    pub log: PathBuf,
    /// The path that the writer appends to.
    pub written: PathBuf,
    /// From the file that is read to the one that is written.
    reading: VecDeque<Reading>,
    known: KnownFiles,
    /// There may be something to read.
    pub has_news: bool,
    /// Something has come since [`Chain::rest`].
    is_busy: bool,
    /// The causes that were told, until the file can be read.
    told: Vec<(PathBuf, String)>,
}

impl Chain {
    pub fn new(log: PathBuf, written: PathBuf) -> Chain {
        Chain {
            log,
            written,
            reading: VecDeque::new(),
            known: KnownFiles::default(),
            has_news: false,
            is_busy: false,
            told: Vec::new(),
        }
    }

    /// Takes `files`, ordered from the oldest on, for read, up to the last line break of the newest. A newest
    /// file that cannot be read is read from its beginning once it can. Fails with `NotFound` where it was
    /// renamed meanwhile.
    pub fn begin(&mut self, files: &[Listed]) -> io::Result<Vec<Position>> {
        let Some((newest, finished)) = files.split_last() else { return Ok(Vec::new()) };
        let position = |file: &Listed, end_bytes| Position {
            log: self.log.clone(),
            file: file.path.clone(),
            identity: (file.status.identity.dev, file.status.identity.ino),
            end_bytes,
        };
        let mut positions: Vec<Position> =
            finished.iter().map(|file| position(file, file.status.len)).collect();
        match Reading::open_at_end(newest) {
            Ok(reading) => {
                positions.push(position(newest, reading.mark.offset));
                self.reading.push_back(reading);
            }
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Err(problem),
            Err(_) => positions.push(position(newest, 0)),
        }
        self.known.remember(&finished.iter().collect::<Vec<_>>());
        Ok(positions)
    }

    /// Closes the file that is written until there is more in it, if nothing has come of late.
    pub fn rest(&mut self) {
        if !std::mem::take(&mut self.is_busy) && !self.has_news && self.reading.len() == 1 {
            self.reading[0].sleep();
        }
    }

    /// Nothing is left to follow.
    pub fn is_over(&self) -> bool {
        self.reading.is_empty()
    }

    fn tell(&mut self, file: PathBuf, problem: io::Error, found: &mut Vec<Appended>) {
        let cause = (file.clone(), problem.to_string());
        if !self.told.contains(&cause) {
            self.told.retain(|(path, _)| *path != file);
            self.told.push(cause);
            found.push(Appended {
                log: self.log.clone(),
                written: self.written.clone(),
                file,
                content: Content::Unreadable(problem),
            });
        }
    }
}
