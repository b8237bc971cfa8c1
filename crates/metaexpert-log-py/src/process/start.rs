//! Starting the engine, and what it has to know before.

use std::path::{Path, PathBuf};
use std::time::Instant;

use metaexpert_log::condition::Condition;
use metaexpert_log::config::{Config, Stream};
use metaexpert_log::error::Error;
use metaexpert_log::pipeline::{Opened, Pipeline, QUEUE_STAYED_FULL, SWITCH_LIMIT, Surroundings};
use metaexpert_log::platform::descriptor::note_missing;
use metaexpert_log::sink::Opener;
use metaexpert_log::sink::trouble::TroubleLog;
use metaexpert_log::{recovery, redact};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::process::exit::Inside;
use crate::process::state::STATE;

fn exception(error: Error) -> PyErr {
    match error {
        Error::Configuration(problem) => PyValueError::new_err(problem),
        other => PyOSError::new_err(other.to_string()),
    }
}

/// Puts the configuration in `document` (JSON) in force, and starts the engine if it does not run. Opens
/// files and writes what killed processes have left without the GIL. A file that cannot be opened is an
/// error, unless the configuration was in force before (`again`): then each record tries to open it again.
#[pyfunction]
#[pyo3(signature = (document, run_id, again=false))]
pub(crate) fn start(py: Python<'_>, document: &str, run_id: &str, again: bool) -> PyResult<()> {
    let _inside = Inside::enter(py);
    let config = Config::from_json(document).map_err(exception)?;
    let (in_force, first_seq) =
        STATE.with(py, |state| (state.pipeline.as_deref().map(Pipeline::in_force), state.last_seq + 1));
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
        state.needs = state.pipeline.as_deref().map(Pipeline::needs).unwrap_or_default();
        state.update_is_simple();
    });
    Ok(())
}

/// Puts the opened configuration in force, as soon as the ring has room for the change.
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

/// Writes what killed processes have left for the log directory, or for any directory if `everything` is
/// wanted, and returns the report as JSON. Writes to files outside of the directory only if they are among
/// `files`.
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

/// Says whether this process works for another one, to which the files without a number in their names
/// belong.
#[pyfunction]
pub(crate) fn set_worker(is_worker: bool) {
    metaexpert_log::sink::set_worker(is_worker);
}

/// Notes that the process was started without its standard output or standard error. Whatever gets the number
/// of a missing stream later is never written to.
#[pyfunction]
pub(crate) fn note_missing_streams(stdout: bool, stderr: bool) {
    for (is_missing, stream) in [(stdout, Stream::Stdout), (stderr, Stream::Stderr)] {
        if is_missing {
            note_missing(stream);
        }
    }
}

/// Why `filter.where` cannot be used: (what is wrong, what to do, and the place of it in two lines). None if it
/// can.
#[pyfunction]
pub(crate) fn condition_refusal(
    py: Python<'_>,
    expression: String,
) -> Option<(String, Option<String>, String)> {
    let _inside = Inside::enter(py);
    let refusal = py.detach(|| Condition::lasting(&expression).err())?;
    let excerpt = refusal.excerpt();
    Some((refusal.message, refusal.suggestion, excerpt))
}

/// Why `redact.patterns` cannot be used: (the place of the pattern, or None for all together; what is wrong;
/// what to do). None if they can.
#[pyfunction]
pub(crate) fn patterns_refusal(
    py: Python<'_>,
    patterns: Vec<String>,
) -> Option<(Option<usize>, String, String)> {
    let _inside = Inside::enter(py);
    let refusal = py.detach(|| redact::refusal(&patterns))?;
    Some((refusal.index, refusal.problem, refusal.advice))
}
