//! One file on its way to its end: what is given of it are whole lines.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use metaexpert_log::platform::disk::{Disk, FileId, Status, SystemDisk};

use super::doubles::Doubles;
use super::listing::{Listed, is_untouched};
use super::mark::{MARK_BYTES, Mark, read_at};
use super::next::Next;
use super::packed::Packed;
use super::unpacked::Unpacked;
use crate::open::{MAGIC_BYTES, Packing};

pub(super) struct Reading {
    pub path: PathBuf,
    pub identity: FileId,
    source: Source,
    /// How far it was given.
    pub mark: Mark,
    /// What a look has seen of it last.
    pub seen: Option<Status>,
    pub role: Role,
    /// It was packed, or its lines were repeated: it is not gone.
    pub is_copied: bool,
    /// Since when it is nowhere among the log's files.
    pub missing_since: Option<Instant>,
    /// Since when it has no name.
    pub gone_since: Option<Instant>,
    pub is_gone_told: bool,
    /// What it may repeat from the file before it.
    pub doubles: Option<Doubles>,
}

/// Why a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is, or was, written after the one before it.
    Written,
    /// It has got lines after it was finished.
    Late,
    /// It is a copy of a file that was packed while it was asleep.
    Copy,
    /// It is a copy of a file that was cut, of which is to be told behind it.
    BeforeCut,
}

enum Source {
    Unpacked(Unpacked),
    Packed(Packed),
    /// To be opened again at the mark once there is more.
    Asleep,
    /// Nothing is to be read from it.
    Closed,
}

impl Reading {
    fn new(listed: &Listed, source: Source, mark: Mark) -> Reading {
        Reading {
            path: listed.path.clone(),
            identity: listed.status.identity,
            source,
            mark,
            seen: Some(listed.status),
            role: Role::Written,
            is_copied: false,
            missing_since: None,
            gone_since: None,
            is_gone_told: false,
            doubles: None,
        }
    }

    /// Opens a file, to be read from its beginning. Fails with `NotFound` where another file has its path by
    /// now.
    pub fn open(listed: &Listed) -> io::Result<Reading> {
        let (file, packing) = opened(&listed.path, listed.status.identity)?;
        let source = match packing {
            Packing::Unpacked => Source::Unpacked(Unpacked::new(file)),
            packing => Source::Packed(Packed::new(file, packing)?),
        };
        Ok(Reading::new(listed, source, Mark::default()))
    }

    /// Opens a file, to be read from its last line break on; of a packed one nothing is read.
    pub fn open_at_end(listed: &Listed) -> io::Result<Reading> {
        let (file, packing) = opened(&listed.path, listed.status.identity)?;
        if packing != Packing::Unpacked {
            return Ok(Reading::new(listed, Source::Closed, Mark::at(listed.status.len, &[])));
        }
        let (file, mark) = Unpacked::at_end(file)?;
        Ok(Reading::new(listed, Source::Unpacked(file), mark))
    }

    /// Opens a file that has what another one had, to be read from `mark` on to its end, as `role` says. None if
    /// it has other text, or no more.
    pub fn resume(listed: &Listed, mark: &Mark, role: Role) -> io::Result<Option<Reading>> {
        let (file, packing) = opened(&listed.path, listed.status.identity)?;
        let source = if packing == Packing::Unpacked {
            if file.metadata()?.len() <= mark.offset || Mark::of(&file, mark.offset)? != *mark {
                return Ok(None);
            }
            Source::Unpacked(Unpacked::new(file))
        } else {
            let (mut packed, mut passed) = (Packed::new(file, packing)?, Mark::default());
            packed.skip(&mut passed, mark.offset.min(MARK_BYTES as u64));
            if !passed.begins_as(mark) {
                return Ok(None);
            }
            packed.skip(&mut passed, mark.offset);
            if passed != *mark {
                return Ok(None);
            }
            Source::Packed(packed)
        };
        let mut reading = Reading::new(listed, source, mark.clone());
        reading.role = role;
        Ok(Some(reading))
    }

