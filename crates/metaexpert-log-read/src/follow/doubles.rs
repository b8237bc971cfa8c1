//! Lines that are in two files, because the first was removed when they had just been written to it.
//!
//! The writer of a log looks after each write whether its file still has a name. If not, it writes the same
//! lines again, into a new file. An editor that saves a file puts a copy in its place.

use std::fs::File;
use std::io;

use memchr::memchr;
use memchr::memmem::rfind;

use super::mark::read_at;

/// In so many bytes at the end of the removed file the repeated lines begin. A writer writes less at once.
const SEARCHED_BYTES: u64 = 1 << 20;

/// Takes the lines from the beginning of a file that are the last ones of a removed file.
pub(super) struct Doubles {
    removed: File,
    len: u64,
    /// Where the removed file has what comes next; none before the first line.
    place: Option<u64>,
}

impl Doubles {
    /// For the file after `removed`, which was read to its end.
    pub fn new(removed: &File) -> io::Result<Doubles> {
        let len = removed.metadata()?.len();
        Ok(Doubles { removed: removed.try_clone()?, len, place: None })
    }

    /// Takes the repeated lines from the beginning of `lines`, which follow those of the last call. Returns
    /// whether more may come.
    pub fn take(&mut self, lines: &mut Vec<u8>) -> io::Result<bool> {
        let place = match self.place {
            Some(place) => place,
            None => match self.find(lines)? {
                Some(place) => place,
                None => return Ok(false),
            },
        };
        let there = read_at(&self.removed, place, (self.len - place).min(lines.len() as u64) as usize)?;
        let equal = there.iter().zip(lines.iter()).take_while(|(one, other)| one == other).count();
        let repeated = lines[..equal].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        lines.drain(..repeated);
        self.place = Some(place + repeated as u64);
        Ok(lines.is_empty() && place + (repeated as u64) < self.len)
    }

    /// Where the removed file has `lines`, or as many of them as it has behind that place: at its beginning, or
    /// as near to its end as possible.
    fn find(&self, lines: &[u8]) -> io::Result<Option<u64>> {
        let beginning = read_at(&self.removed, 0, lines.len().min(self.len as usize))?;
        if lines.starts_with(&beginning) {
            return Ok(Some(0));
        }
        let start = self.len.saturating_sub(SEARCHED_BYTES);
        let end = read_at(&self.removed, start, (self.len - start) as usize)?;
        let first = &lines[..memchr(b'\n', lines).map_or(lines.len(), |at| at + 1)];
        let mut searched = end.as_slice();
        while let Some(at) = rfind(searched, first) {
            let both = lines.len().min(end.len() - at);
            let begins_line = if at == 0 { start == 0 } else { end[at - 1] == b'\n' };
            if begins_line && lines[..both] == end[at..at + both] {
                return Ok(Some(start + at as u64));
            }
            searched = &end[..at + first.len() - 1];
        }
        Ok(None)
    }
}
