//! The end of a pipeline, which any number of threads may wait for.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::backend::shared::{Shared, lock};
use crate::pipeline::intake::Pipeline;
use crate::sink::SinkReport;
use crate::stats::{PerLevel, Snapshot};

/// How long an end waits for room to tell of a gap.
pub const LAST_GAP_LIMIT: Duration = Duration::from_secs(1);
/// How often somebody who waits for the end looks.
const STEP: Duration = Duration::from_micros(200);

impl Pipeline {
    /// Counts records that were lost before there was a pipeline to take them, and `losses`, of which nobody
    /// was told.
    pub fn count_lost(&self, unstarted: &PerLevel, losses: u64) {
        self.shared.counters.count_unstarted(unstarted);
        self.shared.count_lost(losses);
    }

    /// Tells the backend to end; [`Stopping::wait`] waits for it. Waits for a moment where there is no room
    /// to tell of a gap.
    pub fn stop(mut self) -> Stopping {
        let deadline = Instant::now() + LAST_GAP_LIMIT;
        while !self.report_gap() && Instant::now() < deadline {
            self.waiter().wait_for_room();
        }
        self.stop_now()
    }

    /// As [`Pipeline::stop`], at once: a gap that was not told is counted alone.
    pub fn stop_now(mut self) -> Stopping {
        self.shared.stop();
        Stopping::new(self.backend.take(), Arc::clone(&self.shared))
    }
}

/// A pipeline that has been told to end. Any number of threads may wait for it.
pub struct Stopping {
    end: Mutex<End>,
    shared: Arc<Shared>,
}

enum End {
    /// The backend is still at work.
    ToCome(JoinHandle<()>),
    /// It has ended; nothing was left that could be written, or that is kept for the next start.
    Come { is_orderly: bool },
}

impl Stopping {
    pub(super) fn new(backend: Option<JoinHandle<()>>, shared: Arc<Shared>) -> Stopping {
        let end = Mutex::new(backend.map_or(End::Come { is_orderly: true }, End::ToCome));
        Stopping { end, shared }
    }

    /// Waits until the backend has ended with nothing left to write. False on timeout, when the backend goes
    /// on by itself; and if something is left, which the next start may write. What was given up is in
    /// [`Stopping::lost`].
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.has_ended_within(timeout.unwrap_or(Duration::MAX)) && self.is_orderly() == Some(true)
    }

    /// Waits until the backend has ended, whatever is left. False on timeout.
    pub fn has_ended_within(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        while !self.has_ended() {
            let left = deadline.map_or(STEP, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(STEP));
        }
        true
    }

    /// Whether the backend has ended.
    pub fn has_ended(&self) -> bool {
        self.is_orderly().is_some()
    }

    /// Whether every record is written by every sink that wants it, and that is all that will ever be.
    pub fn is_whole(&self) -> bool {
        self.is_orderly() == Some(true) && self.lost() == 0
    }

    /// Whether nothing was left to write at the end, once it has come.
    fn is_orderly(&self) -> Option<bool> {
        let mut end = lock(&self.end);
        if matches!(&*end, End::ToCome(backend) if backend.is_finished()) {
            let ended = std::mem::replace(&mut *end, End::Come { is_orderly: false });
            if let End::ToCome(backend) = ended {
                let is_orderly = backend.join().is_ok() && self.shared.has_written_all();
                *end = End::Come { is_orderly };
            }
        }
        match *end {
            End::ToCome(_) => None,
            End::Come { is_orderly } => Some(is_orderly),
        }
    }

    /// How many losses there were in all, as far as is known now: records that were refused, lines that a
    /// sink gave up, and lines that a connection has not acknowledged at the end.
    pub fn lost(&self) -> u64 {
        self.shared.lost()
    }

    /// The counters and what each sink has done; final once the backend has ended.
    pub fn outcome(&self) -> (Snapshot, Vec<SinkReport>) {
        (self.shared.counters.snapshot(), lock(&self.shared.sinks).clone())
    }
}
