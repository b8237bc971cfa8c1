//! **Route**: which sinks want a record.

use crate::config::SinkConfig;
use crate::frame::NO_ID;
use crate::ring::decoded::DecodedRecord;
use crate::ring::lexicon::Name;

/// A set of sinks: bit *n* stands for the *n*-th.
pub type SinkSet = u64;

struct Filter {
    level: i32,
    max_level: i32,
    category: Option<Box<[u8]>>,
    loggers: Vec<Box<[u8]>>,
}

/// Decides by level, category and logger; remembers what it found out about each name.
pub struct Router {
    filters: Vec<Filter>,
    by_logger: Vec<Option<SinkSet>>,
    by_category: Vec<Option<SinkSet>>,
    /// Logger, category and level of the last record, all known by number, and who wanted it.
    latest: Option<((u32, u32, i32), SinkSet)>,
}

impl Router {
    /// A router for the sinks in this order, at most 64.
    pub fn new(sinks: &[SinkConfig]) -> Self {
        let filters = sinks
            .iter()
            .map(|sink| Filter {
                level: sink.level,
                max_level: sink.max_level.unwrap_or(i32::MAX),
                category: sink.category.as_ref().map(|name| name.as_bytes().into()),
                loggers: sink.loggers.iter().map(|name| name.as_bytes().into()).collect(),
            })
            .collect();
        Router { filters, by_logger: Vec::new(), by_category: Vec::new(), latest: None }
    }

    /// The sinks that want `record`.
    #[inline]
    pub fn targets(&mut self, record: &DecodedRecord<'_>) -> SinkSet {
        let key = (record.logger_id, record.category_id, record.level);
        match self.latest {
            Some((known, targets)) if known == key => targets,
            _ => self.find(record, key),
        }
    }

    fn find(&mut self, record: &DecodedRecord<'_>, key: (u32, u32, i32)) -> SinkSet {
        let targets = self.choose(record);
        let has_numbers =
            record.logger_id != NO_ID && (record.category_id != NO_ID || record.category.is_none());
        self.latest = has_numbers.then_some((key, targets));
        targets
    }

    fn choose(&mut self, record: &DecodedRecord<'_>) -> SinkSet {
        let mut left = self.for_logger(record) & self.for_category(record);
        let mut targets = 0;
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            let filter = &self.filters[index];
            if (filter.level..=filter.max_level).contains(&record.level) {
                targets |= 1 << index;
            }
        }
        targets
    }

    #[inline]
    fn for_logger(&mut self, record: &DecodedRecord<'_>) -> SinkSet {
        let filters = &self.filters;
        remembered(&mut self.by_logger, record.logger_id, || {
            select(filters, |filter| {
                filter.loggers.is_empty()
                    || filter.loggers.iter().any(|name| is_within(record.logger.raw, name))
            })
        })
    }

    #[inline]
    fn for_category(&mut self, record: &DecodedRecord<'_>) -> SinkSet {
        let filters = &self.filters;
        let find = || {
            select(filters, |filter| match (&filter.category, record.category) {
                (None, _) => true,
                (Some(wanted), Some(Name { raw, .. })) => **wanted == *raw,
                (Some(_), None) => false,
            })
        };
        // Id 0 stands for "no category", which is remembered like any other, and for one without an id.
        if record.category_id == NO_ID && record.category.is_some() {
            return find();
        }
        remembered_at(&mut self.by_category, record.category_id as usize, find)
    }
}

fn remembered(memory: &mut Vec<Option<SinkSet>>, id: u32, find: impl FnOnce() -> SinkSet) -> SinkSet {
    if id == NO_ID {
        return find();
    }
    remembered_at(memory, id as usize, find)
}

#[inline]
fn remembered_at(memory: &mut Vec<Option<SinkSet>>, index: usize, find: impl FnOnce() -> SinkSet) -> SinkSet {
    if let Some(Some(set)) = memory.get(index) {
        return *set;
    }
    if memory.len() <= index {
        memory.resize(index + 1, None);
    }
    *memory[index].insert(find())
}

fn select(filters: &[Filter], wants: impl Fn(&Filter) -> bool) -> SinkSet {
    filters.iter().enumerate().filter(|(_, filter)| wants(filter)).fold(0, |set, (index, _)| set | 1 << index)
}

/// Whether `name` is `ancestor` or below it in the dotted hierarchy.
fn is_within(name: &[u8], ancestor: &[u8]) -> bool {
    name.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logger_filter_takes_children_and_not_namesakes() {
        assert!(is_within(b"app", b"app"));
        assert!(is_within(b"app.db", b"app"));
        assert!(!is_within(b"apple", b"app"));
    }
}
