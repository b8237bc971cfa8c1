//! The interface of what takes the pieces of a line.

use crate::line::words::Words;

/// The largest block.
pub const BLOCK: usize = 32;

/// What a line is put together in.
pub trait Output {
    /// Appends `text`.
    fn put(&mut self, text: &[u8]);

    /// Appends the first `len` bytes of `block`, which may have at most [`BLOCK`].
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize);

    /// Appends `len` bytes, of which `first` are the first and `last` the last; together they cover all:
    /// there are at least `N` and at most twice as many.
    fn put_ends<const N: usize>(&mut self, first: &[u8; N], last: &[u8; N], len: usize);

    /// Appends the inside of a JSON string that is long or needs escapes.
    fn put_escaped(&mut self, text: &[u8]);

    /// Appends a number of more than eight digits.
    fn put_long(&mut self, number: u64);
}

/// Appends the `len` bytes that `words` cover.
#[inline(always)]
pub(crate) fn push_words<O: Output>(words: Words<'_>, len: usize, out: &mut O) {
    match words {
        Words::Part(word, _) => out.put_block(&word.to_le_bytes(), len),
        Words::Single([first, last]) => out.put_ends(first, last, len),
        Words::Double([first, last]) => out.put_ends(first, last, len),
    }
}
