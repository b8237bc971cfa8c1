//! When to try again what failed.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A failure, and when to try again: after growing pauses.
pub(super) struct Backoff {
    problem: String,
    pause: Duration,
    retry_at: Instant,
}

impl Backoff {
    /// After a failure, which may have had one before it.
    pub(super) fn after(earlier: Option<Backoff>, problem: String) -> Backoff {
        let pause = earlier.map_or(FIRST_PAUSE, |earlier| (earlier.pause * 2).min(LONGEST_PAUSE));
        Backoff { problem, pause, retry_at: Instant::now() + pause }
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.retry_at
    }

    pub(super) fn hurry(&mut self) {
        self.retry_at = Instant::now();
    }

    pub(super) fn problem(&self) -> &str {
        &self.problem
    }
}
