//! The keys of a log, each with its number.

use std::borrow::Cow;
use std::collections::HashMap;

use metaexpert_log::jsonl::{NotJson, RawText, decoded};

use super::schema::CORE;

/// More keys than this are no fields of a program but values, so each one beyond has no column.
pub const MAX_KEYS: usize = 2_000;

/// The keys, numbered as they came. Records of one call site have the same keys in the same order, so the key
/// that followed last time is tried first.
#[derive(Clone)]
pub struct Keys {
    keys: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, usize>,
    /// By the number of the key before, plus one: the key that followed it last.
    followers: Vec<usize>,
}

impl Keys {
    pub fn new() -> Keys {
        let mut keys = Keys { keys: Vec::new(), numbers: HashMap::new(), followers: vec![0] };
        for key in CORE {
            keys.add(key.as_bytes());
        }
        keys
    }

    fn add(&mut self, key: &[u8]) -> usize {
        let number = self.keys.len();
        self.keys.push(key.into());
        self.numbers.insert(key.into(), number);
        self.followers.push((number + 1) % MAX_KEYS);
        number
    }

    /// The number of a key that is known. `place` is 0 for the first of a record, and for another one the
    /// number of the key before it plus one.
    #[inline]
    pub fn find(&mut self, place: usize, raw: RawText<'_>) -> Result<Option<usize>, NotJson> {
        let expected = self.followers[place];
        if !raw.has_escapes && self.keys.get(expected).is_some_and(|key| **key == *raw.bytes) {
            return Ok(Some(expected));
        }
        let number = self.numbers.get(&*decoded(raw)?).copied();
        if let Some(number) = number {
            self.followers[place] = number;
        }
        Ok(number)
    }

    /// As [`Keys::find`], a new key gets a number. None if there are too many.
    #[inline]
    pub fn find_or_add(&mut self, place: usize, raw: RawText<'_>) -> Result<Option<usize>, NotJson> {
        match self.find(place, raw)? {
            None if self.keys.len() < MAX_KEYS => {
                let key: Cow<'_, [u8]> = decoded(raw)?;
                Ok(Some(self.add(&key)))
            }
            number => Ok(number),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(|key| &**key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &[u8]) -> RawText<'_> {
        RawText { bytes, has_escapes: bytes.contains(&b'\\') }
    }

    #[test]
    fn a_key_has_one_number_whatever_comes_before_it_and_however_it_is_written() {
        let mut keys = Keys::new();
        let number = keys.find_or_add(0, raw(b"price")).unwrap();
        assert_eq!(number, Some(CORE.len()));
        for (place, spelling) in
            [(0, &b"price"[..]), (3, b"price"), (3, br"p\u0072ice"), (CORE.len() + 1, b"price")]
        {
            assert_eq!(keys.find_or_add(place, raw(spelling)).unwrap(), number);
        }
        assert_eq!(keys.find(0, raw(b"qty")).unwrap(), None);
        assert_eq!(keys.find(1, raw(b"level")).unwrap(), Some(1));
    }

    #[test]
    fn there_is_an_end_to_new_keys() {
        let mut keys = Keys::new();
        for number in 0..2 * MAX_KEYS {
            keys.find_or_add(keys.keys.len(), raw(format!("k{number}").as_bytes())).unwrap();
        }
        assert_eq!(keys.keys.len(), MAX_KEYS);
        assert_eq!(keys.find_or_add(0, raw(b"level")).unwrap(), Some(1));
    }
}
