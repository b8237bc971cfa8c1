//! A file that is written to, as whole lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use memchr::{memchr, memrchr};

use super::mark::{MARK_BYTES, Mark, read_at};
use super::next::{BLOCK_BYTES, LONGEST_LINE_BYTES, Next};

/// A file that was cut to fewer bytes was emptied and is being written again: so few say little, because lines
/// begin alike. A record's time is within them.
const TELLING_BYTES: usize = 64;

pub(super) struct Unpacked {
    file: File,
    /// Up to here there is no line break behind the mark.
    searched: u64,
    /// A piece of a line was given, whose rest comes next.
    is_inside_line: bool,
}

impl Unpacked {
    pub fn new(file: File) -> Unpacked {
        Unpacked { file, searched: 0, is_inside_line: false }
    }

    /// With the mark behind its last line break.
    pub fn at_end(file: File) -> io::Result<(Unpacked, Mark)> {
        let len = file.metadata()?.len();
        let end = last_line_end(&file, len)?;
        let mark = Mark::of(&file, end.unwrap_or(len))?;
        let is_inside_line = end.is_none();
        Ok((Unpacked { searched: mark.offset, is_inside_line, file }, mark))
    }

    /// The mark of its beginning, as it is now.
    pub fn mark_now(&self) -> io::Result<Mark> {
        Mark::of(&self.file, self.file.metadata()?.len().min(MARK_BYTES as u64))
    }

    pub fn has_bytes(&self) -> bool {
        self.file.metadata().is_ok_and(|now| now.len() > 0)
    }

    pub fn has_no_name(&self) -> bool {
        self.file.metadata().is_ok_and(|now| now.nlink() == 0)
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// What is next behind `mark`, which moves on.
    pub fn next(&mut self, mark: &mut Mark, most: usize) -> io::Result<Next> {
        let len = self.file.metadata()?.len();
        if len < mark.offset || !mark.is_beginning_of(&self.file)? {
            return self.begin_again(mark, len);
        }
        self.searched = self.searched.clamp(mark.offset, len);
        while self.searched < len {
            let wanted = (len - self.searched).min(most.max(BLOCK_BYTES) as u64);
            let block = read_at(&self.file, self.searched, wanted as usize)?;
            let end = if self.is_inside_line { memchr(b'\n', &block) } else { memrchr(b'\n', &block) };
            match end {
                Some(end) => return self.lines(mark, block, end + 1),
                None if block.is_empty() => break,
                None => self.searched += block.len() as u64,
            }
            if self.searched - mark.offset > LONGEST_LINE_BYTES as u64 {
                let piece = read_at(&self.file, mark.offset, (self.searched - mark.offset) as usize)?;
                mark.advance(&piece);
                self.is_inside_line = true;
                return Ok(Next::Piece(piece));
            }
        }
        Ok(Next::End)
    }

    /// What is between the mark and the place `end` in `block`, which was read where was searched up to.
    fn lines(&mut self, mark: &mut Mark, mut block: Vec<u8>, end: usize) -> io::Result<Next> {
        let before = (self.searched - mark.offset) as usize;
        let block_end = self.searched + block.len() as u64;
        block.truncate(end);
        let lines = if before == 0 {
            block
        } else {
            let mut lines = read_at(&self.file, mark.offset, before)?;
            if lines.len() < before {
                // It was cut meanwhile, which the next call finds.
                return Ok(Next::End);
            }
            lines.append(&mut block);
            lines
        };
        mark.advance(&lines);
        if std::mem::take(&mut self.is_inside_line) {
            self.searched = mark.offset;
            return Ok(Next::Piece(lines));
        }
        self.searched = block_end;
        Ok(Next::Lines(lines))
    }

    /// What follows the last line break, now that no more will come.
    pub fn rest(&mut self, mark: &mut Mark) -> io::Result<Vec<u8>> {
        let rest = read_at(&self.file, mark.offset, LONGEST_LINE_BYTES)?;
        mark.advance(&rest);
        Ok(rest)
    }

    /// Goes back in a file that was cut to `len` bytes: to its last line, if it begins as it did, and to its
    /// beginning otherwise.
    fn begin_again(&mut self, mark: &mut Mark, len: u64) -> io::Result<Next> {
        let beginning = read_at(&self.file, 0, len.min(MARK_BYTES as u64) as usize)?;
        self.is_inside_line = false;
        if len < mark.offset && beginning.len() >= TELLING_BYTES && mark.begins(&beginning) {
            let end = last_line_end(&self.file, len)?.unwrap_or(len);
            *mark = Mark::of(&self.file, end)?;
            self.searched = end;
            return Ok(Next::Shortened);
        }
        self.searched = 0;
        Ok(Next::Replaced(std::mem::take(mark)))
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
