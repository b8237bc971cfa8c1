//! Waiting for what was logged, and ending the engine: in time, and never with more success than there was.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metaexpert_log::level::Level;
use metaexpert_log::pipeline::{LAST_GAP_LIMIT, Pipeline};
use pyo3::prelude::*;

use crate::process::exit::{Inside, park_if_ending};
use crate::process::state::STATE;

/// A thread that waits looks so often whether the interpreter wants it elsewhere.
const LOOK: Duration = Duration::from_millis(50);

thread_local! {
    /// Of which pipeline this thread was told of how many losses.
    static TOLD: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// `None` for ever; what is no number is no time.
fn deadline(timeout: Option<f64>) -> Option<Instant> {
    let limit = Duration::try_from_secs_f64(timeout?.max(0.0)).unwrap_or(Duration::MAX);
    Instant::now().checked_add(limit)
}

fn left(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Waits until every record submitted before is written by every handler that wants it. False on timeout, and
/// if one was lost that an earlier call of this thread has not answered for. Where nobody looks at the answer,
/// it is not `told`.
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
        // What has ended before the running one began, its own end has answered for.
        let is_running = waiter.is_some();
        let stopped = state.stopped.iter().filter(|stopping| !is_running || !stopping.has_ended());
        (waiter, state.generation, stopped.cloned().collect::<Vec<_>>(), state.losses())
    });
    for stopping in stopped {
        let has_ended = wait(py, deadline, Signals::Served, |pause| stopping.has_ended_within(pause))?;
        if !has_ended || !stopping.is_whole() {
            return Ok(false);
        }
    }
    let Some(waiter) = waiter else { return Ok(losses == 0) };
    if !wait(py, deadline, Signals::Served, |pause| waiter.wait(Some(pause)))? {
        return Ok(false);
    }
    let lost = waiter.lost();
    let known = match TOLD.get() {
        (told_of, known) if told_of == generation => known,
        _ => 0,
    };
    if told {
        TOLD.set((generation, lost));
    }
    Ok(lost == known)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signals {
    /// Handlers run while a thread waits, and what they raise ends the wait.
    Served,
    /// They wait as well: one could start what is being ended.
    Left,
}

/// Waits in steps without the GIL. A thread that must not outlive the interpreter stays here.
fn wait(
    py: Python<'_>,
    deadline: Option<Instant>,
    signals: Signals,
    step: impl Fn(Duration) -> bool + Sync,
) -> PyResult<bool> {
    loop {
        let pause = left(deadline).min(LOOK);
        if py.detach(|| step(pause)) {
            return Ok(true);
        }
        if left(deadline).is_zero() {
            return Ok(false);
        }
        park_if_ending(py);
        if signals == Signals::Served {
            py.check_signals()?;
        }
    }
}

/// Writes what is there and ends the engine. False if it did not end in time, if something is left, or if a
/// record was lost since it began; a call that finds no engine answers as the last one would now.
#[pyfunction]
#[pyo3(signature = (timeout=None))]
pub(crate) fn shutdown(py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
    let _inside = Inside::enter(py);
    let deadline = deadline(timeout);
    tell_of_gap(py, left(deadline).min(LAST_GAP_LIMIT));
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
        is_whole &= wait(py, deadline, Signals::Left, |pause| stopping.has_ended_within(pause))?;
        is_whole &= stopping.is_whole();
    }
    Ok(is_whole)
}

/// Gives the backend a moment to make room for the record that tells of a gap.
fn tell_of_gap(py: Python<'_>, limit: Duration) {
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

/// Counts a record of `level` that found no engine and could not start one: until an engine has taken over the
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