    /// What is next, of about `most` bytes at most; a single line may be longer.
    pub fn next(&mut self, most: usize) -> io::Result<Next> {
        if self.is_asleep() {
            if let Some(next) = self.wake()? {
                return Ok(next);
            }
        }
        match &mut self.source {
            Source::Unpacked(file) => file.next(&mut self.mark, most),
            Source::Packed(packed) => packed.next(most),
            Source::Asleep | Source::Closed => Ok(Next::End),
        }
    }

    /// Whether it has a byte, or will have none: the file before it gets no more.
    pub fn has_begun(&self) -> bool {
        match &self.source {
            Source::Unpacked(file) => self.mark.offset > 0 || file.has_bytes(),
            _ => true,
        }
    }

    /// What follows the last line break, now that no more will come.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.source {
            Source::Unpacked(file) => file.rest(&mut self.mark),
            Source::Packed(packed) => Ok(packed.rest()),
            Source::Asleep | Source::Closed => Ok(Vec::new()),
        }
    }

    pub fn is_unpacked(&self) -> bool {
        matches!(self.source, Source::Unpacked(_) | Source::Asleep)
    }

    /// Whether a text that begins with `text` may be that of this file, or of what it was before it was cut.
    pub fn begins(&self, text: &[u8]) -> bool {
        let is_now = |file: &Unpacked| file.mark_now().is_ok_and(|mark| mark.begins(text));
        self.mark.begins(text) || matches!(&self.source, Source::Unpacked(file) if is_now(file))
    }

    /// Whether the file is open and has no name left.
    pub fn is_removed(&self) -> bool {
        matches!(&self.source, Source::Unpacked(file) if file.has_no_name())
    }

    /// What the next file may repeat, if this one was removed or packed.
    pub fn doubles(&self) -> Option<Doubles> {
        match &self.source {
            Source::Unpacked(file) if self.is_copied || self.gone_since.is_some() => {
                Doubles::new(file.file()).ok()
            }
            _ => None,
        }
    }

    /// Whether it is open, and unpacked.
    pub fn is_open(&self) -> bool {
        matches!(self.source, Source::Unpacked(_))
    }

    /// Closes the file until there is more in it. What was begun of a line is read again.
    pub fn sleep(&mut self) {
        if matches!(self.source, Source::Unpacked(_)) {
            self.source = Source::Asleep;
        }
    }

    pub fn is_asleep(&self) -> bool {
        matches!(self.source, Source::Asleep)
    }

    /// Nothing more is read from it.
    pub fn close(&mut self) {
        self.source = Source::Closed;
    }

    /// Whether it is `file`. What is open keeps its identity; what is closed may have left it to another file.
    pub fn is(&self, file: &Listed) -> bool {
        let is_untouched = || self.seen.is_some_and(|seen| is_untouched(&seen, &file.status));
        self.identity == file.status.identity && (!matches!(self.source, Source::Closed) || is_untouched())
    }

    /// Opens a sleeping file again. One that has another path by now is left to the next look.
    fn wake(&mut self) -> io::Result<Option<Next>> {
        let (file, packing) = match opened(&self.path, self.identity) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Some(Next::End)),
            outcome => outcome?,
        };
        // A file that was removed in its sleep may have left its identity to another one.
        let is_same = packing == Packing::Unpacked && self.mark.is_beginning_of(&file)?;
        self.source = Source::Unpacked(Unpacked::new(file));
        Ok((!is_same).then(|| Next::Replaced(std::mem::take(&mut self.mark))))
    }
}

/// The file at `path`, if it is the one, and what its first bytes say.
pub(super) fn opened(path: &Path, identity: FileId) -> io::Result<(File, Packing)> {
    let file = SystemDisk.open_read(path)?;
    if SystemDisk.status(&file)?.identity != identity {
        return Err(io::ErrorKind::NotFound.into());
    }
    let packing = Packing::of(&read_at(&file, 0, MAGIC_BYTES)?);
    Ok((file, packing))
}
