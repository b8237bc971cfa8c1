//! A value of a record, as it stands in its line.

use std::borrow::Cow;

use super::decimal::Decimal;
use super::members::{NotJson, RawText, text};

/// What an expression distinguishes.
#[derive(Debug)]
pub enum Value<'l> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, and its text in the line.
    Number(Decimal<'l>, &'l [u8]),
    /// A text without its escapes.
    Text(Cow<'l, [u8]>),
    /// An object or an array.
    Nested,
}

impl<'l> Value<'l> {
    /// The value that is the whole of `raw`.
    pub fn of(raw: &'l [u8]) -> Result<Value<'l>, NotJson> {
        Ok(match raw {
            [b'"', ..] => Value::Text(decoded(text(raw, 0)?.0)?),
            [b'{' | b'[', ..] => Value::Nested,
            b"null" => Value::Null,
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            _ => Value::Number(Decimal::parse(raw).ok_or(NotJson)?, raw),
        })
    }

    /// What a pattern looks at: a text, or a number or boolean as JSON writes it.
    pub fn as_text(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => Some(text),
            Value::Number(_, raw) => Some(raw),
            Value::Bool(true) => Some(b"true"),
            Value::Bool(false) => Some(b"false"),
            Value::Null | Value::Nested => None,
        }
    }
}

/// A text without its escapes. A surrogate without its other half is U+FFFD.
pub fn decoded(text: RawText<'_>) -> Result<Cow<'_, [u8]>, NotJson> {
    if !text.has_escapes {
        return Ok(Cow::Borrowed(text.bytes));
    }
    let mut out = Vec::with_capacity(text.bytes.len());
    decode(text.bytes, &mut out)?;
    Ok(Cow::Owned(out))
}

/// Appends the text that stands between the quotes of a JSON string as `inside`, as [`decoded`] has it. What
/// is in `out` after an error is not the whole text.
pub fn decode(inside: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let escape = &rest[at + 1..];
        let (letter, length) = unescape(escape).ok_or(NotJson)?;
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &escape[length..];
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// The character of an escape, which begins behind its backslash, and the escape's length.
fn unescape(escape: &[u8]) -> Option<(char, usize)> {
    let letter = match escape.first()? {
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return unescape_unit(&escape[1..]),
        _ => return None,
    };
    Some((letter, 1))
}

fn unescape_unit(digits: &[u8]) -> Option<(char, usize)> {
    let first = unit(digits)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 5));
    }
    let second = digits[4..].strip_prefix(b"\\u").and_then(unit);
    let pair = second.and_then(|second| char::decode_utf16([first as u16, second as u16]).next()?.ok());
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 5), |letter| (letter, 11)))
}

/// The four hexadecimal digits that `text` begins with.
fn unit(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(raw: &str) -> Option<String> {
        match Value::of(raw.as_bytes()) {
            Ok(Value::Text(text)) => Some(String::from_utf8(text.into_owned()).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(text_of(r#""a\"\\\/\n\u0041\ud83d\ude00""#).unwrap(), "a\"\\/\nA\u{1f600}");
        assert_eq!(text_of(r#""\ud800x\udc00\ud800\u0041""#).unwrap(), "\u{fffd}x\u{fffd}\u{fffd}A");
        for bad in [r#""\x""#, r#""\u12""#, r#""\u12g4""#] {
            assert_eq!(text_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        for raw in ["nul", "True", "01", "1.2.3", "NaN", "-", "x"] {
            assert!(Value::of(raw.as_bytes()).is_err(), "{raw}");
        }
    }
}
