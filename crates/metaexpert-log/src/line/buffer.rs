//! Lines put together in a buffer. Short pieces are copied in blocks of a fixed size, which takes no call,
//! and the next one begins where the piece before has ended.

use std::mem::MaybeUninit;

use crate::line::decimal::push_long;
use crate::line::escape::escape_json_parts;
use crate::line::output::{BLOCK, Output};

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
    fn put_ends<const N: usize>(&mut self, first: &[u8; N], last: &[u8; N], len: usize) {
        self.extend_from_slice(first);
        self.extend_from_slice(&last[(2 * N).saturating_sub(len).min(N)..]);
    }

    #[inline]
    fn put_escaped(&mut self, text: &[u8]) {
        escape_json_parts(text, self);
    }

    #[inline]
    fn put_long(&mut self, number: u64) {
        push_long(number, self);
    }
}

/// The end of a line in the room behind it. Where that is stays in registers as long as nobody is given a
/// reference, so what is seldom needed takes the line and returns it.
pub struct Line<'a> {
    /// What is left of the room; nothing, for good, once something did not fit.
    room: &'a mut [MaybeUninit<u8>],
}

/// Appends what `write` puts on the line; it is called again if there was too little room. `usual` bytes are
/// enough for most lines.
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

/// Appends a line, if it fits into what room there is, at least `least` bytes; else returns how much that
/// was.
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
    // SAFETY: a line's room only ever gets shorter, by bytes at its beginning that were written, or becomes
    // empty. So all bytes before what is left are written, and inside the capacity.
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
    fn put_ends<const N: usize>(&mut self, first: &[u8; N], last: &[u8; N], len: usize) {
        debug_assert!((N..=2 * N).contains(&len));
        let room = std::mem::take(&mut self.room);
        // So that no byte stays unwritten, whatever `len` is.
        if let Some((place, left)) = room.split_at_mut_checked(len.clamp(N, 2 * N)) {
            if let Some(place) = place.first_chunk_mut::<N>() {
                place.copy_from_slice(written(first));
            }
            if let Some(place) = place.last_chunk_mut::<N>() {
                place.copy_from_slice(written(last));
            }
            self.room = left;
        }
    }

    #[inline(always)]
    fn put_escaped(&mut self, text: &[u8]) {
        self.then(|line| escaped(text, line));
    }

    #[inline(always)]
    fn put_long(&mut self, number: u64) {
        self.then(|line| long(number, line));
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

#[inline(never)]
fn long(number: u64, mut line: Line<'_>) -> Line<'_> {
    push_long(number, &mut line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::output::push_words;
    use crate::line::piece::Piece;
    use crate::line::words::Words;
    use proptest::prelude::*;

    fn push_short<O: Output>(text: &[u8], out: &mut O) {
        match Words::of(text) {
            Some(words) => push_words(words, text.len(), out),
            None => out.put(text),
        }
    }

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
    }
}
