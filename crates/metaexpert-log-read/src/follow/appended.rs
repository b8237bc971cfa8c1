//! What a follower gives.

use std::io;
use std::path::PathBuf;

use crate::source::Identity;

/// What has happened to one file of a log.
#[derive(Debug)]
pub struct Appended {
    /// The configured path of the log.
    pub log: PathBuf,
    /// The path that the file's writer appends to. What one writer has written comes in order, from whichever
    /// of its files.
    pub written: PathBuf,
    /// The file, under the name that it had at the last look.
    pub file: PathBuf,
    /// What it is.
    pub content: Content,
}

impl Appended {
    /// How many bytes of the file it has.
    pub(super) fn bytes(&self) -> usize {
        match &self.content {
            Content::Lines(bytes) | Content::Piece(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// Lines, or what is to be known about a file.
#[derive(Debug)]
pub enum Content {
    /// Whole lines as they are in the file, each with its line break.
    Lines(Vec<u8>),
    /// A part of a line, as it is: the line is longer than 8 MiB and comes in pieces, of which the last one ends
    /// with the line break, or its file was finished before its end was written.
    Piece(Vec<u8>),
    /// The file was cut. It is read again from its beginning, or from where its end was cut off. If it had been
    /// copied to number 1 before, as logrotate's `copytruncate` does, what was written since the last look came
    /// from the copy. Else such lines are unknown.
    Truncated,
    /// The file was removed or replaced; it was read to its end before. The log goes on with the next file of
    /// its name. Lines that the next file repeats from this one, as a writer does whose file was removed, come
    /// once.
    Gone,
    /// A file or the directory could not be read. It is tried again, and told again if the cause changes.
    Unreadable(io::Error),
}

/// How far a file had been written when following began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The configured path of its log.
    pub log: PathBuf,
    /// Its path at that moment. It may have another by now.
    pub file: PathBuf,
    /// Which file it is.
    pub identity: Identity,
    /// Where following begins, in bytes of the file as it lies on the disk: all whole lines of the written file
    /// stand before it. A finished file ends there, whether packed or not.
    pub end_bytes: u64,
}
