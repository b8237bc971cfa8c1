//! The backend thread: drain → route → encode → write, nothing else. It never touches Python.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::assembly::{Assembly, Straggler};
use crate::config::QueueConfig;
use crate::delay::Delays;
use crate::encode::Include;
use crate::event::Event;
use crate::fork::Gate;
use crate::frame::{self, Frame, Kind};
use crate::ledger::Ledger;
use crate::level::Level;
use crate::lexicon::Lexicon;
use crate::ring::{Consumer, Gap};
use crate::route::SinkSet;
use crate::sink::trouble::TroubleLog;
use crate::sink::{Sink, SinkReport};
use crate::stats::{Counters, PerLevel};

/// Ring bytes handled between two writes: enough to amortise a system call, little enough that a
/// record of a slow stretch is not held up by its successors.
const BATCH_BYTES: usize = 256 << 10;
const SHORTEST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(10);
/// How long the end waits for finished files to be packed; what is left is done by the next start.
const PACKING_GRACE: Duration = Duration::from_millis(500);
/// Failing sinks of earlier configurations that are kept at the same time.
const MOST_STRAGGLERS: usize = 8;

/// A configuration on its way to the backend.
pub(crate) struct Next {
    pub(crate) assembly: Assembly,
    pub(crate) include: Include,
}

/// What the capture side and the backend thread tell each other.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    /// Configurations whose switch frame is still in the ring.
    pub(crate) switches: Mutex<BTreeMap<u64, Next>>,
    /// What each sink has done, as of the last batch.
    pub(crate) sinks: Mutex<Vec<SinkReport>>,
    /// Everything before this ring position is written by every sink.
    written_to: AtomicU64,
    /// Somebody waits for everything before this position.
    wanted: AtomicU64,
    stop: AtomicBool,
    /// Some sink takes nothing now.
    in_trouble: AtomicBool,
    /// The backend thread has ended, in order or not: nothing more will be written.
    ended: AtomicBool,
    /// And nothing was left when it did.
    written_all: AtomicBool,
    napping: AtomicBool,
    wake: Mutex<bool>,
    wake_signal: Condvar,
    progress: Mutex<()>,
    progress_signal: Condvar,
}

impl Shared {
    /// Ends the backend's nap, or prevents the next one.
    #[cold]
    pub(crate) fn wake(&self) {
        *lock(&self.wake) = true;
        self.wake_signal.notify_one();
    }

    /// Whether the backend sleeps, so that waking it is worth a system call.
    #[inline]
    pub(crate) fn is_napping(&self) -> bool {
        self.napping.load(Ordering::Relaxed)
    }

