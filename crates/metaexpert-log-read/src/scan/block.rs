//! One block of whole lines, scanned.

use std::sync::{Mutex, PoisonError};

use memchr::{memchr, memmem, memrchr};

use super::batch::Batch;
use super::filter::{Filter, Finders};
use super::keys::{Keys, Values};
use crate::line::{self, Fault, LineReader, MAX_LINE_BYTES, Moment, OWN_BEGINNING};
use crate::statistics::Groups;

/// What is kept of a line that is too long.
const SHOWN_BYTES: usize = 4 << 10;

/// Finds what is wanted in a block; the same for all blocks of a search.
#[derive(Debug)]
pub(crate) struct Scanner {
    filter: Filter,
    finders: Option<Finders>,
    keys: Keys,
    /// Counts of nothing yet, where wanted lines are counted and not given.
    groups: Option<Groups>,
    /// Readers that no thread uses now. They know the keys of lines that they have read.
    readers: Mutex<Vec<LineReader>>,
    /// Whether lines that are not wanted are given as well.
    gives_all: bool,
    /// Whether each record needs its moment.
    needs_moments: bool,
    /// Whether each line is checked in full, wanted or not.
    is_strict: bool,
    /// Whether a wanted line that looks like a record from afar is given unchecked.
    leaves_checks: bool,
}

impl Scanner {
    pub(crate) fn new(filter: Filter, gives_all: bool, needs_moments: bool, is_strict: bool) -> Scanner {
        let finders = filter.finders().filter(|_| !gives_all);
        let needs_moments = needs_moments || filter.has_range();
        Scanner {
            keys: Keys::new(&filter.conditions, &[]),
            filter,
            finders,
            groups: None,
            readers: Mutex::default(),
            gives_all,
            needs_moments,
            is_strict,
            leaves_checks: false,
        }
    }

    /// The same, which counts wanted records in `groups`, as each batch has them, in place of giving them.
    pub(crate) fn counting(self, groups: Groups) -> Scanner {
        Scanner { keys: Keys::new(&self.filter.conditions, groups.names()), groups: Some(groups), ..self }
    }

    /// The same, for a caller that checks each record itself if `leaves_checks`.
    pub(crate) fn leaving_checks(self, leaves_checks: bool) -> Scanner {
        Scanner { leaves_checks, ..self }
    }

    /// Puts what is wanted of `block`, whole lines with their ends, into `batch`.
    pub(crate) fn scan(&self, block: &[u8], batch: &mut Batch) {
        let is_utf8 = block.is_ascii() || std::str::from_utf8(block).is_ok();
        // Only a block as long as that may have a line that is too long.
        let may_be_sound = is_utf8 && !self.reads_all() && block.len() <= MAX_LINE_BYTES;
        let is_sound = may_be_sound && is_sound(block);
        batch.seen.has_records |= is_sound && !block.is_empty();
        if batch.groups.is_none() {
            batch.groups = self.groups.clone().map(Box::new);
        }
        let reader = self.readers().pop().unwrap_or_else(|| self.keys.reader());
        let is_in_range = self.begins_in_range(block);
        let mut scan = BlockScan { scanner: self, batch, reader, is_utf8, is_sound, is_in_range };
        match &self.finders {
            Some(finders) if is_sound => candidates(block, finders, |line| scan.take(line)),
            _ => lines(block).for_each(|line| scan.take(line)),
        }
        let reader = scan.reader;
        self.readers().push(reader);
    }

