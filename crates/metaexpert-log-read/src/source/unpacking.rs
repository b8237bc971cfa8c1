//! A packed file, read as blocks of whole lines.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::{memchr, memrchr};

use super::file::LogFile;
use crate::line::{Fault, MAX_LINE_BYTES};
use crate::open::{Packing, unpacked};

/// Unpacked at a time.
const PART_BYTES: usize = 256 << 10;
/// A line of more than this is no log's, and a packed file may unpack to more than any disk.
const MAX_SKIPPED_BYTES: usize = 1 << 30;

/// What comes out of a packed file, part by part.
pub(crate) struct Unpacking {
    bytes: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// How much of the buffer is filled.
    end: usize,
    is_at_end: bool,
}

/// One part: whole lines, or a line that is none.
pub(crate) enum Part<'b> {
    Lines(&'b [u8]),
    Rest(Fault, &'b [u8]),
}

impl Unpacking {
    pub(crate) fn of(file: &LogFile) -> io::Result<Unpacking> {
        let mut own = file.file.try_clone()?;
        own.seek(SeekFrom::Start(0))?;
        let bytes = unpacked(own, file.packing)?;
        Ok(Unpacking { bytes, buffer: Vec::new(), end: 0, is_at_end: false })
    }

    /// Gives each part to `take` until that returns false. Fails where the file is cut off or damaged, after
    /// what came before has been given.
    pub(crate) fn for_each(mut self, mut take: impl FnMut(Part<'_>) -> bool) -> io::Result<()> {
        loop {
            let read = self.read();
            let whole = memrchr(b'\n', &self.buffer[..self.end]).map_or(0, |at| at + 1);
            if whole > 0 && !take(Part::Lines(&self.buffer[..whole])) {
                return Ok(());
            }
            self.buffer.copy_within(whole..self.end, 0);
            self.end -= whole;
            read?;
            let is_too_long = self.end > MAX_LINE_BYTES;
            if self.is_at_end && !is_too_long {
                if self.end > 0 {
                    take(Part::Rest(Fault::Torn, &self.buffer[..self.end]));
                }
                return Ok(());
            }
            if is_too_long {
                if !take(Part::Rest(Fault::TooLong, &self.buffer[..self.end])) {
                    return Ok(());
                }
                self.skip_line()?;
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        if self.buffer.len() < self.end + PART_BYTES {
            self.buffer.resize(self.end + PART_BYTES, 0);
        }
        let begun = self.end;
        while self.end - begun < PART_BYTES && !self.is_at_end {
            match self.bytes.read(&mut self.buffer[self.end..begun + PART_BYTES]) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Drops the rest of a line that is too long.
    fn skip_line(&mut self) -> io::Result<()> {
        let mut skipped = 0;
        self.end = 0;
        while !self.is_at_end {
            self.read()?;
            if let Some(at) = memchr(b'\n', &self.buffer[..self.end]) {
                self.buffer.copy_within(at + 1..self.end, 0);
                self.end -= at + 1;
                return Ok(());
            }
            skipped += self.end;
            self.end = 0;
            if skipped > MAX_SKIPPED_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no log: a line goes on and on"));
            }
        }
        Ok(())
    }
}

/// Words for what ended the reading of a packed file.
pub(crate) fn damage(packing: Packing, error: &io::Error) -> String {
    let name = packing.name().unwrap_or("unpacked");
    match (error.raw_os_error(), error.kind()) {
        (Some(_), _) => error.to_string(),
        (None, io::ErrorKind::UnexpectedEof) => format!("the {name} data ends too early"),
        _ => format!("no {name} data, or damaged: {error}"),
    }
}
