//! The end: what is left is written, kept for the next start, or told as lost.

use std::time::{Duration, Instant};

use crate::backend::drain::{Backend, SHORTEST_NAP, members};
use crate::protection::Protection;

/// How long the end waits for finished files to be packed; what is left is done by the next start.
const PACKING_GRACE: Duration = Duration::from_millis(500);

impl Backend {
    /// Gives failing sinks a last chance. What they can't write waits in the ring for the next start, where
    /// it outlives the process; else it is counted as lost.
    pub(super) fn finish(&mut self) {
        let deadline = Instant::now() + self.shutdown_grace;
        while (self.is_unsettled() || self.unacknowledged() > 0) && Instant::now() < deadline {
            self.stages.sinks().for_each(|(_, sink)| sink.hurry());
            self.stragglers.iter_mut().for_each(|straggler| straggler.sink.hurry());
            self.turn();
            std::thread::sleep(SHORTEST_NAP);
        }
        for straggler in std::mem::take(&mut self.stragglers) {
            self.give_up(straggler);
        }
        self.tell_of_unacknowledged();
        self.stages.sinks().for_each(|(_, sink)| sink.end_whole());
        self.stages.sinks().for_each(|(_, sink)| sink.end_transit());
        self.account();
        let held: Vec<u64> = self.stages.sinks().flat_map(|(_, sink)| sink.give_up_held()).collect();
        self.ledger.let_go(&held, false, &self.shared.counters);
        if self.is_unsettled() {
            self.leave_behind();
        }
        self.release();
        self.tell_of_losses();
        self.shared.tell_of_end(!self.is_unsettled());
        if let Some(claim) = self.consumer.ring().claim().filter(|_| !self.is_unsettled()) {
            if let Err(problem) = claim.remove() {
                self.trouble.report(&format!("{} could not be removed: {problem}", claim.path().display()));
            }
        }
        self.finish_packing();
    }

    fn finish_packing(&mut self) {
        let deadline = Instant::now() + PACKING_GRACE;
        self.stages.sinks().for_each(|(_, sink)| sink.finish_packing(deadline));
    }

    /// Lines given to connections whose other ends have not acknowledged them.
    fn unacknowledged(&mut self) -> usize {
        self.stages.sinks().map(|(_, sink)| sink.unacknowledged()).sum()
    }

    fn tell_of_unacknowledged(&mut self) {
        for (_, sink) in self.stages.sinks() {
            let (lines, name) = (sink.unacknowledged(), &sink.config().name);
            if lines > 0 {
                let problem =
                    format!("handler {name}: the other side had not acknowledged {lines} lines at the end");
                self.trouble.report(&problem);
                // Nobody will know whether they arrive.
                self.shared.count_lost(lines as u64);
            }
        }
    }

    fn tell_of_losses(&mut self) {
        for (_, sink) in self.stages.sinks() {
            if let Some(problem) = sink.take_losses() {
                self.trouble.insist(&problem);
            }
        }
    }

    fn is_unsettled(&self) -> bool {
        self.consumer.position() < self.consumer.read()
    }

    /// Leaves what sinks could not write to the next start, if that can write it; else it is lost.
    fn leave_behind(&mut self) {
        let is_crash_safe = self.consumer.ring().is_crash_safe();
        let read = self.consumer.read();
        for index in members(self.stages.behind()) {
            let Some(mut part) = self.stages.part(index) else { continue };
            if !(is_crash_safe && part.sink.is_recoverable()) {
                let name = &part.sink.config().name;
                self.trouble.report(&format!(
                    "handler {name} could not write some records before the end; they are lost"
                ));
                part.squeeze(
                    &self.consumer,
                    &mut self.lexicon,
                    read,
                    read,
                    Protection::TRADES,
                    &mut self.ledger,
                );
                let held = part.sink.give_up_held();
                self.ledger.let_go(&held, false, &self.shared.counters);
            }
        }
        self.release();
        if let Some(claim) = self.consumer.ring().claim().filter(|_| self.is_unsettled()) {
            let kept = claim.path().display();
            self.trouble.report(&format!(
                "some records could not be written; they are kept in {kept} for the next start"
            ));
        }
    }
}
