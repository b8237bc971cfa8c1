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

/// As [`prefix_that`], of which `written` is no longer than `most` bytes.
pub(crate) fn prefix_written_in(text: &[u8], most: usize, written: impl Fn(&[u8], &mut Vec<u8>)) -> usize {
    prefix_that(text, most, |start| {
        let mut out = Vec::new();
        written(start, &mut out);
        out.len() <= most
    })
}

/// What a text may have that comes early: half of `room`, or what those after it, of `later` bytes, leave.
pub(crate) fn early_share(room: usize, later: usize) -> usize {
    (room / 2).max(room.saturating_sub(later))
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

    #[test]
    fn a_prefix_is_measured_as_it_is_written() {
        let doubled = |start: &[u8], out: &mut Vec<u8>| out.extend([start, start].concat());
        assert_eq!(prefix_written_in(b"abcdef", 7, doubled), 3);
        assert_eq!(prefix_written_in("жж".as_bytes(), 7, doubled), 2);
    }

    #[test]
    fn what_comes_early_has_half_of_the_room_or_all_that_is_left_over() {
        assert_eq!(early_share(100, 20), 80);
        assert_eq!(early_share(100, 90), 50);
        assert_eq!(early_share(100, 1000), 50);
    }
}
