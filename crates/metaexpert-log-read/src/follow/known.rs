//! The files of a writer that are not to be read, or no more: finished ones, and those from before.

use std::collections::HashMap;
use std::io::{self, Read};

use metaexpert_log::platform::disk::{FileId, Status};

use super::listing::{Listed, is_untouched};
use super::mark::{MARK_BYTES, Mark};
use super::reading::{Reading, Role, opened};
use crate::open::unpacked;

/// Of so many files, the newest ones, it is remembered how their texts begin. The others are older than these.
const MOST_TEXTS: usize = 16;

#[derive(Clone, Debug)]
struct Known {
    number: u32,
    status: Status,
    /// How its text begins; of a file that was read, also how far and how it ends there.
    mark: Mark,
    /// It was followed to its end.
    was_read: bool,
}

impl Known {
    /// An identity is given anew once its file is gone, but rotation never makes a number smaller.
    fn may_be(&self, file: &Listed) -> bool {
        self.status.identity == file.status.identity && self.number <= file.number
    }
}

#[derive(Default)]
pub(super) struct KnownFiles {
    all: Vec<Known>,
}

impl KnownFiles {
    /// Whether `file`, whose text begins with `text`, is one of them, or a copy of one.
    pub fn has(&self, file: &Listed, text: &[u8]) -> bool {
        self.all.iter().any(|known| {
            let is_untouched = known.may_be(file) && is_untouched(&known.status, &file.status);
            known.mark.begins(text) || (known.mark.is_empty() && is_untouched)
        })
    }

    /// Notes that a file was read to its end.
    pub fn finish(&mut self, reading: &Reading) {
        let Some(status) = reading.seen else { return };
        self.all.retain(|known| known.status.identity != reading.identity);
        // A file that is no longer there gets no lines, and may leave its identity to a copy of it.
        let was_read = reading.is_unpacked() && reading.missing_since.is_none();
        let mark = reading.mark.clone();
        // Another one is written by now.
        self.all.push(Known { number: 1, status, mark, was_read });
    }

    /// Keeps those that are among `files`, which are ordered from the oldest on, and adds the others of these.
    pub fn remember(&mut self, files: &[&Listed]) {
        let before: HashMap<FileId, Known> =
            std::mem::take(&mut self.all).into_iter().map(|known| (known.status.identity, known)).collect();
        let texts_from = files.len().saturating_sub(MOST_TEXTS);
        for (at, file) in files.iter().enumerate() {
            let text = || beginning(file).unwrap_or_default();
            let is_kept = |known: &&Known| {
                let is_untouched = is_untouched(&known.status, &file.status);
                known.may_be(file) && (is_untouched || (known.was_read && known.mark.begins(&text())))
            };
            let new = || {
                let text = if at < texts_from { Vec::new() } else { text() };
                Known { number: 0, status: file.status, mark: Mark::at(0, &text), was_read: false }
            };
            let known = before.get(&file.status.identity).filter(is_kept).cloned().unwrap_or_else(new);
            self.all.push(Known { number: file.number, status: file.status, ..known });
        }
    }

    /// The rest of a file that was read to its end, and has more lines by now: its writer goes on with it, though
    /// another file has begun.
    pub fn late(&mut self, file: &Listed) -> Option<Reading> {
        let known = self.all.iter_mut().find(|known| known.was_read && known.may_be(file))?;
        if file.status.len <= known.mark.offset {
            return None;
        }
        known.was_read = false;
        Reading::resume(file, &known.mark, Role::Late).ok()?
    }
}

/// How the text of a file begins, unpacked. Fails with `NotFound` where another file has its path by now.
pub(super) fn beginning(file: &Listed) -> io::Result<Vec<u8>> {
    let (file, packing) = opened(&file.path, file.status.identity)?;
    let mut text = Vec::new();
    unpacked(file, packing)?.take(MARK_BYTES as u64).read_to_end(&mut text)?;
    Ok(text)
}
