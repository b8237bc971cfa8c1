//! Starting, stopping and asking the engine.

use std::time::Duration;

use metaexpert_log::config::Config;
use metaexpert_log::error::Error;
use metaexpert_log::level::LEVEL_SLOTS;
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::stats::{LOSS_NAMES, PerLevel};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::exit::{self, Inside};
use crate::state::{STATE, State};

fn exception(error: Error) -> PyErr {
    match error {
        Error::Configuration(problem) => PyValueError::new_err(problem),
        other => PyOSError::new_err(other.to_string()),
    }
}

fn duration(timeout: Option<f64>) -> Option<Duration> {
    timeout.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

/// Puts the configuration in `document` (JSON) in force, starting the engine if it does not run.
#[pyfunction]
pub(crate) fn start(py: Python<'_>, document: &str, run_id: &str) -> PyResult<()> {
    let _inside = Inside::enter(py);
    let config = Config::from_json(document).map_err(exception)?;
    // The pipeline is away while its files are opened: nothing else may take the GIL meanwhile, and
    // nothing does, because no Python code runs here.
    STATE
        .with(py, |state| {
            match &mut state.pipeline {
                Some(pipeline) => pipeline.reconfigure(&config, run_id)?,
                None => {
                    state.pipeline = Some(Pipeline::start(&config, run_id, state.last_seq + 1)?);
                    state.generation += 1;
                }
            }
            state.limits = config.limits;
            state.needs = state.pipeline.as_ref().map(Pipeline::needs).unwrap_or_default();
            Ok(())
        })
        .map_err(exception)
}

/// Whether records are being taken.
#[pyfunction]
pub(crate) fn is_running(py: Python<'_>) -> bool {
    STATE.with(py, |state| state.pipeline.is_some())
}

/// Waits until every record submitted before is written. False on timeout.
#[pyfunction]
#[pyo3(signature = (timeout=None))]
pub(crate) fn flush(py: Python<'_>, timeout: Option<f64>) -> bool {
    let _inside = Inside::enter(py);
    let waiter = STATE.with(py, |state| {
        state.pipeline.as_mut().map(|pipeline| {
            pipeline.report_gap();
            pipeline.waiter()
        })
    });
    waiter.is_none_or(|waiter| py.detach(|| waiter.wait(duration(timeout))))
}

/// Writes what is there and ends the engine. False if it did not end in time.
#[pyfunction]
#[pyo3(signature = (timeout=None))]
pub(crate) fn shutdown(py: Python<'_>, timeout: Option<f64>) -> bool {
    let _inside = Inside::enter(py);
    let pipeline = STATE.with(py, |state| {
        let pipeline = state.pipeline.take();
        state.last_seq = pipeline.as_ref().map_or(state.last_seq, Pipeline::seq);
        pipeline
    });
    let Some(pipeline) = pipeline else { return true };
    let (ended, outcome) = py.detach(|| {
        let mut stopping = pipeline.stop();
        (stopping.wait(duration(timeout)), stopping.outcome())
    });
    STATE.with(py, |state| state.last_outcome = Some(outcome));
    ended
}

/// The counters of the running engine, else of the last one, else None.
#[pyfunction]
pub(crate) fn stats(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some((seen, sinks, (depth, capacity))) = STATE.with(py, |state| match &state.pipeline {
        Some(pipeline) => Some((pipeline.stats(), pipeline.sinks(), pipeline.queue_depth())),
        None => state.last_outcome.clone().map(|(seen, sinks)| (seen, sinks, (0, 0))),
    }) else {
        return Ok(None);
    };
    let result = PyDict::new(py);
    result.set_item("logged", by_level(py, &seen.logged)?)?;
    result.set_item("written", by_level(py, &seen.written)?)?;
    let dropped = PyDict::new(py);
    for (name, levels) in LOSS_NAMES.iter().zip(&seen.dropped) {
        dropped.set_item(name, by_level(py, levels)?)?;
    }
    result.set_item("dropped", dropped)?;
    result.set_item("queued", seen.queued)?;
    result.set_item("queue_bytes", depth)?;
    result.set_item("queue_capacity_bytes", capacity)?;
    result.set_item("queue_high_water_bytes", seen.queue_high_water_bytes)?;
    result.set_item("bytes_written", seen.bytes)?;
    result.set_item("errors", seen.errors)?;
    result.set_item("delay_p50_ns", seen.delay_p50_ns)?;
    result.set_item("delay_p99_ns", seen.delay_p99_ns)?;
    result.set_item("delay_max_ns", seen.delay_max_ns)?;
    result.set_item("crash_safe", false)?;
    let by_sink = PyDict::new(py);
    for sink in sinks {
        let entry = PyDict::new(py);
        entry.set_item("written", sink.totals.written)?;
        entry.set_item("dropped", sink.totals.dropped)?;
        entry.set_item("bytes", sink.totals.bytes)?;
        entry.set_item("errors", sink.totals.errors)?;
        entry.set_item("problem", sink.problem)?;
        by_sink.set_item(sink.name, entry)?;
    }
    result.set_item("sinks", by_sink)?;
    Ok(Some(result))
}

fn by_level<'py>(py: Python<'py>, counts: &PerLevel) -> PyResult<Bound<'py, PyDict>> {
    let levels = PyDict::new(py);
    for (name, count) in LEVEL_SLOTS.iter().zip(counts) {
        levels.set_item(name, count)?;
    }
    Ok(levels)
}

/// (caller, thread, task): what some format shows of a call's origin.
#[pyfunction]
pub(crate) fn needs(py: Python<'_>) -> (bool, bool, bool) {
    let needs = STATE.with(py, |state| state.needs);
    (needs.caller, needs.thread, needs.task)
}

/// From now on each call waits until its record is written.
#[pyfunction]
pub(crate) fn set_synchronous(py: Python<'_>, synchronous: bool) {
    STATE.with(py, |state| state.synchronous = synchronous);
}

/// In a forked child: forgets the parent's engine. The next record starts one of the child's own.
#[pyfunction]
pub(crate) fn forget_after_fork(py: Python<'_>) {
    STATE.with(py, |state: &mut State| {
        if let Some(pipeline) = state.pipeline.take() {
            pipeline.forget_after_fork();
        }
        state.last_seq = 0;
    });
    exit::forget_after_fork();
}
