//! Starting, stopping and asking the engine.

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use metaexpert_log::config::{Config, Stream};
use metaexpert_log::error::Error;
use metaexpert_log::level::LEVEL_SLOTS;
use metaexpert_log::pipeline::{Opened, Pipeline, QUEUE_STAYED_FULL, SWITCH_LIMIT, Surroundings};
use metaexpert_log::platform::descriptor::note_missing;
use metaexpert_log::sink::Opener;
use metaexpert_log::sink::trouble::TroubleLog;
use metaexpert_log::stats::{LOSS_NAMES, PerLevel};
use metaexpert_log::{recovery, redact};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::process::exit::{self, Inside};
use crate::process::state::{STATE, State};

fn exception(error: Error) -> PyErr {
    match error {
        Error::Configuration(problem) => PyValueError::new_err(problem),
        other => PyOSError::new_err(other.to_string()),
    }
}

/// Puts the configuration in `document` (JSON) in force, starting the engine if it does not run. Files are
/// opened, and what killed processes have left is written, without the GIL. A file that cannot be opened is an error,
/// unless the configuration was in force before (`again`): then it is tried again for each record.
#[pyfunction]
#[pyo3(signature = (document, run_id, again=false))]
pub(crate) fn start(py: Python<'_>, document: &str, run_id: &str, again: bool) -> PyResult<()> {
    let _inside = Inside::enter(py);
    let config = Config::from_json(document).map_err(exception)?;
    let (in_force, first_seq) =
        STATE.with(py, |state| (state.pipeline.as_ref().map(Pipeline::in_force), state.last_seq + 1));
    match in_force {
        None => {
            let opener = if again { Opener::Restart } else { Opener::Configuration };
            let start = || Pipeline::start(&config, run_id, first_seq, opener);
            let pipeline = py.detach(start).map_err(exception)?;
            STATE.with(py, |state| state.begin(pipeline));
        }
        Some(in_force) => {
            let surroundings = Surroundings::default();
            let open = || Opened::new(&surroundings, &config, run_id, Some(&in_force), Opener::Configuration);
            let opened = py.detach(open);
            switch_to(py, Box::new(opened.map_err(exception)?))?;
        }
    }
    STATE.with(py, |state| {
        state.limits = config.limits;
        state.needs = state.pipeline.as_ref().map(Pipeline::needs).unwrap_or_default();
        state.note_needs();
    });
    Ok(())
}

/// Puts what is opened in force, as soon as the ring has room for the change.
fn switch_to(py: Python<'_>, mut opened: Box<Opened>) -> PyResult<()> {
    let deadline = Instant::now() + SWITCH_LIMIT;
    loop {
        let outcome = STATE.with(py, |state| match &mut state.pipeline {
            Some(pipeline) => pipeline.switch_to(opened).map_err(|again| (again, pipeline.waiter())),
            None => Ok(()),
        });
        let Err((again, waiter)) = outcome else { return Ok(()) };
        if Instant::now() > deadline {
            return Err(PyOSError::new_err(QUEUE_STAYED_FULL));
        }
        opened = again;
        py.detach(|| waiter.wait_for_room());
    }
}

/// Writes what killed processes have left in the log directory, or in any if `everything` is wanted; returns
/// the report as JSON. Files outside of the directory are written to if they are among `files`.
#[pyfunction]
#[pyo3(signature = (directory, everything=false, files=vec![]))]
pub(crate) fn recover(py: Python<'_>, directory: &str, everything: bool, files: Vec<PathBuf>) -> String {
    let _inside = Inside::enter(py);
    let directory = Path::new(directory);
    py.detach(|| {
        let mut trouble = TroubleLog::new(directory.to_owned()).where_directory_is();
        let recover = if everything { recovery::recover_all } else { recovery::recover };
        recover(&Surroundings::default(), directory, &files, &mut trouble).to_json()
    })
}

/// Says whether this process works for another one, which writes the files that have no number in their names.
#[pyfunction]
pub(crate) fn set_worker(is_worker: bool) {
    metaexpert_log::sink::set_worker(is_worker);
}

