//! A glance at a short text, eight bytes at a time.

use crate::line::words::Words;

/// Whether `text`, if it is short, has a digit, or one of `:;<=>?`, which follow the digits in ASCII. Only
/// then does a short text show anything that could be a secret or stand before one.
#[inline(always)]
pub(super) fn has_digit_or_sign(text: &[u8]) -> bool {
    Words::of(text).is_none_or(|words| words.marked(marks) != 0)
}

/// Not 0 if a byte is one of `0x30` to `0x3F`.
#[inline(always)]
fn marks(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let rest = (word ^ (ONES * 0x30)) & (ONES * 0xF0);
    rest.wrapping_sub(ONES) & !rest & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::words::SHORT;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_digit_or_sign_is_seen_wherever_it_stands(text in proptest::collection::vec(any::<u8>(), 0..=SHORT)) {
            let is_there = text.iter().any(|byte| (0x30..=0x3F).contains(byte));
            prop_assert_eq!(has_digit_or_sign(&text), is_there);
        }
    }
}
