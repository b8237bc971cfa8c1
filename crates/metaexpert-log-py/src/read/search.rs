//! Searches of logs, for Python.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use metaexpert_log::condition::Condition;
use metaexpert_log::jsonl::time;
use metaexpert_log_read::{Batch, Filter, Query, Report, Search as Engine, TextPattern};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::os_error;
use super::files::directory_refused;

/// A line, the place of its file, why it is no record, and whether it is wanted.
pub(super) type Found<'py> = (Bound<'py, PyBytes>, usize, Option<&'static str>, bool);
/// A file, its lines that are no records by why they are not, and why something of it could not be read.
pub(super) type FileReport = (PathBuf, Vec<(&'static str, u64)>, Vec<String>);

/// What a search looks for, as the arguments of Python have it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Wanted {
    conditions: Vec<String>,
    text: Option<String>,
    is_regex: bool,
    ignores_case: bool,
    is_inverted: bool,
    since_ns: Option<i64>,
    until_ns: Option<i64>,
    last: Option<usize>,
    gives_all: bool,
    is_strict: bool,
    now_ns: i64,
}

impl Wanted {
    pub(super) fn query(&self) -> PyResult<Query> {
        let parse = |text: &String| {
            Condition::parse(text, self.now_ns).map_err(|error| PyValueError::new_err(error.to_string()))
        };
        let filter = Filter {
            conditions: self.conditions.iter().map(parse).collect::<PyResult<_>>()?,
            text: self.text.as_deref().map(|text| self.pattern(text)).transpose()?,
            is_inverted: self.is_inverted,
            since_ns: self.since_ns,
            until_ns: self.until_ns,
        };
        let (last, gives_all, is_strict) = (self.last, self.gives_all, self.is_strict);
        Ok(Query { filter, last, gives_all, is_strict, ..Query::default() })
    }

    fn pattern(&self, text: &str) -> PyResult<TextPattern> {
        let make = if self.is_regex { TextPattern::regex } else { TextPattern::plain };
        make(text, self.ignores_case).map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// Lines of logs in order of time, batch by batch.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Search {
    engine: Mutex<Engine>,
}

#[pymethods]
impl Search {
    #[new]
    #[pyo3(signature = (directory, logs, wanted, /))]
    fn new(
        py: Python<'_>,
        directory: Option<PathBuf>,
        logs: Vec<PathBuf>,
        wanted: Wanted,
    ) -> PyResult<Search> {
        let query = wanted.query()?;
        let begun = py.detach(|| match &directory {
            Some(directory) => Engine::in_directory(directory, query),
            None => Engine::in_logs(&logs, query),
        });
        let begun = begun.map_err(|problem| listing_refused(py, directory.as_deref(), &logs, problem))?;
        Ok(Search::new_of(begun))
    }

    fn next_batch<'py>(&self, py: Python<'py>) -> PyResult<Option<Vec<Found<'py>>>> {
        let Some(batch) = self.next(py)? else { return Ok(None) };
        Ok(Some(found_in(py, &batch)))
    }

    fn count(&self, py: Python<'_>, most: Option<usize>) -> PyResult<usize> {
        let mut count = 0;
        while most.is_none_or(|most| count < most) {
            let Some(batch) = self.next(py)? else { break };
            count += batch.lines().iter().filter(|line| line.is_match).count();
            py.check_signals()?;
        }
        Ok(most.map_or(count, |most| count.min(most)))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.locked(|engine| engine.files().to_vec())
    }

    fn report(&self) -> Vec<FileReport> {
        self.locked(|engine| reports_of(engine.report()))
    }
}

impl Search {
    pub(super) fn new_of(engine: Engine) -> Search {
        Search { engine: Mutex::new(engine) }
    }

    pub(super) fn next(&self, py: Python<'_>) -> PyResult<Option<Batch>> {
        py.detach(|| self.locked(Engine::next_batch)).map_err(|problem| os_error(py, problem, None))
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        work(&mut self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The error of a search that could not begin.
pub(super) fn listing_refused(
    py: Python<'_>,
    directory: Option<&Path>,
    logs: &[PathBuf],
    problem: io::Error,
) -> PyErr {
    match (directory, logs) {
        (None, [log, ..]) => directory_refused(py, log, problem),
        _ => os_error(py, problem, directory),
    }
}

/// What Python gets of a batch.
pub(super) fn found_in<'py>(py: Python<'py>, batch: &Batch) -> Vec<Found<'py>> {
    let lines = batch.lines().iter().map(|line| {
        let text = PyBytes::new(py, batch.text(line));
        (text, line.file, line.fault.map(|fault| fault.name()), line.is_match)
    });
    lines.collect()
}

/// What Python is told of a report.
pub(super) fn reports_of(report: &Report) -> Vec<FileReport> {
    let files = report.files.iter().map(|file| {
        let faults = file.faults.iter().map(|(fault, count)| (fault.name(), *count));
        (file.path.clone(), faults.collect(), file.problems.clone())
    });
    files.collect()
}

/// The time that `text` says, in nanoseconds since 1970: RFC 3339, a date, or a span like `10m` before
/// `now_ns`. None for any other text, and for years that have no nanoseconds in 64 bits.
#[pyfunction]
#[pyo3(signature = (text, now_ns, /))]
pub fn time_ns(text: &str, now_ns: i64) -> Option<i64> {
    let found = time::parse(text.as_bytes()).or_else(|| time::before(now_ns, text));
    found?.try_into().ok()
}
