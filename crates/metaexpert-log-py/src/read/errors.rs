//! Errors of the system as Python raises them.

use std::io;
use std::path::Path;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// The `OSError` of `problem`, of the class that its number has, with the file's name if it has one.
pub(super) fn os_error(py: Python<'_>, problem: io::Error, path: Option<&Path>) -> PyErr {
    let Some(number) = problem.raw_os_error() else { return problem.into() };
    let text = py.import("os").and_then(|os| os.call_method1("strerror", (number,))).map(Bound::unbind);
    text.map_or_else(
        |_| problem.into(),
        |text| match path {
            Some(path) => PyOSError::new_err((number, text, path.to_owned())),
            None => PyOSError::new_err((number, text)),
        },
    )
}
