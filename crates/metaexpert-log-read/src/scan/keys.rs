//! The keys that a search looks at, whose values a line's reader finds.

use metaexpert_log::condition::Condition;
use metaexpert_log::jsonl::{Name, NotJson};

use crate::line::LineReader;

/// Which keys of a record decide: those of conditions, and those that are counted by.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    wanted: Vec<Box<[u8]>>,
    /// For each condition the places of its names among `wanted`. None if a name may lead into a value.
    of_conditions: Vec<Option<Vec<usize>>>,
    /// The same for names that are counted by.
    counted: Option<Vec<usize>>,
}

/// The values of a record that its reader has begun.
pub(crate) struct Values<'r> {
    pub(crate) keys: &'r Keys,
    pub(crate) reader: &'r mut LineReader,
    pub(crate) record: &'r [u8],
}

impl Keys {
    pub(crate) fn new(conditions: &[Condition], counted: &[Name]) -> Keys {
        let mut keys = Keys::default();
        keys.of_conditions = conditions.iter().map(|condition| keys.places(condition.names())).collect();
        keys.counted = keys.places(counted);
        keys
    }

    fn places(&mut self, names: &[Name]) -> Option<Vec<usize>> {
        let names: Vec<&[u8]> = names.iter().map(Name::as_key).collect::<Option<_>>()?;
        Some(names.into_iter().map(|name| self.place(name)).collect())
    }

    fn place(&mut self, name: &[u8]) -> usize {
        self.wanted.iter().position(|wanted| **wanted == *name).unwrap_or_else(|| {
            self.wanted.push(name.into());
            self.wanted.len() - 1
        })
    }

    /// A reader that finds them.
    pub(crate) fn reader(&self) -> LineReader {
        LineReader::new(&self.wanted)
    }

    /// Whether a reading answers what a condition asks.
    pub(crate) fn decide(&self) -> bool {
        self.of_conditions.iter().any(Option::is_some)
    }

    /// The places of a condition's names; none if a name may lead into a value.
    pub(crate) fn of_condition(&self, place: usize) -> Option<&[usize]> {
        self.of_conditions[place].as_deref()
    }

    /// The places of the names that are counted by; none if a name may lead into a value.
    pub(crate) fn counted(&self) -> Option<&[usize]> {
        self.counted.as_deref()
    }
}

impl<'r> Values<'r> {
    /// The value of the key at this place, none where it is missing.
    #[inline]
    pub(crate) fn find(&mut self, place: usize) -> Result<Option<&'r [u8]>, NotJson> {
        self.reader.find(self.record, place)
    }
}