    /// Whether each line is read in full, so that there is no use in looking at it from afar.
    fn reads_all(&self) -> bool {
        let wants_all = self.filter.conditions.is_empty() && self.filter.text.is_none();
        self.is_strict || wants_all && !self.filter.has_range() && !self.leaves_checks
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<LineReader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Puts a line that is no record, because it has no end or is too long, into `batch` if it is wanted: of one
    /// that is too long, the beginning.
    pub(crate) fn take_broken(&self, line: &[u8], fault: Fault, batch: &mut Batch) {
        let line = if fault == Fault::TooLong { &line[..line.len().min(SHOWN_BYTES)] } else { line };
        let is_match = self.filter.wants_foreign(line) && !self.filter.has_range();
        batch.seen.faults.push(fault);
        if is_match || self.gives_all {
            batch.push(line, Moment::default(), Some(fault), is_match);
        }
    }

    /// Whether lines without a time before the first record of `block` are in the range of time: as it is.
    fn begins_in_range(&self, block: &[u8]) -> bool {
        let mut moments = lines(block).map(Moment::of);
        !self.filter.has_range()
            || moments
                .find(|moment| moment.time_ns.is_some())
                .is_none_or(|moment| self.filter.is_in_range(moment, true))
    }
}

struct BlockScan<'s> {
    scanner: &'s Scanner,
    batch: &'s mut Batch,
    reader: LineReader,
    is_utf8: bool,
    /// Whether no line of the block is broken in a way that can be seen from afar.
    is_sound: bool,
    /// Whether the last record was in the range of time.
    is_in_range: bool,
}

impl BlockScan<'_> {
    fn take(&mut self, line: &[u8]) {
        let record = line::without_return(line);
        if record.trim_ascii().is_empty() {
            return;
        }
        let (scanner, filter) = (self.scanner, &self.scanner.filter);
        if line.len() > MAX_LINE_BYTES {
            return scanner.take_broken(line, Fault::TooLong, self.batch);
        }
        // What a reading in full says of the line, if there was one.
        let mut read = match self.is_sound {
            true => None,
            false if self.is_utf8 => Some(self.reader.read_utf8(record)),
            false => Some(self.reader.read(record)),
        };
        let is_record = self.is_sound || matches!(read, Some(None | Some(Fault::DuplicateKey)));
        let moment = if scanner.needs_moments && is_record { Moment::of(record) } else { Moment::default() };
        self.is_in_range = !filter.has_range() || filter.is_in_range(moment, self.is_in_range);
        let is_match = self.is_in_range && self.is_wanted(record, is_record, &mut read);
        if is_match && read.is_none() && !scanner.leaves_checks {
            read = Some(self.reader.read_utf8(record));
        }
        // What is wrong with a line that looks sound and is not wanted is not told, because few are read.
        let fault = read.flatten().filter(|_| !self.is_sound || is_match && !scanner.leaves_checks);
        self.batch.seen.faults.extend(fault);
        self.batch.seen.has_records |= is_record;
        match &mut self.batch.groups {
            Some(groups) if is_match && fault.is_none() => {
                let places = scanner.keys.counted().filter(|_| read.is_some());
                let reader = &self.reader;
                groups.add(record, places.map(|places| |index: usize| reader.value(record, places[index])));
            }
            Some(_) => {}
            None if is_match || scanner.gives_all => self.batch.push(line, moment, fault, is_match),
            None => {}
        }
    }

    /// Whether a line is wanted. It is read as far as that asks for, and `read` is told what a reading in full
    /// says where there was one.
    fn is_wanted(&mut self, record: &[u8], is_record: bool, read: &mut Option<Option<Fault>>) -> bool {
        let (filter, keys) = (&self.scanner.filter, &self.scanner.keys);
        if !is_record {
            return filter.wants_foreign(record);
        }
        if !keys.decide() || matches!(read, Some(Some(_))) {
            return filter.wants(record);
        }
        if read.is_none() {
            self.reader.begin();
        }
        let found = filter.wants_values(&mut Values { keys, reader: &mut self.reader, record });
        if found == Ok(false) {
            return false;
        }
        let fault = *read.get_or_insert_with(|| self.reader.finish(record));
        // Where the reader did not know the keys, it knows the values now; of what is no record it has none.
        found.unwrap_or_else(|_| match fault {
            None => {
                filter.wants_values(&mut Values { keys, reader: &mut self.reader, record }).unwrap_or(false)
            }
            Some(_) => filter.wants(record),
        })
    }
}

/// Whether each line of UTF-8 looks like a record from its beginning to its end, and none has another behind
/// it.
fn is_sound(block: &[u8]) -> bool {
    let mut own = 0;
    for line in lines(block) {
        if !line::looks_like_a_record(line) {
            return false;
        }
        own += usize::from(line.starts_with(OWN_BEGINNING));
    }
    memmem::find_iter(block, OWN_BEGINNING).count() == own
}

