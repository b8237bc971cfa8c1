//! Lines on their way to the destination: gathered, written, and forgotten when it fails.

use std::io;

use super::backoff::Backoff;
use super::target::Target;
use super::{Accepted, Sink, WRITE_BYTES};
use crate::config::Format;
use crate::level::Level;

impl Sink {
    /// Lines waiting to be written; append one, then call [`Sink::accept`].
    #[inline]
    pub fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Whether what was appended at `start` passes a check for the sink's format.
    pub(crate) fn ends_with_line(&self, start: usize, is_line: impl Fn(&Format, &[u8]) -> bool) -> bool {
        is_line(&self.config.format, &self.pending[start..])
    }

    /// Accepts the line that was appended at `start`, of the frame at ring position `at`. Returns false if the
    /// sink has fallen behind; the line is replayed later.
    #[inline]
    pub fn accept(&mut self, start: usize, at: u64, timestamp_ns: i64, level: i32) -> bool {
        if let Target::File(file) = &self.target {
            if file.is_due(start, self.pending.len(), timestamp_ns)
                && !self.rotate_before(start, at, timestamp_ns)
            {
                return false;
            }
            self.has_urgent |= level >= Level::ERROR.0;
        }
        self.pending_records += 1;
        self.pending.len() < WRITE_BYTES || self.flush()
    }

    /// As [`Sink::accept`], for a line that may be in the destination already, or a part of it.
    pub(crate) fn accept_again(&mut self, start: usize, at: u64, timestamp_ns: i64, level: i32) -> Accepted {
        let known = self.progress.known(&self.pending[start..]);
        let is_whole = known > 0 && known == self.pending.len() - start;
        if is_whole {
            self.pending.truncate(start);
            self.totals.written += 1;
            return Accepted::Known;
        }
        if known > 0 {
            // The rest of a line belongs where its beginning is.
            self.pending.drain(start..start + known);
            self.pending_records += 1;
        } else if !self.accept(start, at, timestamp_ns, level) {
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
        self.rotation_problem = outcome.err().map(|problem| {
            format!("{}: could not be rotated: {problem}", self.target.describe(&self.config.name))
        });
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
                self.totals.written += std::mem::take(&mut self.pending_records);
                true
            }
            Err(_) if self.target.is_closed() => {
                // Nobody reads the console any more, and never will: not a loss to wait for.
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
        let (done, outcome) = self.write_all(&bytes);
        self.progress.wrote(done);
        bytes.clear();
        self.pending = bytes;
        outcome
    }

    /// Makes sure that the mark is at the end of the file that is written next: that may be another one since a
    /// rotation that failed half way, or have grown since it could not be taken over.
    pub(super) fn meet_file(&mut self) -> io::Result<()> {
        let Some(file) = self.target.file_mut() else { return Ok(()) };
        file.make_ready()?;
        if file.identity() != self.progress.mark().file || file.size() != self.progress.mark().size {
            self.set_mark(self.progress.mark().position);
        }
        Ok(())
    }

    /// Writes `bytes`, as many as go. Returns how many those were.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> (u64, io::Result<()>) {
        let (done, outcome) = self.target.write_all(bytes);
        self.totals.bytes += done;
        self.count_events();
        (done, outcome)
    }

    /// Counts what has happened to connections.
    pub(super) fn count_events(&mut self) {
        if let Target::Network(network) = &mut self.target {
            let events = network.take_events();
            self.totals.errors += events.errors;
            self.totals.reconnects += events.reconnects;
        }
    }

    /// The destination takes nothing now: all since the mark is to be replayed, but for the bytes it took.
    #[cold]
    pub(super) fn fall_behind(&mut self, problem: &io::Error) {
        let made_progress =
            self.totals.bytes > std::mem::replace(&mut self.bytes_at_failure, self.totals.bytes);
        self.pending.clear();
        self.pending_records = 0;
        self.totals.written = self.written_at_mark;
        // A slow reader is no outage: what it takes must not wait for growing pauses.
        let earlier = self.failure.take().filter(|_| !made_progress);
        let text = format!("{}: {problem}", self.target.describe(&self.config.name));
        let only_waits = self.target.is_remote() && problem.kind() == io::ErrorKind::WouldBlock;
        self.failure = Some(if only_waits {
            Backoff::waiting(earlier, text)
        } else {
            self.totals.errors += 1;
            Backoff::after(earlier, text)
        });
        self.progress.expect_written();
    }
}
