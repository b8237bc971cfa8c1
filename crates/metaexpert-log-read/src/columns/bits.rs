//! Bits in a row, the lowest of each byte first, as Arrow has them.

/// A growing row of bits.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    length: usize,
    /// How many of them are set.
    set: usize,
}

impl Bits {
    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.length % 8 == 0 {
            self.bytes.push(0);
        }
        if bit {
            self.bytes[self.length / 8] |= 1 << (self.length % 8);
            self.set += 1;
        }
        self.length += 1;
    }

    /// Adds bits that are not set until there are `length`.
    pub fn extend_to(&mut self, length: usize) {
        self.bytes.resize(length.div_ceil(8), 0);
        self.length = length;
    }

    pub fn get(&self, index: usize) -> bool {
        self.bytes.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn count_unset(&self) -> usize {
        self.length - self.set
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
