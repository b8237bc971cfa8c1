//! Short texts in words of eight bytes, so that all of a text is looked at in a few steps.

/// No text that is taken for short is longer.
pub(crate) const SHORT: usize = 32;

/// A short text by the words that cover it: those at its beginning and those up to its end, which may
/// overlap.
#[derive(Clone, Copy)]
pub(crate) enum Words<'t> {
    /// Fewer than eight bytes, and how many; the others are zero.
    Part(u64, usize),
    /// 8 to 16 bytes.
    Single([&'t [u8; 8]; 2]),
    /// 17 to 32 bytes.
    Double([&'t [u8; 16]; 2]),
}

impl<'t> Words<'t> {
    /// The words of `text`, if it is short.
    #[inline(always)]
    pub(crate) fn of(text: &'t [u8]) -> Option<Words<'t>> {
        let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
            return Some(Words::Part(word(text), text.len()));
        };
        if text.len() <= 16 {
            return Some(Words::Single([first, last]));
        }
        if text.len() > SHORT {
            return None;
        }
        Some(Words::Double([text.first_chunk()?, text.last_chunk()?]))
    }

    /// What `marks` finds in all words together. It marks a byte in its own bits or higher ones.
    #[inline(always)]
    pub(crate) fn marked(&self, marks: impl Fn(u64) -> u64) -> u64 {
        match self {
            Words::Part(word, len) => marks(*word) & ((1 << (8 * len)) - 1),
            Words::Single([first, last]) => {
                marks(u64::from_le_bytes(**first)) | marks(u64::from_le_bytes(**last))
            }
            Words::Double(ends) => ends.iter().fold(0, |found, end| {
                let both = u128::from_le_bytes(**end);
                found | marks(both as u64) | marks((both >> 64) as u64)
            }),
        }
    }
}

/// Fewer than eight bytes as the low ones of a word, the others zero.
#[inline(always)]
fn word(text: &[u8]) -> u64 {
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
        fn a_word_has_all_bytes_in_their_order(text in proptest::collection::vec(any::<u8>(), 0..8)) {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(&text);
            prop_assert_eq!(word(&text).to_le_bytes(), bytes);
        }

        #[test]
        fn every_byte_is_in_a_word_and_nothing_else_is_marked(
            text in proptest::collection::vec(any::<u8>(), 0..40),
            wanted in any::<u8>(),
        ) {
            let words = Words::of(&text);
            prop_assert_eq!(words.is_some(), text.len() <= SHORT);
            let Some(words) = words else { return Ok(()) };
            for wanted in text.iter().copied().chain([wanted, 0]) {
                let marks = |word: u64| u64::from_le_bytes(word.to_le_bytes().map(|byte| u8::from(byte == wanted)));
                prop_assert_eq!(words.marked(marks) != 0, text.contains(&wanted));
            }
        }
    }
}
