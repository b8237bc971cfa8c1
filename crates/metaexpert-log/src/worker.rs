//! The backend thread: drain → route → encode → write, nothing else. It never touches Python.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::assembly::Assembly;
use crate::clock::now_ns;
use crate::event::Event;
use crate::frame::{self, Kind};
use crate::level::Level;
use crate::lexicon::Lexicon;
use crate::ring::Consumer;
use crate::sink::SinkReport;
use crate::sink::trouble::TroubleLog;
use crate::stats::{Counters, Loss, PerLevel};

/// Ring bytes handled between two writes: enough to amortise a system call, little enough that a
/// record of a slow stretch is not held up by its successors.
const BATCH_BYTES: usize = 256 << 10;
const SHORTEST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(10);
/// How long the end waits for finished files to be packed; what is left is done by the next start.
const PACKING_GRACE: Duration = Duration::from_millis(500);

/// What the capture side and the backend thread tell each other.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    /// Configurations whose switch frame is still in the ring.
    pub(crate) switches: Mutex<BTreeMap<u64, Assembly>>,
    /// What each sink has done, as of the last batch.
    pub(crate) sinks: Mutex<Vec<SinkReport>>,
    /// Everything before this ring position is written by every sink.
    written_to: AtomicU64,
    stop: AtomicBool,
    /// The backend thread has ended, in order or not: nothing more will be written.
    ended: AtomicBool,
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
    lexicon: Lexicon,
    trouble: TroubleLog,
    /// Taken from the ring, not yet written by every sink.
    unsettled: PerLevel,
    /// When the records of the current batch were made.
    made_ns: Vec<i64>,
    shutdown_grace: Duration,
}

impl Worker {
    pub(crate) fn new(
        consumer: Consumer,
        shared: Arc<Shared>,
        assembly: Assembly,
        trouble: TroubleLog,
    ) -> Self {
        Worker {
            consumer,
            shared,
            assembly,
            lexicon: Lexicon::default(),
            trouble,
            unsettled: [0; 5],
            made_ns: Vec::new(),
            shutdown_grace: Duration::from_secs(2),
        }
    }

    /// Works until told to stop and nothing is left.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.shared));
        let mut nap = SHORTEST_NAP;
        loop {
            let stopping = self.shared.stop.load(Ordering::Acquire);
            if self.drain() {
                nap = SHORTEST_NAP;
                continue;
            }
            if stopping {
                self.finish();
                return;
            }
            self.shared.nap(nap);
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }

    /// Handles one batch. Returns whether there was anything to do.
    fn drain(&mut self) -> bool {
        let Worker { consumer, assembly, lexicon, shared, trouble, unsettled, made_ns, .. } = self;
        let ring = consumer.ring().clone();
        let mut batch = consumer.batch(BATCH_BYTES);
        let mut busy = false;
        for (kind, bytes) in batch.by_ref() {
            busy = true;
            if kind == Kind::Switch {
                switch(assembly, shared, trouble, bytes);
                continue;
            }
            match Event::decode(bytes, ring.dictionary(), lexicon) {
                Ok(event) => {
                    let slot = Level(event.level).slot();
                    made_ns.push(event.timestamp_ns);
                    if assembly.deliver(&event) {
                        unsettled[slot] += 1;
                    } else {
                        shared.counters.count_dropped(Loss::Sink, slot);
                    }
                }
                Err(problem) => trouble.report(&format!("a record could not be read: {problem}")),
            }
        }
        let position = batch.position();
        let settled = self.assembly.flush(&self.shared.counters);
        self.consumer.release(position);
        self.settle(settled, position);
        busy
    }

    fn settle(&mut self, settled: bool, position: u64) {
        if !self.made_ns.is_empty() {
            let now = now_ns();
            for made in self.made_ns.drain(..) {
                self.shared.counters.saw_delay(now - made);
            }
        }
        for problem in self.assembly.take_side_problems() {
            self.trouble.report(&problem);
        }
        if settled {
            if self.unsettled != [0; 5] {
                self.shared.counters.count_written(&self.unsettled);
                self.unsettled = [0; 5];
                *lock(&self.shared.sinks) = self.assembly.reports();
            }
            self.shared.announce_written(position);
        } else {
            *lock(&self.shared.sinks) = self.assembly.reports();
            for problem in self.assembly.problems() {
                self.trouble.report(problem);
            }
        }
    }

    /// Gives failing sinks a last chance, then counts what they could not write.
    fn finish(&mut self) {
        let deadline = Instant::now() + self.shutdown_grace;
        while !self.assembly.flush(&self.shared.counters) && Instant::now() < deadline {
            std::thread::sleep(SHORTEST_NAP);
            self.assembly.hurry();
        }
        if self.assembly.abandon() > 0 {
            self.trouble.report("some records could not be written before the end and are lost");
            for (slot, records) in self.unsettled.iter().enumerate() {
                for _ in 0..*records {
                    self.shared.counters.count_dropped(Loss::Sink, slot);
                }
            }
            self.unsettled = [0; 5];
        }
        self.settle(true, self.consumer.position());
        *lock(&self.shared.sinks) = self.assembly.reports();
        self.assembly.settle(Instant::now() + PACKING_GRACE);
    }
}

/// Puts the configuration that the switch frame names in force.
fn switch(assembly: &mut Assembly, shared: &Shared, trouble: &mut TroubleLog, bytes: &[u8]) {
    let Ok(epoch) = frame::switch_epoch(bytes) else { return };
    let Some(mut next) = lock(&shared.switches).remove(&epoch) else { return };
    assembly.flush(&shared.counters);
    if let Err(problem) = next.take_over(assembly) {
        trouble.report(&problem);
    }
    *assembly = next;
    if let Err(problem) = assembly.activate() {
        trouble.report(&problem);
    }
    *lock(&shared.sinks) = assembly.reports();
}
