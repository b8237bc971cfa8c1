//! Lines that were found, and what they lie in.

use std::ops::Range;

use crate::line::{Fault, Moment};
use crate::statistics::Groups;

/// Lines in the order in which they are given.
#[derive(Debug, Default)]
pub struct Batch {
    text: Vec<u8>,
    lines: Vec<Line>,
    /// Counts of the lines that are wanted, where those were asked for in place of lines.
    pub(crate) groups: Option<Box<Groups>>,
    /// What else is known of the part of a file that was read; nothing in a merged batch.
    pub(crate) seen: Seen,
}

/// What was seen in a part of one file.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The place of the file among those of the search.
    pub(crate) file: usize,
    /// Lines that are no records, wanted or not.
    pub(crate) faults: Vec<Fault>,
    /// Whether there were records, wanted or not.
    pub(crate) has_records: bool,
    /// Why nothing more of the file, or of the part, could be read.
    pub(crate) problem: Option<String>,
}

/// One line of a batch.
#[derive(Clone, Debug)]
pub struct Line {
    text: Range<usize>,
    /// The place of its file among those of the search.
    pub file: usize,
    /// Its place in the order of all records, where that was asked for.
    pub moment: Moment,
    /// Why it is not a record; none if it is one.
    pub fault: Option<Fault>,
    /// Whether it is wanted. Others are there where the search is asked for every line.
    pub is_match: bool,
}

impl Batch {
    pub(crate) fn of_file(file: usize) -> Batch {
        Batch { seen: Seen { file, ..Seen::default() }, ..Batch::default() }
    }

    /// The lines, in their order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What `line`, one of this batch's, has, without its end.
    pub fn text(&self, line: &Line) -> &[u8] {
        &self.text[line.text.clone()]
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
            && self.groups.is_none()
            && self.seen.faults.is_empty()
            && self.seen.problem.is_none()
    }

    pub(crate) fn push(&mut self, text: &[u8], moment: Moment, fault: Option<Fault>, is_match: bool) {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        let text = start..self.text.len();
        self.lines.push(Line { text, file: self.seen.file, moment, fault, is_match });
    }

    /// Takes `line` over from `other`.
    pub(crate) fn push_from(&mut self, other: &Batch, line: &Line) {
        let start = self.text.len();
        self.text.extend_from_slice(other.text(line));
        self.lines.push(Line { text: start..self.text.len(), ..line.clone() });
    }

    /// Leaves out the first `count` lines.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.lines.drain(..count);
    }

    /// How many lines are wanted.
    pub(crate) fn matches(&self) -> usize {
        self.lines.iter().filter(|line| line.is_match).count()
    }

    /// Keeps the lines from the last `count` that are wanted on. What is left of the text stays.
    pub(crate) fn keep_last(&mut self, count: usize) {
        let mut left = self.matches().saturating_sub(count);
        let is_first = |line: &Line| {
            let is_left = left > 0;
            left -= usize::from(is_left && line.is_match);
            !is_left
        };
        let first = self.lines.iter().position(is_first).unwrap_or(self.lines.len());
        self.lines.drain(..first);
    }
}
