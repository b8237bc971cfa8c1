//! Short texts onto a line. They are copied in blocks of a fixed size, which takes no call, and the next one begins where
//! the text has ended.

use std::mem::MaybeUninit;
use std::ops::Deref;

use crate::encode::escape::escape_json_parts;

/// The largest block.
pub const BLOCK: usize = 32;

/// What a line is put together in.
pub trait Output {
    /// Appends `text`.
    fn put(&mut self, text: &[u8]);

    /// Appends the first `len` bytes of `block`, which may have at most [`BLOCK`].
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize);

    /// Appends the inside of a JSON string that is long or needs escapes.
    fn put_escaped(&mut self, text: &[u8]);
}

impl Output for Vec<u8> {
    #[inline]
    fn put(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    #[inline]
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        let end = self.len() + len.min(N);
        self.extend_from_slice(block);
        self.truncate(end);
    }

    #[inline]
    fn put_escaped(&mut self, text: &[u8]) {
        escape_json_parts(text, self);
    }
}

/// The end of a line in the room behind it. Where that is stays in registers as long as nobody is given a reference, so
/// what is seldom needed takes the line and returns it.
pub struct Line<'a> {
    /// What is left of the room; nothing, for good, once something did not fit.
    room: &'a mut [MaybeUninit<u8>],
}

/// Appends what `write` puts on the line; it is called again if there was too little room. `usual` bytes are enough
/// for most lines.
#[inline(always)]
pub fn push_line(out: &mut Vec<u8>, usual: usize, mut write: impl for<'l> FnMut(Line<'l>) -> Line<'l>) {
    // Not a loop: what its passes share would be worked out beforehand, and kept on the stack.
    if let Err(room) = try_line(out, usual, &mut write) {
        push_long_line(out, room, &mut write);
    }
}

#[cold]
#[inline(never)]
fn push_long_line(out: &mut Vec<u8>, mut room: usize, write: &mut dyn for<'l> FnMut(Line<'l>) -> Line<'l>) {
    while let Err(next) = try_line(out, 2 * room, &mut *write) {
        room = next;
    }
}

/// Appends a line, if it fits into what room there is, at least `least` bytes; else returns how much that was.
#[inline(always)]
fn try_line(
    out: &mut Vec<u8>,
    least: usize,
    mut write: impl for<'l> FnMut(Line<'l>) -> Line<'l>,
) -> Result<(), usize> {
    out.reserve(least + BLOCK);
    let room = out.spare_capacity_mut();
    let all = room.len();
    let left = write(Line { room }).room.len();
    if left < BLOCK {
        return Err(all);
    }
    // SAFETY: a line's room only ever gets shorter, by bytes at its beginning that were written, or becomes empty. So
    // all bytes before what is left are written, and inside the capacity.
    unsafe { out.set_len(out.len() + (all - left)) };
    Ok(())
}

impl Line<'_> {
    /// Appends a text whose length is known beforehand.
    #[inline(always)]
    pub fn put_all<const N: usize>(&mut self, text: &[u8; N]) {
        self.put_block(text, N);
    }

    /// Goes on with what `step` puts on the line that it is given and returns.
    #[inline(always)]
    pub fn then(&mut self, step: impl for<'l> FnOnce(Line<'l>) -> Line<'l>) {
        let Line { room } = step(Line { room: std::mem::take(&mut self.room) });
        self.room = room;
    }
}

impl Output for Line<'_> {
    #[inline(always)]
    fn put(&mut self, text: &[u8]) {
        let room = std::mem::take(&mut self.room);
        if let Some((place, left)) = room.split_at_mut_checked(text.len()) {
            place.copy_from_slice(written(text));
            self.room = left;
        }
    }

    #[inline(always)]
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        const { assert!(N <= BLOCK) };
        let room = std::mem::take(&mut self.room);
        if let Some(place) = room.first_chunk_mut::<N>() {
            place.copy_from_slice(written(block));
            self.room = &mut room[len.min(N)..];
        }
    }

    #[inline(always)]
    fn put_escaped(&mut self, text: &[u8]) {
        self.then(|line| escaped(text, line));
    }
}

