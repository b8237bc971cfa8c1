//! Errors of expressions: the mistake, its place, and a suggestion.

use std::fmt;

/// How many characters of a long expression an error shows before the place and behind it.
const SHOWN_BEFORE: usize = 60;
const SHOWN_BEHIND: usize = 30;

/// An expression that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// What is wrong.
    pub message: String,
    /// What to do, as an imperative, if there is something to say.
    pub suggestion: Option<String>,
    /// Where it is wrong: an offset in bytes into the expression.
    pub at: usize,
    text: String,
}

impl ConditionError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> ConditionError {
        ConditionError { message: message.into(), suggestion: None, at, text: String::new() }
    }

    pub(super) fn suggest(self, suggestion: impl Into<String>) -> ConditionError {
        ConditionError { suggestion: Some(suggestion.into()), ..self }
    }

    /// The error, with the expression to show.
    pub(super) fn within(self, text: &str) -> ConditionError {
        ConditionError { text: text.to_owned(), ..self }
    }

    /// The line of the expression that is wrong, and a line with a caret below the place.
    pub fn excerpt(&self) -> String {
        let (before, behind) = self.text.split_at_checked(self.at).unwrap_or((&self.text, ""));
        let before = before.rsplit('\n').next().unwrap_or_default();
        let behind = behind.split('\n').next().unwrap_or_default();
        let skipped = before.chars().count().saturating_sub(SHOWN_BEFORE);
        let before: String = before.chars().skip(skipped).map(visible).collect();
        let mut shown: String = behind.chars().take(SHOWN_BEHIND).map(visible).collect();
        if behind.chars().nth(SHOWN_BEHIND).is_some() {
            shown.push('…');
        }
        let start = if skipped > 0 { "…" } else { "" };
        let column = start.chars().count() + before.chars().count();
        format!("  {start}{before}{shown}\n  {:column$}^", "")
    }
}

impl fmt::Display for ConditionError {
    /// The message, the suggestion, and the line of the expression with a caret below the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; {suggestion}")?;
        }
        write!(f, "\n{}", self.excerpt())
    }
}

/// One column for each character, and no control of the terminal.
fn visible(letter: char) -> char {
    if letter.is_control() { ' ' } else { letter }
}

impl std::error::Error for ConditionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_character() {
        let error = ConditionError::new(7, "== is no operator").suggest("write =").within("prei\u{df} == 1");
        assert_eq!(error.to_string(), "== is no operator; write =\n  prei\u{df} == 1\n        ^");
    }

    #[test]
    fn only_the_line_and_the_neighbourhood_are_shown() {
        let text = format!("a = 1\n{}!{}\nor b", "x".repeat(100), "y".repeat(100));
        let shown = ConditionError::new(106, "no").within(&text).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], format!("  …{}!{}…", "x".repeat(60), "y".repeat(29)));
        assert_eq!(lines[2].chars().position(|letter| letter == '^'), Some(2 + 61));
    }
}
