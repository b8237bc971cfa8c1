//! Changes of configuration, and the end of the sinks that a change leaves without one.

use std::sync::Arc;

use crate::backend::drain::Backend;
use crate::backend::shared::{Next, lock};
use crate::backend::stages::Straggler;
use crate::protection::Protection;
use crate::ring::Gap;
use crate::sink::Sink;

/// Failing sinks of earlier configurations that are kept at the same time.
const MOST_STRAGGLERS: usize = 8;

impl Backend {
    /// Puts the configuration `epoch` in force; everything before its frame has been read.
    pub(super) fn switch(&mut self, epoch: u64) {
        let Some(Next { stages: mut next, include }) = lock(&self.shared.switches).remove(&epoch) else {
            return;
        };
        let position = self.consumer.read();
        let ring = Arc::clone(self.consumer.ring());
        let mut problems = Vec::new();
        let behind = next.take_over(&mut self.stages, &ring, epoch, position, &self.include, &mut problems);
        self.consumer.set_epoch(epoch);
        self.stages = next;
        self.include = include;
        self.stragglers.extend(behind);
        // Those of earlier changes too: a file may have been out of use in between.
        for straggler in &self.stragglers {
            self.stages.follow_later(&straggler.sink);
        }
        while self.stragglers.len() > MOST_STRAGGLERS {
            let straggler = self.stragglers.remove(0);
            self.give_up(straggler);
        }
        problems.iter().for_each(|problem| self.trouble.report(problem));
        *lock(&self.shared.sinks) = self.reports();
    }

    /// Counts everything that a failing sink of an earlier configuration has not written as lost.
    pub(super) fn give_up(&mut self, mut straggler: Straggler) {
        let until = straggler.until;
        straggler.sink.end_whole();
        self.shared.count_lost(straggler.sink.unacknowledged() as u64);
        straggler.sink.end_transit();
        straggler.sink.account(&mut self.ledger, &self.shared.counters);
        straggler.part().squeeze(
            &self.consumer,
            &mut self.lexicon,
            until,
            until,
            Protection::TRADES,
            &mut self.ledger,
        );
        let mut gap = straggler.sink.take_gap();
        let held = straggler.sink.give_up_held();
        for seq in &held {
            if let Some(slot) = self.ledger.slot(*seq) {
                gap.add(*seq, slot);
            }
        }
        self.ledger.let_go(&held, false, &self.shared.counters);
        self.shared.count_lost(straggler.sink.take_lost());
        self.hand_over(&straggler.sink, &gap);
        let name = &straggler.sink.config().name;
        self.trouble
            .report(&format!("handler {name} was failing when it was replaced; its records are lost"));
    }

    /// Lets those that have waited for `done` go on with its file; the first of them tells of `gap`.
    fn hand_over(&mut self, done: &Sink, gap: &Gap) {
        let mut is_told = false;
        for other in self.stragglers.iter_mut().filter(|other| other.sink.shares_file(done)) {
            other.sink.take_over_file();
            if !std::mem::replace(&mut is_told, true) {
                other.sink.gap.join(gap);
            }
        }
        self.stages.follow(done, Some(gap).filter(|_| !is_told));
    }
}
