//! Selections: the fields that are shown, by the patterns that name them.

use super::style::{Style, StyleError};

/// Names that stand for another key of a record, too.
pub(super) const SYNONYMS: [(&str, &str); 2] = [("time", "timestamp"), ("logger", "module")];

/// A name, or the beginning of names.
#[derive(Clone, Debug)]
struct Pattern {
    text: Box<[u8]>,
    /// Whether anything may follow.
    is_beginning: bool,
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, StyleError> {
        let (name, is_beginning) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.contains('*') {
            let problem = format!("the field {text:?} has a * before its end; write * at the end of a name");
            return Err(StyleError::new(problem));
        }
        if text.is_empty() {
            return Err(StyleError::new("a field has no name; write one, or * for all fields"));
        }
        Ok(Pattern { text: name.as_bytes().into(), is_beginning })
    }

    /// Whether it names the value at `path`, or one that has it within.
    #[inline]
    fn names(&self, path: &[u8]) -> bool {
        // Most paths differ in their first letter, which needs no call to see.
        self.text.first().is_none_or(|first| path.first() == Some(first))
            && path
                .strip_prefix(&*self.text)
                .is_some_and(|rest| self.is_beginning || matches!(rest, [] | [b'.', ..]))
    }

    /// Whether it may name something within the value at `path`.
    #[inline]
    fn reaches_into(&self, path: &[u8]) -> bool {
        self.text.first() == path.first()
            && self.text.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"."))
    }
}

/// How much of a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it.
    Whole,
    /// Of an object, some of its members; of other values all or nothing.
    Within {
        /// Whether they are shown.
        is_wanted: bool,
    },
    /// Nothing.
    Nothing,
}

/// The fields that are shown.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    wanted: Vec<Pattern>,
    hidden: Vec<Pattern>,
}

impl Selection {
    pub(super) fn of(style: &Style) -> Result<Selection, StyleError> {
        Ok(Selection { wanted: patterns(&style.fields)?, hidden: patterns(&style.hide)? })
    }

    /// Whether everything is shown.
    pub(super) fn is_all(&self) -> bool {
        self.wanted.is_empty() && self.hidden.is_empty()
    }

    /// Whether fields were asked for by name.
    pub(super) fn has_wanted(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether the value at `path` is hidden.
    pub(super) fn hides(&self, path: &[u8]) -> bool {
        self.hidden.iter().any(|pattern| pattern.names(path))
    }

    /// Whether all of the value at `path` is shown.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.verdict(path) == Verdict::Whole
    }

    /// What is shown of the value at `path`.
    #[inline]
    pub(super) fn verdict(&self, path: &[u8]) -> Verdict {
        if self.is_all() {
            return Verdict::Whole;
        }
        if self.hides(path) {
            return Verdict::Nothing;
        }
        let is_wanted = self.wanted.is_empty() || self.wanted.iter().any(|pattern| pattern.names(path));
        let bounds = if is_wanted { &self.hidden } else { &self.wanted };
        match (bounds.iter().any(|pattern| pattern.reaches_into(path)), is_wanted) {
            (true, is_wanted) => Verdict::Within { is_wanted },
            (false, true) => Verdict::Whole,
            (false, false) => Verdict::Nothing,
        }
    }
}

fn patterns(names: &[String]) -> Result<Vec<Pattern>, StyleError> {
    let synonyms = SYNONYMS.iter().filter(|(name, _)| names.iter().any(|given| given == name));
    names.iter().map(String::as_str).chain(synonyms.map(|(_, key)| *key)).map(Pattern::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(fields: &[&str], hide: &[&str]) -> Selection {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection::of(&Style { fields: texts(fields), hide: texts(hide), ..Style::default() }).unwrap()
    }

    fn verdicts(selection: &Selection, paths: &[&str]) -> Vec<Verdict> {
        paths.iter().map(|path| selection.verdict(path.as_bytes())).collect()
    }

    const SOME: Verdict = Verdict::Within { is_wanted: true };
    const FEW: Verdict = Verdict::Within { is_wanted: false };
    use Verdict::{Nothing, Whole};

    #[test]
    fn a_name_stands_for_what_is_within_it() {
        let hide = selection(&[], &["a.b"]);
        assert_eq!(
            verdicts(&hide, &["a", "a.b", "a.b.c", "a.bc", "ab", "b"]),
            [SOME, Nothing, Nothing, Whole, Whole, Whole]
        );
        let show = selection(&["a.b"], &[]);
        assert_eq!(
            verdicts(&show, &["a", "a.b", "a.b.c", "a.bc", "ab"]),
            [FEW, Whole, Whole, Nothing, Nothing]
        );
    }

    #[test]
    fn a_star_stands_for_any_rest() {
        let hide = selection(&[], &["ind*", "x.*"]);
        assert_eq!(
            verdicts(&hide, &["ind", "indicators.rsi", "in", "x", "x.y"]),
            [Nothing, Nothing, Whole, SOME, Nothing]
        );
        assert_eq!(verdicts(&selection(&["*"], &["a"]), &["a", "b"]), [Nothing, Whole]);
    }

    #[test]
    fn what_is_wanted_can_be_hidden_in_part() {
        let both = selection(&["a"], &["a.secret"]);
        assert_eq!(verdicts(&both, &["a", "a.secret", "a.b", "c"]), [SOME, Nothing, Whole, Nothing]);
    }

    #[test]
    fn the_short_names_stand_for_the_keys_too() {
        let show = selection(&["time", "logger"], &[]);
        assert_eq!(
            verdicts(&show, &["timestamp", "time", "module", "logger", "level"]),
            [Whole, Whole, Whole, Whole, Nothing]
        );
    }

    #[test]
    fn stars_elsewhere_and_empty_names_are_refused() {
        for (name, place) in [("a*b", "\"a*b\""), ("*.a", "\"*.a\""), ("", "no name")] {
            let style = Style { hide: vec![name.to_owned()], ..Style::default() };
            let error = Selection::of(&style).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains("; write"), "{error}");
        }
    }
}
