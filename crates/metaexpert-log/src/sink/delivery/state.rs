//! A sink's state: its destination takes lines, or has failed and is tried again after growing pauses.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What goes on by itself is looked at again after this.
const WAIT: Duration = Duration::from_millis(1);
/// It is no trouble before it has taken so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a sink and its destination get on.
#[derive(Default)]
pub(super) enum State {
    /// The destination takes lines.
    #[default]
    Sound,
    /// It took none, and is tried again. If that fails before anything has got through, it is the same
    /// failure.
    Failing(Failure),
}

/// A failure, and when to try again: after growing pauses.
pub(super) struct Failure {
    cause: Cause,
    problem: String,
    pause: Duration,
    failed_at: Instant,
    retry_at: Instant,
    /// What the sink had achieved before.
    before: Achieved,
}

#[derive(Clone, Copy)]
enum Cause {
    Failed,
    /// Nothing has failed: what is waited for ends by itself.
    Waits {
        since: Instant,
    },
}

/// How much has got through in all.
#[derive(Clone, Copy)]
pub(super) struct Achieved {
    /// Bytes written.
    pub(super) bytes: u64,
    /// Records that a connection's other end has acknowledged.
    pub(super) arrived: u64,
}

impl State {
    /// Notes that the destination has failed, of `problem`, after as much as is `achieved`.
    pub(super) fn fail(&mut self, problem: String, achieved: Achieved) {
        let pause =
            self.earlier(achieved).map_or(FIRST_PAUSE, |earlier| (earlier.pause * 2).min(LONGEST_PAUSE));
        *self = State::Failing(Failure::new(Cause::Failed, problem, pause, pause, achieved));
    }

    /// Notes that the destination takes nothing now, which ends by itself.
    pub(super) fn wait(&mut self, problem: String, achieved: Achieved) {
        let (cause, problem, pause) = match self.earlier(achieved) {
            // What has failed is the trouble, not that it is being tried again.
            Some(Failure { cause: Cause::Failed, problem, pause, .. }) => (Cause::Failed, problem, pause),
            Some(Failure { cause, pause, .. }) => (cause, problem, pause),
            None => (Cause::Waits { since: Instant::now() }, problem, FIRST_PAUSE / 2),
        };
        *self = State::Failing(Failure::new(cause, problem, pause, WAIT, achieved));
    }

    /// The failure that goes on, if nothing has got through since: a slow reader is no outage, and what it
    /// takes must not wait for growing pauses.
    fn earlier(&mut self, achieved: Achieved) -> Option<Failure> {
        match std::mem::take(self) {
            State::Failing(failure) if !achieved.is_more_than(failure.before) => Some(failure),
            State::Failing(_) | State::Sound => None,
        }
    }

    /// Ends a failure; a connection's only when a later one has delivered something, if `is_owed`: retries
    /// that deliver nothing keep their growing pauses.
    pub(super) fn forgive(&mut self, is_owed: bool, arrived: u64) {
        if let State::Failing(failure) = self {
            if !is_owed || arrived > failure.before.arrived {
                *self = State::Sound;
            }
        }
    }

    /// What was written until now was written in vain: it is no progress.
    pub(super) fn discount(&mut self, bytes: u64) {
        if let State::Failing(failure) = self {
            failure.before.bytes = bytes;
        }
    }

    pub(super) fn is_failing(&self) -> bool {
        matches!(self, State::Failing(_))
    }

    /// Whether the destination is to be given lines, or tried again.
    pub(super) fn is_due(&self) -> bool {
        match self {
            State::Sound => true,
            State::Failing(failure) => Instant::now() >= failure.retry_at,
        }
    }

    /// Makes the next attempt come `after` the last one at the latest.
    pub(super) fn hurry(&mut self, after: Duration) {
        if let State::Failing(failure) = self {
            failure.retry_at = failure.retry_at.min(failure.failed_at + after);
        }
    }

    /// What is wrong; nothing while the sink has only waited for a moment.
    pub(super) fn problem(&self) -> Option<&str> {
        match self {
            State::Sound => None,
            State::Failing(Failure { cause: Cause::Waits { since }, .. }) if since.elapsed() < PATIENCE => {
                None
            }
            State::Failing(failure) => Some(&failure.problem),
        }
    }
}

impl Failure {
    fn new(cause: Cause, problem: String, pause: Duration, retry_in: Duration, before: Achieved) -> Failure {
        let failed_at = Instant::now();
        Failure { cause, problem, pause, failed_at, retry_at: failed_at + retry_in, before }
    }
}

impl Achieved {
    fn is_more_than(self, before: Achieved) -> bool {
        self.bytes > before.bytes || self.arrived > before.arrived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Achieved = Achieved { bytes: 0, arrived: 0 };

    fn pause(state: &State) -> Duration {
        match state {
            State::Failing(failure) => failure.retry_at - failure.failed_at,
            State::Sound => Duration::ZERO,
        }
    }

    #[test]
    fn pauses_grow_until_something_gets_through() {
        let mut state = State::default();
        let mut pauses = Vec::new();
        for achieved in [NOTHING, NOTHING, NOTHING, Achieved { bytes: 1, ..NOTHING }] {
            state.fail("gone".to_owned(), achieved);
            pauses.push(pause(&state).as_millis());
        }
        assert_eq!(pauses, [10, 20, 40, 10]);
    }

    #[test]
    fn what_was_written_in_vain_is_no_progress() {
        let mut state = State::default();
        state.fail("full".to_owned(), NOTHING);
        state.discount(7);
        state.fail("full".to_owned(), Achieved { bytes: 7, ..NOTHING });
        assert_eq!(pause(&state).as_millis(), 20);
    }

    #[test]
    fn a_failure_is_over_when_something_has_arrived_or_nothing_has_to() {
        let failed = || {
            let mut state = State::default();
            state.fail("gone".to_owned(), NOTHING);
            state
        };
        for (is_owed, arrived, is_failing) in [(true, 0, true), (true, 1, false), (false, 0, false)] {
            let mut state = failed();
            state.forgive(is_owed, arrived);
            assert_eq!(state.is_failing(), is_failing, "{is_owed} {arrived}");
        }
    }

    #[test]
    fn waiting_is_no_trouble_at_first_and_hides_no_failure() {
        let mut state = State::default();
        state.wait("takes nothing now".to_owned(), NOTHING);
        assert_eq!((state.problem(), state.is_failing()), (None, true));
        let mut state = State::default();
        state.fail("refused".to_owned(), NOTHING);
        state.wait("not connected".to_owned(), NOTHING);
        assert_eq!(state.problem(), Some("refused"));
    }
}
