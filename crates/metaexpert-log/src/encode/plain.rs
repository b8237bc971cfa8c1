//! What the formats for people share: fields as `key=value`, and the lines that follow a record's first.

use crate::encode::decimal::{push_signed, push_unsigned};
use crate::encode::escape::{escape_json, escape_plain};
use crate::encode::number::push_shortest;
use crate::encode::pattern::INDENT;
use crate::event::Exception;
use crate::frame::Value;
use crate::lexicon::Key;

/// Appends a field's name, quoted like a value.
#[inline]
pub(crate) fn push_key(key: &Key, out: &mut Vec<u8>) {
    push_word(&key.raw, out);
}

/// Appends a value as in logfmt: text in quotes where its end would not be plain to see, everything
/// else as in JSON, but NaN and infinities by name.
#[inline]
pub(crate) fn push_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::I64(number) => push_signed(number, out),
        Value::U64(number) => push_unsigned(number, out),
        Value::F64(number) => push_shortest(number, out),
        Value::Str(text) => push_word(text, out),
        Value::Json(json) => match json_text(json) {
            Some(text) => push_word(text, out),
            None => escape_plain(json, out),
        },
    }
}

/// The text of a JSON string that needs no unescaping: a decimal, a time.
#[inline]
pub(crate) fn json_text(json: &[u8]) -> Option<&[u8]> {
    let inside = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (!inside.contains(&b'\\')).then_some(inside)
}

/// Appends `text`, in quotes if it is empty or holds a space, an equals sign, or anything that JSON
/// escapes.
#[inline]
pub(crate) fn push_word(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'"');
    escape_json(text, out);
    let escaped = &out[start + 1..];
    let is_plain =
        !text.is_empty() && escaped == text && !text.iter().any(|&byte| matches!(byte, b' ' | b'='));
    if is_plain {
        out.remove(start);
    } else {
        out.push(b'"');
    }
}

/// The lines of a traceback or stack, without the line break at its end.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|&byte| byte == b'\n').filter(move |_| !text.is_empty())
}

/// Appends a line that continues a record; `push` appends its content, which must be escaped.
#[inline]
pub(crate) fn continuation(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(INDENT.as_bytes());
    push(out);
    out.push(b'\n');
}

/// Appends `Type: message`, which stands for an exception that has no traceback.
pub(crate) fn push_summary(exception: &Exception<'_>, out: &mut Vec<u8>) {
    escape_plain(exception.kind, out);
    if !exception.message.is_empty() {
        out.extend_from_slice(b": ");
        escape_plain(exception.message, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(value: Value<'_>) -> String {
        let mut out = b"key=".to_vec();
        push_value(value, &mut out);
        String::from_utf8(out).unwrap().strip_prefix("key=").unwrap().to_owned()
    }

    #[test]
    fn only_text_whose_end_is_unclear_is_quoted() {
        assert_eq!(shown(Value::Str(b"BTC/USDT:swap")), "BTC/USDT:swap");
        assert_eq!(shown(Value::Str("цена€".as_bytes())), "цена€");
        assert_eq!(shown(Value::Str(b"with space")), r#""with space""#);
        assert_eq!(shown(Value::Str(b"a=b")), r#""a=b""#);
        assert_eq!(shown(Value::Str(b"")), r#""""#);
        assert_eq!(shown(Value::Str(b"say \"hi\"\n")), r#""say \"hi\"\n""#);
    }

    #[test]
    fn numbers_are_written_as_briefly_as_they_read_back() {
        assert_eq!(shown(Value::F64(50000.5)), "50000.5");
        assert_eq!(shown(Value::F64(0.1)), "0.1");
        assert_eq!(shown(Value::F64(3.0)), "3.0");
        assert_eq!(shown(Value::U64(u64::MAX)), "18446744073709551615");
        assert_eq!(shown(Value::F64(f64::NEG_INFINITY)), "-inf");
        assert_eq!(shown(Value::F64(f64::NAN)), "nan");
    }

    #[test]
    fn a_json_string_is_shown_as_the_text_it_is() {
        assert_eq!(shown(Value::Json(b"\"1.50\"")), "1.50");
        assert_eq!(shown(Value::Json(b"\"a b\"")), "\"a b\"");
        assert_eq!(shown(Value::Json(br#""a\tb""#)), r#""a\tb""#);
        assert_eq!(shown(Value::Json(b"{\"bid\":[1,2]}")), "{\"bid\":[1,2]}");
    }

    #[test]
    fn truth_values_and_nothing_are_those_of_json() {
        assert_eq!([shown(Value::Bool(true)), shown(Value::Null)], ["true", "null"]);
    }

    #[test]
    fn an_empty_text_has_no_lines_and_a_final_line_break_makes_none() {
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(b"a\n\nb\n").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
    }

    proptest! {
        #[test]
        fn a_quoted_word_reads_back_exactly(text in any::<String>()) {
            let word = shown(Value::Str(text.as_bytes()));
            if word.starts_with('"') {
                prop_assert_eq!(serde_json::from_str::<String>(&word).unwrap(), text);
            } else {
                prop_assert!(!word.contains([' ', '=', '"', '\n']));
                prop_assert_eq!(word, text);
            }
        }
    }
}
