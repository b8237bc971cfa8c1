//! Lines read in full: whether each is a record, and what it has under the keys that are asked for.

use std::ops::Range;

use metaexpert_log::jsonl::{Members, NotJson, decoded};

use super::json;
use super::keys::{KeyTree, Place};
use super::{Fault, fault_of_utf8};

/// Reads lines one by one, and remembers their keys. A line whose keys it knows is read in one pass, without
/// looking for keys that come twice: those that it knows are distinct.
#[derive(Debug)]
pub struct LineReader {
    keys: KeyTree,
    /// Where the line that was read last has the wanted values; empty for one that it does not have.
    values: Vec<Range<usize>>,
    open: Vec<bool>,
    /// How far the line was read: behind which keys, and to which of its bytes.
    place: Place,
    at: usize,
    is_whole: bool,
}

impl LineReader {
    /// Finds the values of these keys.
    pub fn new(wanted: impl IntoIterator<Item: AsRef<[u8]>>) -> LineReader {
        let wanted: Vec<Box<[u8]>> = wanted.into_iter().map(|key| key.as_ref().into()).collect();
        LineReader {
            values: vec![0..0; wanted.len()],
            keys: KeyTree::new(wanted),
            open: Vec::new(),
            place: 0,
            at: 0,
            is_whole: false,
        }
    }

    /// Why `line`, which has no line end, is not a record; none if it is one, and then [`LineReader::value`]
    /// has its values.
    pub fn read(&mut self, line: &[u8]) -> Option<Fault> {
        if std::str::from_utf8(line).is_err() { Some(Fault::NotUtf8) } else { self.read_utf8(line) }
    }

    /// As [`LineReader::read`], of a line that is known to be UTF-8.
    pub fn read_utf8(&mut self, line: &[u8]) -> Option<Fault> {
        self.begin();
        self.finish(line)
    }

    /// Begins a line, which is UTF-8; what follows is told of it.
    pub fn begin(&mut self) {
        self.values.fill(0..0);
        (self.place, self.at, self.is_whole) = (0, 0, false);
    }

