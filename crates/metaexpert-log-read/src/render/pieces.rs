//! Keys and values of a line, made safe: what breaks a line, moves a terminal's cursor or turns text around
//! is shown as an escape, and bytes that are not UTF-8 as U+FFFD.

use memchr::memchr2;
use metaexpert_log::encode::people;
use metaexpert_log::jsonl::decode;
use metaexpert_log::line::escape::{escape_controls, escape_json};

/// The byte stands for itself in a text, but the text has quotes around it.
const SPACED: u8 = 1;
/// It is an escape's, a control character, or not ASCII.
const SPECIAL: u8 = 2;

const KINDS: [u8; 256] = {
    let mut kinds = [SPECIAL; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        kinds[byte] = 0;
        byte += 1;
    }
    kinds[b' ' as usize] = SPACED;
    kinds[b'=' as usize] = SPACED;
    kinds[b'\\' as usize] = SPECIAL;
    // Only in a key that was decoded.
    kinds[b'"' as usize] = SPECIAL;
    kinds
};

/// What is true of one byte of `text` at least. What is special hides what is spaced.
#[inline]
fn kinds(text: &[u8]) -> u8 {
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
    };
    let mut kinds = kinds_of_eight(*last);
    for eight in text.chunks_exact(8) {
        kinds |= kinds_of_eight(eight.try_into().unwrap_or(*last));
    }
    kinds
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks bytes that are zero in their highest bits. Others are marked only if there is one that is.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

/// The same of eight bytes at once.
#[inline]
fn kinds_of_eight(bytes: [u8; 8]) -> u8 {
    let word = u64::from_le_bytes(bytes);
    let is = |byte: u8| zeros(word ^ (ONES * u64::from(byte)));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let special = word | control | is(0x7f) | is(b'"') | is(b'\\');
    let spaced = is(b' ') | is(b'=');
    if special & HIGHS != 0 { SPECIAL } else { u8::from(spaced & HIGHS != 0) * SPACED }
}

/// The inside of the JSON string that `value` is.
#[inline]
pub(super) fn inside(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// The text that stands between a JSON string's quotes as `inside`, in `memory` if it has escapes. One with
/// escapes that JSON does not have is that text itself.
#[inline]
pub(super) fn text_of<'t>(inside: &'t [u8], memory: &'t mut Vec<u8>) -> &'t [u8] {
    if memchr::memchr(b'\\', inside).is_none() {
        return inside;
    }
    memory.clear();
    if decode(inside, memory).is_ok() { memory } else { inside }
}

/// Appends a text, in quotes where its end would not be seen. The text is what stands between a JSON string's
/// quotes as `inside`.
#[inline]
pub(super) fn push_word(inside: &[u8], memory: &mut Vec<u8>, out: &mut Vec<u8>) {
    match kinds(inside) {
        0 if !inside.is_empty() => out.extend_from_slice(inside),
        0 | SPACED => {
            out.push(b'"');
            out.extend_from_slice(inside);
            out.push(b'"');
        }
        _ => people::push_word(text_of(inside, memory), out),
    }
}

/// Appends a key that has been decoded, in quotes as [`push_word`] has them.
#[inline]
pub(super) fn push_key(key: &[u8], out: &mut Vec<u8>) {
    if kinds(key) == 0 && !key.is_empty() { out.extend_from_slice(key) } else { people::push_word(key, out) }
}

/// Appends a text as it is read. The text is what stands between a JSON string's quotes as `inside`.
#[inline]
pub(super) fn push_prose(inside: &[u8], memory: &mut Vec<u8>, out: &mut Vec<u8>) {
    if kinds(inside) & SPECIAL == 0 {
        out.extend_from_slice(inside);
    } else {
        escape_controls(text_of(inside, memory), out);
    }
}

/// Appends a value as it is read, texts without quotes.
#[inline]
pub(super) fn push_value(value: &[u8], memory: &mut Vec<u8>, out: &mut Vec<u8>) {
    match inside(value) {
        Some(inside) => push_prose(inside, memory, out),
        None => push_json(value, out),
    }
}

/// Whether all of `text` is ASCII without control characters.
#[inline]
fn is_printable(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().all(|byte| (0x20..0x7f).contains(byte));
    };
    let marks = |bytes: [u8; 8]| {
        let word = u64::from_le_bytes(bytes);
        word | (word.wrapping_sub(ONES * 0x20) & !word) | zeros(word ^ (ONES * 0x7f))
    };
    let eights = text.chunks_exact(8).map(|eight| marks(eight.try_into().unwrap_or(*last)));
    eights.fold(marks(*last), |all, found| all | found) & HIGHS == 0
}

/// Appends JSON. Nothing of its meaning changes: what is made safe is an escape in JSON, too.
#[inline]
pub(super) fn push_json(json: &[u8], out: &mut Vec<u8>) {
    if is_printable(json) { out.extend_from_slice(json) } else { push_unsafe_json(json, out) }
}

/// Appends what stands between a JSON string's quotes, as [`push_json`] does.
#[inline]
pub(super) fn push_json_inside(inside: &[u8], out: &mut Vec<u8>) {
    if is_printable(inside) {
        out.extend_from_slice(inside);
    } else {
        push_inside(inside, out);
    }
}

#[cold]
fn push_unsafe_json(mut json: &[u8], out: &mut Vec<u8>) {
    while let Some(quote) = json.iter().position(|byte| *byte == b'"') {
        push_outside(&json[..quote], out);
        out.push(b'"');
        json = push_inside(&json[quote + 1..], out);
    }
    push_outside(json, out);
}

/// Appends what stands between texts.
fn push_outside(json: &[u8], out: &mut Vec<u8>) {
    if is_printable(json) {
        return out.extend_from_slice(json);
    }
    let blank = |byte: &u8| if matches!(byte, b'\t' | b'\r' | b'\n') { b' ' } else { *byte };
    escape_controls(&json.iter().map(blank).collect::<Vec<u8>>(), out);
}

/// Appends a text up to its closing quote, and returns what is behind that.
fn push_inside<'j>(mut json: &'j [u8], out: &mut Vec<u8>) -> &'j [u8] {
    loop {
        let end = memchr2(b'"', b'\\', json).unwrap_or(json.len());
        escape_json(&json[..end], out);
        json = match &json[end..] {
            [] => return &[],
            [b'"', behind @ ..] => {
                out.push(b'"');
                return behind;
            }
            [b'\\', letter @ 0x20..0x7f, behind @ ..] => {
                out.extend_from_slice(&[b'\\', *letter]);
                behind
            }
            [_, behind @ ..] => {
                out.extend_from_slice(b"\\\\");
                behind
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_bytes_at_once_are_what_they_are_one_by_one(
            text in "[ -~]{0,20}[ =\"\\\\\t\u{7f}\u{80}é]{0,2}[ -~]{0,9}",
        ) {
            let text = text.as_bytes();
            let one_by_one = text.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
            let expected = if one_by_one & SPECIAL != 0 { SPECIAL } else { one_by_one };
            let found = kinds(text);
            prop_assert_eq!(if found & SPECIAL != 0 { SPECIAL } else { found }, expected);
            prop_assert_eq!(is_printable(text), text.iter().all(|byte| (0x20..0x7f).contains(byte)));
        }

        #[test]
        fn any_eight_bytes_are_seen(text in any::<[u8; 8]>()) {
            let one_by_one = text.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
            prop_assert_eq!(kinds(&text) & SPECIAL, one_by_one & SPECIAL);
            prop_assert_eq!(is_printable(&text), text.iter().all(|byte| (0x20..0x7f).contains(byte)));
        }
    }
}