/// `text` as memory that need not be written.
#[inline(always)]
fn written(text: &[u8]) -> &[MaybeUninit<u8>] {
    // SAFETY: the layout is the same, and what is written may always be taken for what need not be.
    unsafe { &*(std::ptr::from_ref(text) as *const [MaybeUninit<u8>]) }
}

#[inline(never)]
fn escaped<'l>(text: &[u8], mut line: Line<'l>) -> Line<'l> {
    escape_json_parts(text, &mut line);
    line
}

/// A text that is prepared once and written often.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its beginning, filled up with zeros.
    block: [u8; BLOCK],
    text: Box<[u8]>,
}

impl Piece {
    /// A piece that is `text`.
    pub fn new(text: &[u8]) -> Piece {
        let mut block = [0; BLOCK];
        let len = text.len().min(BLOCK);
        block[..len].copy_from_slice(&text[..len]);
        Piece { block, text: text.into() }
    }

    /// Appends the text.
    #[inline(always)]
    pub fn push<O: Output>(&self, out: &mut O) {
        let len = self.text.len();
        if len > BLOCK { out.put(&self.text) } else { out.put_block(&self.block, len) }
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.text
    }
}

/// Appends `text`, which is best short.
#[inline(always)]
pub fn push_short<O: Output>(text: &[u8], out: &mut O) {
    let Some(last) = text.last_chunk::<8>() else {
        return out.put_block(&word(text).to_le_bytes(), text.len());
    };
    if text.len() > BLOCK {
        return out.put(text);
    }
    let mut rest = text;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        out.put_block(chunk, chunk.len());
        rest = behind;
    }
    if !rest.is_empty() {
        let word = u64::from_le_bytes(*last) >> (8 * (8 - rest.len()));
        out.put_block(&word.to_le_bytes(), rest.len());
    }
}

/// Fewer than eight bytes as the low ones of a word, the others zero.
#[inline]
pub fn word(text: &[u8]) -> u64 {
    debug_assert!(text.len() < 8);
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (low, high) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(low) | u64::from(high) << (8 * (text.len() - 4));
    }
    // Up to three: the one in the middle may be the first or the last as well.
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return 0 };
    let middle = text.len() / 2;
    u64::from(*first) | u64::from(text[middle]) << (8 * middle) | u64::from(*last) << (8 * (text.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_of_any_length_arrive_whole(
            before in proptest::collection::vec(any::<u8>(), 0..40),
            text in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let expected = [&before[..], &text].concat();
            let (mut prepared, mut short) = (before.clone(), before.clone());
            Piece::new(&text).push(&mut prepared);
            push_short(&text, &mut short);
            prop_assert_eq!(&prepared, &expected);
            let (mut lines, mut calls) = (before.clone(), 0);
            push_line(&mut lines, 1, |mut line| {
                calls += 1;
                Piece::new(&text).push(&mut line);
                push_short(&text, &mut line);
                line
            });
            prop_assert_eq!(lines, [&before[..], &text, &text].concat());
            prop_assert!(calls < 5);
        }

        #[test]
        fn a_line_is_whole_whatever_room_there_is_at_first(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9),
            len in 0usize..200,
        ) {
            let mut out = Vec::with_capacity(len);
            push_line(&mut out, 1, |mut line| {
                for text in &texts {
                    Piece::new(text).push(&mut line);
                    line.put(text);
                    line.then(|mut line| {
                        push_short(text, &mut line);
                        line
                    });
                }
                line
            });
            let expected: Vec<u8> = texts.iter().flat_map(|text| [&text[..], text, text].concat()).collect();
            prop_assert_eq!(out, expected);
        }

        #[test]
        fn a_word_has_all_bytes_in_their_order(text in proptest::collection::vec(any::<u8>(), 0..8)) {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(&text);
            prop_assert_eq!(word(&text).to_le_bytes(), bytes);
        }
    }
}
