//! What is remembered of a file's text, so that it is known again in another file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much of either end is remembered. A record begins with its time and has its number, so that this tells
/// any two files of records apart.
pub(super) const MARK_BYTES: usize = 256;

/// The beginning of a file's text, and how far it was read, with what stands before that place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    beginning: Vec<u8>,
    ending: Vec<u8>,
    pub offset: u64,
}

impl Mark {
    /// The mark of a file that was read up to `offset`.
    pub fn of(file: &File, offset: u64) -> io::Result<Mark> {
        let mut mark = Mark { offset, ..Mark::default() };
        let bytes = offset.min(MARK_BYTES as u64);
        mark.beginning = read_at(file, 0, bytes as usize)?;
        mark.ending = read_at(file, offset - bytes, bytes as usize)?;
        Ok(mark)
    }

    /// The mark of a file of which only the beginning is known.
    pub fn at(offset: u64, beginning: &[u8]) -> Mark {
        Mark { beginning: beginning.to_vec(), ending: Vec::new(), offset }
    }

    /// Notes that `bytes` were read, behind those before.
    pub fn advance(&mut self, bytes: &[u8]) {
        if self.beginning.len() as u64 == self.offset {
            let wanted = MARK_BYTES - self.beginning.len();
            self.beginning.extend(&bytes[..wanted.min(bytes.len())]);
        }
        self.offset += bytes.len() as u64;
        self.ending.extend(&bytes[bytes.len().saturating_sub(MARK_BYTES)..]);
        self.ending.drain(..self.ending.len().saturating_sub(MARK_BYTES));
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.beginning.is_empty()
    }

    /// Whether a text that begins with `text` may be this one. What is empty is like nothing.
    pub fn begins(&self, text: &[u8]) -> bool {
        let both = self.beginning.len().min(text.len());
        both > 0 && self.beginning[..both] == text[..both]
    }

    /// Whether both texts begin alike.
    pub fn begins_as(&self, other: &Mark) -> bool {
        self.beginning == other.beginning
    }

    /// Whether the file, of which [`Mark::offset`] bytes were read, still has the beginning that it had.
    pub fn is_beginning_of(&self, file: &File) -> io::Result<bool> {
        Ok(read_at(file, 0, self.beginning.len())? == self.beginning)
    }
}

/// Up to `bytes` bytes from `offset` on, fewer only at the end of the file.
pub(super) fn read_at(file: &File, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut found = vec![0; bytes];
    let mut done = 0;
    while done < bytes {
        match file.read_at(&mut found[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => return Err(problem),
        }
    }
    found.truncate(done);
    Ok(found)
}
