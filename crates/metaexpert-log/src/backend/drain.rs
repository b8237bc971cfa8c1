//! The backend thread: drain → route → encode → write, nothing else. It never touches Python.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::delay::Delays;
use crate::backend::shared::{Ending, Shared, lock};
use crate::backend::stages::{Stages, Straggler};
use crate::clock::Timebase;
use crate::encode::Include;
use crate::frame::{self, Frame, Kind};
use crate::level::Level;
use crate::platform::fork::Gate;
use crate::ring::Consumer;
use crate::ring::decoded::DecodedRecord;
use crate::ring::ledger::Ledger;
use crate::ring::lexicon::Lexicon;
use crate::route::SinkSet;
use crate::sink::trouble::TroubleLog;
use crate::sink::{Sink, SinkReport};
use crate::stats::PerLevel;

/// Ring bytes handled between two writes: enough to amortise a system call, little enough that a
/// record of a slow stretch is not held up by its successors.
pub(super) const BATCH_BYTES: usize = 256 << 10;
/// The share of the ring that is much: the backend goes on at once, and sleeps briefly afterwards.
const MUCH: u64 = 64;
pub(super) const SHORTEST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(10);

/// What a turn found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Nothing,
    /// A few records, which go on coming: the next may gather, for a write costs the same for many.
    Little,
    /// More than that, or work that cannot wait.
    Much,
}

/// The backend thread's state.
pub(crate) struct Backend {
    pub(super) consumer: Consumer,
    pub(super) shared: Arc<Shared>,
    pub(super) stages: Stages,
    pub(super) include: Include,
    /// Sinks of earlier configurations that have not written everything yet.
    pub(super) stragglers: Vec<Straggler>,
    pub(super) lexicon: Lexicon,
    /// Room for a frame whose nested values are text.
    pub(super) expanded: Vec<u8>,
    pub(super) ledger: Ledger,
    pub(super) trouble: TroubleLog,
    /// Where the current batch begins, and its records by level.
    pub(super) batch_from: u64,
    pub(super) batch: PerLevel,
    pub(super) delays: Delays,
    pub(super) timebase: Timebase,
    /// Whether the last report was of a sink in trouble.
    pub(super) was_troubled: bool,
    pub(super) shutdown_grace: Duration,
}

impl Backend {
    pub(crate) fn new(
        mut consumer: Consumer,
        shared: Arc<Shared>,
        stages: Stages,
        include: Include,
        trouble: TroubleLog,
    ) -> Self {
        let timebase = Timebase::begin();
        consumer.begin_dating(&timebase);
        Backend {
            consumer,
            shared,
            stages,
            include,
            stragglers: Vec::new(),
            lexicon: Lexicon::default(),
            expanded: Vec::new(),
            ledger: Ledger::default(),
            trouble,
            batch_from: 0,
            batch: PerLevel::default(),
            delays: Delays::new(),
            timebase,
            was_troubled: false,
            shutdown_grace: Duration::from_secs(2),
        }
    }

    /// Works until told to stop and nothing is left.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.shared));
        let mut nap = SHORTEST_NAP;
        // First, as the producer comes nearer with each record; but who wakes the backend comes before it.
        while !self.shared.is_awaited() && self.prepare() {}
        loop {
            let stopping = self.shared.is_stopping();
            let turn = {
                let _working = Gate::enter();
                self.turn()
            };
            match turn {
                Turn::Much => {
                    nap = SHORTEST_NAP;
                    continue;
                }
                Turn::Little if stopping => continue,
                Turn::Nothing if stopping => {
                    let _working = Gate::enter();
                    self.finish();
                    return;
                }
                Turn::Little | Turn::Nothing => {}
            }
            if self.prepare() {
                continue;
            }
            self.shared.nap(nap);
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }

    /// Makes some more of the ring's memory present. Returns false when all of it is.
    fn prepare(&mut self) -> bool {
        // A fork waits for this too: gates are there from the backend's first step on.
        let _working = Gate::enter();
        self.consumer.make_present()
    }

    /// Handles one batch.
    pub(crate) fn turn(&mut self) -> Turn {
        let switch = self.drain();
        let position = self.consumer.read();
        let is_busy = self.batch != PerLevel::default();
        let mut is_much = switch.is_some() || (position - self.batch_from) >= self.much();
        let wanted = self.is_wanted() || switch.is_some();
        self.stages.settle(position, wanted);
        self.note_losses();
        // Before the frame of the change is released, so that no kill can separate the two.
        if let Some(epoch) = switch {
            self.switch(epoch);
        }
        is_much |= self.catch_up();
        self.tell_gaps();
        self.release();
        match is_much || self.consumer.unread() >= self.much() {
            true => Turn::Much,
            false if is_busy => Turn::Little,
            false => Turn::Nothing,
        }
    }

    fn much(&self) -> u64 {
        self.consumer.ring().capacity() as u64 / MUCH
    }

    /// Reads a batch, up to a change of configuration, and gives its records to the sinks in step.
    fn drain(&mut self) -> Option<u64> {
        self.batch_from = self.consumer.read();
        let Backend {
            consumer,
            stages,
            lexicon,
            ledger,
            shared,
            trouble,
            batch: levels,
            delays,
            timebase,
            expanded,
            ..
        } = self;
        consumer.look(timebase);
        // While frames are dated, nobody else reads through the consumer.
        let ring = Arc::clone(consumer.ring());
        let dictionary = ring.dictionary();
        let mut batch = consumer.dated(timebase, BATCH_BYTES);
        let mut switch = None;
        for (at, kind, bytes) in batch.by_ref() {
            if kind == Kind::Switch {
                switch = frame::switch_epoch(bytes).ok();
                break;
            }
            levels[Level(frame::level(bytes)).slot()] += 1;
            let outcome = frame::expanded(bytes, expanded).and_then(Frame::peeked).and_then(|frame| {
                DecodedRecord::visit(&frame, dictionary, lexicon, |record| {
                    delays.note(record.timestamp_ns);
                    stages.deliver(record, at);
                })
            });
            if let Err(problem) = outcome {
                ledger.drop_record(frame::seq(bytes), frame::level(bytes));
                shared.count_lost(1);
                trouble.report(&format!("a record could not be read: {problem}"));
            }
        }
        let position = batch.position();
        self.consumer.advance(position);
        switch
    }

