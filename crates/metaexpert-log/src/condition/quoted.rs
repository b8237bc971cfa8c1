//! Texts in quotes, and regular expressions between slashes, in an expression.

use std::fmt;

use super::error::ConditionError;

/// A text that stood in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// `'`, `"` or a backtick.
    pub(super) quote: char,
    /// What they enclosed, its escapes decoded.
    pub(super) text: String,
}

/// A regular expression as it stood between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RegexText {
    /// What they enclosed; `\/` is a slash.
    pub(super) text: String,
    /// Whether an `i` follows.
    pub(super) ignores_case: bool,
}

/// The text in quotes that `rest` begins with, and its length in bytes with them. There are no escapes
/// between backticks.
pub(super) fn quoted(rest: &str, at: usize) -> Result<(Quoted, usize), ConditionError> {
    let mut letters = rest.char_indices();
    let quote = letters.next().map_or('"', |(_, quote)| quote);
    let mut text = String::new();
    while let Some((place, letter)) = letters.next() {
        if letter == quote {
            return Ok((Quoted { quote, text }, place + 1));
        }
        if letter != '\\' || quote == '`' {
            text.push(letter);
            continue;
        }
        let escape = letters.as_str();
        let (letter, length) = unescape(escape).ok_or_else(|| unknown_escape(escape, at + place))?;
        text.push(letter);
        while letters.offset() < place + 1 + length {
            letters.next();
        }
    }
    let what = if quote == '`' { "the backtick".to_owned() } else { format!("the quote {quote}") };
    Err(ConditionError::new(at, format!("{what} is not closed")).suggest(format!("write {quote} at its end")))
}

fn unknown_escape(escape: &str, at: usize) -> ConditionError {
    let letter = escape.chars().next().unwrap_or(' ');
    ConditionError::new(at, format!("\\{letter} is no escape")).suggest("write \\\\ for a backslash")
}

/// The character of an escape, which begins behind its backslash, and the escape's length.
fn unescape(escape: &str) -> Option<(char, usize)> {
    let letter = match escape.chars().next()? {
        letter @ ('\\' | '/' | '\'' | '"') => letter,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return unescape_unit(escape),
        _ => return None,
    };
    Some((letter, 1))
}

fn unescape_unit(escape: &str) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits =
            escape.get(at..at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(1)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, 5));
    }
    let second =
        unit(7).filter(|second| escape[5..].starts_with("\\u") && (0xdc00..0xe000).contains(second))?;
    Some((char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?, 11))
}

/// The regular expression that `rest` begins with, and its length in bytes with slashes and flags.
pub(super) fn regex_text(rest: &str, at: usize) -> Result<(RegexText, usize), ConditionError> {
    let mut text = String::new();
    let mut is_escaped = false;
    for (place, letter) in rest.char_indices().skip(1) {
        match (is_escaped, letter) {
            (true, '/') => text.push('/'),
            (true, _) => text.extend(['\\', letter]),
            (false, '\\') => {}
            (false, '/') => {
                let flags =
                    rest[place + 1..].split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("");
                let ignores_case = match flags {
                    "" => false,
                    "i" => true,
                    _ => {
                        let message = format!("{flags} is no flag of a regular expression");
                        return Err(ConditionError::new(at + place + 1, message).suggest("use i, or none"));
                    }
                };
                return Ok((RegexText { text, ignores_case }, place + 1 + flags.len()));
            }
            (false, _) => text.push(letter),
        }
        is_escaped = !is_escaped && letter == '\\';
    }
    let error = ConditionError::new(at, "the regular expression is not closed");
    Err(error.suggest("write / at its end, and \\/ for a slash within"))
}

/// `text` in double quotes, as [`quoted`] reads it.
pub(super) fn write_quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            '\n' => f.write_str("\\n")?,
            letter if letter.is_control() => write!(f, "\\u{:04x}", u32::from(letter))?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for RegexText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        let mut is_escaped = false;
        for letter in self.text.chars() {
            if letter == '/' && !is_escaped {
                f.write_str("\\")?;
            }
            write!(f, "{letter}")?;
            is_escaped = !is_escaped && letter == '\\';
        }
        f.write_str(if self.ignores_case { "/i" } else { "/" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json() {
        let (text, length) = quoted(r#"'a\'\n\u00e9\ud83d\ude00"\\' rest"#, 0).unwrap();
        assert_eq!((text.text.as_str(), length), ("a'\n\u{e9}\u{1f600}\"\\", 28));
        for bad in [r"'\x'", r"'\u12'", r"'\ud800'", r"'\ud800\u0041'", r"'\u+123'", r"'\"] {
            assert!(quoted(bad, 0).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_escaped_between_backticks() {
        assert_eq!(quoted(r"`a\n'`", 0).unwrap().0.text, r"a\n'");
    }

    #[test]
    fn a_regular_expression_keeps_its_escapes() {
        let (regex, length) = regex_text(r"/a\/b\\\d/i x", 0).unwrap();
        assert_eq!((regex.text.as_str(), regex.ignores_case, length), (r"a/b\\\d", true, 11));
        assert_eq!(regex.to_string(), r"/a\/b\\\d/i");
        assert_eq!(regex_text("/a/gi", 0).unwrap_err().at, 3);
        assert!(regex_text(r"/a\/", 0).is_err());
    }
}
