//! Bytes as a log: each line of it is a record, or a line that is told of, however it is packed and wherever
//! blocks end; and what is found by a condition is what a slow reader finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use metaexpert_log::condition::Condition;
use metaexpert_log_read::{Fault, Filter, OpenLogs, Query, Search, Tally};
use serde_json::value::RawValue;

use super::{Scratch, gzip, zstd};

/// The last lines of a file are looked for in so many bytes first.
const FIRST_BLOCK_BYTES: usize = 16 << 10;
const CONDITIONS: [&str; 4] = ["level = INFO", "not a = 1", "price > 1.5 or message ~ /o/", "a.b exists"];

type Faults = BTreeMap<Fault, u64>;
type Line = (Vec<u8>, Option<Fault>);

/// What a search gives and tells.
#[derive(Debug, PartialEq)]
struct Answer {
    lines: Vec<Line>,
    faults: Faults,
    problems: Vec<String>,
}

/// Searches a log that has `data`: behind the first byte, which says which condition is asked.
pub fn check(scratch: &Scratch, data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    // The first bytes say whether a file is packed.
    let text = if matches!(text.first(), Some(0x1f | 0x28 | 0x50..=0x5f)) { &text[1..] } else { text };
    let log = scratch.file("plain.log", text);
    let expected = slow_answer(text);
    assert_eq!(answer(&log, &Query::default()), expected);
    check_packed(scratch, text, &expected);
    check_block_end(scratch, text, usize::from(*choice), &expected);
    let asked = CONDITIONS[usize::from(*choice) % CONDITIONS.len()];
    check_condition(&log, asked, &expected);
}

fn check_packed(scratch: &Scratch, text: &[u8], expected: &Answer) {
    let members = text.chunks(text.len() / 2 + 1);
    let gzip = members.clone().flat_map(gzip).collect::<Vec<_>>();
    let zstd = members.flat_map(zstd).collect::<Vec<_>>();
    for (name, packed) in [("gzip.log", gzip), ("zstd.log", zstd)] {
        if !text.is_empty() {
            assert_eq!(answer(&scratch.file(name, &packed), &Query::default()), *expected, "{name}");
        }
    }
}

/// Asks for the last lines, of which a block begins somewhere in `text`.
fn check_block_end(scratch: &Scratch, text: &[u8], place: usize, expected: &Answer) {
    let behind = (place * 7).min(text.len()).min(FIRST_BLOCK_BYTES);
    let filling = FIRST_BLOCK_BYTES - behind;
    let whole = text.ends_with(b"\n") || text.is_empty();
    if !whole || filling < 3 {
        return;
    }
    let padding = "\n".repeat(filling);
    let log = scratch.file("blocks.log", &[text, padding.as_bytes()].concat());
    let last = answer(&log, &Query { last: Some(usize::MAX), ..Query::default() });
    assert_eq!(last.lines, expected.lines, "a block that begins {behind} bytes before the end");
    assert_eq!(last.faults, expected.faults);
    for count in [1, 3] {
        let last = answer(&log, &Query { last: Some(count), ..Query::default() });
        assert_eq!(last.lines, expected.lines[expected.lines.len().saturating_sub(count)..]);
    }
}

fn check_condition(log: &PathBuf, asked: &str, all: &Answer) {
    let condition = Condition::parse(asked, 0).unwrap();
    let holds = |line: &&Line| is_record(line) && condition.holds(without_return(&line.0));
    let expected: Vec<Line> = all.lines.iter().filter(holds).cloned().collect();
    let filter = Filter { conditions: vec![condition.clone()], ..Filter::default() };
    let query = Query { filter, ..Query::default() };
    let strict = answer(log, &Query { is_strict: true, ..query.clone() });
    assert_eq!((&strict.lines, &strict.faults), (&expected, &all.faults), "{asked}");
    // What is not wanted is read from afar: fewer faults may be told, and none that are not there.
    let quick = answer(log, &query);
    let records = |lines: &[Line]| lines.iter().filter(|line| is_record(line)).cloned().collect::<Vec<_>>();
    assert_eq!(records(&quick.lines), expected, "{asked}");
    assert!(quick.faults.iter().all(|(fault, count)| all.faults.get(fault) >= Some(count)), "{asked}");
    let shown = answer(log, &Query { gives_all: true, ..query.clone() });
    let texts = |lines: &[Line]| lines.iter().map(|line| line.0.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&shown.lines), texts(&all.lines), "{asked}");
    let (counted, faults) = counted(log, query);
    let sound = expected.iter().filter(|line| line.1.is_none()).count();
    assert_eq!(counted, sound as u64, "{asked}");
    assert!(faults.iter().all(|(fault, count)| all.faults.get(fault) >= Some(count)), "{asked}");
}

