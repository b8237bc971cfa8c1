//! Lines from the mark on: given once more to a sink that was behind, or given up to make room.

use super::sink::{Accepted, Settled, Sink};
use super::supply::{Line, Supply, Worth};
use crate::level::Level;
use crate::ring::ledger::Ledger;

impl Sink {
    /// Takes what `supply` gives, which begins at the mark, and writes what of it is not in the destination.
    /// `note` hears of each line whether it was there already. Returns the position that the sink has come
    /// to, `None` if it has fallen behind.
    pub(crate) fn replay(
        &mut self,
        supply: &mut impl Supply,
        mut note: impl FnMut(&Line, bool),
    ) -> Option<u64> {
        self.progress.begin_replay();
        loop {
            let start = self.pending.len();
            let Some(line) = supply.next(&mut self.pending) else { break };
            match self.accept_again(start, &line) {
                Accepted::Known => note(&line, true),
                Accepted::New => note(&line, false),
                Accepted::Not => return None,
            }
        }
        let position = supply.position();
        (self.flush() && self.settle(position, true) == Settled::InStep).then_some(position)
    }

    /// Gives up what `supply` gives, which begins at the mark: lines that are worth it are held, the others
    /// dropped and counted.
    pub(crate) fn squeeze(&mut self, supply: &mut impl Supply, ledger: &mut Ledger) {
        self.secure();
        let mut text = Vec::new();
        let mut is_passing = true;
        while let Some(line) = supply.next(&mut text) {
            if is_passing {
                let known = self.progress.known_bytes() as usize;
                is_passing = known > text.len();
                if self.pass_known(&line, &text, known, ledger) {
                    text.clear();
                    continue;
                }
            }
            if line.worth != Worth::GivesWay && self.held.hold(&text, &line) {
                ledger.hold(line.seq, line.level);
            } else {
                ledger.drop_record(line.seq, line.level);
                self.gap.add(line.seq, Level(line.level).slot());
                self.totals.dropped += 1;
            }
            text.clear();
        }
        match is_passing {
            true => self.pass(supply.position()),
            false => self.pass_unwritten(supply.position()),
        }
    }

    /// Passes over a line of which the first `known` bytes are in the destination. Returns false if none are,
    /// or if there is no room to hold the rest.
    fn pass_known(&mut self, line: &Line, text: &[u8], known: usize, ledger: &mut Ledger) -> bool {
        if known >= text.len() {
            self.pass_written(line.end, text.len() as u64, true);
            return true;
        }
        // A line that was begun is completed, whatever its level.
        let is_held = known > 0 && self.held.hold(&text[known..], &Line { worth: Worth::Precious, ..*line });
        if is_held {
            self.pass_written(line.end, known as u64, false);
            ledger.hold(line.seq, line.level);
        }
        is_held
    }

    /// Passes over the line that ends at `position`, of which `len` bytes are in the destination; if that is
    /// not all of it, the rest is held.
    fn pass_written(&mut self, position: u64, len: u64, is_whole: bool) {
        self.progress.pass_written(position, len);
        self.totals.written += u64::from(is_whole && !self.is_remote());
        self.written_at_mark = self.totals.written;
    }

    /// Passes over everything before `position` without having written it; what was begun is cut off.
    fn pass_unwritten(&mut self, position: u64) {
        if self.progress.is_beyond_mark() {
            if self.is_remote() {
                // It takes whole lines alone.
                self.progress.forget_written();
            } else if self.is_recoverable() {
                self.cut_off();
            } else {
                self.progress.forget_written();
                self.held.end_line();
            }
        }
        self.pass(position);
    }

    /// Passes over what is before `position` and not for this sink.
    fn pass(&mut self, position: u64) {
        self.progress.pass(position);
    }
}
