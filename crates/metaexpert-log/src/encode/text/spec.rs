//! One conversion of a `%`-style format, such as `-8s` or `.3f`, applied as Python's `%` operator does.

use crate::line::escape::escape_controls;
use crate::line::number::{self, FloatStyle};

/// The widest a conversion may pad or cut to, in characters.
pub(crate) const MAX_WIDTH: usize = 1000;

/// What a conversion turns a value into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// `s`: as people read it.
    Text,
    /// `r`: as a Python literal.
    Repr,
    /// `a`: as a Python literal without non-ASCII characters.
    Ascii,
    /// `c`: the character with this code point.
    Character,
    /// `d`, `i`, `u`: a whole number.
    Decimal,
    /// `o`: a whole number to base 8.
    Octal,
    /// `x`, `X`: a whole number to base 16.
    Hex,
    /// `e f g E F G`: a number with a decimal point.
    Float(FloatStyle),
}

impl Conversion {
    /// The conversion that `letter` stands for.
    pub(crate) fn from_letter(letter: char) -> Option<Conversion> {
        Some(match letter {
            's' => Conversion::Text,
            'r' => Conversion::Repr,
            'a' => Conversion::Ascii,
            'c' => Conversion::Character,
            'd' | 'i' | 'u' => Conversion::Decimal,
            'o' => Conversion::Octal,
            'x' | 'X' => Conversion::Hex,
            'e' | 'E' => Conversion::Float(FloatStyle::Exponent),
            'f' | 'F' => Conversion::Float(FloatStyle::Fixed),
            'g' | 'G' => Conversion::Float(FloatStyle::General),
            _ => return None,
        })
    }

    /// Whether any value can be shown this way.
    pub(crate) fn takes_text(self) -> bool {
        matches!(self, Conversion::Text | Conversion::Repr | Conversion::Ascii)
    }

    /// Whether only whole numbers can be shown this way.
    pub(crate) fn takes_only_integers(self) -> bool {
        matches!(self, Conversion::Octal | Conversion::Hex | Conversion::Character)
    }
}

/// A value on its way into a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shown<'a> {
    /// Text, not yet escaped.
    Text(&'a [u8]),
    /// A truth value, which is 0 or 1 to a number's conversion.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a decimal point.
    Float(f64),
    /// Nothing: empty, but as wide as the conversion says.
    Absent,
}

/// Flags, width, precision and conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// What the value is turned into.
    pub(crate) conversion: Conversion,
    /// The letter was upper case.
    pub(crate) upper: bool,
    /// `-`: pad at the right.
    pub(crate) left: bool,
    /// `+`: show the sign of positive numbers.
    pub(crate) plus: bool,
    /// A space: one in place of the sign of positive numbers.
    pub(crate) blank: bool,
    /// `#`: the alternate form.
    pub(crate) alternate: bool,
    /// `0`: pad numbers with zeros.
    pub(crate) zero: bool,
    /// Characters at least.
    pub(crate) width: usize,
    /// Digits, or characters of a text at most.
    pub(crate) precision: Option<usize>,
}

impl Spec {
    /// `conversion` without flags, width or precision.
    pub(crate) const fn bare(conversion: Conversion) -> Spec {
        Spec {
            conversion,
            upper: false,
            left: false,
            plus: false,
            blank: false,
            alternate: false,
            zero: false,
            width: 0,
            precision: None,
        }
    }

    /// Appends `value`. One that does not suit the conversion is shown as `%s` would.
    #[inline]
    pub(crate) fn push(&self, value: Shown<'_>, out: &mut Vec<u8>) {
        match value {
            Shown::Text(text) => self.push_text(text, out),
            Shown::Absent => self.push_word(b"", out),
            Shown::Bool(truth) if self.conversion.takes_text() => {
                self.push_word(if truth { b"true" } else { b"false" }, out);
            }
            Shown::Bool(truth) => self.push_integer(i128::from(truth), out),
            Shown::Integer(number) => self.push_integer(number, out),
            Shown::Float(number) => self.push_float(number, out),
        }
    }

    /// Appends `text`, escaped so that it stays on its line.
    #[inline]
    pub(crate) fn push_text(&self, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        match self.conversion {
            Conversion::Repr => push_repr(text, false, out),
            Conversion::Ascii => push_repr(text, true, out),
            _ => {
                // Cut before escaping: the limit is for the text's own characters.
                let end = self.precision.map_or(text.len(), |limit| prefix_len(text, limit));
                escape_controls(&text[..end], out);
                return self.pad(start, 0, b' ', out);
            }
        }
        self.cut(start, out);
        self.pad(start, 0, b' ', out);
    }

    /// Appends a word that needs no escapes and is never quoted.
    fn push_word(&self, word: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(word);
        self.cut(start, out);
        self.pad(start, 0, b' ', out);
    }

