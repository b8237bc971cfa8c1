//! Lines of protected records whose room in the ring was needed before a failing sink could write them.

/// What a sink holds at most, in bytes.
const BUDGET_BYTES: usize = 4 << 20;
/// What of it is kept for errors and trades.
const RESERVE_BYTES: usize = 1 << 20;

/// Finished lines with the numbers of their records.
#[derive(Default)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    records: Vec<u64>,
    /// The destination ends with a part of a line that could not be cut off.
    is_torn: bool,
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Holds the line of record `seq`; false if there is no room. Errors and trades are `precious`: they may use
    /// the reserve.
    pub(crate) fn hold(&mut self, line: &[u8], seq: u64, precious: bool) -> bool {
        let budget = if precious { BUDGET_BYTES } else { BUDGET_BYTES - RESERVE_BYTES };
        if self.bytes.len() + line.len() > budget {
            return false;
        }
        self.add(line);
        self.records.push(seq);
        true
    }

    /// Adds a line of the system's own, whatever the budget.
    pub(crate) fn add(&mut self, line: &[u8]) {
        if std::mem::take(&mut self.is_torn) {
            self.bytes.push(b'\n');
        }
        self.bytes.extend_from_slice(line);
    }

    /// What comes next must begin a new line.
    pub(crate) fn end_line(&mut self) {
        self.is_torn = true;
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Goes on holding what comes after the first `done` bytes.
    pub(super) fn put_back(&mut self, mut bytes: Vec<u8>, done: usize) {
        bytes.drain(..done);
        self.bytes = bytes;
    }

    pub(super) fn take_records(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.records)
    }
}
