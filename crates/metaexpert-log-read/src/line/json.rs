//! Values of JSON (RFC 8259), passed over and checked in one pass.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The eight bytes at `at`, the first one lowest.
#[inline]
pub(super) fn word(line: &[u8], at: usize) -> Option<u64> {
    line.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The place behind the value at `at`, however deep it is; none where there is no value. White space may
/// stand within it. `open` is memory for what is open: true for an object, false for an array.
pub(super) fn value(line: &[u8], at: usize, open: &mut Vec<bool>) -> Option<usize> {
    match line.get(at)? {
        b'{' | b'[' => nested(line, at, open),
        _ => scalar(line, at),
    }
}

#[inline]
fn scalar(line: &[u8], at: usize) -> Option<usize> {
    match line.get(at)? {
        b'"' => text(line, at + 1),
        b't' => literal(line, at, b"true"),
        b'f' => literal(line, at, b"false"),
        b'n' => literal(line, at, b"null"),
        _ => number(line, at),
    }
}

fn nested(line: &[u8], mut at: usize, open: &mut Vec<bool>) -> Option<usize> {
    open.clear();
    loop {
        // A value begins here: an object or array is opened, and whatever is whole is followed by another.
        let first = skip_space(line, at + 1);
        at = match (line.get(at)?, line.get(first)) {
            (b'{', Some(b'}')) | (b'[', Some(b']')) => close(line, first + 1, open)?,
            (b'{', _) => {
                open.push(true);
                key(line, first)?
            }
            (b'[', _) => {
                open.push(false);
                first
            }
            _ => close(line, scalar(line, at)?, open)?,
        };
        if open.is_empty() {
            return Some(at);
        }
    }
}

/// The place of the value that follows the one which ends at `at`, or the end of all that is open.
fn close(line: &[u8], mut at: usize, open: &mut Vec<bool>) -> Option<usize> {
    while let Some(is_object) = open.last() {
        at = skip_space(line, at);
        match (line.get(at)?, is_object) {
            (b',', true) => return key(line, skip_space(line, at + 1)),
            (b',', false) => return Some(skip_space(line, at + 1)),
            (b'}', true) | (b']', false) => drop(open.pop()),
            _ => return None,
        }
        at += 1;
    }
    Some(at)
}

/// The place of the value whose key is at `at`.
fn key(line: &[u8], at: usize) -> Option<usize> {
    let behind = if *line.get(at)? == b'"' { skip_space(line, text(line, at + 1)?) } else { return None };
    (*line.get(behind)? == b':').then(|| skip_space(line, behind + 1))
}

#[inline]
pub(super) fn skip_space(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The place behind the text whose first character is at `at`.
#[inline]
fn text(line: &[u8], mut at: usize) -> Option<usize> {
    loop {
        while let Some(word) = word(line, at) {
            let found = special(word);
            if found != 0 {
                at += found.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match line.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += escape(line.get(at + 1..)?)?,
            0..b' ' => return None,
            _ => at += 1,
        }
    }
}

/// Marks quotes, backslashes and control characters in their highest bits. The lowest mark is exact.
#[inline]
fn special(word: u64) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let controls = word.wrapping_sub(ONES * b' ' as u64) & !word & HIGHS;
    zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64)) | controls
}

/// The length of the escape whose backslash stands before `letters`.
fn escape(letters: &[u8]) -> Option<usize> {
    match letters.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => letters.get(1..5)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Marks all but digits in their highest bits. The lowest mark is exact.
#[inline]
fn no_digits(word: u64) -> u64 {
    let values = word ^ (ONES * b'0' as u64);
    (values.wrapping_add(ONES * (0x80 - 10)) | values) & HIGHS
}

fn literal(line: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    line.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// The place behind the number at `at`.
#[inline]
fn number(line: &[u8], at: usize) -> Option<usize> {
    let first = if *line.get(at)? == b'-' { at + 1 } else { at };
    let mut end = match line.get(first)? {
        b'0' => first + 1,
        b'1'..=b'9' => digits(line, first + 1),
        _ => return None,
    };
    if line.get(end) == Some(&b'.') {
        end = some_digits(line, end + 1)?;
    }
    if let Some(b'e' | b'E') = line.get(end) {
        let is_signed = matches!(line.get(end + 1), Some(b'+' | b'-'));
        end = some_digits(line, end + 1 + usize::from(is_signed))?;
    }
    Some(end)
}

fn some_digits(line: &[u8], at: usize) -> Option<usize> {
    Some(digits(line, at)).filter(|end| *end > at)
}

/// The place behind the digits at `at`.
#[inline]
fn digits(line: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(line, at) {
        let found = no_digits(word);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while line.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    /// JSON, and what is nearly JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "1", "-", "0", ".", "5", "e", "E+", "true", "null",
                "fals",
                " ", "\t", "\\", "\"\\n\"", "\"\\u00e4\"", "\"\\u00g4\"", "\"\\x\"", "\"ä\"", "\"\u{1}\"", "\u{c}",
                "{\"a\":", "{\"a\":[1,{}]}", "[[],{}]", "\"long text with \\\"quotes\\\" in it\"", "12.50", "-1e-9",
            ]),
            1 => "[ -~]{0,3}".prop_map(|text| &*text.leak()),
        ];
        prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn a_value_is_one_for_every_reader(text in nearly_json()) {
            let is_whole = value(text.as_bytes(), 0, &mut Vec::new()) == Some(text.len());
            let is_json = serde_json::from_str::<&RawValue>(&text).is_ok_and(|found| found.get() == text);
            prop_assert_eq!(is_whole, is_json, "{:?}", text);
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let text = format!("{}1{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
        assert_eq!(value(text.as_bytes(), 0, &mut Vec::new()), Some(text.len()));
    }
}
