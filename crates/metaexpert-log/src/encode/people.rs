//! Common parts of the formats for people: fields as `key=value`, and the lines that follow a record's first.

use crate::frame::Value;
use crate::line::decimal::{push_signed, push_unsigned};
use crate::line::escape::{escape_controls, escape_json};
use crate::line::number::push_shortest;
use crate::ring::decoded::Exception;
use crate::ring::lexicon::Key;

/// Continuation lines start with this, so that no content can pose as a record of its own.
pub const INDENT: &str = "    ";

/// Appends a field's name, quoted like a value.
#[inline]
pub(crate) fn push_key(key: &Key, out: &mut Vec<u8>) {
    push_word(&key.raw, out);
}

/// Appends a value as in logfmt: text in quotes where its end would not be seen, everything
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
            None => escape_controls(json, out),
        },
    }
}

/// How many digits of a float people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// 15: all that somebody can have written, and nothing of what binary arithmetic adds to them.
    All,
    /// Enough for an amount: 6 and at least two behind the point, or 8 of one below 1.
    OfMoney,
}

const EXACT_DIGITS: usize = f64::DIGITS as usize;
const MONEY_DIGITS: usize = 6;
const SMALL_MONEY_DIGITS: usize = 8;
const MONEY_DECIMALS: i64 = 2;

/// Appends a value as [`push_value`] does, floats rounded to `digits`.
#[inline]
pub(crate) fn push_shown(value: Value<'_>, digits: Digits, out: &mut Vec<u8>) {
    let start = out.len();
    push_value(value, out);
    let Value::F64(number) = value else { return };
    let most = if digits == Digits::All { EXACT_DIGITS } else { MONEY_DIGITS };
    // No more characters than digits and a point: nothing to round.
    if out.len() - start > most + 1 && number.is_finite() {
        out.truncate(start);
        push_shortest(rounded(number, digits), out);
    }
}

#[cold]
fn rounded(number: f64, digits: Digits) -> f64 {
    let text = match digits {
        Digits::All => format!("{number:.*e}", EXACT_DIGITS - 1),
        Digits::OfMoney => {
            let before_point = number.abs().log10().floor() as i64 + 1;
            let most = if before_point > 0 { MONEY_DIGITS } else { SMALL_MONEY_DIGITS };
            let decimals = (most as i64 - before_point).max(MONEY_DECIMALS) as usize;
            format!("{number:.decimals$}")
        }
    };
    // Rounded up, the largest number is too large for a float.
    text.parse().ok().filter(|rounded: &f64| rounded.is_finite()).unwrap_or(number)
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
pub fn push_word(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'"');
    escape_json(text, out);
    let escaped = &out[start + 1..];
    let is_bare =
        !text.is_empty() && escaped == text && !text.iter().any(|&byte| matches!(byte, b' ' | b'='));
    if is_bare {
        out.remove(start);
    } else {
        out.push(b'"');
    }
}

/// The lines of a traceback or stack, without the line break at its end.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|&byte| byte == b'\n').filter(move |_| !text.is_empty())
}

/// How many lines at a traceback's end are `Type: message`: more than one if the message has more.
pub fn summary_lines(stacktrace: &[u8], message: &[u8]) -> usize {
    let message = message.trim_ascii_end();
    if stacktrace.trim_ascii_end().ends_with(message) { lines(message).count().max(1) } else { 1 }
}

/// Appends a line that continues a record; `push` appends its content, which must be escaped.
#[inline]
pub fn continuation(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(INDENT.as_bytes());
    push(out);
    out.push(b'\n');
}

/// Appends `Type: message`, which stands for an exception that has no traceback.
pub(crate) fn push_summary(exception: &Exception<'_>, out: &mut Vec<u8>) {
    escape_controls(exception.kind, out);
    if !exception.message.is_empty() {
        out.extend_from_slice(b": ");
        escape_controls(exception.message, out);
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

    fn seen(number: f64, digits: Digits) -> String {
        let mut out = Vec::new();
        push_shown(Value::F64(number), digits, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_see_no_digits_that_arithmetic_added() {
        for (number, expected) in [
            (521.036_999_999_999_9, "521.037"),
            (0.1 + 0.2, "0.3"),
            (-38_245.871_999_999_996, "-38245.872"),
            (1.867_774_379_400_000_1, "1.8677743794"),
            (9_997.499_500_15, "9997.49950015"),
            (1e300, "1e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(seen(number, Digits::All), expected);
        }
    }

    #[test]
    fn amounts_have_digits_enough_and_two_behind_the_point() {
        for (number, expected) in [
            (9_997.499_500_15, "9997.5"),
            (-105.950_689_43, "-105.951"),
            (2.500_499_85, "2.5005"),
            (39_930.484_5, "39930.48"),
            (1.083_45, "1.08345"),
            (0.125_242_65, "0.12524265"),
            (0.000_012_345_678_912, "0.000012345679"),
            (123_456_789.987_654, "123456789.99"),
            (100_123.45, "100123.45"),
            (0.0, "0.0"),
            (5_000.999_999_999, "5001.0"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seen(number, Digits::OfMoney), expected);
        }
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
        fn a_number_of_fifteen_digits_is_shown_as_it_was_written(
            digits in 1u64..=999_999_999_999_999,
            power in -20i32..5,
        ) {
            let number: f64 = format!("{digits}e{power}").parse().unwrap();
            prop_assert_eq!(seen(number, Digits::All).parse::<f64>().unwrap(), number);
        }

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
