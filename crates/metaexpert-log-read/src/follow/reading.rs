//! One file on its way to its end: what is given of it are whole lines.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memchr::{memchr, memrchr};
use metaexpert_log::platform::disk::{Disk, FileId, Status, SystemDisk};

use super::listing::Listed;
use super::mark::{Mark, read_at};
use super::next::{BLOCK_BYTES, LONGEST_LINE_BYTES, Next};
use super::packed::Packed;
use crate::open::{MAGIC_BYTES, Packing};

pub(super) struct Reading {
    pub path: PathBuf,
    pub identity: FileId,
    /// What a look has seen of it last.
    pub seen: Option<Status>,
    source: Source,
    /// How far it was given.
    pub mark: Mark,
    /// Up to here there is no line break behind the mark.
    searched: u64,
    /// A piece of a line was given, whose rest comes next.
    is_inside_line: bool,
}

enum Source {
    Unpacked(File),
    Packed(Packed),
    /// Nothing is to be read from it.
    Closed,
}

impl Reading {
    /// Opens a file, to be read from its beginning. Fails with `NotFound` where another file has its path by
    /// now.
    pub fn open(listed: &Listed) -> io::Result<Reading> {
        let file = SystemDisk.open_read(&listed.path)?;
        if SystemDisk.status(&file)?.identity != listed.status.identity {
            return Err(io::ErrorKind::NotFound.into());
        }
        let source = match Packing::of(&read_at(&file, 0, MAGIC_BYTES)?) {
            Packing::Unpacked => Source::Unpacked(file),
            packing => Source::Packed(Packed::new(file, packing)?),
        };
        Ok(Reading {
            path: listed.path.clone(),
            identity: listed.status.identity,
            seen: None,
            source,
            mark: Mark::default(),
            searched: 0,
            is_inside_line: false,
        })
    }

    /// Opens a file, to be read from its last line break on; of a packed one nothing is read.
    pub fn open_at_end(listed: &Listed) -> io::Result<Reading> {
        let mut reading = Reading::open(listed)?;
        match &reading.source {
            Source::Unpacked(file) => {
                let len = SystemDisk.status(file)?.len;
                let end = last_line_end(file, len)?;
                reading.is_inside_line = end.is_none();
                reading.mark = Mark::of(file, end.unwrap_or(len))?;
                reading.searched = reading.mark.offset;
            }
            _ => {
                reading.source = Source::Closed;
                reading.mark.offset = listed.status.len;
            }
        }
        Ok(reading)
    }

    /// What is next, of about `most` bytes at most; a single line may be longer.
    pub fn next(&mut self, most: usize) -> io::Result<Next> {
        match &mut self.source {
            Source::Unpacked(_) => self.next_unpacked(most),
            Source::Packed(packed) => packed.next(most),
            Source::Closed => Ok(Next::End),
        }
    }

    /// Whether it has a byte, or will have none: the file before it gets no more.
    pub fn has_begun(&self) -> bool {
        match &self.source {
            Source::Unpacked(file) => {
                self.mark.offset > 0 || SystemDisk.status(file).is_ok_and(|now| now.len > 0)
            }
            _ => true,
        }
    }

    /// What follows the last line break, now that no more will come.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.source {
            Source::Unpacked(file) => {
                let rest = read_at(file, self.mark.offset, LONGEST_LINE_BYTES)?;
                self.mark.advance(&rest);
                Ok(rest)
            }
            Source::Packed(packed) => Ok(packed.rest()),
            Source::Closed => Ok(Vec::new()),
        }
    }

    fn next_unpacked(&mut self, most: usize) -> io::Result<Next> {
        let Source::Unpacked(file) = &self.source else { return Ok(Next::End) };
        let len = SystemDisk.status(file)?.len;
        if len < self.mark.offset || !self.mark.is_beginning_of(file)? {
            return self.begin_again(len).map(|()| Next::Truncated);
        }
        self.searched = self.searched.clamp(self.mark.offset, len);
        while self.searched < len {
            let wanted = (len - self.searched).min(most.max(BLOCK_BYTES) as u64);
            let block = read_at(file, self.searched, wanted as usize)?;
            if block.is_empty() {
                break;
            }
            let end = if self.is_inside_line { memchr(b'\n', &block) } else { memrchr(b'\n', &block) };
            let Some(end) = end else {
                self.searched += block.len() as u64;
                if self.searched - self.mark.offset >= LONGEST_LINE_BYTES as u64 {
                    let piece = read_at(file, self.mark.offset, (self.searched - self.mark.offset) as usize)?;
                    self.take(&piece);
                    self.is_inside_line = true;
                    return Ok(Next::Piece(piece));
                }
                continue;
            };
            let before = (self.searched - self.mark.offset) as usize;
            let mut lines = read_at(file, self.mark.offset, before)?;
            if lines.len() < before {
                // It was cut meanwhile, of which the next call tells.
                break;
            }
            lines.extend(&block[..=end]);
            let is_rest = std::mem::take(&mut self.is_inside_line);
            self.take(&lines);
            if !is_rest {
                self.searched += (block.len() - end - 1) as u64;
            }
            return Ok(if is_rest { Next::Piece(lines) } else { Next::Lines(lines) });
        }
        Ok(Next::End)
    }

    fn take(&mut self, given: &[u8]) {
        self.mark.advance(given);
        self.searched = self.mark.offset;
    }

    /// Goes back in a file of `len` bytes that was cut: to its last line, if it still begins as it did, and to
    /// its beginning otherwise.
    fn begin_again(&mut self, len: u64) -> io::Result<()> {
        let Source::Unpacked(file) = &self.source else { return Ok(()) };
        let beginning = read_at(file, 0, len.min(u64::from(u8::MAX)) as usize)?;
        let end = if self.mark.begins(&beginning) && len < self.mark.offset {
            last_line_end(file, len)?.unwrap_or(len)
        } else {
            0
        };
        self.mark = Mark::of(file, end)?;
        self.searched = end;
        self.is_inside_line = false;
        Ok(())
    }

    /// It is at `path` by now.
    pub fn moved_to(&mut self, path: &Path) {
        if self.path != path {
            self.path = path.to_owned();
        }
    }
}

/// Where the last whole line of the first `len` bytes ends; none if no line ends in as many bytes as a line has
/// at most.
fn last_line_end(file: &File, len: u64) -> io::Result<Option<u64>> {
    let mut end = len;
    while end > 0 && len - end < LONGEST_LINE_BYTES as u64 {
        let start = end.saturating_sub(BLOCK_BYTES as u64);
        let block = read_at(file, start, (end - start) as usize)?;
        if let Some(at) = memrchr(b'\n', &block) {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok((end == 0).then_some(0))
}
