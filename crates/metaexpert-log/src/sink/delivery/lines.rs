//! Lines on their way to the destination: gathered, written, and forgotten when it fails.

use std::io;

use super::sink::{Accepted, Sink, WRITE_BYTES};
use super::state::Achieved;
use super::supply::Line;
use super::transit::Owner;
use crate::sink::targets::Target;

impl Sink {
    /// Lines waiting to be written; append one, then call [`Sink::accept`].
    #[inline]
    pub fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Accepts the line of record `seq` that was appended at `start`, of the frame at ring position `at`.
    /// Returns false if the sink has fallen behind; the line is replayed later.
    #[inline]
    pub fn accept(&mut self, start: usize, at: u64, timestamp_ns: i64, level: i32, seq: u64) -> bool {
        match &mut self.target {
            Target::File(file) => {
                if file.is_due(start, self.pending.len(), timestamp_ns)
                    && !self.rotate_before(start, at, timestamp_ns)
                {
                    return false;
                }
                if let Target::File(file) = &mut self.target {
                    file.note_level(level);
                }
            }
            Target::Socket(_) => self.transit.add(self.pending.len(), seq, level),
            _ => {}
        }
        self.pending_records += 1;
        self.pending.len() < WRITE_BYTES || self.flush()
    }

    /// As [`Sink::accept`], for a line that may be in the destination already, or a part of it.
    pub(super) fn accept_again(&mut self, start: usize, line: &Line) -> Accepted {
        let Line { at, timestamp_ns, level, seq, .. } = *line;
        let known = self.progress.known(&self.pending[start..]);
        let is_whole = known > 0 && known == self.pending.len() - start;
        if is_whole {
            self.pending.truncate(start);
            self.totals.written += u64::from(!self.is_remote());
            return Accepted::Known;
        }
        if known > 0 {
            // The rest of a line belongs where its beginning is.
            self.pending.drain(start..start + known);
            self.pending_records += 1;
            if self.is_remote() {
                self.transit.add(self.pending.len(), seq, level);
            }
        } else if !self.accept(start, at, timestamp_ns, level, seq) {
            return Accepted::Not;
        }
        Accepted::New
    }

    /// Finishes the current file with what comes before `start`, and begins the next with the rest. Returns
    /// false if the sink has fallen behind.
    #[cold]
    fn rotate_before(&mut self, start: usize, at: u64, timestamp_ns: i64) -> bool {
        let line = self.pending.split_off(start);
        if !self.flush() || (self.progress.is_beyond_mark() && !self.confirm()) {
            return false;
        }
        // Whatever happens to the names from here on: what was written so far is complete.
        self.set_mark(at);
        let Some(file) = self.target.file_mut() else { return true };
        let outcome = file.rotate(timestamp_ns);
        self.totals.errors += u64::from(outcome.is_err());
        let problem = outcome.err().map(|problem| {
            format!("{}: could not be rotated: {problem}", self.target.describe(&self.config.name))
        });
        self.target.set_rotation_problem(problem);
        self.set_mark(at);
        self.pending.extend_from_slice(&line);
        true
    }

    /// Writes what is waiting. Returns false if the sink has fallen behind.
    pub fn flush(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        match self.write_pending() {
            Ok(()) => {
                let records = std::mem::take(&mut self.pending_records);
                self.totals.written += if self.is_remote() { 0 } else { records };
                true
            }
            Err(_) if self.target.is_absent() => {
                // Not a loss: nobody could have seen these lines.
                self.pending_records = 0;
                self.pending.clear();
                true
            }
            Err(_) if self.target.is_closed() => {
                // Not worth waiting for: nobody reads the console any more, and nobody will.
                self.totals.dropped += std::mem::take(&mut self.pending_records);
                self.pending.clear();
                true
            }
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if !self.progress.is_beyond_mark() {
            self.meet_file()?;
        }
        let mut bytes = std::mem::take(&mut self.pending);
        let mut owners = std::mem::take(&mut self.transit.waiting);
        let (done, outcome) = self.write_all(&bytes, &mut owners, false);
        self.progress.wrote(done);
        bytes.clear();
        owners.clear();
        self.pending = bytes;
        self.transit.waiting = owners;
        outcome
    }

    /// Makes sure that the mark is at the end of the file that is written next. After a rotation that failed
    /// half way this is another file; one that could not be taken over may have grown.
    pub(super) fn meet_file(&mut self) -> io::Result<()> {
        let Some(file) = self.target.file_mut() else { return Ok(()) };
        file.make_ready()?;
        if file.identity() != self.progress.mark().file || file.size() != self.progress.mark().size {
            self.set_mark(self.progress.mark().position);
        }
        Ok(())
    }

    /// Writes `bytes`, as many as go. Returns how many those were; `owners` are theirs, and on the network
    /// lose those whose lines were taken. They may be held by the ledger already.
    pub(super) fn write_all(
        &mut self,
        bytes: &[u8],
        owners: &mut Vec<Owner>,
        are_held: bool,
    ) -> (u64, io::Result<()>) {
        let (done, outcome) = self.target.write_all(bytes);
        if self.is_remote() {
            self.transit.take(&bytes[..done as usize], owners, are_held);
            self.count_fates();
        } else {
            self.totals.bytes += done;
        }
        (done, outcome)
    }

    /// Counts what has happened on the network.
    pub(super) fn count_fates(&mut self) {
        let Target::Socket(network) = &mut self.target else { return };
        let fates = network.take_fates();
        self.totals.errors += fates.errors;
        self.totals.reconnects += fates.reconnects;
        self.totals.cut += fates.cut;
        self.totals.bytes += fates.bytes;
        let outcome = self.transit.resolve(&fates.lines);
        let lost = outcome.lost.total();
        self.totals.written += outcome.written;
        self.totals.dropped += lost;
        self.transit.note_losses(lost, fates.why);
        self.gap.join(&outcome.lost);
        self.gap.join(&outcome.untold);
    }

    /// Notes that the destination takes nothing now: everything after the mark will be replayed, except the
    /// bytes that it has taken.
    #[cold]
    pub(super) fn fall_behind(&mut self, problem: &io::Error) {
        self.pending.clear();
        self.pending_records = 0;
        self.transit.waiting.clear();
        if !self.is_remote() {
            self.totals.written = self.written_at_mark;
        }
        let text = format!("{}: {problem}", self.target.describe(&self.config.name));
        let has_reader = self.target.is_remote() || !self.target.is_rewritable();
        let achieved = Achieved { bytes: self.totals.bytes, arrived: self.transit.arrived() };
        if has_reader && problem.kind() == io::ErrorKind::WouldBlock {
            self.state.wait(text, achieved);
        } else {
            self.totals.errors += 1;
            self.state.fail(text, achieved);
        }
        self.progress.expect_written();
    }
}
