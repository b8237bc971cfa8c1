//! One block of whole lines, scanned.

use memchr::{memchr, memmem, memrchr};

use super::batch::Batch;
use super::filter::{Filter, Finders};
use crate::line::{self, Fault, Moment, OWN_BEGINNING};

/// Finds what is wanted in a block; the same for all blocks of a search.
#[derive(Debug)]
pub(crate) struct Scanner {
    filter: Filter,
    finders: Option<Finders>,
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
        Scanner { filter, finders, gives_all, needs_moments, is_strict, leaves_checks: false }
    }

    /// The same, for a caller that checks each record itself if `leaves_checks`.
    pub(crate) fn leaving_checks(self, leaves_checks: bool) -> Scanner {
        Scanner { leaves_checks, ..self }
    }

    /// Puts what is wanted of `block`, whole lines with their ends, into `batch`.
    pub(crate) fn scan(&self, block: &[u8], batch: &mut Batch) {
        let is_sound = !self.is_strict && is_sound(block);
        batch.seen.has_records |= is_sound && !block.is_empty();
        let mut scan = BlockScan { scanner: self, batch, is_sound, is_in_range: self.begins_in_range(block) };
        match &self.finders {
            Some(finders) if is_sound => candidates(block, finders, |line| scan.take(line)),
            _ => lines(block).for_each(|line| scan.take(line)),
        }
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Puts a line that is no record, because it has no end, into `batch` if it is wanted.
    pub(crate) fn take_broken(&self, line: &[u8], fault: Fault, batch: &mut Batch) {
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
        let filter = &self.scanner.filter;
        let mut fault = if self.is_sound { None } else { line::fault(record) };
        let is_record = matches!(fault, None | Some(Fault::DuplicateKey));
        let moment =
            if self.scanner.needs_moments && is_record { Moment::of(record) } else { Moment::default() };
        self.is_in_range = !filter.has_range() || filter.is_in_range(moment, self.is_in_range);
        let is_wanted = if is_record { filter.wants(record) } else { filter.wants_foreign(record) };
        let is_match = is_wanted && self.is_in_range;
        if is_match && self.is_sound && !self.scanner.leaves_checks {
            fault = line::fault_of_utf8(record);
        }
        self.batch.seen.faults.extend(fault);
        self.batch.seen.has_records |= is_record;
        if is_match || self.scanner.gives_all {
            self.batch.push(line, moment, fault, is_match);
        }
    }
}

/// Whether each line looks like a record from its beginning to its end, and none has another behind it.
fn is_sound(block: &[u8]) -> bool {
    let mut own = 0;
    for line in lines(block) {
        if !line::looks_like_a_record(line) {
            return false;
        }
        own += usize::from(line.starts_with(OWN_BEGINNING));
    }
    memmem::find_iter(block, OWN_BEGINNING).count() == own && std::str::from_utf8(block).is_ok()
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

/// Calls `take` with each line that has one of the texts, or a backslash.
fn candidates<'b>(block: &'b [u8], finders: &Finders, mut take: impl FnMut(&'b [u8])) {
    let mut start = 0;
    let find = |from: usize| finders.find(&block[from..]).map(|at| from + at);
    let find_escape = |from: usize| memchr(b'\\', &block[from..]).map(|at| from + at);
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

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => ("[a-c]{0,3}", "[a-c]{0,3}").prop_map(|(a, b)| format!("{{\"a\":\"{a}\",\"b\":\"{b}\"}}")),
            1 => "[a-c]{0,3}".prop_map(|a| format!("{{\"a\":\"\\u0061{a}\"}}")),
            1 => Just("abc".to_owned()),
            1 => Just(String::new()),
        ]
    }

    proptest! {
        #[test]
        fn looking_for_texts_first_finds_the_same_lines(lines in proptest::collection::vec(line(), 0..20)) {
            let block: String = lines.iter().map(|line| format!("{line}\n")).collect();
            for text in ["a = abc", "a in (aaa, abc, bca)", "b ~ abc", "a exists", "a = abc and b != x"] {
                let filter = condition(text);
                prop_assert_eq!(found(&filter, false, &block).0, found(&filter, true, &block).0);
            }
        }
    }
}
