//! What a file gives next, and the bounds of it.

/// What has no line break in this many bytes is given in pieces. No record is as long.
pub(super) const LONGEST_LINE_BYTES: usize = 8 << 20;
/// At least this much is read at once.
pub(super) const BLOCK_BYTES: usize = 64 << 10;

/// What is next in a file.
#[derive(Debug)]
pub(super) enum Next {
    /// Whole lines.
    Lines(Vec<u8>),
    /// A part of a line that has no end in sight, or none at all.
    Piece(Vec<u8>),
    /// The file was cut, and is read from an earlier place on.
    Truncated,
    /// Nothing at the moment.
    End,
}
