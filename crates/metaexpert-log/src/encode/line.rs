//! Short texts onto a line. They are copied in blocks of a fixed size, which takes no call, and the next one begins where
//! the text has ended.

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

    /// How much has been put.
    fn len(&self) -> usize;

    /// Takes back what was put since it had this length.
    fn rewind(&mut self, len: usize);

    /// Appends the inside of a JSON string that needs escapes.
    fn put_escaped(&mut self, text: &[u8]);
}

impl Output for Vec<u8> {
    #[inline]
    fn put(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    #[inline]
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        let end = self.len() + len;
        self.extend_from_slice(block);
        self.truncate(end);
    }

    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn rewind(&mut self, len: usize) {
        self.truncate(len);
    }

    #[inline]
    fn put_escaped(&mut self, text: &[u8]) {
        escape_json_parts(text, self);
    }
}

/// A line in room that cannot grow; of one that does not fit, only the length is right. Where it ends is kept in a
/// register as long as nobody is given a reference, so what is seldom needed takes and returns it.
pub struct Line<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl<'a> Line<'a> {
    /// A line that goes on at `at`.
    #[inline(always)]
    pub fn new(room: &'a mut [u8], at: usize) -> Line<'a> {
        Line { room, at }
    }

    /// Appends a text whose length is known beforehand.
    #[inline(always)]
    pub fn put_all<const N: usize>(&mut self, text: &[u8; N]) {
        self.put_block(text, N);
    }

    /// Puts `byte` in the place of the one at `at`.
    #[inline(always)]
    pub fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.room.get_mut(at) {
            *place = byte;
        }
    }

    /// Goes on with what `step`, which is given the room and the line's end, puts there; it returns the new end.
    #[inline(always)]
    pub fn then(&mut self, step: impl FnOnce(&mut [u8], usize) -> usize) {
        self.at = step(self.room, self.at);
    }

    /// Whether a line of this length fits into `room`, with the block that is written last.
    #[inline]
    pub fn fits(len: usize, room: &[u8]) -> bool {
        len + BLOCK <= room.len()
    }
}

impl Output for Line<'_> {
    #[inline(always)]
    fn put(&mut self, text: &[u8]) {
        if let Some(place) = self.room.get_mut(self.at..self.at + text.len()) {
            place.copy_from_slice(text);
        }
        self.at += text.len();
    }

    #[inline(always)]
    fn put_block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        const { assert!(N <= BLOCK) };
        if let Some(place) = self.room.get_mut(self.at..self.at + N) {
            place.copy_from_slice(block);
        }
        self.at += len;
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.at
    }

    #[inline(always)]
    fn rewind(&mut self, len: usize) {
        self.at = len;
    }

    #[inline(always)]
    fn put_escaped(&mut self, text: &[u8]) {
        self.then(|room, at| escaped(text, room, at));
    }
}

#[inline(never)]
fn escaped(text: &[u8], room: &mut [u8], at: usize) -> usize {
    let mut line = Line { room, at };
    escape_json_parts(text, &mut line);
    line.at
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
    let (Some(last), 8..=BLOCK) = (text.last_chunk::<8>(), text.len()) else {
        return if text.len() < 8 {
            out.put_block(&word(text).to_le_bytes(), text.len());
        } else {
            out.put(text);
        };
    };
    let end = out.len() + text.len();
    let mut rest = text;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        out.put_block(chunk, 8);
        rest = behind;
    }
    if !rest.is_empty() {
        out.rewind(end - 8);
        out.put_block(last, 8);
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
            let mut room = [0; 160];
            room[..before.len()].copy_from_slice(&before);
            for piece in [true, false] {
                let mut line = Line::new(&mut room, before.len());
                if piece { Piece::new(&text).push(&mut line) } else { push_short(&text, &mut line) }
                prop_assert_eq!(line.len(), expected.len());
                prop_assert_eq!(&room[..expected.len()], &expected);
            }
            prop_assert_eq!(&short, &expected);
        }

        #[test]
        fn a_line_that_does_not_fit_is_seen_by_its_length(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9),
            len in 0usize..200,
        ) {
            let mut room = vec![0; len];
            let mut line = Line::new(&mut room, 0);
            for text in &texts {
                Piece::new(text).push(&mut line);
                push_short(text, &mut line);
            }
            let (len, expected) = (line.len(), texts.iter().flat_map(|text| [&text[..], text].concat()));
            let expected: Vec<u8> = expected.collect();
            prop_assert_eq!(len, expected.len());
            prop_assert!(!Line::fits(len, &room) || room.starts_with(&expected));
        }

        #[test]
        fn a_word_has_all_bytes_in_their_order(text in proptest::collection::vec(any::<u8>(), 0..8)) {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(&text);
            prop_assert_eq!(word(&text).to_le_bytes(), bytes);
        }
    }
}