fn is_record(line: &Line) -> bool {
    matches!(line.1, None | Some(Fault::DuplicateKey))
}

fn counted(log: &PathBuf, query: Query) -> (u64, Faults) {
    let mut tally = Tally::of(&opened(log, query), &["no such key".to_owned()]).unwrap();
    while tally.read_on().unwrap() {}
    let counted = tally.to_json()["records"].as_u64().unwrap();
    let faults = tally.report().files.iter().flat_map(|file| file.faults.clone()).collect();
    (counted, faults)
}

fn opened(log: &PathBuf, query: Query) -> OpenLogs {
    OpenLogs::at(std::slice::from_ref(log), query).unwrap()
}

fn answer(log: &PathBuf, query: &Query) -> Answer {
    let mut search = Search::of(&opened(log, query.clone())).unwrap();
    let mut lines = Vec::new();
    while let Some(batch) = search.next_batch().unwrap() {
        lines.extend(batch.lines().iter().map(|line| (batch.text(line).to_vec(), line.fault)));
    }
    let files = &search.report().files;
    Answer {
        lines,
        faults: files.iter().flat_map(|file| file.faults.clone()).collect(),
        problems: files.iter().flat_map(|file| file.problems.clone()).collect(),
    }
}

/// What is in `text`, read without any haste.
fn slow_answer(text: &[u8]) -> Answer {
    let mut lines: Vec<Line> = Vec::new();
    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let whole = text[..end].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text[..end]);
    for line in whole.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        lines.push((line.to_vec(), fault_of(without_return(line))));
    }
    if end < text.len() {
        lines.push((text[end..].to_vec(), Some(Fault::Torn)));
    }
    let mut faults = Faults::new();
    lines.iter().filter_map(|line| line.1).for_each(|fault| *faults.entry(fault).or_default() += 1);
    Answer { lines, faults, problems: Vec::new() }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn fault_of(line: &[u8]) -> Option<Fault> {
    let Ok(text) = std::str::from_utf8(line) else { return Some(Fault::NotUtf8) };
    match serde_json::from_str::<Keys>(text) {
        Err(_) => Some(Fault::NotJson),
        Ok(Keys { are_distinct }) => (!are_distinct).then_some(Fault::DuplicateKey),
    }
}

/// The keys of an object, whose values are JSON of any kind.
struct Keys {
    are_distinct: bool,
}

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(object: D) -> Result<Keys, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Keys, A::Error> {
                let (mut seen, mut are_distinct) = (BTreeSet::new(), true);
                while let Some((key, _)) = members.next_entry::<&RawValue, &RawValue>()? {
                    are_distinct &= seen.insert(spelled_out(key.get()));
                }
                Ok(Keys { are_distinct })
            }
        }
        object.deserialize_map(Visitor)
    }
}

/// The text that a key is. Half a pair of surrogates is no character, and stands for U+FFFD.
fn spelled_out(key: &str) -> String {
    let mut letters: Vec<u16> = Vec::new();
    let mut rest = key[1..key.len() - 1].chars();
    while let Some(letter) = rest.next() {
        let unit = match letter {
            '\\' => match rest.next() {
                Some('u') => {
                    let digits: String = rest.by_ref().take(4).collect();
                    u16::from_str_radix(&digits, 16).unwrap()
                }
                Some('b') => 8,
                Some('t') => 9,
                Some('n') => 10,
                Some('f') => 12,
                Some('r') => 13,
                Some(other) => other as u16,
                None => unreachable!("a backslash ends the key {key}"),
            },
            other => {
                letters.extend(other.encode_utf16(&mut [0; 2]).iter());
                continue;
            }
        };
        letters.push(unit);
    }
    String::from_utf16_lossy(&letters)
}
