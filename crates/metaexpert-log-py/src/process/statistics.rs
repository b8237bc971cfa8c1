//! Counters of the engine, as Python has them.

use metaexpert_log::level::LEVEL_SLOTS;
use metaexpert_log::sink::SinkReport;
use metaexpert_log::stats::{LOSS_NAMES, PerLevel, Snapshot};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::process::state::{STATE, State};

/// The counters of the running engine, else of the last one, else None.
#[pyfunction]
pub(crate) fn stats(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    match STATE.with(py, |state| Counters::of(state)) {
        Some(counters) => counters.to_dict(py).map(Some),
        None => Ok(None),
    }
}

/// What the engine has counted, read at one time.
struct Counters {
    seen: Snapshot,
    sinks: Vec<SinkReport>,
    queue_depth: usize,
    queue_capacity: usize,
    crash_safe: bool,
}

impl Counters {
    /// `None` if no engine ever ran, and no record found that out.
    fn of(state: &State) -> Option<Self> {
        if let Some(pipeline) = &state.pipeline {
            let (queue_depth, queue_capacity) = pipeline.queue_depth();
            let (seen, sinks) = (pipeline.stats(), pipeline.sinks());
            let crash_safe = pipeline.is_crash_safe();
            return Some(Counters { seen, sinks, queue_depth, queue_capacity, crash_safe });
        }
        let (mut seen, sinks) = match state.stopped.last() {
            Some(stopping) => stopping.outcome(),
            None if state.unstarted == PerLevel::default() => return None,
            None => Default::default(),
        };
        seen.add_unstarted(&state.unstarted);
        Some(Counters { seen, sinks, queue_depth: 0, queue_capacity: 0, crash_safe: false })
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let seen = &self.seen;
        let result = PyDict::new(py);
        result.set_item("logged", by_level(py, &seen.logged)?)?;
        result.set_item("written", by_level(py, &seen.written)?)?;
        let dropped = PyDict::new(py);
        for (name, levels) in LOSS_NAMES.iter().zip(&seen.dropped) {
            dropped.set_item(name, by_level(py, levels)?)?;
        }
        result.set_item("dropped", dropped)?;
        result.set_item("queued", seen.queued)?;
        result.set_item("queue_bytes", self.queue_depth)?;
        result.set_item("queue_capacity_bytes", self.queue_capacity)?;
        result.set_item("queue_high_water_bytes", seen.queue_high_water_bytes)?;
        result.set_item("bytes_written", seen.bytes)?;
        result.set_item("errors", seen.errors)?;
        result.set_item("delay_p50_ns", seen.delay_p50_ns)?;
        result.set_item("delay_p99_ns", seen.delay_p99_ns)?;
        result.set_item("delay_max_ns", seen.delay_max_ns)?;
        result.set_item("crash_safe", self.crash_safe)?;
        result.set_item("sinks", by_sink(py, &self.sinks)?)?;
        Ok(result)
    }
}

fn by_sink<'py>(py: Python<'py>, sinks: &[SinkReport]) -> PyResult<Bound<'py, PyDict>> {
    let by_sink = PyDict::new(py);
    for sink in sinks {
        let entry = PyDict::new(py);
        entry.set_item("written", sink.totals.written)?;
        entry.set_item("dropped", sink.totals.dropped)?;
        entry.set_item("bytes", sink.totals.bytes)?;
        entry.set_item("errors", sink.totals.errors)?;
        entry.set_item("reconnects", sink.totals.reconnects)?;
        entry.set_item("cut", sink.totals.cut)?;
        entry.set_item("problem", &sink.problem)?;
        by_sink.set_item(&sink.name, entry)?;
    }
    Ok(by_sink)
}

fn by_level<'py>(py: Python<'py>, counts: &PerLevel) -> PyResult<Bound<'py, PyDict>> {
    let levels = PyDict::new(py);
    for (name, count) in LEVEL_SLOTS.iter().zip(counts) {
        levels.set_item(name, count)?;
    }
    Ok(levels)
}
