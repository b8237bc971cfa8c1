//! One file of a log, opened.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use memchr::{memchr, memrchr};

use crate::line::{Fault, MAX_LINE_BYTES};
use crate::open::{MAGIC_BYTES, Packing};

/// Read at a time to find the end of a line.
const REST_BYTES: u64 = 64 << 10;

/// What tells a file from all others, whatever it is called.
pub type Identity = (u64, u64);

/// A file as it was when it was opened; what is written to it later is not read.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) packing: Packing,
}

impl LogFile {
    /// Opens the file at `path`, which must be a regular one.
    pub(crate) fn open(path: &Path) -> io::Result<LogFile> {
        // A pipe would wait for its writer.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            let problem = if found.is_dir() { "a directory" } else { "not a regular file" };
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let mut beginning = [0; MAGIC_BYTES];
        let length = read_at(&file, &mut beginning, 0)?;
        let packing = Packing::of(&beginning[..length]);
        let identity = (found.dev(), found.ino());
        Ok(LogFile { path: path.to_owned(), file, identity, size: found.len(), packing })
    }

    /// Whether the file is still the one that its path names.
    pub(crate) fn has_its_name(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.identity)
    }

    /// Reads the lines that begin in `from..to` of an unpacked file into `buffer`, which keeps its size for
    /// the next call: bytes that are overwritten need not be zeroed.
    pub(crate) fn read_lines(&self, from: u64, to: u64, buffer: &mut Vec<u8>) -> io::Result<Lines> {
        // The byte before the block says whether a line begins with it.
        let start = from.saturating_sub(1);
        let mut end = self.fill(buffer, 0, start, to.min(self.size))?;
        let first = if from == 0 { 0 } else { memchr(b'\n', &buffer[..end]).map_or(end, |at| at + 1) };
        let begun = memrchr(b'\n', &buffer[..end]).map_or(0, |at| at + 1).max(first);
        while begun < end && buffer[end - 1] != b'\n' {
            let at = start + end as u64;
            if end - begun > MAX_LINE_BYTES {
                return Ok(Lines { whole: first..begun, rest: Some((Fault::TooLong, begun..end)) });
            }
            let filled = self.fill(buffer, end, at, (at + REST_BYTES).min(self.size))?;
            if filled == end {
                return Ok(Lines { whole: first..begun, rest: Some((Fault::Torn, begun..end)) });
            }
            end = memchr(b'\n', &buffer[end..filled]).map_or(filled, |at| end + at + 1);
        }
        Ok(Lines { whole: first..end, rest: None })
    }

    /// Puts what the file has in `from..to` at `place` of `buffer`, and returns the place behind it: earlier
    /// where the file has become shorter.
    pub(crate) fn fill(&self, buffer: &mut Vec<u8>, place: usize, from: u64, to: u64) -> io::Result<usize> {
        let end = place + to.saturating_sub(from) as usize;
        if buffer.len() < end {
            buffer.resize(end, 0);
        }
        Ok(place + read_at(&self.file, &mut buffer[place..end], from)?)
    }
}

/// Where lines are in a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Those with their ends.
    pub(crate) whole: Range<usize>,
    /// A last one without its end, and why it has none.
    pub(crate) rest: Option<(Fault, Range<usize>)>,
}

fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], from + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
