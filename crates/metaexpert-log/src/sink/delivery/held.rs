//! Lines of protected records whose room in the ring was needed before a failing sink could write them.

use super::supply::{Line, Worth};
use super::transit::{Owner, Whose};
use crate::ring::Gap;

/// What a sink holds at most, in bytes.
const BUDGET_BYTES: usize = 4 << 20;
/// The share of it that only precious lines may use.
const RESERVE_BYTES: usize = 1 << 20;

/// Finished lines, and whose they are.
#[derive(Default)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    owners: Vec<Owner>,
    /// The destination ends with a part of a line that could not be cut off.
    is_torn: bool,
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Holds the line of a record, or what is left of it; false if there is no room. What is precious may use
    /// the reserve.
    pub(super) fn hold(&mut self, text: &[u8], line: &Line) -> bool {
        let is_precious = line.worth == Worth::Precious;
        let budget = if is_precious { BUDGET_BYTES } else { BUDGET_BYTES - RESERVE_BYTES };
        if self.bytes.len() + text.len() > budget {
            return false;
        }
        self.add(text);
        let whose = Whose::Record { seq: line.seq, level: line.level };
        self.owners.push(Owner { end: self.bytes.len(), whose });
        true
    }

    /// Holds the line that tells of `gap`, whatever the budget.
    pub(super) fn hold_gap(&mut self, line: &[u8], gap: Gap) {
        self.add(line);
        self.owners.push(Owner { end: self.bytes.len(), whose: Whose::Gap(gap) });
    }

    /// Adds a line of the system's own, whatever the budget.
    pub(crate) fn add(&mut self, line: &[u8]) {
        if std::mem::take(&mut self.is_torn) {
            self.bytes.push(b'\n');
        }
        self.bytes.extend_from_slice(line);
    }

    /// Has the next line begin with a line break.
    pub(super) fn end_line(&mut self) {
        self.is_torn = true;
    }

    /// Hands out everything, with its owners.
    pub(super) fn take(&mut self) -> (Vec<u8>, Vec<Owner>) {
        (std::mem::take(&mut self.bytes), std::mem::take(&mut self.owners))
    }

    /// Goes on holding what comes after the first `done` bytes.
    pub(super) fn put_back(&mut self, mut bytes: Vec<u8>, done: usize, owners: Vec<Owner>) {
        bytes.drain(..done);
        self.bytes = bytes;
        self.owners = owners;
    }
}

/// The numbers of the records among `owners`.
pub(super) fn records(owners: &[Owner]) -> Vec<u64> {
    let number = |owner: &Owner| match owner.whose {
        Whose::Record { seq, .. } => Some(seq),
        Whose::Gap(_) => None,
    };
    owners.iter().filter_map(number).collect()
}