    /// Tells the backend to write what is there and end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Waits until every sink has written what was published before `position`.
    pub(crate) fn wait_written(&self, position: u64, deadline: Option<Instant>) -> bool {
        self.wanted.fetch_max(position, Ordering::AcqRel);
        let mut guard = lock(&self.progress);
        while self.written_to.load(Ordering::Acquire) < position {
            if self.ended.load(Ordering::Acquire) {
                return self.written_to.load(Ordering::Acquire) >= position;
            }
            // The timed wait also covers a backend that ended between the check and the wait.
            let mut pause = Duration::from_millis(100);
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return false;
                }
                pause = pause.min(left);
            }
            self.wake();
            guard = wait(&self.progress_signal, guard, pause);
        }
        true
    }

    /// Whether some sink takes nothing now, so that waiting for it may be in vain.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.in_trouble.load(Ordering::Acquire) || self.ended.load(Ordering::Acquire)
    }

    /// Whether the backend has ended with nothing left to write.
    pub(crate) fn has_written_all(&self) -> bool {
        self.written_all.load(Ordering::Acquire)
    }

    fn nap(&self, duration: Duration) {
        let mut woken = lock(&self.wake);
        if !*woken {
            self.napping.store(true, Ordering::Relaxed);
            woken = wait(&self.wake_signal, woken, duration);
            self.napping.store(false, Ordering::Relaxed);
        }
        *woken = false;
    }

    fn announce_written(&self, position: u64) {
        if self.written_to.load(Ordering::Relaxed) != position {
            self.written_to.store(position, Ordering::Release);
            // Taken so that a waiter is either before its check or already waiting.
            drop(lock(&self.progress));
            self.progress_signal.notify_all();
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(signal: &Condvar, guard: MutexGuard<'a, T>, time: Duration) -> MutexGuard<'a, T> {
    signal.wait_timeout(guard, time).unwrap_or_else(PoisonError::into_inner).0
}

/// Marks the end of the backend thread, also when it panics, so that nobody waits for it in vain.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        drop(lock(&self.0.progress));
        self.0.progress_signal.notify_all();
    }
}

/// The backend thread's state.
pub(crate) struct Worker {
    consumer: Consumer,
    shared: Arc<Shared>,
    assembly: Assembly,
    include: Include,
    /// Sinks of earlier configurations that have not written everything yet.
    stragglers: Vec<Straggler>,
    lexicon: Lexicon,
    ledger: Ledger,
    trouble: TroubleLog,
    /// Where the current batch begins, and its records by level.
    batch_from: u64,
    batch: PerLevel,
    delays: Delays,
    /// Whether the last report was of a sink in trouble.
    was_troubled: bool,
    shutdown_grace: Duration,
}

impl Worker {
    pub(crate) fn new(
        consumer: Consumer,
        shared: Arc<Shared>,
        assembly: Assembly,
        include: Include,
        trouble: TroubleLog,
    ) -> Self {
        Worker {
            consumer,
            shared,
            assembly,
            include,
            stragglers: Vec::new(),
            lexicon: Lexicon::default(),
            ledger: Ledger::default(),
            trouble,
            batch_from: 0,
            batch: PerLevel::default(),
            delays: Delays::new(),
            was_troubled: false,
            shutdown_grace: Duration::from_secs(2),
        }
    }

    /// Works until told to stop and nothing is left.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.shared));
        let mut nap = SHORTEST_NAP;
        loop {
            let stopping = self.shared.stop.load(Ordering::Acquire);
            let is_busy = {
                let _working = Gate::enter();
                self.turn()
            };
            if is_busy {
                nap = SHORTEST_NAP;
                continue;
            }
            if stopping {
                let _working = Gate::enter();
                self.finish();
                return;
            }
            self.shared.nap(nap);
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }

    /// Handles one batch. Returns whether there was anything to do.
    pub(crate) fn turn(&mut self) -> bool {
        let switch = self.drain();
        let position = self.consumer.read();
        let is_busy = self.batch != PerLevel::default() || switch.is_some();
        let wanted = self.is_wanted() || switch.is_some();
        self.assembly.settle(position, wanted);
        // Before the frame of the change is released, so that no kill can separate the two.
        if let Some(epoch) = switch {
            self.switch(epoch);
        }
        let has_caught_up = self.catch_up();
        self.release();
        is_busy || has_caught_up
    }

    /// Reads a batch, up to a change of configuration, and gives its records to the sinks in step.
    fn drain(&mut self) -> Option<u64> {
        self.batch_from = self.consumer.read();
        let Worker { consumer, assembly, lexicon, trouble, batch: levels, delays, .. } = self;
        let dictionary = consumer.ring().dictionary();
        let mut batch = consumer.batch(BATCH_BYTES);
        let mut switch = None;
        for (at, kind, bytes) in batch.by_ref() {
            if kind == Kind::Switch {
                switch = frame::switch_epoch(bytes).ok();
                break;
            }
            levels[Level(frame::level(bytes)).slot()] += 1;
            let outcome = Frame::peeked(bytes).and_then(|frame| {
                Event::visit(&frame, dictionary, lexicon, |event| {
                    delays.note(event.timestamp_ns);
                    assembly.deliver(event, at);
                })
            });
            if let Err(problem) = outcome {
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
        self.shared.wanted.load(Ordering::Acquire) > tail
            || self.shared.stop.load(Ordering::Acquire)
            || self.consumer.backlog() > self.consumer.ring().capacity() as u64 / 4
    }

    /// Lets sinks that are behind replay a batch each, and makes them give up what they keep from others for too
    /// long. Returns whether one has got on.
    fn catch_up(&mut self) -> bool {
        if self.assembly.behind() == 0 && self.stragglers.is_empty() {
            return false;
        }
        self.squeeze();
        let mut has_got_on = self.catch_up_stragglers();
        let read = self.consumer.read();
        for index in members(self.assembly.behind()) {
            if self.stragglers.iter().any(|straggler| self.assembly.shares_file(index, &straggler.sink)) {
                continue;
            }
            let Some(mut part) = self.assembly.part(index) else { continue };
            let before = part.sink.mark().position;
            if !part.sink.is_ready_to_replay() || !part.catch_up_held(&mut self.ledger, &self.shared.counters)
            {
                continue;
            }
            let tally = part.replay(&self.consumer, &mut self.lexicon, read, BATCH_BYTES, None);
            has_got_on |= part.sink.mark().position > before;
            if tally.is_done {
                self.assembly.set_behind(index, false);
            }
        }
        has_got_on
    }

    fn catch_up_stragglers(&mut self) -> bool {
        let Worker { stragglers, consumer, lexicon, ledger, shared, assembly, .. } = self;
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
            if part.replay(consumer, lexicon, until, BATCH_BYTES, None).is_done {
                index -= 1;
                let done = stragglers.remove(index);
                for other in stragglers.iter_mut().filter(|other| other.sink.shares_file(&done.sink)) {
                    other.sink.take_over_file();
                }
                assembly.follow(&done.sink, None);
            }
        }
        has_got_on
    }

    /// Makes sinks that are behind give up the oldest of what they keep in the ring, so that it is not filled
    /// for the others.
    fn squeeze(&mut self) {
        let queue = self.assembly.config().queue;
        let capacity = self.consumer.ring().capacity() as u64;
        let head = self.consumer.position() + self.consumer.backlog();
        let (read, enough) = (self.consumer.read(), head.saturating_sub(capacity / 8 * 3));
        for straggler in &mut self.stragglers {
            let until = straggler.until;
            let mut part = straggler.part();
            if part.sink.mark().position < enough {
                part.squeeze(&self.consumer, &mut self.lexicon, enough, until, &queue, &mut self.ledger);
            }
        }
        for index in members(self.assembly.behind()) {
            let Some(mut part) = self.assembly.part(index) else { continue };
            if part.sink.mark().position < enough {
                part.squeeze(&self.consumer, &mut self.lexicon, enough, read, &queue, &mut self.ledger);
            }
        }
    }

    /// Gives back the room of what every sink has, and tells who waits for it.
    fn release(&mut self) {
        let (read, before) = (self.consumer.read(), self.consumer.position());
        let stragglers = self.stragglers.iter().map(|straggler| straggler.sink.mark().position).min();
        let settled = [self.assembly.settled_to(), stragglers].into_iter().flatten().fold(read, u64::min);
        let levels = std::mem::take(&mut self.batch);
        let counters = &self.shared.counters;
        self.delays.settle(counters);
        self.assembly.count_volume(counters);
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
        let is_troubled = holds_any || self.assembly.behind() != 0 || !self.stragglers.is_empty();
        // The end of a trouble is told as well, though nothing else may happen.
        let was_troubled = std::mem::replace(&mut self.was_troubled, is_troubled);
        if settled > before || settled < read || is_troubled || was_troubled {
            self.report();
        }
        if !holds_any {
            self.shared.announce_written(settled);
        }
    }

    fn report(&mut self) {
        let in_trouble = self.assembly.behind() != 0 || !self.stragglers.is_empty();
        self.shared.in_trouble.store(in_trouble, Ordering::Release);
        *lock(&self.shared.sinks) = self.assembly.reports();
        for problem in self.assembly.problems() {
            self.trouble.report(problem);
        }
        for (_, sink) in self.assembly.sinks() {
            if let Some(problem) = sink.take_side_problem() {
                self.trouble.report(&problem);
            }
        }
        for problem in self.stragglers.iter().filter_map(|straggler| straggler.sink.problem()) {
            self.trouble.report(problem);
        }
    }

    fn holds_any(&mut self) -> bool {
        self.stragglers.iter().any(|straggler| !straggler.sink.held.is_empty())
            || self.assembly.sinks().any(|(_, sink)| !sink.held.is_empty() || sink.has_unsent())
    }

    /// Puts the configuration `epoch` in force; everything before its frame has been read.
    fn switch(&mut self, epoch: u64) {
        let Some(Next { assembly: mut next, include }) = lock(&self.shared.switches).remove(&epoch) else {
            return;
        };
        let position = self.consumer.read();
        let ring = Arc::clone(self.consumer.ring());
        let mut problems = Vec::new();
        let behind = next.take_over(&mut self.assembly, &ring, epoch, position, &self.include, &mut problems);
        self.consumer.set_epoch(epoch);
        self.assembly = next;
        self.include = include;
        self.stragglers.extend(behind);
        // Those of earlier changes too: a file may have been out of use in between.
        for straggler in &self.stragglers {
            self.assembly.follow_later(&straggler.sink);
        }
        while self.stragglers.len() > MOST_STRAGGLERS {
            let straggler = self.stragglers.remove(0);
            self.give_up(straggler);
        }
        problems.iter().for_each(|problem| self.trouble.report(problem));
        *lock(&self.shared.sinks) = self.assembly.reports();
    }

    /// Counts everything that a failing sink of an earlier configuration has not written as lost.
    fn give_up(&mut self, mut straggler: Straggler) {
        let queue = QueueConfig { protect_level: i32::MAX, ..self.assembly.config().queue };
        let until = straggler.until;
        straggler.part().squeeze(&self.consumer, &mut self.lexicon, until, until, &queue, &mut self.ledger);
        let mut gap = straggler.sink.take_gap();
        let held = straggler.sink.give_up_held();
        for seq in &held {
            if let Some(slot) = self.ledger.slot(*seq) {
                gap.add(*seq, slot);
            }
        }
        self.ledger.let_go(&held, false, &self.shared.counters);
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
        self.assembly.follow(done, Some(gap).filter(|_| !is_told));
    }

    /// Gives failing sinks a last chance. What they can't write waits in the ring for the next start, where
    /// it outlives the process; else it is counted as lost.
    fn finish(&mut self) {
        let deadline = Instant::now() + self.shutdown_grace;
        while (self.is_unsettled() || self.unacknowledged() > 0) && Instant::now() < deadline {
            self.assembly.sinks().for_each(|(_, sink)| sink.hurry());
            self.stragglers.iter_mut().for_each(|straggler| straggler.sink.hurry());
            self.turn();
            std::thread::sleep(SHORTEST_NAP);
        }
        for straggler in std::mem::take(&mut self.stragglers) {
            self.give_up(straggler);
        }
        self.tell_of_unacknowledged();
        let held: Vec<u64> = self.assembly.sinks().flat_map(|(_, sink)| sink.give_up_held()).collect();
        self.ledger.let_go(&held, false, &self.shared.counters);
        if self.is_unsettled() {
            self.leave_behind();
        }
        self.release();
        self.shared.written_all.store(!self.is_unsettled(), Ordering::Release);
        if let Some(claim) = self.consumer.ring().claim().filter(|_| !self.is_unsettled()) {
            if let Err(problem) = claim.remove() {
                self.trouble.report(&format!("{} could not be removed: {problem}", claim.path().display()));
            }
        }
        self.finish_packing();
    }

    fn finish_packing(&mut self) {
        let deadline = Instant::now() + PACKING_GRACE;
        self.assembly.sinks().for_each(|(_, sink)| sink.finish_packing(deadline));
    }

    /// Lines given to connections whose other ends have not acknowledged them.
    fn unacknowledged(&mut self) -> usize {
        self.assembly.sinks().map(|(_, sink)| sink.unacknowledged()).sum()
    }

    fn tell_of_unacknowledged(&mut self) {
        for (_, sink) in self.assembly.sinks() {
            let (lines, name) = (sink.unacknowledged(), &sink.config().name);
            if lines > 0 {
                let problem =
                    format!("handler {name}: the other side had not acknowledged {lines} lines at the end");
                self.trouble.report(&problem);
            }
        }
    }

    fn is_unsettled(&self) -> bool {
        self.consumer.position() < self.consumer.read()
    }

    /// Leaves what sinks could not write to the next start, if that can write it; else it is lost.
    fn leave_behind(&mut self) {
        let is_crash_safe = self.consumer.ring().is_crash_safe();
        let queue = QueueConfig { protect_level: i32::MAX, ..self.assembly.config().queue };
        let read = self.consumer.read();
        for index in members(self.assembly.behind()) {
            let Some(mut part) = self.assembly.part(index) else { continue };
            if !(is_crash_safe && part.sink.is_recoverable()) {
                let name = &part.sink.config().name;
                self.trouble.report(&format!(
                    "handler {name} could not write some records before the end; they are lost"
                ));
                part.squeeze(&self.consumer, &mut self.lexicon, read, read, &queue, &mut self.ledger);
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

/// The indexes of the sinks in `set`.
fn members(set: SinkSet) -> impl Iterator<Item = usize> {
    (0..SinkSet::BITS as usize).filter(move |index| set & (1 << index) != 0)
}
