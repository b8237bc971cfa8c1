//! Texts that are prepared once and written often: names, and what stands around them.

use std::ops::Deref;

use crate::line::output::{BLOCK, Output};

/// A prepared text.
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
