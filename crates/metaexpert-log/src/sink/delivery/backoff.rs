//! When to try again what failed.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// What goes on by itself is looked at again after this.
const WAIT: Duration = Duration::from_millis(1);
/// It is no trouble before it has taken so long.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A failure, and when to try again: after growing pauses.
pub(super) struct Backoff {
    problem: String,
    pause: Duration,
    failed_at: Instant,
    retry_at: Instant,
    /// Since when it only waits.
    waiting_since: Option<Instant>,
}

impl Backoff {
    /// After a failure, which may have had one before it.
    pub(super) fn after(earlier: Option<Backoff>, problem: String) -> Backoff {
        let pause = earlier.map_or(FIRST_PAUSE, |earlier| (earlier.pause * 2).min(LONGEST_PAUSE));
        let failed_at = Instant::now();
        Backoff { problem, pause, failed_at, retry_at: failed_at + pause, waiting_since: None }
    }

    /// While something goes on that ends by itself, after what may have failed before.
    pub(super) fn waiting(earlier: Option<Backoff>, problem: String) -> Backoff {
        let now = Instant::now();
        let (pause, problem, since) = match earlier {
            // What has failed is the trouble, not that it is being tried again.
            Some(Backoff { pause, problem, waiting_since: None, .. }) => (pause, problem, None),
            Some(Backoff { pause, waiting_since, .. }) => (pause, problem, waiting_since),
            None => (FIRST_PAUSE / 2, problem, Some(now)),
        };
        Backoff { problem, pause, failed_at: now, retry_at: now + WAIT, waiting_since: since }
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.retry_at
    }

    /// Makes the next attempt come `after` the last one at the latest.
    pub(super) fn hurry(&mut self, after: Duration) {
        self.retry_at = self.retry_at.min(self.failed_at + after);
    }

    /// What is wrong; nothing while it has only waited for a moment.
    pub(super) fn problem(&self) -> Option<&str> {
        let is_trouble = self.waiting_since.is_none_or(|since| since.elapsed() >= PATIENCE);
        is_trouble.then_some(&self.problem)
    }
}
