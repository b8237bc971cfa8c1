//! What is next in a writer's files.

use std::io;
use std::path::PathBuf;

use metaexpert_log::config::Compress;
use metaexpert_log::family::{Member, numbered};
use metaexpert_log::platform::disk::{Disk, SystemDisk};

use super::Chain;
use crate::follow::appended::{Appended, Content};
use crate::follow::listing::Listed;
use crate::follow::mark::Mark;
use crate::follow::next::Next;
use crate::follow::reading::{Reading, Role};

/// How much of one writer's files is given at once.
const MOST_BYTES: usize = 1 << 20;
/// How many rotations may have followed a copy when it is looked for.
const MOST_NUMBERS: u32 = 16;

impl Chain {
    /// Adds what was appended, about 1 MiB at most.
    pub fn read(&mut self, found: &mut Vec<Appended>) {
        let mut left = MOST_BYTES;
        while self.has_news && left > 0 {
            // Looked at first: what the next file has was written after all that this one has.
            let is_finished = self.is_first_finished();
            let Some(first) = self.reading.front_mut() else {
                self.has_news = false;
                return;
            };
            match first.next(left) {
                Ok(Next::Lines(lines)) => left = left.saturating_sub(self.give_lines(lines, found)),
                Ok(Next::Piece(piece)) => {
                    left = left.saturating_sub(piece.len());
                    self.give(Content::Piece(piece), found);
                }
                Ok(Next::Shortened) => self.give(Content::Truncated, found),
                Ok(Next::Replaced(mark)) => self.begin_again(&mark, found),
                Ok(Next::End) => self.end(is_finished, found),
                Err(problem) => self.fail(is_finished, problem, found),
            }
        }
    }

    fn is_first_finished(&self) -> bool {
        let is_whole = self.reading.front().is_some_and(|first| first.role != Role::Written);
        is_whole || self.reading.len() > 2 || self.reading.get(1).is_some_and(Reading::has_begun)
    }

    fn give(&mut self, content: Content, found: &mut Vec<Appended>) {
        let Some(first) = self.reading.front() else { return };
        let file = first.path.clone();
        self.told.retain(|(path, _)| *path != file);
        self.is_busy = true;
        found.push(Appended { log: self.log.clone(), written: self.written.clone(), file, content });
    }

    /// Gives `lines` without those that a removed file had. Returns how many bytes they have.
    fn give_lines(&mut self, mut lines: Vec<u8>, found: &mut Vec<Appended>) -> usize {
        let Some(first) = self.reading.front_mut() else { return 0 };
        if let Some(doubles) = &mut first.doubles {
            if !doubles.take(&mut lines).unwrap_or(false) {
                first.doubles = None;
            }
        }
        let bytes = lines.len();
        if bytes > 0 {
            self.give(Content::Lines(lines), found);
        }
        bytes
    }

    /// Nothing is left in the first file for now.
    fn end(&mut self, is_finished: bool, found: &mut Vec<Appended>) {
        let Some(first) = self.reading.front_mut() else { return };
        if first.gone_since.is_some() && !first.is_gone_told {
            first.is_gone_told = true;
            self.give(Content::Gone, found);
        }
        if is_finished {
            self.finish(found);
        } else {
            self.has_news = false;
        }
    }

    /// Leaves the first file, which gets no more.
    fn finish(&mut self, found: &mut Vec<Appended>) {
        let Some(first) = self.reading.front_mut() else { return };
        // Half a line that is late may still get its end.
        match if first.role == Role::Late { Ok(Vec::new()) } else { first.rest() } {
            Ok(rest) if rest.is_empty() => {}
            Ok(rest) => self.give(Content::Piece(rest), found),
            Err(problem) => self.fail(false, problem, found),
        }
        let Some(first) = self.reading.pop_front() else { return };
        self.known.finish(&first);
        if first.role == Role::BeforeCut {
            self.give(Content::Truncated, found);
        }
    }

    /// The first file was emptied after it had been read up to `mark`. What was written to it behind that is in
    /// its copy, if it was copied before, as logrotate's `copytruncate` does: that has a higher number.
    fn begin_again(&mut self, mark: &Mark, found: &mut Vec<Appended>) {
        let first = self.reading.front().and_then(|first| Member::of(&self.written, &first.path));
        let number = first.map_or(0, |first| first.number);
        let rest = (1..=MOST_NUMBERS).find_map(|more| self.copy(number.saturating_add(more), mark));
        match rest {
            Some(rest) => self.reading.push_front(rest),
            None => self.give(Content::Truncated, found),
        }
    }

    /// The finished file with this number, if it goes on behind `mark`.
    fn copy(&self, number: u32, mark: &Mark) -> Option<Reading> {
        let packings = [Compress::None, Compress::Gzip, Compress::Zstd].into_iter();
        let files = packings.filter_map(|packing| self.listed(numbered(&self.written, number, packing)));
        files.filter_map(|file| Reading::resume(&file, mark, Role::BeforeCut).ok()?).next()
    }

    fn listed(&self, path: PathBuf) -> Option<Listed> {
        let status = SystemDisk.status_at(&path).ok().filter(|found| found.is_regular)?;
        let is_read = self.reading.iter().any(|reading| reading.identity == status.identity);
        let (log, written) = (self.log.clone(), self.written.clone());
        (!is_read).then_some(Listed { log, written, number: 1, path, is_link: false, status })
    }

    /// The first file cannot be read: it is tried again, or left if the next one has begun.
    fn fail(&mut self, is_finished: bool, problem: io::Error, found: &mut Vec<Appended>) {
        let Some(first) = self.reading.front() else { return };
        let file = first.path.clone();
        if is_finished {
            self.reading.pop_front();
        } else {
            self.has_news = false;
        }
        self.tell(file, problem, found);
    }
}
