//! Waiting for the backend without holding the pipeline: for what was submitted, for the disk, for its end.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::sink::SinkReport;
use crate::stats::Snapshot;
use crate::worker::{Shared, lock};

/// How long a call waits for a disk that neither acknowledges nor fails.
pub const DISK_LIMIT: Duration = Duration::from_secs(10);

/// Waits for a position of a pipeline.
pub struct Waiter {
    shared: Arc<Shared>,
    position: u64,
}

impl Waiter {
    pub(super) fn new(shared: Arc<Shared>, position: u64) -> Waiter {
        Waiter { shared, position }
    }

    /// Waits until everything submitted before the waiter was made is written. False on timeout.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.shared.wait_written(self.position, timeout.and_then(|time| Instant::now().checked_add(time)))
    }

    /// Waits until the disk has what was submitted before the waiter was made. A disk that is slow is waited for,
    /// for [`DISK_LIMIT`] at most; one that fails for `patience`, for the program must go on.
    pub fn wait_for_disk(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + DISK_LIMIT;
        loop {
            if self.wait(Some(patience.max(Duration::from_millis(1)))) {
                return true;
            }
            if self.shared.is_in_trouble() || Instant::now() >= deadline {
                return false;
            }
        }
    }

    /// Gives the backend a moment to make room.
    pub fn wait_for_room(&self) {
        self.shared.wake();
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A pipeline that has been told to end.
pub struct Stopping {
    worker: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Stopping {
    pub(super) fn new(worker: Option<JoinHandle<()>>, shared: Arc<Shared>) -> Stopping {
        Stopping { worker, shared }
    }

    /// Waits until everything is written and the backend has ended. False on timeout; the backend then
    /// goes on by itself.
    pub fn wait(&mut self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
        let Some(worker) = self.worker.take() else { return true };
        while !worker.is_finished() {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.worker = Some(worker);
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        worker.join().is_ok() && self.shared.has_written_all()
    }

    /// The counters and what each sink has done; final once [`Stopping::wait`] has returned true.
    pub fn outcome(&self) -> (Snapshot, Vec<SinkReport>) {
        (self.shared.counters.snapshot(), lock(&self.shared.sinks).clone())
    }
}