    /// What `line`, which was begun, has under the `index`-th of the wanted keys. It is read as far as that.
    /// Fails where its keys are not known, or it is not JSON.
    #[inline]
    pub fn find<'l>(&mut self, line: &'l [u8], index: usize) -> Result<Option<&'l [u8]>, NotJson> {
        while self.values[index].is_empty() && !self.is_whole {
            self.step(line).ok_or(NotJson)?;
        }
        Ok(self.value(line, index))
    }

    /// Reads `line`, which was begun, to its end. Why it is not a record; none if it is one.
    pub fn finish(&mut self, line: &[u8]) -> Option<Fault> {
        while !self.is_whole {
            if self.step(line).is_none() {
                return self.read_at_leisure(line);
            }
        }
        None
    }

    /// What the record that was read last, `line`, has under the `index`-th of the wanted keys.
    pub fn value<'l>(&self, line: &'l [u8], index: usize) -> Option<&'l [u8]> {
        Some(&line[self.values[index].clone()]).filter(|value| !value.is_empty())
    }

    /// Reads one member whose key is known, in a record that has no white space around it or before a colon or
    /// comma; none for any other line.
    #[inline]
    fn step(&mut self, line: &[u8]) -> Option<()> {
        if self.at == 0 {
            let is_enclosed = matches!(line, [b'{', .., b'}']);
            self.at = is_enclosed.then_some(1)?;
        }
        let (key, behind) = self.keys.find(self.place, line, self.at)?;
        let start = json::skip_space(line, behind);
        let end = json::value(line, start, &mut self.open)?;
        if let Some(index) = key.wanted {
            self.values[index] = start..end;
        }
        self.place = key.next;
        match line.get(end)? {
            b',' => self.at = json::skip_space(line, end + 1),
            b'}' if end + 1 == line.len() => self.is_whole = true,
            _ => return None,
        }
        Some(())
    }

    fn read_at_leisure(&mut self, line: &[u8]) -> Option<Fault> {
        let fault = fault_of_utf8(line);
        if fault.is_none() {
            self.read_unknown(line);
            self.keys.learn(line);
            self.is_whole = true;
        }
        fault
    }

    fn read_unknown(&mut self, record: &[u8]) {
        self.values.fill(0..0);
        let Ok(members) = Members::of(record) else { return };
        for (key, value) in members.map_while(Result::ok) {
            let Ok(key) = decoded(key) else { return };
            if let Some(index) = self.keys.wanted().iter().position(|wanted| **wanted == *key) {
                let start = value.as_ptr().addr() - record.as_ptr().addr();
                self.values[index] = start..start + value.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metaexpert_log::jsonl::{Fields, Name};
    use proptest::prelude::*;

    const WANTED: [&str; 4] = ["a", "b", "level", "a key that is longer than two words"];

    /// A line of a few members, some of them the same, and some of them no JSON.
    fn line() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "a",
            "b",
            "ab",
            "level",
            "\\u0061",
            "\\\"",
            "",
            "ä",
            "a key that is longer than two words",
            "a key that is longer than two wordz",
            "a key with sixteen",
        ]);
        let value = prop::sample::select(vec![
            "1",
            "-0.5e3",
            "01",
            "\"\"",
            "\"INFO\"",
            "\"a\\\"}\"",
            "\"\\x\"",
            "null",
            "true",
            "tru",
            "{\"a\":1}",
            "{\"a\":1,\"a\":2}",
            "[1,]",
            "[{},[]]",
            "\"\u{1}\"",
            " 2",
            "2 ",
            "",
        ]);
        let member = (key, prop::sample::select(vec![":", ":", ":", ": ", " :", ""]), value)
            .prop_map(|(key, colon, value)| format!("\"{key}\"{colon}{value}"));
        let separator = prop::sample::select(vec![",", ",", ",", ", ", " ,", "", ",,"]);
        let end = prop::sample::select(vec!["}", "}", "}", "}}", "", "} ", "}x", ",}"]);
        (prop::collection::vec((member, separator), 0..5), end).prop_map(|(members, end)| {
            let mut line = String::from("{");
            for (index, (member, separator)) in members.iter().enumerate() {
                line += if index > 0 { separator } else { "" };
                line += member;
            }
            line + end
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_remembered_changes_no_answer(lines in prop::collection::vec(line(), 1..8)) {
            let names = WANTED.map(Name::new);
            let mut reader = LineReader::new(WANTED);
            for line in lines.iter().chain(&lines).map(String::as_bytes) {
                let fault = fault_of_utf8(line);
                prop_assert_eq!(reader.read(line), fault);
                for index in (0..WANTED.len()).filter(|_| fault.is_none()) {
                    let right = Fields::of(&names, line).unwrap().get(index).unwrap();
                    prop_assert_eq!(reader.value(line, index), right);
                }
                // What is found before the end is what a reader finds that passes over members unchecked.
                for index in 0..WANTED.len() {
                    reader.begin();
                    if let Ok(found) = reader.find(line, index) {
                        prop_assert_eq!(Fields::of(&names, line).unwrap().get(index), Ok(found));
                    }
                }
            }
        }
    }

    #[test]
    fn more_keys_than_are_remembered_are_read() {
        let mut reader = LineReader::new(["k7"]);
        let line = |first: usize| {
            let keys: Vec<String> = (first..first + 300).map(|key| format!("\"k{key}\":{key}")).collect();
            format!("{{{}}}", keys.join(","))
        };
        for first in (0..100).chain(0..100) {
            let line = line(first);
            assert_eq!(reader.read(line.as_bytes()), None);
            assert_eq!(reader.value(line.as_bytes(), 0), (first <= 7).then_some(&b"7"[..]));
        }
        let twice = line(0).replace("\"k299\"", "\"k0\"");
        assert_eq!(reader.read(twice.as_bytes()), Some(Fault::DuplicateKey));
    }

    #[test]
    fn a_line_without_its_first_brace_is_none_even_where_its_keys_are_known() {
        let mut reader = LineReader::new(["a"]);
        assert_eq!(reader.read(b"{\"a\":1}"), None);
        assert_eq!(reader.read(b"\"a\":1}"), Some(Fault::NotJson));
        reader.begin();
        assert_eq!(reader.find(b"\"a\":1}", 0), Err(NotJson));
    }

    #[test]
    fn a_line_that_is_not_utf8_is_none_even_where_its_keys_are_known() {
        let mut reader = LineReader::new(["a"]);
        assert_eq!(reader.read(b"{\"a\":\"x\"}"), None);
        assert_eq!(reader.read(b"{\"a\":\"\xff\"}"), Some(Fault::NotUtf8));
    }
}
