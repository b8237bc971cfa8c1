//! What is looked for, and the texts that lines without it do not have.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use metaexpert_log::condition::{Condition, Needles};
use metaexpert_log::jsonl::NotJson;

use super::keys::Values;
use super::text::TextPattern;
use crate::line::Moment;

/// Which lines are wanted. The default wants all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// What the line must have.
    pub text: Option<TextPattern>,
    /// Whether the line must not have the text.
    pub is_inverted: bool,
    /// The first time that is wanted, in nanoseconds since 1970.
    pub since_ns: Option<i64>,
    /// The first time after it that is not wanted.
    pub until_ns: Option<i64>,
}

/// Looks for one of some texts, or for an escape that may spell one.
#[derive(Clone, Debug)]
pub(crate) struct Finders {
    texts: Texts,
    /// In a box, because vectors of the processor are in it, and objects of Python are not aligned for these.
    escape: Option<Box<Finder<'static>>>,
}

#[derive(Clone, Debug)]
enum Texts {
    One(Box<Finder<'static>>),
    Several(AhoCorasick),
}

impl Finders {
    fn new(needles: &Needles) -> Option<Finders> {
        let texts = match &needles.any_of[..] {
            [text] => Texts::One(Box::new(Finder::new(text).into_owned())),
            texts => Texts::Several(AhoCorasick::new(texts).ok()?),
        };
        Some(Finders { texts, escape: needles.escape.map(Finder::new).map(Box::new) })
    }

    /// The place of the first of the texts in `bytes`.
    pub(crate) fn find_text(&self, bytes: &[u8]) -> Option<usize> {
        match &self.texts {
            Texts::One(finder) => finder.find(bytes),
            Texts::Several(automaton) => automaton.find(bytes).map(|found| found.start()),
        }
    }

    /// The place of the first escape in `bytes`.
    pub(crate) fn find_escape(&self, bytes: &[u8]) -> Option<usize> {
        self.escape.as_ref()?.find(bytes)
    }
}

impl Filter {
    pub(crate) fn has_range(&self) -> bool {
        self.since_ns.is_some() || self.until_ns.is_some()
    }

    /// What finds the lines that may be wanted, which have one of its texts or escapes. None where each line
    /// must be looked at.
    pub(crate) fn finders(&self) -> Option<Finders> {
        let of_text = self.text.as_ref().filter(|_| !self.is_inverted).and_then(TextPattern::needles);
        let all = of_text.into_iter().chain(self.conditions.iter().filter_map(Condition::needles));
        all.max_by_key(Needles::rarity).and_then(|needles| Finders::new(&needles))
    }

    /// Whether a record at this moment is in the range of time; `before` says so of the line before it, and
    /// for lines without a time.
    pub(crate) fn is_in_range(&self, moment: Moment, before: bool) -> bool {
        moment.time_ns.map_or(before, |time_ns| {
            self.since_ns.is_none_or(|since_ns| time_ns >= since_ns)
                && self.until_ns.is_none_or(|until_ns| time_ns < until_ns)
        })
    }

    /// Whether what the record says is wanted.
    pub(crate) fn wants(&self, record: &[u8]) -> bool {
        self.wants_text_of(record) && self.conditions.iter().all(|condition| condition.holds(record))
    }

    /// As [`Filter::wants`], of a record whose values are found as far as they decide. Fails where its reader
    /// does not know its keys.
    pub(crate) fn wants_values(&self, values: &mut Values<'_>) -> Result<bool, NotJson> {
        if !self.wants_text_of(values.record) {
            return Ok(false);
        }
        for (place, condition) in self.conditions.iter().enumerate() {
            let holds = match values.keys.of_condition(place) {
                Some(places) => condition.holds_of(&mut |index| values.find(places[index]))?,
                None => condition.holds(values.record),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a line that is no record is wanted: it has no fields, so conditions hold for none.
    pub(crate) fn wants_foreign(&self, line: &[u8]) -> bool {
        self.conditions.is_empty() && self.wants_text_of(line)
    }

    fn wants_text_of(&self, line: &[u8]) -> bool {
        self.text.as_ref().is_none_or(|text| text.is_in(line) != self.is_inverted)
    }
}
