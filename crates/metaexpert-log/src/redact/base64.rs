//! Bytes, which a field has in base64: what they were is looked through as any text.

/// Fewer bytes are no name with a secret: `api_key=abc12`.
const SHORTEST: usize = 20;
/// What bytes end in that are cut, before it is said how many follow.
const CUT: &str = "…";

/// Whether a text, at a glance, may stand for bytes with a secret in them.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    text.len() >= SHORTEST && text.first_chunk().is_some_and(is_printable)
}

/// Whether four characters are base64 of the beginning of a text: of ASCII, or of another letter.
fn is_printable(four: &[u8; 4]) -> bool {
    let graphic = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    group(four).is_some_and(|bytes| match bytes {
        [_, 0xC2..=0xF4, 0x80..=0xBF, _] => true,
        [_, bytes @ ..] => bytes.iter().all(graphic),
    })
}

/// The text that the bytes are which `base64` stands for, and the note that they are cut.
pub(super) fn text(base64: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    if !base64.first_chunk().is_none_or(is_printable) {
        return None;
    }
    let len = base64.iter().take_while(|byte| digit(**byte).is_some()).count();
    let rest = &base64[len..];
    let is_cut = rest.starts_with(CUT.as_bytes());
    let is_whole = b"==".starts_with(rest) && base64.len() % 4 == 0;
    if len < 2 || !is_cut && !is_whole {
        return None;
    }
    let len = if is_cut { len / 4 * 4 } else { len };
    let mut bytes = Vec::with_capacity(len);
    for four in base64[..len].chunks(4) {
        bytes.extend_from_slice(&group(four)?[1..four.len()]);
    }
    match std::str::from_utf8(&bytes) {
        Ok(_) => {}
        Err(problem) if is_cut && problem.error_len().is_none() => bytes.truncate(problem.valid_up_to()),
        Err(_) => return None,
    }
    let is_text = !bytes.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    is_text.then_some((bytes, if is_cut { rest } else { b"" }))
}

/// Up to four characters as the bytes that they stand for, behind a zero.
fn group(four: &[u8]) -> Option<[u8; 4]> {
    let bits = four.iter().try_fold(0u32, |bits, byte| Some(bits << 6 | digit(*byte)?))?;
    Some((bits << (6 * (4 - four.len()))).to_be_bytes())
}

fn digit(byte: u8) -> Option<u32> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(digit))
}

/// `bytes` in base64, with a note behind them.
pub(super) fn encoded(bytes: &[u8], note: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4 + note.len());
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        let four = [bits >> 18, bits >> 12, bits >> 6, bits].map(|digit| DIGITS[digit & 63]);
        out.extend_from_slice(&four[..=three.len()]);
        out.resize(out.len() + 3 - three.len(), b'=');
    }
    out.extend_from_slice(note);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_can_be_read_is_text() {
        for (bytes, base64) in [
            ("X-MBX-APIKEY", "WC1NQlgtQVBJS0VZ"),
            ("KEY", "S0VZ"),
            ("SIGN", "U0lHTg=="),
            ("key:x", "a2V5Ong="),
            ("a b", "YSBi"),
        ] {
            assert_eq!(text(base64.as_bytes()), Some((bytes.into(), &b""[..])));
            assert_eq!(encoded(bytes.as_bytes(), b""), base64.as_bytes());
        }
        let cut = "a2V5OnhrZX… <12 bytes cut>";
        assert_eq!(text(cut.as_bytes()), Some(("key:xk".into(), "… <12 bytes cut>".as_bytes())));
        for other in ["", "a", "abc", "Yf8=", "a-b=", "=====", "S0VZ====", "AAAA", "S0VZ rest"] {
            assert_eq!(text(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(bytes in "([ -~]{3}|пар)[ -~é\n]{13,40}") {
            let base64 = encoded(bytes.as_bytes(), b"");
            prop_assert!(may_be(&base64));
            prop_assert_eq!(text(&base64), Some((bytes.into_bytes(), &b""[..])));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            text(&bytes);
            text(&encoded(&bytes, CUT.as_bytes()));
        }
    }
}
