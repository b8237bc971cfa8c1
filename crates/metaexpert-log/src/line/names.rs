//! Names that are each used once, because an object of JSON has no key twice.

use std::collections::HashSet;

/// With no more names than these, looking through them takes less time than hashing.
const FEW: usize = 16;

/// The names of one object so far.
#[derive(Default)]
pub struct Names {
    few: Vec<Vec<u8>>,
    /// All of them, once they are more than [`FEW`].
    many: HashSet<Vec<u8>>,
}

impl Names {
    /// `name`, with underscores appended while it was there before.
    pub fn distinct(&mut self, name: Vec<u8>) -> Vec<u8> {
        self.distinct_from(name, |_| false)
    }

    /// As [`Names::distinct`], also from names that are still to come.
    pub fn distinct_from(&mut self, mut name: Vec<u8>, comes: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        while comes(&name) || self.contains(&name) {
            name.push(b'_');
        }
        self.insert(name.clone());
        name
    }

    /// `name`, with an underscore and a number appended if it was there before.
    pub fn numbered(&mut self, name: Vec<u8>) -> Vec<u8> {
        let with = |number: usize| [&name, format!("_{number}").as_bytes()].concat();
        let mut numbered = (self.few.len() + self.many.len()..).map(with);
        let free = if self.contains(&name) { numbered.find(|name| !self.contains(name)) } else { None };
        let name = free.unwrap_or(name);
        self.insert(name.clone());
        name
    }

    fn contains(&self, name: &[u8]) -> bool {
        if self.many.is_empty() { self.few.iter().any(|each| each == name) } else { self.many.contains(name) }
    }

    fn insert(&mut self, name: Vec<u8>) {
        if self.many.is_empty() && self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.many.extend(self.few.drain(..));
            self.many.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(given: &[&str], mut each: impl FnMut(Vec<u8>) -> Vec<u8>) -> Vec<String> {
        given.iter().map(|name| String::from_utf8(each(name.as_bytes().to_vec())).unwrap()).collect()
    }

    #[test]
    fn equal_names_get_underscores_until_they_differ() {
        let mut names = Names::default();
        assert_eq!(texts(&["a", "a", "a_", "b"], |name| names.distinct(name)), ["a", "a_", "a__", "b"]);
    }

    #[test]
    fn a_name_leaves_those_alone_that_are_still_to_come() {
        let mut names = Names::default();
        assert_eq!(names.distinct_from(b"seq_".to_vec(), |name| name == b"seq_"), b"seq__");
        assert_eq!(names.distinct(b"seq_".to_vec()), b"seq_");
    }

    #[test]
    fn many_names_are_told_apart_as_few_are() {
        let mut names = Names::default();
        let given = || (0..4 * FEW).map(|number| format!("name{number}").into_bytes());
        for underscores in ["", "_", "__"] {
            for name in given() {
                let wanted = [name.as_slice(), underscores.as_bytes()].concat();
                assert_eq!(names.distinct(name), wanted);
            }
        }
    }

    #[test]
    fn equal_names_get_numbers_that_no_other_has() {
        let mut names = Names::default();
        let given = ["a", "a", "a_3", "a", "b"];
        assert_eq!(texts(&given, |name| names.numbered(name)), ["a", "a_1", "a_3", "a_4", "b"]);
    }
}
