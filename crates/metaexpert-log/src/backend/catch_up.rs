//! Sinks that are behind: replayed batch by batch, and kept from filling the ring for the others.

use crate::backend::drain::{BATCH_BYTES, Backend, members};
use crate::protection::Protection;

impl Backend {
    /// Lets sinks that are behind replay a batch each, and makes them give up what they keep from others for
    /// too long. Returns whether one has got on.
    pub(super) fn catch_up(&mut self) -> bool {
        if self.stages.behind() == 0 && self.stragglers.is_empty() {
            return false;
        }
        self.squeeze();
        let mut has_got_on = self.catch_up_stragglers();
        let read = self.consumer.read();
        for index in members(self.stages.behind()) {
            if self.stragglers.iter().any(|straggler| self.stages.shares_file(index, &straggler.sink)) {
                continue;
            }
            let Some(mut part) = self.stages.part(index) else { continue };
            let before = part.sink.mark().position;
            if !part.sink.is_ready_to_replay() || !part.catch_up_held(&mut self.ledger, &self.shared.counters)
            {
                continue;
            }
            let tally = part.replay(&self.consumer, &mut self.lexicon, read, BATCH_BYTES, None);
            has_got_on |= part.sink.mark().position > before;
            if tally.is_done {
                self.stages.set_behind(index, false);
            }
        }
        has_got_on
    }

    /// Lets sinks in step tell what they have lost on the way, once the destination takes lines again.
    pub(super) fn tell_gaps(&mut self) {
        let owing: Vec<usize> =
            self.stages.sinks().filter(|(_, sink)| sink.owes_gap()).map(|(index, _)| index).collect();
        for index in owing {
            if self.stages.behind() & (1 << index) != 0 {
                continue;
            }
            let Some(mut part) = self.stages.part(index) else { continue };
            if !part.catch_up_held(&mut self.ledger, &self.shared.counters) {
                self.stages.set_behind(index, true);
            }
        }
    }

    fn catch_up_stragglers(&mut self) -> bool {
        let Backend { stragglers, consumer, lexicon, ledger, shared, stages, .. } = self;
        let mut has_got_on = false;
        let mut index = 0;
        while index < stragglers.len() {
            let (earlier, rest) = stragglers.split_at_mut(index);
            let straggler = &mut rest[0];
            index += 1;
            // Two at work on one file would tear each other's lines.
            if earlier.iter().any(|other| other.sink.shares_file(&straggler.sink)) {
                continue;
            }
            let until = straggler.until;
            let mut part = straggler.part();
            if !part.sink.is_ready_to_replay() || !part.catch_up_held(ledger, &shared.counters) {
                continue;
            }
            has_got_on = true;
            let tally = part.replay(consumer, lexicon, until, BATCH_BYTES, None);
            // What is on its way may still have to be sent again.
            if tally.is_done && part.sink.confirmed_to() >= until {
                index -= 1;
                let mut done = stragglers.remove(index);
                // Nobody will know whether they arrive.
                shared.count_lost(done.sink.unacknowledged() as u64);
                done.sink.end_transit();
                done.sink.account(ledger, &shared.counters);
                for other in stragglers.iter_mut().filter(|other| other.sink.shares_file(&done.sink)) {
                    other.sink.take_over_file();
                }
                stages.follow(&done.sink, None);
            }
        }
        has_got_on
    }

    /// Makes sinks that are behind give up the oldest of what they keep in the ring, so that it is not filled
    /// for the others.
    fn squeeze(&mut self) {
        let protection = Protection::from_level(self.stages.config().queue.protect_level);
        let capacity = self.consumer.ring().capacity() as u64;
        let head = self.consumer.position() + self.consumer.backlog();
        let (read, enough) = (self.consumer.read(), head.saturating_sub(capacity / 8 * 3));
        for straggler in &mut self.stragglers {
            let until = straggler.until;
            let mut part = straggler.part();
            if part.sink.mark().position < enough {
                part.squeeze(&self.consumer, &mut self.lexicon, enough, until, protection, &mut self.ledger);
            }
        }
        for index in members(self.stages.behind()) {
            let Some(mut part) = self.stages.part(index) else { continue };
            if part.sink.mark().position < enough {
                part.squeeze(&self.consumer, &mut self.lexicon, enough, read, protection, &mut self.ledger);
            }
        }
    }
}