    /// Whether somebody waits for records to be settled that are not, or too much of the ring waits for it.
    fn is_wanted(&self) -> bool {
        let tail = self.consumer.position();
        self.shared.wanted() > tail
            || self.shared.is_stopping()
            || self.consumer.backlog() > self.consumer.ring().capacity() as u64 / 4
    }

    /// Counts what sinks have given up, before anybody hears that everything else is written.
    fn note_losses(&mut self) {
        let of_stages: u64 = self.stages.sinks().map(|(_, sink)| sink.take_lost()).sum();
        let of_others: u64 = self.stragglers.iter_mut().map(|straggler| straggler.sink.take_lost()).sum();
        self.shared.count_lost(of_stages + of_others);
    }

    /// Gives back the room of what every sink has, and tells who waits for it.
    pub(super) fn release(&mut self) {
        self.account();
        self.note_losses();
        let (read, before) = (self.consumer.read(), self.consumer.position());
        let stragglers = self.stragglers.iter().map(|straggler| straggler.sink.mark().position).min();
        let settled = [self.stages.settled_to(), stragglers].into_iter().flatten().fold(read, u64::min);
        let levels = std::mem::take(&mut self.batch);
        let counters = &self.shared.counters;
        self.delays.settle(counters);
        self.stages.count_volume(counters);
        if settled > before {
            if before == self.batch_from && settled == read && self.ledger.is_empty() {
                // The usual case: the batch was read and written in one go.
                counters.count_written(&levels);
            } else {
                self.ledger.settle(&self.consumer, before, settled, counters);
            }
            self.consumer.release(settled);
        }
        let holds_any = self.holds_any();
        let is_restless =
            self.stages.sinks().any(|(_, sink)| sink.is_in_transit() || sink.has_untold_losses());
        let is_troubled =
            holds_any || is_restless || self.stages.behind() != 0 || !self.stragglers.is_empty();
        // The end of a trouble is told as well, though nothing else may happen.
        let was_troubled = std::mem::replace(&mut self.was_troubled, is_troubled);
        if settled > before || settled < read || is_troubled || was_troubled {
            self.report();
        }
        if !holds_any {
            let confirmed = self.confirmed_to().min(settled);
            self.shared.announce_written(settled, confirmed);
        }
    }

    /// Has the ledger know, before they leave the ring, which records are on their way and which are lost.
    pub(super) fn account(&mut self) {
        let Backend { stages, stragglers, ledger, shared, .. } = self;
        let sinks = stages.sinks().map(|(_, sink)| sink);
        for sink in sinks.chain(stragglers.iter_mut().map(|straggler| &mut straggler.sink)) {
            sink.account(ledger, &shared.counters);
        }
    }

    /// The position up to which everything has arrived.
    fn confirmed_to(&mut self) -> u64 {
        let Backend { stages, stragglers, .. } = self;
        let sinks = stages.sinks().map(|(_, sink)| sink);
        let all = sinks.chain(stragglers.iter_mut().map(|straggler| &mut straggler.sink));
        all.map(Sink::confirmed_to).min().unwrap_or(u64::MAX)
    }

    fn report(&mut self) {
        let in_trouble = self.stages.behind() != 0 || !self.stragglers.is_empty();
        self.shared.tell_of_trouble(in_trouble);
        *lock(&self.shared.sinks) = self.reports();
        for (_, sink) in self.stages.sinks() {
            // What is told once comes first, and waits until it is told.
            if sink.has_untold_losses() && self.trouble.is_due() {
                if let Some(problem) = sink.take_losses() {
                    self.trouble.report(&problem);
                }
            }
        }
        for problem in self.stages.problems() {
            self.trouble.report(problem);
        }
        for (_, sink) in self.stages.sinks() {
            if let Some(problem) = sink.take_side_problem() {
                self.trouble.report(&problem);
            }
        }
        for problem in self.stragglers.iter().filter_map(|straggler| straggler.sink.problem()) {
            self.trouble.report(problem);
        }
    }

    /// What each sink has done. One of an earlier configuration that still fails speaks for its successor;
    /// who was removed is gone.
    pub(super) fn reports(&self) -> Vec<SinkReport> {
        let mut reports = self.stages.reports();
        for earlier in self.stragglers.iter().map(|straggler| straggler.sink.report()) {
            if let Some(report) = reports.iter_mut().find(|report| report.name == earlier.name) {
                report.problem = report.problem.take().or(earlier.problem);
            }
        }
        reports
    }

    fn holds_any(&mut self) -> bool {
        self.stragglers.iter().any(|straggler| !straggler.sink.held.is_empty())
            || self.stages.sinks().any(|(_, sink)| !sink.held.is_empty() || sink.has_unsent())
    }
}

/// The indexes of the sinks in `set`.
pub(super) fn members(set: SinkSet) -> impl Iterator<Item = usize> {
    (0..SinkSet::BITS as usize).filter(move |index| set & (1 << index) != 0)
}
