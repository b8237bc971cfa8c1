//! Digits of numbers, in the forms that C's `printf` and Python's `%` share.

use std::io::Write;

/// How a number with a decimal point is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FloatStyle {
    /// `1.500000e+03`
    Exponent,
    /// `1500.000000`
    Fixed,
    /// `1500` or `1.5e+20`, whichever is shorter, with the precision as significant digits.
    General,
}

/// The digits of `number`, in memory of their own.
pub(crate) struct Decimal {
    buffer: itoa::Buffer,
    magnitude: u128,
    negative: bool,
    text: [u8; 40],
    len: usize,
}

impl Decimal {
    fn new(magnitude: u128, negative: bool) -> Decimal {
        let mut decimal =
            Decimal { buffer: itoa::Buffer::new(), magnitude, negative, text: [0; 40], len: 0 };
        decimal.fill();
        decimal
    }

    fn fill(&mut self) {
        let digits = self.buffer.format(self.magnitude).as_bytes();
        let sign = usize::from(self.negative);
        self.text[0] = b'-';
        self.text[sign..sign + digits.len()].copy_from_slice(digits);
        self.len = sign + digits.len();
    }
}

impl AsRef<[u8]> for Decimal {
    fn as_ref(&self) -> &[u8] {
        &self.text[..self.len]
    }
}