    fn push_integer(&self, number: i128, out: &mut Vec<u8>) {
        let magnitude = number.unsigned_abs();
        let mut buffer = itoa::Buffer::new();
        match self.conversion {
            Conversion::Decimal => self.push_digits(number < 0, buffer.format(magnitude).as_bytes(), out),
            Conversion::Octal => self.push_digits(number < 0, format!("{magnitude:o}").as_bytes(), out),
            Conversion::Hex if self.upper => {
                self.push_digits(number < 0, format!("{magnitude:X}").as_bytes(), out);
            }
            Conversion::Hex => self.push_digits(number < 0, format!("{magnitude:x}").as_bytes(), out),
            Conversion::Float(style) => self.push_point(number as f64, style, out),
            Conversion::Character => match u32::try_from(number).ok().and_then(char::from_u32) {
                Some(character) => self.push_character(character, out),
                None => self.push_word(buffer.format(number).as_bytes(), out),
            },
            Conversion::Text | Conversion::Repr | Conversion::Ascii => {
                self.push_word(buffer.format(number).as_bytes(), out);
            }
        }
    }

    fn push_float(&self, number: f64, out: &mut Vec<u8>) {
        match self.conversion {
            Conversion::Float(style) => self.push_point(number, style, out),
            Conversion::Decimal if number.is_finite() => {
                let whole = number.trunc();
                // Not an integer type: a float can be longer than any of them.
                self.push_digits(whole < 0.0, format!("{:.0}", whole.abs()).as_bytes(), out);
            }
            _ => {
                let start = out.len();
                number::push_shortest(number, out);
                self.cut(start, out);
                self.pad(start, 0, b' ', out);
            }
        }
    }

    fn push_character(&self, character: char, out: &mut Vec<u8>) {
        let start = out.len();
        escape_controls(character.encode_utf8(&mut [0; 4]).as_bytes(), out);
        self.pad(start, 0, b' ', out);
    }

    /// Sign, base, as many digits as the precision wants, padding.
    fn push_digits(&self, negative: bool, digits: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        self.push_sign(negative, out);
        match self.conversion {
            Conversion::Octal if self.alternate => out.extend_from_slice(b"0o"),
            Conversion::Hex if self.alternate && self.upper => out.extend_from_slice(b"0X"),
            Conversion::Hex if self.alternate => out.extend_from_slice(b"0x"),
            _ => {}
        }
        let head = out.len() - start;
        out.resize(out.len() + self.precision.unwrap_or(0).saturating_sub(digits.len()), b'0');
        out.extend_from_slice(digits);
        self.pad_number(start, head, out);
    }

    fn push_point(&self, number: f64, style: FloatStyle, out: &mut Vec<u8>) {
        let start = out.len();
        self.push_sign(number.is_sign_negative() && !number.is_nan(), out);
        let head = out.len() - start;
        number::push_float(number.abs(), style, self.precision.unwrap_or(6), self.alternate, out);
        if self.upper {
            out[start..].make_ascii_uppercase();
        }
        self.pad_number(start, head, out);
    }

    fn push_sign(&self, negative: bool, out: &mut Vec<u8>) {
        if negative {
            out.push(b'-');
        } else if self.plus {
            out.push(b'+');
        } else if self.blank {
            out.push(b' ');
        }
    }

    fn pad_number(&self, start: usize, head: usize, out: &mut Vec<u8>) {
        if self.zero { self.pad(start, head, b'0', out) } else { self.pad(start, 0, b' ', out) }
    }

    /// Cuts what was appended since `start` to as many characters as the precision allows.
    fn cut(&self, start: usize, out: &mut Vec<u8>) {
        if let Some(limit) = self.precision {
            let len = prefix_len(&out[start..], limit);
            out.truncate(start + len);
        }
    }

    /// Widens what was appended since `start`: after its first `head` bytes with `fill`, or, to the
    /// left, with spaces at its end.
    fn pad(&self, start: usize, head: usize, fill: u8, out: &mut Vec<u8>) {
        if self.width == 0 {
            return;
        }
        let missing = self.width.saturating_sub(char_count(&out[start..]));
        if missing == 0 {
            return;
        }
        let end = out.len();
        out.resize(end + missing, b' ');
        if !self.left {
            let at = start + head;
            out.copy_within(at..end, at + missing);
            out[at..at + missing].fill(fill);
        }
    }
}

/// How many characters UTF-8 `text` has.
#[inline]
pub(crate) fn char_count(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| starts_char(byte)).count()
}

/// Bytes of the first `limit` characters of `text`.
pub(crate) fn prefix_len(text: &[u8], limit: usize) -> usize {
    let starts = text.iter().enumerate().filter(|&(_, &byte)| starts_char(byte));
    starts.map(|(at, _)| at).nth(limit).unwrap_or(text.len())
}

