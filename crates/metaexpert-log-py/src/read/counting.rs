//! Records of logs, counted.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metaexpert_log_read::{OpenLogs, Overview, Report, Search, Tally, logs, writers};
use pyo3::prelude::*;

use super::search::{FileReport, Wanted, reports_of};

/// How long a call works before Python may look at signals.
const TURN: Duration = Duration::from_millis(50);

/// Counts of the records that a search finds.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Counting {
    state: Mutex<State>,
}

enum State {
    Overview(Box<Overviewed>),
    Tally(Box<Tally>),
}

struct Overviewed {
    search: Search,
    /// The writer of each file.
    writers: Vec<usize>,
    overview: Overview,
}

#[pymethods]
impl Counting {
    #[new]
    #[pyo3(signature = (directory, files, wanted, by, has_all, /))]
    fn new(
        py: Python<'_>,
        directory: Option<PathBuf>,
        files: Vec<PathBuf>,
        wanted: Wanted,
        by: Vec<String>,
        has_all: bool,
    ) -> PyResult<Counting> {
        let query = wanted.query()?;
        let begun = py.detach(|| {
            let open = match &directory {
                Some(directory) => OpenLogs::in_directory(directory, query)?,
                None => OpenLogs::at(&files, query)?,
            };
            if !by.is_empty() {
                return Ok(State::Tally(Box::new(Tally::of(&open, &by)?)));
            }
            let logs = directory.as_deref().map_or(Ok(files), logs)?;
            let search = Search::of(&open)?;
            let (writers, overview) = (writers(search.files(), &logs), Overview::new(has_all));
            std::io::Result::Ok(State::Overview(Box::new(Overviewed { search, writers, overview })))
        });
        Ok(Counting { state: Mutex::new(begun?) })
    }

    /// Counts more records for a moment. False when there are no more.
    fn read_on(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(py.detach(|| self.locked(State::read_on))?)
    }

    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| {
            self.locked(|state| match state {
                State::Overview(counted) => counted.overview.to_json().to_string(),
                State::Tally(tally) => tally.to_json().to_string(),
            })
        })
    }

    fn report(&self) -> Vec<FileReport> {
        self.locked(|state| reports_of(state.report()))
    }
}

impl Counting {
    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn read_on(&mut self) -> std::io::Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < TURN {
            let has_more = match self {
                State::Overview(counted) => counted.read_on(),
                State::Tally(tally) => tally.read_on(),
            };
            if !has_more? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn report(&self) -> &Report {
        match self {
            State::Overview(counted) => counted.search.report(),
            State::Tally(tally) => tally.report(),
        }
    }
}

impl Overviewed {
    fn read_on(&mut self) -> std::io::Result<bool> {
        let Some(batch) = self.search.next_batch()? else { return Ok(false) };
        for line in batch.lines().iter().filter(|line| line.fault.is_none()) {
            self.overview.add(batch.text(line), self.writers[line.file]);
        }
        Ok(true)
    }
}
