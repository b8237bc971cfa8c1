//! A sink that is behind: its destination is tried again, and the lines that it holds are written.

use std::io;
use std::time::Duration;

use super::held::records;
use super::sink::Sink;
use crate::ring::Gap;
use crate::sink::targets::Target;
use crate::sink::targets::file::Change;

/// The shortest time between two attempts to connect, even when it is urgent.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

impl Sink {
    /// Prepares for a replay from the mark. Returns false while it is too early to try again, or if the
    /// destination cannot be opened.
    pub(crate) fn is_ready_to_replay(&mut self) -> bool {
        if !self.state.is_due() {
            return false;
        }
        self.pending.clear();
        self.pending_records = 0;
        self.transit.waiting.clear();
        if !self.state.is_failing() && !self.progress.is_doubtful() {
            return true;
        }
        match self.reopen().and_then(|()| self.cut()) {
            Ok(()) => true,
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    /// Looks whether the file that failed is still the one at its path. Another file begins from the mark.
    fn reopen(&mut self) -> io::Result<()> {
        let file = match &mut self.target {
            Target::Socket(remote) => {
                let outcome = remote.prepare();
                self.count_fates();
                return outcome;
            }
            Target::File(file) => file,
            _ => return Ok(()),
        };
        match file.look() {
            Ok(Change::None | Change::Truncated) => return Ok(()),
            Ok(Change::Moved | Change::Removed) => {}
            Err(_) => file.reopen()?,
        }
        if file.identity() != self.progress.mark().file {
            self.begin_file();
        }
        Ok(())
    }

    /// Writes the lines that it holds from before its mark. Returns the numbers of their records once all
    /// are written, `None` if the destination still fails.
    pub(crate) fn write_held(&mut self) -> Option<Vec<u64>> {
        if self.held.is_empty() {
            return Some(Vec::new());
        }
        if let Err(problem) = self.meet_file() {
            self.fall_behind(&problem);
            return None;
        }
        let (bytes, mut owners) = self.held.take();
        let (done, outcome) = self.write_all(&bytes, &mut owners, true);
        let is_kept = done == 0 || self.sync();
        if is_kept {
            // The file has grown by what is not in the ring.
            self.set_mark(self.progress.mark().position);
        }
        if !is_kept || outcome.is_err() {
            self.held.put_back(bytes, if is_kept { done as usize } else { 0 }, owners);
            if let Err(problem) = outcome {
                self.fall_behind(&problem);
            }
            return None;
        }
        // On the network no owner is left here, because the fate of their records is not known yet.
        let records = records(&owners);
        self.totals.written += records.len() as u64;
        self.written_at_mark = self.totals.written;
        self.held_gap = Gap::default();
        Some(records)
    }

    /// Holds the line that tells of `gap`.
    pub(crate) fn hold_gap(&mut self, line: &[u8], gap: Gap) {
        self.held.hold_gap(line, gap);
        self.held_gap.join(&gap);
    }

    /// Everything that it had to give up and that no line in the destination reports.
    pub(crate) fn take_gap(&mut self) -> Gap {
        let mut gap = std::mem::take(&mut self.held_gap);
        gap.join(&std::mem::take(&mut self.gap));
        gap
    }

    /// Gives up what it holds, at the end. Returns the numbers of the records.
    pub(crate) fn give_up_held(&mut self) -> Vec<u64> {
        let records = records(&self.held.take().1);
        self.totals.dropped += records.len() as u64;
        records
    }

    /// At the end of a file that fails: takes back what it was given of a line that will not be completed.
    pub(crate) fn end_whole(&mut self) {
        let Some(file) = self.target.file_mut().filter(|_| self.state.is_failing() || !self.held.is_empty())
        else {
            return;
        };
        match file.cut_unfinished() {
            Ok(cut) => self.progress.take_back(cut),
            Err(problem) => self.fall_behind(&problem),
        }
    }

    /// Makes the next attempt come at once; one to connect, soon.
    pub fn hurry(&mut self) {
        self.state.hurry(if self.target.is_remote() { RECONNECT_PAUSE } else { Duration::ZERO });
    }
}
