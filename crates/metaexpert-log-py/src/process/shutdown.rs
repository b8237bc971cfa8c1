//! Waiting until records are written, and stopping the engine: both end in time, and neither claims more than
//! is true.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metaexpert_log::level::Level;
use metaexpert_log::pipeline::{LAST_GAP_LIMIT, Pipeline};
use pyo3::prelude::*;

use crate::process::exit::{Inside, park_if_ending};
use crate::process::state::STATE;

/// How long a waiting thread sleeps before it serves signals, and asks whether the interpreter ends.
const PAUSE: Duration = Duration::from_millis(50);

thread_local! {
    /// How many losses a flush of this thread has answered for, and of which generation.
    static ANSWERED: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// The time at which `timeout` seconds are over; none for no limit. A NaN is no time at all.
fn deadline(timeout: Option<f64>) -> Option<Instant> {
    let limit = Duration::try_from_secs_f64(timeout?.max(0.0)).unwrap_or(Duration::MAX);
    Instant::now().checked_add(limit)
}

fn left(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Waits until every record submitted before is written by every handler that wants it. False on timeout, and
/// if a record was lost for which no earlier call of this thread has answered. A call whose answer nobody
/// sees is not `told`, and leaves the losses to the next one.
#[pyfunction]
#[pyo3(signature = (timeout=None, told=true))]
pub(crate) fn flush(py: Python<'_>, timeout: Option<f64>, told: bool) -> PyResult<bool> {
    let _inside = Inside::enter(py);
    let deadline = deadline(timeout);
    let (waiter, generation, stopped, losses) = STATE.with(py, |state| {
        let waiter = state.pipeline.as_mut().map(|pipeline| {
            pipeline.report_gap();
            pipeline.waiter()
        });
        // An engine that ended before the running one began has answered for itself, in its shutdown.
        let is_running = waiter.is_some();
        let stopped = state.stopped.iter().filter(|stopping| !is_running || !stopping.has_ended());
        (waiter, state.generation, stopped.cloned().collect::<Vec<_>>(), state.losses())
    });
    for stopping in stopped {
        let has_ended = wait(py, deadline, Signals::Handled, |pause| stopping.has_ended_within(pause))?;
        if !has_ended || !stopping.is_whole() {
            return Ok(false);
        }
    }
    let Some(waiter) = waiter else { return Ok(losses == 0) };
    if !wait(py, deadline, Signals::Handled, |pause| waiter.wait(Some(pause)))? {
        return Ok(false);
    }
    let lost = waiter.lost();
    let known = match ANSWERED.get() {
        (of, known) if of == generation => known,
        _ => 0,
    };
    if told {
        ANSWERED.set((generation, lost));
    }
    Ok(lost == known)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signals {
    /// Their handlers run during the wait, and an exception of theirs ends it.
    Handled,
    /// Their handlers run after the wait: one could start the engine that is being stopped.
    Deferred,
}

/// Waits in steps without the GIL. While the interpreter ends, it parks this thread.
fn wait(
    py: Python<'_>,
    deadline: Option<Instant>,
    signals: Signals,
    step: impl Fn(Duration) -> bool + Sync,
) -> PyResult<bool> {
    loop {
        let pause = left(deadline).min(PAUSE);
        if py.detach(|| step(pause)) {
            return Ok(true);
        }
        if left(deadline).is_zero() {
            return Ok(false);
        }
        park_if_ending(py);
        if signals == Signals::Handled {
            py.check_signals()?;
        }
    }
}

/// Writes what is there and stops the engine. False if the engine did not end in time, if records are left,
/// or if a record was lost since the engine began. Without an engine it answers for the last one.
#[pyfunction]
#[pyo3(signature = (timeout=None))]
pub(crate) fn shutdown(py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
    let _inside = Inside::enter(py);
    let deadline = deadline(timeout);
    report_gap(py, left(deadline).min(LAST_GAP_LIMIT));
    let (stopped, losses) = STATE.with(py, |state| {
        if let Some(pipeline) = state.pipeline.take() {
            state.last_seq = pipeline.seq();
            state.stopped.retain(|stopping| !stopping.has_ended());
            state.stopped.push(Arc::new(pipeline.stop_now()));
        }
        let losses = state.losses();
        state.answered += losses;
        (state.stopped.clone(), losses)
    });
    let mut is_whole = losses == 0;
    for stopping in &stopped {
        is_whole &= wait(py, deadline, Signals::Deferred, |pause| stopping.has_ended_within(pause))?;
        is_whole &= stopping.is_whole();
    }
    Ok(is_whole)
}

/// Gives the backend up to `limit` to make room for the record that reports a gap.
fn report_gap(py: Python<'_>, limit: Duration) {
    let end = Instant::now() + limit;
    loop {
        let waiter = STATE.with(py, |state| {
            let pipeline = state.pipeline.as_mut()?;
            if pipeline.report_gap() { None } else { Some(Pipeline::waiter(pipeline)) }
        });
        match waiter {
            Some(waiter) if Instant::now() < end => py.detach(|| waiter.wait_for_room()),
            _ => return,
        }
    }
}

/// Counts a record of `level` that found no engine and could not start one. Until an engine takes over the
/// count, no call claims that everything is written.
#[pyfunction]
pub(crate) fn count_unstarted(py: Python<'_>, level: i64) {
    let level = level.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    STATE.with(py, |state| state.unstarted[Level(level).slot()] += 1);
}

/// Counts the losses of an engine that cannot be asked any more.
#[pyfunction]
pub(crate) fn count_untold(py: Python<'_>) {
    STATE.with(py, |state| state.untold += 1);
}
