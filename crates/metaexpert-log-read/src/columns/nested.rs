//! A strict look at the JSON of objects and arrays, which other programs parse where it is in a column.

use metaexpert_log::jsonl::members::text;
use metaexpert_log::jsonl::{Decimal, NotJson, decoded};

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    /// A value or the end of an array that is empty so far.
    FirstValue,
    Key,
    /// A key or the end of an object that is empty so far.
    FirstKey,
    /// A comma or the end.
    Next,
}

/// Passes over `raw`, an object or an array, however deep it is. Fails where it is not JSON.
pub fn check(raw: &[u8]) -> Result<(), NotJson> {
    let mut open = Vec::new();
    let (mut at, mut expected) = (0, Expected::Value);
    loop {
        at = skip_space(raw, at);
        let byte = *raw.get(at).ok_or(NotJson)?;
        (at, expected) = match (byte, expected) {
            (b'"', Expected::Key | Expected::FirstKey) => (behind_key(raw, at)?, Expected::Value),
            (b'{', Expected::Value | Expected::FirstValue) => {
                open.push(b'}');
                (at + 1, Expected::FirstKey)
            }
            (b'[', Expected::Value | Expected::FirstValue) => {
                open.push(b']');
                (at + 1, Expected::FirstValue)
            }
            (b']', Expected::FirstValue | Expected::Next) | (b'}', Expected::FirstKey | Expected::Next) => {
                if open.pop() != Some(byte) {
                    return Err(NotJson);
                }
                (at + 1, Expected::Next)
            }
            (b',', Expected::Next) => {
                (at + 1, if open.last() == Some(&b'}') { Expected::Key } else { Expected::Value })
            }
            (_, Expected::Value | Expected::FirstValue) => (behind_scalar(raw, at)?, Expected::Next),
            _ => return Err(NotJson),
        };
        if open.is_empty() {
            return if at == raw.len() { Ok(()) } else { Err(NotJson) };
        }
    }
}

fn behind_key(raw: &[u8], at: usize) -> Result<usize, NotJson> {
    let colon = skip_space(raw, behind_text(raw, at)?);
    if raw.get(colon) == Some(&b':') { Ok(colon + 1) } else { Err(NotJson) }
}

fn behind_text(raw: &[u8], at: usize) -> Result<usize, NotJson> {
    let (text, behind) = text(raw, at)?;
    // Line breaks cannot stand in a line; other control characters are not taken either.
    if text.bytes.iter().any(|byte| *byte < b' ') {
        return Err(NotJson);
    }
    decoded(text).map(|_| behind)
}

fn behind_scalar(raw: &[u8], at: usize) -> Result<usize, NotJson> {
    if raw[at] == b'"' {
        return behind_text(raw, at);
    }
    let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
    let length = raw[at..].iter().position(is_end).ok_or(NotJson)?;
    match &raw[at..at + length] {
        b"null" | b"true" | b"false" => {}
        number => drop(Decimal::parse(number).ok_or(NotJson)?),
    }
    Ok(at + length)
}

fn skip_space(raw: &[u8], at: usize) -> usize {
    let rest = raw.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_passes_and_nothing_else() {
        for good in ["{}", "[]", r#"[1, -2.5e3 ,"a\u00e4",{"b":[null,true]},[]]"#, r#" {"a" : {"b":{}}}"#] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in [
            "[",
            "{",
            "[}",
            "{]",
            "[1,]",
            "[,1]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "{1:2}",
            "[01]",
            "[nul]",
            r#"["\x"]"#,
            "[1 2]",
            r#"{"a" 1}"#,
            "[]x",
            "[][]",
            r#"{"a":1"b":2}"#,
            "[NaN]",
            "[\"\t\"]",
        ] {
            assert_eq!(check(bad.as_bytes()), Err(NotJson), "{bad}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert_eq!(check(deep.as_bytes()), Ok(()));
    }
}
