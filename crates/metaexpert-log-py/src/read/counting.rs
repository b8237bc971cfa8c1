//! Records of logs, counted.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metaexpert_log_read::{Groups, Overview, Search, logs, writers};
use pyo3::prelude::*;

use super::search::{FileReport, Wanted, reports_of};

/// How long a call works before Python may look at signals.
const TURN: Duration = Duration::from_millis(50);

/// Counts of the records that a search finds.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Counting {
    state: Mutex<State>,
}

struct State {
    search: Search,
    /// The writer of each file.
    writers: Vec<usize>,
    counts: Counts,
}

enum Counts {
    Overview(Box<Overview>),
    Groups(Groups),
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
            let (search, logs) = match &directory {
                Some(directory) => (Search::in_directory(directory, query)?, logs(directory)?),
                None => (Search::in_logs(&files, query)?, files),
            };
            let writers = writers(search.files(), &logs);
            let counts = match by.is_empty() {
                true => Counts::Overview(Box::new(Overview::new(has_all))),
                false => Counts::Groups(Groups::new(&by)),
            };
            std::io::Result::Ok(State { search, writers, counts })
        });
        Ok(Counting { state: Mutex::new(begun?) })
    }

    /// Counts more records for a moment. False when there are no more.
    fn read_on(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(py.detach(|| self.locked(State::read_on))?)
    }

    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| {
            self.locked(|state| match &mut state.counts {
                Counts::Overview(overview) => overview.to_json().to_string(),
                Counts::Groups(groups) => groups.to_json().to_string(),
            })
        })
    }

    fn report(&self) -> Vec<FileReport> {
        self.locked(|state| reports_of(state.search.report()))
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
            let Some(batch) = self.search.next_batch()? else { return Ok(false) };
            for line in batch.lines().iter().filter(|line| line.fault.is_none()) {
                match &mut self.counts {
                    Counts::Overview(overview) => overview.add(batch.text(line), self.writers[line.file]),
                    Counts::Groups(groups) => groups.add(batch.text(line)),
                }
            }
        }
        Ok(true)
    }
}
