//! A text with parts of it masked, copied at the first of them.

use std::ops::Range;

/// What is written in a secret's place.
pub const MASK: &[u8] = b"***";

/// Takes parts out of a text, from its beginning to its end.
pub(super) struct Edit<'a> {
    text: &'a [u8],
    out: Vec<u8>,
    done: usize,
}

impl<'a> Edit<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Edit { text, out: Vec::new(), done: 0 }
    }

    /// Puts the mask in the place of `part`, unless it is empty; what overlaps the part before is that one's.
    pub(super) fn mask(&mut self, part: Range<usize>) {
        if !part.is_empty() {
            self.replace(part, MASK);
        }
    }

    /// Puts `with` in the place of `part`.
    pub(super) fn replace(&mut self, part: Range<usize>, with: &[u8]) {
        if part.end <= self.done || &self.text[part.clone()] == with {
            return;
        }
        let start = part.start.max(self.done);
        self.out.extend_from_slice(&self.text[self.done..start]);
        self.out.extend_from_slice(with);
        self.done = part.end;
    }

    /// The text, if it is another now.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        if self.done == 0 {
            return None;
        }
        self.out.extend_from_slice(&self.text[self.done..]);
        Some(self.out)
    }
}
