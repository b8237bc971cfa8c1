//! Text that stays on its line: JSON escapes, and text without control characters.
//!
//! Beside what JSON demands, everything that could break a line, move a terminal's cursor or reorder
//! what a person sees is written as an escape: C0 and C1 controls, DEL, U+2028/2029, and the
//! bidirectional overrides (CVE-2021-42574).

use crate::line::output::{Output, push_words};
use crate::line::words::Words;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Whether a byte can be copied into a JSON string without a look at its neighbours.
const CLEAN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7F {
        table[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    table
};

/// Marks bytes that need attention in their highest bits. The lowest mark is exact: what a byte borrows from
/// the next or carries over to it only spoils those above one that is marked itself.
#[inline]
fn attention(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Of ASCII, each gets its highest bit in one of these ways alone; the others have it.
    let control = word.wrapping_sub(ONES * 0x20);
    let delete = word.wrapping_add(ONES);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (word | control | delete | quote | backslash) & HIGHS
}

/// Length of the prefix of `text` that needs no attention.
#[inline]
fn clean_prefix(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk::<8>() {
        let found = attention(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + text[at..].iter().position(|&byte| !CLEAN[byte as usize]).unwrap_or(text.len() - at)
}

/// Appends UTF-8 `text` as the inside of a JSON string. Bytes that are not UTF-8 become U+FFFD.
#[inline(always)]
pub fn escape_json<O: Output>(text: &[u8], out: &mut O) {
    match Words::of(text) {
        Some(words) if words.marked(attention) == 0 => push_words(words, text.len(), out),
        _ => out.put_escaped(text),
    }
}

/// As [`escape_json`], for a text that is long or needs escapes.
pub fn escape_json_parts<O: Output>(mut text: &[u8], out: &mut O) {
    loop {
        let clean = clean_prefix(text);
        out.put(&text[..clean]);
        text = &text[clean..];
        if text.is_empty() {
            return;
        }
        text = escape_one(text, out, json_escape);
    }
}

/// Appends UTF-8 `text` for a line that people read: control characters become visible escapes, so
/// that one record stays one line; quotes and backslashes stay as they are.
pub fn escape_controls(mut text: &[u8], out: &mut Vec<u8>) {
    loop {
        let clean = text.iter().position(|&byte| !(0x20..0x7F).contains(&byte)).unwrap_or(text.len());
        out.extend_from_slice(&text[..clean]);
        text = &text[clean..];
        if text.is_empty() {
            return;
        }
        text = escape_one(text, out, control_escape);
    }
}

/// Handles the character at the start of `text` and returns the rest.
fn escape_one<'a, O: Output>(text: &'a [u8], out: &mut O, escape: fn(u32, &mut O)) -> &'a [u8] {
    let Some((character, len)) = first_char(text) else {
        out.put("\u{FFFD}".as_bytes());
        return &text[1..];
    };
    if is_unsafe(character) {
        escape(character, out);
    } else {
        out.put(&text[..len]);
    }
    &text[len..]
}

/// The first character's code point and its length in bytes.
#[inline]
fn first_char(text: &[u8]) -> Option<(u32, usize)> {
    let len = match text[0] {
        0x00..=0x7F => return Some((u32::from(text[0]), 1)),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let character = std::str::from_utf8(text.get(..len)?).ok()?.chars().next()?;
    Some((character as u32, len))
}

#[inline]
fn is_unsafe(character: u32) -> bool {
    matches!(character,
        0x00..=0x1F | 0x22 | 0x5C | 0x7F..=0x9F | 0x2028..=0x202E | 0x2066..=0x2069)
}

fn json_escape<O: Output>(character: u32, out: &mut O) {
    let short = match character {
        0x22 => b'"',
        0x5C => b'\\',
        0x08 => b'b',
        0x0C => b'f',
        0x0A => b'n',
        0x0D => b'r',
        0x09 => b't',
        _ => {
            out.put(b"\\u");
            push_hex(character, 4, out);
            return;
        }
    };
    out.put(&[b'\\', short]);
}

fn control_escape(character: u32, out: &mut Vec<u8>) {
    match character {
        0x22 | 0x5C => out.push(character as u8),
        0x0A => out.extend_from_slice(b"\\n"),
        0x0D => out.extend_from_slice(b"\\r"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x00..=0xFF => {
            out.extend_from_slice(b"\\x");
            push_hex(character, 2, out);
        }
        _ => {
            out.extend_from_slice(b"\\u");
            push_hex(character, 4, out);
        }
    }
}

fn push_hex<O: Output>(number: u32, digits: u32, out: &mut O) {
    for digit in (0..digits).rev() {
        out.put(&[HEX[(number >> (4 * digit)) as usize & 0xF]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        escape_json(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn controls(text: &str) -> String {
        let mut out = Vec::new();
        escape_controls(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_json_demands_is_escaped() {
        assert_eq!(json("a\"b\\c\nd\u{1}e"), r#"a\"b\\c\nd\u0001e"#);
    }

    #[test]
    fn terminal_escapes_line_separators_and_overrides_are_neutralised() {
        assert_eq!(json("\u{1b}[2J\u{7f}\u{85}\u{2028}\u{202e}"), r"\u001b[2J\u007f\u0085\u2028\u202e");
        assert_eq!(controls("a\nb\u{1b}[31m\u{85}\u{202e}"), r"a\nb\x1b[31m\x85\u202e");
    }

    #[test]
    fn ordinary_text_of_any_script_stays_readable() {
        assert_eq!(json("цена €5 — 価格 🚀"), "цена €5 — 価格 🚀");
        assert_eq!(controls("say \"hi\" C:\\x"), "say \"hi\" C:\\x");
    }

    #[test]
    fn bytes_that_are_not_utf8_become_replacement_characters() {
        let mut out = Vec::new();
        escape_json(b"a\xFFb\xE2\x82", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{FFFD}b\u{FFFD}\u{FFFD}");
    }

    proptest! {
        #[test]
        fn any_text_reads_back_exactly(text in any::<String>()) {
            let line = format!("\"{}\"", json(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }

        #[test]
        fn the_lowest_mark_is_at_the_first_byte_that_needs_attention(bytes in any::<[u8; 8]>()) {
            let first = bytes.iter().position(|byte| !CLEAN[usize::from(*byte)]);
            let found = attention(u64::from_le_bytes(bytes));
            prop_assert_eq!((found != 0).then(|| found.trailing_zeros() as usize / 8), first);
        }

        #[test]
        fn a_short_text_is_escaped_as_a_long_one(text in "[ -~\"\\\\\t\u{7f}\u{80}é€🚀]{0,40}") {
            let mut parts = Vec::new();
            escape_json_parts(text.as_bytes(), &mut parts);
            prop_assert_eq!(json(&text).into_bytes(), parts);
        }

        #[test]
        fn no_escape_leaves_a_control_character(text in any::<String>()) {
            for escaped in [json(&text), controls(&text)] {
                let breaks = |c: char| c.is_control() || (0x2028..=0x202E).contains(&(c as u32));
                prop_assert!(!escaped.chars().any(breaks));
            }
        }

        #[test]
        fn arbitrary_bytes_give_valid_utf8(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut out = Vec::new();
            escape_json(&bytes, &mut out);
            prop_assert!(String::from_utf8(out).is_ok());
        }
    }
}
