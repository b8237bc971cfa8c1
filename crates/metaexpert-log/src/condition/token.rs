//! The words, texts and signs of an expression.

use super::error::ConditionError;
use super::quoted::{Quoted, RegexText, quoted, regex_text};

/// One piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name, a number, a keyword or a plain text.
    Word(&'t str),
    /// A text or a name in quotes.
    Quoted(Quoted),
    /// `/…/`, with or without `i`.
    Regex(RegexText),
    /// An operator, a parenthesis or a comma.
    Sign(&'static str),
    /// Nothing is left.
    End,
}

/// Words that mean something, in capitals or not, and are quoted where they are names or texts.
const KEYWORDS: [&str; 5] = ["and", "or", "not", "in", "exists"];

/// The signs, each before those that it begins with.
const SIGNS: [&str; 11] = ["!=", "!~", "<=", ">=", "=", "<", ">", "~", "(", ")", ","];

/// What other languages write, and what is written here.
const FOREIGN: [(&str, &str); 12] = [
    ("===", "="),
    ("==", "="),
    ("=~", "~"),
    ("=>", ">="),
    ("=<", "<="),
    ("~=", "~"),
    ("<>", "!="),
    ("!==", "!="),
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("|", "or"),
];

/// The keyword that `word` is.
pub(super) fn keyword(word: &str) -> Option<&'static str> {
    KEYWORDS.into_iter().find(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Whether `text` is one word as it stands.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('/') && text.chars().all(is_of_word)
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || "_.-:+/@#$%".contains(letter)
}

/// Takes an expression apart.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(text: &'t str) -> Tokens<'t> {
        Tokens { text, at: 0 }
    }

    /// The next token, and where it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'t>), ConditionError> {
        let rest = self.text[self.at..].trim_start();
        let at = self.text.len() - rest.len();
        let (token, length) = match rest.chars().next() {
            None => (Token::End, 0),
            Some('/') => regex_text(rest, at).map(|(text, length)| (Token::Regex(text), length))?,
            Some('\'' | '"' | '`') => quoted(rest, at).map(|(text, length)| (Token::Quoted(text), length))?,
            Some(letter) if is_of_word(letter) => {
                let length = rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
            Some(letter) => sign(rest, letter, at).map(|sign| (Token::Sign(sign), sign.len()))?,
        };
        self.at = at + length;
        Ok((at, token))
    }
}

fn sign(rest: &str, letter: char, at: usize) -> Result<&'static str, ConditionError> {
    if let Some((foreign, ours)) = FOREIGN.iter().find(|(foreign, _)| rest.starts_with(foreign)) {
        return Err(
            ConditionError::new(at, format!("{foreign} is no operator")).suggest(format!("write {ours}"))
        );
    }
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok(sign);
    }
    Err(match letter {
        '!' => ConditionError::new(at, "! is no operator").suggest("write not"),
        _ => ConditionError::new(at, format!("{letter:?} is not expected here"))
            .suggest("put a text or a name that has it in double quotes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut tokens = Tokens::of(text);
        let mut all = Vec::new();
        loop {
            match tokens.next().unwrap().1 {
                Token::End => return all,
                token => all.push(token),
            }
        }
    }

    #[test]
    fn words_have_dots_dashes_colons_and_slashes() {
        for word in
            ["2026-12-01T10:00:00+02:00", "BTC-USDT", "BTC/USDT:USDT", "binance.spot", "-1.5e+3", "größe"]
        {
            assert_eq!(tokens(word), [Token::Word(word)]);
        }
    }

    #[test]
    fn signs_need_no_spaces() {
        let expected = [Token::Word("a"), Token::Sign(">="), Token::Word("-1"), Token::Sign(")")];
        assert_eq!(tokens("a>=-1)"), expected);
    }

    #[test]
    fn operators_of_other_languages_are_translated() {
        for (text, word) in
            [("==", "="), ("&&", "and"), ("||", "or"), ("! x", "not"), ("<>", "!="), ("=~", "~")]
        {
            let error = Tokens::of(text).next().unwrap_err();
            assert_eq!(error.suggestion, Some(format!("write {word}")), "{text}");
        }
    }
}
