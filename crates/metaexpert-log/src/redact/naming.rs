//! The name that a sign stands behind: `API key: …`, `api_secret (OKX) = …`.

use super::extent::{MOST_OF_NAME, before_colours};

/// Quotes, brackets and blanks between a name and its sign: `os.environ["SECRET"] = …`.
const MOST_BETWEEN: usize = 6;
/// A remark behind a name is no longer: `mnemonic (12 words): …`.
const MOST_OF_REMARK: usize = 24;

/// The name before `sign`, with the word before it: `API key: …`.
pub(super) fn name_before(text: &[u8], sign: usize) -> Option<&[u8]> {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b']' | b'\\');
    let before = |sign: usize| {
        let mut end = sign;
        while end > 0 && sign - end < MOST_BETWEEN && is_between(&text[end - 1]) {
            end -= 1;
        }
        end
    };
    let mut end = before(sign);
    let uncoloured = before_colours(text, end);
    if uncoloured < end {
        end = before(uncoloured);
    }
    end = remark(&text[..end]).unwrap_or(end);
    let least = end.saturating_sub(MOST_OF_NAME);
    let word = |end: usize| {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte) || !byte.is_ascii();
        text[least..end].iter().rposition(|byte| !is_part(byte)).map_or(least, |at| least + at + 1)
    };
    let mut start = word(end);
    if start == end {
        return None;
    }
    // What looks like the beginning of the name may be the end of its colour: `\x1b[36mtoken`.
    let coloured = text[start..end].iter().position(|byte| *byte == b'm').map_or(start, |at| start + at + 1);
    if before_colours(text, coloured) < start {
        start = coloured;
    } else if start > least + 1 && text[start - 1] == b' ' {
        start = word(start - 1);
    }
    Some(&text[start..end])
}

/// Where a remark in brackets begins that `text` ends with: `api_secret (OKX)`.
fn remark(text: &[u8]) -> Option<usize> {
    let inside = text.strip_suffix(b")")?;
    let least = inside.len().saturating_sub(MOST_OF_REMARK);
    let open = least + inside[least..].iter().rposition(|byte| b"()\n\"'=".contains(byte))?;
    text[..open].strip_suffix(b" ").filter(|_| text[open] == b'(').map(<[u8]>::len)
}
