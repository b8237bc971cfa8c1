//! Counts of values in bounded memory.

use std::collections::HashMap;

use metaexpert_log::jsonl::Value;

/// How many values are told apart, and how many bytes they may have together. Records with further ones are
/// counted as others.
const MAX_VALUES: usize = 100_000;
const MAX_BYTES: usize = 16 << 20;

/// How often each value was there: exactly for those that came first, together for all others.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    places: HashMap<Box<[u8]>, usize>,
    counts: Vec<u64>,
    bytes: usize,
    /// The value that came last, because it often comes again.
    latest: Option<(Vec<u8>, usize)>,
    others: u64,
}

impl Counts {
    /// Counts a value, by the bytes that stand for it.
    #[inline]
    pub(super) fn add(&mut self, value: &[u8]) {
        match &self.latest {
            Some((known, place)) if known == value => self.counts[*place] += 1,
            _ => self.find(value, 1),
        }
    }

    /// Counts the values of `later`, whose records come behind those that are counted here.
    pub(super) fn merge(&mut self, later: &Counts) {
        let mut values: Vec<(&Box<[u8]>, &usize)> = later.places.iter().collect();
        values.sort_by_key(|(_, place)| **place);
        for (value, place) in values {
            self.find(value, later.counts[*place]);
        }
        self.others += later.others;
    }

    fn find(&mut self, value: &[u8], count: u64) {
        let place = match self.places.get(value) {
            Some(place) => *place,
            None if self.counts.len() == MAX_VALUES || self.bytes + value.len() > MAX_BYTES => {
                self.others += count;
                return;
            }
            None => {
                self.places.insert(value.into(), self.counts.len());
                self.bytes += value.len();
                self.counts.push(0);
                self.counts.len() - 1
            }
        };
        self.counts[place] += count;
        let (latest, at) = self.latest.get_or_insert_default();
        latest.clear();
        latest.extend_from_slice(value);
        *at = place;
    }

    /// The values with their counts, the most frequent first, as `name` has them; equal names are one.
    pub(super) fn sorted<N: std::hash::Hash + Ord + Clone>(
        &self,
        name: impl Fn(&[u8]) -> N,
    ) -> Vec<(N, u64)> {
        let mut named: HashMap<N, u64> = HashMap::new();
        for (value, place) in &self.places {
            *named.entry(name(value)).or_default() += self.counts[*place];
        }
        let mut sorted: Vec<(N, u64)> = named.into_iter().collect();
        sorted.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        sorted
    }

    /// How many records had values that are not told apart.
    pub(super) fn others(&self) -> u64 {
        self.others
    }
}

/// A value as people read it: a text without quotes and escapes, anything else as it stands in the line.
pub(super) fn shown(raw: &[u8]) -> String {
    match Value::of(raw) {
        Ok(Value::Text(text)) => String::from_utf8_lossy(&text).into_owned(),
        _ => String::from_utf8_lossy(raw).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_text_are_one_value() {
        let mut counts = Counts::default();
        for raw in [&b"\"a\""[..], b"\"\\u0061\"", b"1", b"\"a\"", b"null"] {
            counts.add(raw);
        }
        let expected = [("a", 3), ("1", 1), ("null", 1)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(counts.sorted(shown), expected);
    }

    #[test]
    fn counts_of_parts_are_those_of_the_whole() {
        let values: Vec<String> =
            (0..3 * MAX_VALUES).map(|number| (number * 7 % (2 * MAX_VALUES - 1)).to_string()).collect();
        let (mut whole, mut merged) = (Counts::default(), Counts::default());
        values.iter().for_each(|value| whole.add(value.as_bytes()));
        for part in values.chunks(MAX_VALUES / 3) {
            let mut later = Counts::default();
            part.iter().for_each(|value| later.add(value.as_bytes()));
            merged.merge(&later);
        }
        assert_eq!(merged.sorted(shown), whole.sorted(shown));
        assert_eq!((merged.others(), whole.others()), (MAX_VALUES as u64, MAX_VALUES as u64));
    }

    #[test]
    fn memory_is_bounded_and_what_is_not_told_apart_is_counted() {
        let mut counts = Counts::default();
        for number in 0..MAX_VALUES + 5 {
            counts.add(number.to_string().as_bytes());
        }
        counts.add(b"7");
        assert_eq!((counts.counts.len(), counts.others()), (MAX_VALUES, 5));
        assert_eq!(counts.sorted(shown)[0], ("7".to_owned(), 2));
        let mut counts = Counts::default();
        for letter in b'a'..b'e' {
            counts.add(&vec![letter; MAX_BYTES / 3]);
        }
        assert_eq!((counts.counts.len(), counts.others()), (3, 1));
    }
}