/// Notes that the process was started without its standard output, or its standard error: whatever gets the number of
/// one is not written to.
#[pyfunction]
pub(crate) fn note_missing_streams(stdout: bool, stderr: bool) {
    for (is_missing, stream) in [(stdout, Stream::Stdout), (stderr, Stream::Stderr)] {
        if is_missing {
            note_missing(stream);
        }
    }
}

/// Why `redact.patterns` cannot be used, if they can't: (the place of the pattern or None for all together, what is
/// wrong, what to do).
#[pyfunction]
pub(crate) fn patterns_refusal(
    py: Python<'_>,
    patterns: Vec<String>,
) -> Option<(Option<usize>, String, String)> {
    let _inside = Inside::enter(py);
    let refusal = py.detach(|| redact::refusal(&patterns))?;
    Some((refusal.index, refusal.problem, refusal.advice))
}

/// Whether records are being taken.
#[pyfunction]
pub(crate) fn is_running(py: Python<'_>) -> bool {
    STATE.with(py, |state| state.pipeline.is_some())
}

/// The counters of the running engine, else of the last one, else None.
#[pyfunction]
pub(crate) fn stats(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some((seen, sinks, (depth, capacity), crash_safe)) = STATE.with(py, |state| match &state.pipeline {
        Some(pipeline) => {
            Some((pipeline.stats(), pipeline.sinks(), pipeline.queue_depth(), pipeline.is_crash_safe()))
        }
        None => {
            let last = state.stopped.last().map(|stopping| stopping.outcome());
            // Without any engine there is something to say only of records that found none.
            let (mut seen, sinks) = match last {
                None if state.unstarted == PerLevel::default() => return None,
                last => last.unwrap_or_default(),
            };
            seen.add_unstarted(&state.unstarted);
            Some((seen, sinks, (0, 0), false))
        }
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
    result.set_item("crash_safe", crash_safe)?;
    let by_sink = PyDict::new(py);
    for sink in sinks {
        let entry = PyDict::new(py);
        entry.set_item("written", sink.totals.written)?;
        entry.set_item("dropped", sink.totals.dropped)?;
        entry.set_item("bytes", sink.totals.bytes)?;
        entry.set_item("errors", sink.totals.errors)?;
        entry.set_item("reconnects", sink.totals.reconnects)?;
        entry.set_item("cut", sink.totals.cut)?;
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
    STATE.with(py, |state| {
        state.synchronous = synchronous;
        state.note_needs();
    });
}

/// In a forked child: forgets the parent's engine. The next record starts one of the child's own.
#[pyfunction]
pub(crate) fn forget_after_fork(py: Python<'_>) {
    STATE.with(py, |state: &mut State| {
        if let Some(pipeline) = state.pipeline.take() {
            pipeline.forget_after_fork();
        }
        // Their threads do not exist here.
        std::mem::forget(std::mem::take(&mut state.stopped));
        (state.unstarted, state.untold, state.answered) = Default::default();
        state.last_seq = 0;
    });
    exit::forget_after_fork();
}

/// How many forks lie between the first process that had the library and this one. A number of a process may be that of
/// its parent too, in a namespace of its own.
#[pyfunction]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

static FORKS: AtomicU32 = AtomicU32::new(0);

/// Has [`forget_after_fork`] called in a child before anything else runs there: not even another package's
/// hook may write into the parent's ring.
pub(crate) fn watch_forks() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the functions live as long as the process, and see themselves to what they may touch.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(in_parent), Some(in_child)) };
    });
}

extern "C" fn before_fork() {
    STATE.before_fork();
}

extern "C" fn in_parent() {
    STATE.after_fork_in_parent();
}

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    STATE.after_fork_in_child();
    // SAFETY: asks for a flag of this thread.
    if unsafe { ffi::PyGILState_Check() } == 1 {
        // SAFETY: the forking thread, which is the one here, holds the GIL, as was just seen.
        forget_after_fork(unsafe { Python::assume_attached() });
    }
}
