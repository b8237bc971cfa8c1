//! A text, or a regular expression, that is looked for in whole lines.

use std::fmt;

use memchr::memmem::Finder;
use metaexpert_log::condition::Needles;
use regex::bytes::{Regex, RegexBuilder};

/// How much memory a compiled expression may take.
const MAX_REGEX_BYTES: usize = 8 << 20;

/// What is looked for in a line as it stands in its file.
#[derive(Clone, Debug)]
pub enum TextPattern {
    /// One of these texts: what was asked for, and as JSON has it if that is another.
    Plain(Vec<Finder<'static>>),
    /// A regular expression.
    Regex(Regex),
}

/// A regular expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError(String);

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TextError {}

impl TextPattern {
    /// The text as it is. One with quotes, backslashes or control characters is found as JSON escapes it, too.
    pub fn plain(text: &str, ignores_case: bool) -> Result<TextPattern, TextError> {
        let texts = spellings(text);
        if ignores_case {
            let parts: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
            return TextPattern::regex(&parts.join("|"), true);
        }
        let finders = texts.iter().map(|text| Finder::new(text.as_bytes()).into_owned());
        Ok(TextPattern::Plain(finders.collect()))
    }

    /// A regular expression; the error says what is wrong with it.
    pub fn regex(text: &str, ignores_case: bool) -> Result<TextPattern, TextError> {
        let mut builder = RegexBuilder::new(text);
        builder.case_insensitive(ignores_case).size_limit(MAX_REGEX_BYTES);
        builder.build().map(TextPattern::Regex).map_err(|error| TextError(error.to_string()))
    }

    pub(crate) fn is_in(&self, line: &[u8]) -> bool {
        match self {
            TextPattern::Plain(finders) => finders.iter().any(|finder| finder.find(line).is_some()),
            TextPattern::Regex(regex) => regex.is_match(line),
        }
    }

    /// Texts of which every line that is found has one. None where there are no such texts.
    pub(crate) fn needles(&self) -> Option<Needles> {
        let TextPattern::Plain(finders) = self else { return None };
        let any_of: Vec<_> = finders.iter().map(|finder| finder.needle().to_vec()).collect();
        let are_useful = any_of.iter().all(|text| !text.is_empty());
        are_useful.then_some(Needles { any_of, are_values: true, escape: None })
    }
}

/// `text`, and what JSON writes for it if that is another.
fn spellings(text: &str) -> Vec<String> {
    let mut written = String::new();
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '\0'..=' ' if letter != ' ' => written.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => written.push(letter),
        }
    }
    let mut all = vec![text.to_owned()];
    all.extend((written != text).then_some(written));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_as_it_is_and_as_json_has_it() {
        let line = br#"{"message":"say \"a.b\"\n","path":"C:\\x"}"#;
        for (text, ignores_case, expected) in [
            ("a.b", false, true),
            ("a-b", false, false),
            ("say \"a", false, true),
            ("\"message\"", false, true),
            ("C:\\x", false, true),
            ("\"\n", false, true),
            ("SAY \"A", false, false),
            ("SAY \"A", true, true),
            ("", false, true),
        ] {
            let pattern = TextPattern::plain(text, ignores_case).unwrap();
            assert_eq!(pattern.is_in(line), expected, "{text:?}");
        }
        assert!(TextPattern::regex(r"a.b\\", false).unwrap().is_in(line));
    }

    #[test]
    fn a_bad_regular_expression_is_an_error() {
        assert!(TextPattern::regex("(", false).unwrap_err().to_string().contains("unclosed group"));
        assert!(TextPattern::regex(r"\w{1000}{1000}", false).is_err());
    }
}