/// The lines of `block` without their ends.
fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..length];
        rest = rest.get(length + 1..).unwrap_or_default();
        Some(line)
    })
}

/// Calls `take` with each line that has one of the texts, or an escape that may spell one.
fn candidates<'b>(block: &'b [u8], finders: &Finders, mut take: impl FnMut(&'b [u8])) {
    let mut start = 0;
    let find = |from: usize| finders.find_text(&block[from..]).map(|at| from + at);
    let find_escape = |from: usize| finders.find_escape(&block[from..]).map(|at| from + at);
    let (mut text, mut escape) = (find(0), find_escape(0));
    while let Some(at) = text.into_iter().chain(escape).min() {
        let first = memrchr(b'\n', &block[start..at]).map_or(start, |end| start + end + 1);
        let length = memchr(b'\n', &block[at..]).unwrap_or(block.len() - at);
        take(&block[first..at + length]);
        start = (at + length + 1).min(block.len());
        text = text.filter(|at| *at >= start).or_else(|| text.and_then(|_| find(start)));
        escape = escape.filter(|at| *at >= start).or_else(|| escape.and_then(|_| find_escape(start)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metaexpert_log::condition::Condition;
    use proptest::prelude::*;

    fn found(filter: &Filter, gives_all: bool, block: &str) -> (Vec<String>, Vec<Fault>) {
        let scanner = Scanner::new(filter.clone(), gives_all, false, false);
        let mut batch = Batch::default();
        scanner.scan(block.as_bytes(), &mut batch);
        let text = |line| String::from_utf8(batch.text(line).to_vec()).unwrap();
        (batch.lines().iter().filter(|line| line.is_match).map(text).collect(), batch.seen.faults.clone())
    }

    fn condition(text: &str) -> Filter {
        Filter { conditions: vec![Condition::parse(text, 0).unwrap()], ..Filter::default() }
    }

    #[test]
    fn a_torn_line_with_another_behind_it_is_seen_where_nothing_is_wanted() {
        let torn = "{\"timestamp\":\"2026-12-01T04:18:31.906007655Z\",\"a\":\"x";
        let whole = "{\"timestamp\":\"2026-12-01T04:18:31.906007655Z\",\"a\":\"y\"}";
        let block = format!("{torn}{whole}\n{whole}\n");
        assert_eq!(found(&condition("a = nowhere"), false, &block), (vec![], vec![Fault::NotJson]));
        assert_eq!(found(&condition("a = y"), false, &block), (vec![whole.to_owned()], vec![Fault::NotJson]));
    }

    #[test]
    fn lines_of_others_are_wanted_for_their_text_alone() {
        let block = "{\"a\":1}\nTraceback a\n\n{\"a\":2}\r\n";
        let all = ["{\"a\":1}", "Traceback a", "{\"a\":2}\r"].map(str::to_owned).to_vec();
        assert_eq!(found(&Filter::default(), false, block), (all, vec![Fault::NotJson]));
        assert_eq!(found(&condition("a exists"), false, block).0.len(), 2);
        let text = TextPattern::plain("back", false).unwrap();
        let filter = Filter { text: Some(text), ..Filter::default() };
        assert_eq!(found(&filter, false, block).0, ["Traceback a"]);
        let filter = Filter { is_inverted: true, ..filter };
        assert_eq!(found(&filter, false, block).0.len(), 2);
    }

    use super::super::text::TextPattern;

    /// Lines with a text in many spellings, with look-alikes of keys and values in other texts, and some that
    /// are no records.
    fn line() -> impl Strategy<Value = String> {
        let text = prop::collection::vec(
            prop::sample::select(vec!["a", "b", "c", "\\u0061", "\\/", "/", "\\\"", "\\\\u", "\\n", "ä"]),
            0..4,
        );
        let key = prop::sample::select(vec!["a", "b", "c", "\\u0061"]);
        let value = prop_oneof![
            6 => text.prop_map(|parts| format!("\"{}\"", parts.concat())),
            1 => prop::sample::select(vec![
                "1", "{\"a\":\"abc\"}", "\"\\\"a\\\":\\\"abc\\\"\"", "[\"abc\"]", "nul",
            ])
                .prop_map(str::to_owned),
        ];
        let members = prop::collection::vec((key, value), 0..4);
        prop_oneof![
            9 => members.prop_map(|members| {
                let members = members.iter().map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
            1 => prop::sample::select(vec!["abc", "", "{\"a\":\"abc\"} "]).prop_map(str::to_owned),
        ]
    }

    const CONDITIONS: [&str; 10] = [
        "a = abc",
        "a in (aaa, abc, 'a\"b', '/')",
        "b ~ abc",
        "b ~ 'b\"'",
        "c = 'a/b'",
        "a exists",
        "a = abc and b != x",
        "a.a = abc or b = 'a/c'",
        "not a = abc",
        "a not exists and b ~ a",
    ];

    /// The lines that a condition holds for, each read by itself, and what is wrong with these. What looks like
    /// no record is known to be none, and so is each other line beside it.
    fn right_answer(condition: &Condition, lines: &[String]) -> (Vec<String>, Vec<Fault>) {
        let mut reader = LineReader::new([""; 0]);
        let is_sound = lines.iter().all(|line| line::looks_like_a_record(line.as_bytes()));
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for line in lines.iter().filter(|line| condition.holds(line.as_bytes())) {
            let fault = reader.read(line.as_bytes());
            if is_sound || fault != Some(Fault::NotJson) {
                right.push(line.clone());
                wrong.extend(fault);
            }
        }
        (right, wrong)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn looking_for_texts_first_finds_the_same_lines(lines in prop::collection::vec(line(), 0..20)) {
            let block: String = lines.iter().map(|line| format!("{line}\n")).collect();
            for text in CONDITIONS {
                let filter = condition(text);
                let first = found(&filter, false, &block);
                let right = right_answer(&filter.conditions[0], &lines);
                prop_assert_eq!(&first.0, &right.0, "{}", text);
                prop_assert_eq!(&found(&filter, true, &block).0, &right.0, "{}", text);
                if is_sound(block.as_bytes()) {
                    prop_assert_eq!(&first.1, &right.1, "{}", text);
                }
            }
        }

        #[test]
        fn a_text_is_found_as_it_stands(lines in prop::collection::vec(line(), 0..20), text in "[abc/\"]{1,2}") {
            let block: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let pattern = TextPattern::plain(&text, false).unwrap();
            let right: Vec<String> =
                lines.iter().filter(|line| !line.is_empty() && pattern.is_in(line.as_bytes())).cloned().collect();
            let filter = Filter { text: Some(pattern), ..Filter::default() };
            prop_assert_eq!(found(&filter, false, &block).0, right);
        }

        #[test]
        fn records_are_counted_as_they_would_be_found(lines in prop::collection::vec(line(), 0..20)) {
            let block: String = lines.iter().map(|line| format!("{line}\n")).collect();
            for keys in [&["a", "b"][..], &["b"], &["a.a", "c"]] {
                let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
                for filter in [Filter::default(), condition("b exists"), condition("not a.a = abc")] {
                    let (all, faults) = found(&filter, false, &block);
                    let mut right = Groups::new(&keys);
                    let mut reader = LineReader::new([""; 0]);
                    for line in all.iter().filter(|line| reader.read(line.as_bytes()).is_none()) {
                        right.add(line.as_bytes(), None::<fn(usize) -> Option<&'static [u8]>>);
                    }
                    let mut batch = Batch::default();
                    let scanner = Scanner::new(filter, false, false, false).counting(Groups::new(&keys));
                    scanner.scan(block.as_bytes(), &mut batch);
                    prop_assert!(batch.lines().is_empty());
                    prop_assert_eq!(batch.groups.unwrap().to_json(), right.to_json());
                    prop_assert_eq!(batch.seen.faults, faults);
                }
            }
        }
    }
}
