//! A glance at a short text, eight bytes at a time.

use crate::encode::line::word;

/// Whether `text` has a digit, or one of `:;<=>?`, which follow the digits in ASCII. Only then does a short text show
/// anything that could be a secret or stand before one.
#[inline(always)]
pub(super) fn has_digit_or_sign(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else { return marks(word(text)) != 0 };
    let words = text.chunks_exact(8).filter_map(<[u8]>::first_chunk::<8>);
    let found =
        words.fold(marks(u64::from_le_bytes(*last)), |found, word| found | marks(u64::from_le_bytes(*word)));
    found != 0
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_digit_or_sign_is_seen_wherever_it_stands(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let is_there = text.iter().any(|byte| (0x30..=0x3F).contains(byte));
            prop_assert_eq!(has_digit_or_sign(&text), is_there);
        }
    }
}
