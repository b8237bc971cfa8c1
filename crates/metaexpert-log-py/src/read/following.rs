//! Searches that go on, for Python.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metaexpert_log_read::{Batch, Following as Engine};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::os_error;
use super::search::{FileReport, Found, Search, Wanted, found_in, listing_refused, reports_of};

/// What is appended to logs and wanted.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Following {
    engine: Mutex<Engine>,
}

#[pymethods]
impl Following {
    #[pyo3(signature = (timeout_s, /))]
    fn wait<'py>(&self, py: Python<'py>, timeout_s: f64) -> PyResult<Vec<Found<'py>>> {
        Ok(found_in(py, &self.next(py, timeout_s)?))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.locked(|engine| engine.files().to_vec())
    }

    fn take_report(&self) -> Vec<FileReport> {
        self.locked(|engine| reports_of(&engine.take_report()))
    }
}

impl Following {
    /// What is appended within `timeout_s`. Raises what a signal's handler raises.
    pub(super) fn next(&self, py: Python<'_>, timeout_s: f64) -> PyResult<Batch> {
        let timeout = Duration::try_from_secs_f64(timeout_s).map_err(|_| {
            PyValueError::new_err(format!("timeout_s must be a span of time, was {timeout_s}"))
        })?;
        let found = py.detach(|| self.locked(|engine| engine.wait(timeout)));
        let found = found.map_err(|problem| os_error(py, problem, None))?;
        py.check_signals()?;
        Ok(found)
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        work(&mut self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A search through what logs have now, and what is appended to them behind it.
#[pyfunction]
#[pyo3(signature = (directory, logs, wanted, /))]
pub fn follow(
    py: Python<'_>,
    directory: Option<PathBuf>,
    logs: Vec<PathBuf>,
    wanted: Wanted,
) -> PyResult<(Search, Following)> {
    let query = wanted.query()?;
    let begun = py.detach(|| match &directory {
        Some(directory) => Engine::in_directory(directory, &query),
        None => Engine::in_logs(&logs, &query),
    });
    let (search, following) =
        begun.map_err(|problem| listing_refused(py, directory.as_deref(), &logs, problem))?;
    Ok((Search::new_of(search), Following { engine: Mutex::new(following) }))
}
