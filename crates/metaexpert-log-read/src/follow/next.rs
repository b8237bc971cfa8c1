//! What a file gives next, and the bounds of it.

use super::mark::Mark;

/// What has no line break in more than this many bytes is given in pieces. No record is as long.
pub(super) use crate::line::MAX_LINE_BYTES as LONGEST_LINE_BYTES;
/// At least this much is read at once.
pub(super) const BLOCK_BYTES: usize = 64 << 10;

/// What is next in a file.
#[derive(Debug)]
pub(super) enum Next {
    /// Whole lines.
    Lines(Vec<u8>),
    /// A part of a line that has no end in sight, or none at all.
    Piece(Vec<u8>),
    /// Its end was cut off; it is read on from there.
    Shortened,
    /// It was emptied, and may have been written again since: it is read from its beginning. The mark says how
    /// far it was read before.
    Replaced(Mark),
    /// Nothing at the moment.
    End,
}
