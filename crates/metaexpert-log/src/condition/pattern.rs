//! The right side of `~`: a regular expression, or a text that is contained.

use std::fmt;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::operand::Literal;
use super::quoted::RegexText;

/// How much memory a compiled expression may take: a counted repetition of Unicode classes is large.
const MAX_REGEX_BYTES: usize = 2 << 20;

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Regex(RegexText, Regex),
    Plain(Literal, Box<Finder<'static>>),
}

impl Pattern {
    /// A regular expression; the error says in one line what is wrong with it.
    pub(super) fn regex(text: RegexText) -> Result<Pattern, String> {
        let mut builder = RegexBuilder::new(&text.text);
        builder.case_insensitive(text.ignores_case).size_limit(MAX_REGEX_BYTES);
        let regex = builder.build().map_err(|error| {
            let lines = error.to_string();
            let reason = lines.lines().last().unwrap_or_default();
            reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
        })?;
        Ok(Pattern::Regex(text, regex))
    }

    /// A text that is contained as it is.
    pub(super) fn plain(literal: Literal) -> Pattern {
        let finder = Box::new(Finder::new(literal.text.as_bytes()).into_owned());
        Pattern::Plain(literal, finder)
    }

    /// A text that everything that matches contains.
    pub(super) fn contained_text(&self) -> Option<&str> {
        match self {
            Pattern::Regex(..) => None,
            Pattern::Plain(literal, _) => Some(&literal.text),
        }
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Regex(_, regex) => regex.is_match(text),
            Pattern::Plain(_, finder) => finder.find(text).is_some(),
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Regex(ours, _), Pattern::Regex(theirs, _)) => ours == theirs,
            (Pattern::Plain(ours, _), Pattern::Plain(theirs, _)) => ours == theirs,
            _ => false,
        }
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Regex(text, _) => write!(f, "{text}"),
            Pattern::Plain(literal, _) => write!(f, "{literal}"),
        }
    }
}
