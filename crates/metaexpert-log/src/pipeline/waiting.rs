//! Waiting for the backend without holding the pipeline: for what was submitted, and for the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backend::shared::Shared;

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

    /// Waits until everything submitted before the waiter was made is written, or lost. False on timeout.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.shared.wait_written(self.position, timeout.and_then(|time| Instant::now().checked_add(time)))
    }

    /// How many losses there were so far: records that were refused, and lines that a sink gave up.
    pub fn lost(&self) -> u64 {
        self.shared.lost()
    }

    /// Waits until the disk has what was submitted before the waiter was made. A disk that is slow is waited
    /// for, for [`DISK_LIMIT`] at most; one that fails for `patience`, for the program must go on.
    pub fn wait_for_disk(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + DISK_LIMIT;
        loop {
            let until = Instant::now() + patience.max(Duration::from_millis(1));
            if self.shared.wait_settled(self.position, Some(until)) {
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
