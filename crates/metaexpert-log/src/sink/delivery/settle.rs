//! The end of a batch: what was written is made certain, as far as the configuration asks, and the mark
//! moves.

use std::io;

use super::sink::{Settled, Sink};
use crate::sink::targets::Target;
use crate::sink::targets::file::Change;

impl Sink {
    /// At the end of a batch that has been flushed: forces the file to the disk if that is due or `wanted`,
    /// looks what others have done to it, and moves the mark to `position`.
    pub(crate) fn settle(&mut self, position: u64, wanted: bool) -> Settled {
        match self.tend() {
            Ok(true) => {}
            Ok(false) => return Settled::InStep,
            Err(problem) => {
                self.fall_behind(&problem);
                return Settled::Behind;
            }
        }
        if position != self.progress.mark().position {
            if self.progress.is_beyond_mark() {
                if !self.is_to_sync(wanted) {
                    return Settled::InStep;
                }
                if !self.confirm() {
                    return Settled::Behind;
                }
            }
            self.transit.pass(self.progress.mark().position);
            self.set_mark(position);
        }
        self.forgive();
        Settled::InStep
    }

    /// Makes sure that what was written since the mark stays: on the disk where that is promised, and in a
    /// file that others have not removed. Returns false if the sink has fallen behind.
    pub(super) fn confirm(&mut self) -> bool {
        if !self.sync() {
            return false;
        }
        match self.target.look() {
            Ok(Change::Removed) => {
                // The lines written last are gone with the file, so they are written again, into the new one.
                self.totals.written = self.written_at_mark;
                self.begin_file();
                false
            }
            Ok(_) => true,
            Err(problem) => {
                self.fall_behind(&problem);
                false
            }
        }
    }

    /// Sends what a connection has not sent yet. Returns whether the system has taken all of it.
    fn tend(&mut self) -> io::Result<bool> {
        let Target::Socket(network) = &mut self.target else { return Ok(true) };
        let outcome = network.tend();
        self.count_fates();
        if let Ok(true) = outcome {
            self.forgive();
        }
        outcome
    }

    /// Ends a failure, if lines get through.
    fn forgive(&mut self) {
        self.state.forgive(self.is_in_transit(), self.transit.arrived());
    }

    /// Whether what was written since the mark may count as settled once it is synced, which is now.
    fn is_to_sync(&self, wanted: bool) -> bool {
        match &self.target {
            Target::File(file) => file.is_sync_due(wanted),
            _ => true,
        }
    }

    /// Forces the file to the disk, if it is one that is. Returns false if the sink has fallen behind: the
    /// disk may have forgotten what it was given, so all of it is cut off and replayed.
    pub(super) fn sync(&mut self) -> bool {
        let Some(file) = self.target.file_mut() else { return true };
        if !file.is_synced() {
            return true;
        }
        match file.sync() {
            Ok(()) => true,
            Err(problem) => {
                // A pipe's lines cannot be cut off, and need not be: what failed is the sync of its
                // directory.
                if file.is_rewritable() {
                    self.cut_off();
                }
                self.fall_behind(&io::Error::new(problem.kind(), format!("could not be synced: {problem}")));
                false
            }
        }
    }

    /// Forces lines to the disk, where that is promised, before they count as written although the sink is
    /// behind.
    pub(super) fn secure(&mut self) {
        if self.progress.is_beyond_mark() {
            self.sync();
        }
    }

    /// Goes on from the mark in a file that has nothing of what comes after it.
    pub(super) fn begin_file(&mut self) {
        self.progress.forget_written();
        self.set_mark(self.progress.mark().position);
    }

    /// Counts what follows the mark in the file as not written: it is cut off, now or before the next write.
    pub(super) fn cut_off(&mut self) {
        self.progress.doubt_written();
        self.state.discount(self.totals.bytes);
        // A failure is met again before the next write.
        let _ = self.cut();
    }

    pub(super) fn cut(&mut self) -> io::Result<()> {
        if let Some(file) = self.target.file_mut() {
            if self.progress.is_doubtful() {
                file.cut_to(self.progress.mark().size)?;
                self.progress.forget_written();
            }
        }
        Ok(())
    }

    /// Everything before `position` is in the destination, and perhaps some of what comes after, which a
    /// replay has not come to yet.
    pub(super) fn set_mark(&mut self, position: u64) {
        let (size, file) = self.target.end();
        self.progress.set(position, size, file);
        self.written_at_mark = self.totals.written;
    }
}
