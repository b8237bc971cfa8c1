//! A packed file, unpacked into whole lines as it is read. Nobody appends to it.

use std::fs::File;
use std::io::{self, Read};

use memchr::{memchr, memrchr};

use super::mark::Mark;
use super::next::{BLOCK_BYTES, LONGEST_LINE_BYTES, Next};
use crate::open::{Packing, unpacked};

pub(super) struct Packed {
    /// None at the end.
    text: Option<Box<dyn Read + Send>>,
    /// What was unpacked and not given.
    held: Vec<u8>,
    /// No line break is in so many bytes of what is held.
    searched: usize,
    /// Told once what came before was given.
    problem: Option<io::Error>,
    is_inside_line: bool,
}

impl Packed {
    pub fn new(file: File, packing: Packing) -> io::Result<Packed> {
        let text = Some(unpacked(file, packing)?);
        Ok(Packed { text, held: Vec::new(), searched: 0, problem: None, is_inside_line: false })
    }

    /// What is next, of about `most` bytes at most; a single line may be longer. A damaged file gives the whole
    /// lines before the damage, then its error, then its end.
    pub fn next(&mut self, most: usize) -> io::Result<Next> {
        loop {
            if let Some(next) = self.take_lines() {
                return Ok(next);
            }
            if self.held.len() > LONGEST_LINE_BYTES {
                self.is_inside_line = true;
                return Ok(Next::Piece(self.take(self.held.len())));
            }
            if self.text.is_none() {
                return self.problem.take().map_or(Ok(Next::End), Err);
            }
            self.unpack(most.max(BLOCK_BYTES));
        }
    }

    /// Passes over what is between `mark` and `place`, or as much as there is.
    pub fn skip(&mut self, mark: &mut Mark, place: u64) {
        while mark.offset < place && (self.text.is_some() || !self.held.is_empty()) {
            if self.held.is_empty() {
                self.unpack(BLOCK_BYTES);
            }
            let passed = (place - mark.offset).min(self.held.len() as u64);
            mark.advance(&self.take(passed as usize));
        }
    }

    /// What has no line break behind it, at the end.
    pub fn rest(&mut self) -> Vec<u8> {
        self.take(self.held.len())
    }

    fn take_lines(&mut self) -> Option<Next> {
        let unseen = &self.held[self.searched..];
        let end = if self.is_inside_line { memchr(b'\n', unseen) } else { memrchr(b'\n', unseen) };
        let Some(end) = end else {
            self.searched = self.held.len();
            return None;
        };
        let lines = self.take(self.searched + end + 1);
        let is_rest = std::mem::take(&mut self.is_inside_line);
        Some(if is_rest { Next::Piece(lines) } else { Next::Lines(lines) })
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let left = self.held.split_off(bytes);
        self.searched = 0;
        std::mem::replace(&mut self.held, left)
    }

    fn unpack(&mut self, bytes: usize) {
        let Some(text) = &mut self.text else { return };
        let outcome = text.take(bytes as u64).read_to_end(&mut self.held);
        if !matches!(outcome, Ok(count) if count == bytes) {
            self.text = None;
            self.problem = outcome.err();
        }
    }
}
