//! Text that does not fit: where it is cut, and the mark that says so.

/// The mark behind a text of which so many bytes are missing, as everywhere (`limits.bytes`).
pub(crate) fn cut_bytes_mark(bytes: usize) -> String {
    format!("… <{bytes} bytes cut>")
}

/// The length of the longest start of `text` that is no longer than `most`, splits no character and `fits`:
/// if one does, shorter ones must too.
pub(crate) fn prefix_that(text: &[u8], most: usize, fits: impl Fn(&[u8]) -> bool) -> usize {
    let (mut fitting, mut beyond) = (0, most.min(text.len()) + 1);
    while beyond - fitting > 1 {
        let middle = fitting + (beyond - fitting) / 2;
        if fits(&text[..middle]) { fitting = middle } else { beyond = middle }
    }
    while fitting > 0 && fitting < text.len() && text[fitting] & 0xC0 == 0x80 {
        fitting -= 1;
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_between_characters_at_the_most_that_fits() {
        assert_eq!(prefix_that("жжж".as_bytes(), 5, |_| true), 4);
        assert_eq!(prefix_that(b"abcdef", 100, |start| start.len() <= 3), 3);
        assert_eq!(prefix_that(b"abc", 3, |_| true), 3);
        assert_eq!(prefix_that(b"abc", 3, |start| start.is_empty()), 0);
        assert_eq!(prefix_that(b"", 3, |_| true), 0);
    }
}
