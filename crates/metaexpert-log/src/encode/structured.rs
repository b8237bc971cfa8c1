//! Common parts of the formats of other systems: members, distinct names, exact numbers, ids of traces.

use std::collections::HashSet;

use crate::frame::Value;
use crate::line::decimal::push_unsigned;
use crate::line::escape::escape_json;
use crate::ring::decoded::DecodedRecord;

/// Appends `text` as a JSON string.
pub(super) fn push_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}

/// Appends `number` as a JSON string.
pub(super) fn push_quoted(number: u64, out: &mut Vec<u8>) {
    out.push(b'"');
    push_unsigned(number, out);
    out.push(b'"');
}

/// Appends the comma between two members or items, unless an object or a list begins here.
pub(super) fn push_comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// Appends a comma where one is needed, and `"name":`.
pub(super) fn push_name(name: &[u8], out: &mut Vec<u8>) {
    push_comma(out);
    push_text(name, out);
    out.push(b':');
}

/// Appends a member whose value is text.
pub(super) fn push_member(name: &str, text: &[u8], out: &mut Vec<u8>) {
    push_name(name.as_bytes(), out);
    push_text(text, out);
}

/// The names that one record has taken.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<Vec<u8>>,
}

impl Names {
    /// Forgets the names of the record before.
    pub(super) fn clear(&mut self) {
        self.taken.clear();
    }

    /// Returns `name`, with as many underscores behind it as make it distinct from the names before it and
    /// from those that `is_reserved` knows. An empty name is an underscore.
    pub(super) fn distinct(&mut self, name: &[u8], is_reserved: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        // As it is written: two names that are no UTF-8 may look the same.
        let mut name = String::from_utf8_lossy(name).into_owned().into_bytes();
        if name.is_empty() {
            name.push(b'_');
        }
        while is_reserved(&name) || self.taken.contains(&name) {
            name.push(b'_');
        }
        self.taken.insert(name.clone());
        name
    }
}

/// Appends `value` as JSON, with integers beyond `most` as strings: what reads them has no such numbers.
pub(super) fn push_exact(value: Value<'_>, most: u64, out: &mut Vec<u8>) {
    match value {
        Value::I64(number) if number.unsigned_abs() > most => {
            push_text(itoa::Buffer::new().format(number).as_bytes(), out);
        }
        Value::U64(number) if number > most => push_quoted(number, out),
        Value::Json(json) => push_exact_json(json, most, out),
        value => super::json::push_value(value, out),
    }
}

/// As [`push_exact`], for all numbers in a JSON text.
fn push_exact_json(json: &[u8], most: u64, out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let rest = &json[at..];
        let len = match byte {
            b'"' => string_len(rest),
            b'-' | b'0'..=b'9' => number_len(rest),
            _ => 1,
        };
        let token = &rest[..len];
        if byte != b'"' && is_beyond(token, most) {
            push_text(token, out);
        } else {
            out.extend_from_slice(token);
        }
        at += len;
    }
}

fn string_len(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        at += 1 + usize::from(byte == b'\\');
        if byte == b'"' {
            break;
        }
    }
    at.min(text.len())
}

fn number_len(text: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len())
}

/// Whether `number` is an integer beyond `most`.
fn is_beyond(number: &[u8], most: u64) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .is_none_or(|size: u64| size > most)
}

const TRACE_DIGITS: usize = 32;
const SPAN_DIGITS: usize = 16;

/// The ids of a trace and of a span, from fields `trace_id` and `span_id` that are such ids: lower-case hex,
/// not all zeros (<https://www.w3.org/TR/trace-context/>).
pub(super) fn trace_ids<'a>(record: &DecodedRecord<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let (mut trace, mut span) = (None, None);
    record.fields.for_each(|key, value| {
        let Value::Str(text) = value else { return };
        match &*key.raw {
            b"trace_id" if is_id(text, TRACE_DIGITS) => trace = Some(text),
            b"span_id" if is_id(text, SPAN_DIGITS) => span = Some(text),
            _ => (),
        }
    });
    (trace, span.filter(|_| trace.is_some()))
}

fn is_id(text: &[u8], digits: usize) -> bool {
    text.len() == digits
        && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.iter().any(|&byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(json: &str, most: u64) -> String {
        let mut out = Vec::new();
        push_exact(Value::Json(json.as_bytes()), most, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_beyond_what_a_reader_has_are_strings_wherever_they_are() {
        assert_eq!(exact(r#"{"a":[10,-11,1.5,1e9],"b":"11"}"#, 10), r#"{"a":[10,"-11",1.5,1e9],"b":"11"}"#);
        assert_eq!(exact(r#"["\"12",99999999999999999999999]"#, 10), r#"["\"12","99999999999999999999999"]"#);
    }

    #[test]
    fn names_are_distinct_and_never_reserved() {
        let mut names = Names::default();
        let mut distinct =
            |name: &[u8]| String::from_utf8(names.distinct(name, |name| name == b"seq")).unwrap();
        assert_eq!(
            [distinct(b"seq"), distinct(b"seq_"), distinct(b"a"), distinct(b"")],
            ["seq_", "seq__", "a", "_"]
        );
    }

    #[test]
    fn only_valid_ids_of_traces_are_ids() {
        assert!(is_id(b"00f067aa0ba902b7", SPAN_DIGITS));
        for bad in
            [&b"00F067AA0BA902B7"[..], b"0000000000000000", b"00f067aa0ba902b", b"", b"g0f067aa0ba902b7"]
        {
            assert!(!is_id(bad, SPAN_DIGITS));
        }
    }
}
