//! Which files belong to a log.

use std::io;
use std::path::{Path, PathBuf};

use metaexpert_log::family::sibling;
use pyo3::prelude::*;

use super::errors::os_error;

/// A file of a log: where it lies, which file its writer appends to, the process in that file's name, and its
/// own number.
type LogFile = (PathBuf, PathBuf, Option<u32>, u32);

/// The files of the log at `path`, the oldest of each writer first.
#[pyfunction]
#[pyo3(signature = (path, /))]
pub fn family(py: Python<'_>, path: PathBuf) -> PyResult<Vec<LogFile>> {
    let found = py.detach(|| metaexpert_log_read::family(&path));
    let found = found.map_err(|problem| directory_refused(py, &path, problem))?;
    let described = found.into_iter().map(|file| {
        let written = file.namesake.map_or_else(|| path.clone(), |namesake| sibling(&path, namesake));
        (file.path, written, file.namesake.map(|namesake| namesake.process), file.number)
    });
    Ok(described.collect())
}

/// The error of a directory that cannot be listed, which it names.
pub(super) fn directory_refused(py: Python<'_>, path: &Path, problem: io::Error) -> PyErr {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    os_error(py, problem, Some(directory.unwrap_or(Path::new("."))))
}