#[inline]
fn starts_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Appends `text` as Python's `repr`, or `ascii`, writes it.
fn push_repr(text: &[u8], ascii: bool, out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote as u8);
    for character in text.chars() {
        let code = character as u32;
        if character == quote || character == '\\' {
            out.extend_from_slice(&[b'\\', code as u8]);
        } else if ascii && code > 0xFFFF {
            out.extend_from_slice(format!("\\U{code:08x}").as_bytes());
        } else if ascii && code > 0xFF {
            out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
        } else if ascii && code > 0x7E {
            out.extend_from_slice(format!("\\x{code:02x}").as_bytes());
        } else {
            escape_controls(character.encode_utf8(&mut [0; 4]).as_bytes(), out);
        }
    }
    out.push(quote as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(letter: char) -> Spec {
        let mut spec = Spec::bare(Conversion::from_letter(letter).unwrap());
        spec.upper = letter.is_ascii_uppercase();
        spec
    }

    fn shown(spec: Spec, value: Shown<'_>) -> String {
        let mut out = b"before ".to_vec();
        spec.push(value, &mut out);
        String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn widths_and_cuts_count_characters_not_bytes() {
        let wide = Spec { width: 8, ..spec('s') };
        assert_eq!(shown(wide, Shown::Text("цена".as_bytes())), "    цена");
        assert_eq!(shown(Spec { left: true, ..wide }, Shown::Text("€🚀".as_bytes())), "€🚀      ");
        let cut = Spec { precision: Some(3), ..spec('s') };
        assert_eq!(shown(cut, Shown::Text("привет".as_bytes())), "при");
    }

    #[test]
    fn a_cut_is_made_before_escapes_and_the_width_counts_what_is_seen() {
        let both = Spec { width: 6, precision: Some(2), ..spec('s') };
        assert_eq!(shown(both, Shown::Text(b"a\nb")), "   a\\n");
    }

    #[test]
    fn zeros_go_between_sign_and_digits() {
        let zeros = Spec { zero: true, width: 6, ..spec('d') };
        assert_eq!(shown(zeros, Shown::Integer(-42)), "-00042");
        assert_eq!(shown(Spec { left: true, ..zeros }, Shown::Integer(-42)), "-42   ");
        let hex = Spec { zero: true, alternate: true, width: 8, ..spec('X') };
        assert_eq!(shown(hex, Shown::Integer(-255)), "-0X000FF");
    }

    #[test]
    fn the_zero_flag_does_not_touch_text() {
        assert_eq!(shown(Spec { zero: true, width: 4, ..spec('s') }, Shown::Text(b"ab")), "  ab");
    }

    #[test]
    fn a_float_of_any_size_is_a_whole_number_in_full() {
        assert_eq!(shown(spec('d'), Shown::Float(1e22)), "10000000000000000000000");
        assert_eq!(shown(spec('d'), Shown::Float(-3.99)), "-3");
        assert_eq!(shown(spec('d'), Shown::Float(-0.5)), "0");
    }

    #[test]
    fn the_extremes_of_integers_are_exact() {
        assert_eq!(shown(spec('d'), Shown::Integer(i64::MIN.into())), "-9223372036854775808");
        assert_eq!(shown(spec('x'), Shown::Integer(u64::MAX.into())), "ffffffffffffffff");
        assert_eq!(shown(spec('o'), Shown::Integer(0)), "0");
    }

    #[test]
    fn a_value_that_does_not_suit_the_conversion_is_shown_as_text() {
        assert_eq!(shown(Spec { width: 5, ..spec('d') }, Shown::Text(b"n/a")), "  n/a");
        assert_eq!(shown(spec('x'), Shown::Float(1.5)), "1.5");
        assert_eq!(shown(spec('d'), Shown::Float(f64::NAN)), "nan");
        assert_eq!(shown(spec('c'), Shown::Integer(-1)), "-1");
        assert_eq!(shown(spec('d'), Shown::Bool(true)), "1");
        assert_eq!(shown(Spec { width: 3, ..spec('d') }, Shown::Absent), "   ");
    }

    #[test]
    fn a_repr_is_what_python_prints() {
        assert_eq!(shown(spec('r'), Shown::Text(b"it's")), "\"it's\"");
        assert_eq!(shown(spec('r'), Shown::Text("a\"b'c\\\n\u{1b}é".as_bytes())), r#"'a"b\'c\\\n\x1bé'"#);
        assert_eq!(shown(spec('a'), Shown::Text("é€🚀".as_bytes())), r"'\xe9\u20ac\U0001f680'");
        assert_eq!(shown(Spec { precision: Some(3), ..spec('r') }, Shown::Text(b"abc")), "'ab");
    }

    #[test]
    fn characters_that_break_lines_stay_escaped_however_they_come() {
        assert_eq!(shown(spec('c'), Shown::Integer(10)), "\\n");
        assert_eq!(shown(spec('c'), Shown::Integer(65)), "A");
    }
}
