//! **Read**: logs read back, for the package `metaexpert.reader`.

mod columns;
mod counting;
mod files;
mod following;
mod printer;
mod search;
mod unpacked;

use std::io;
use std::path::Path;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// Adds what this room has to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<columns::Columns>()?;
    module.add_class::<unpacked::Unpacked>()?;
    module.add_class::<search::Search>()?;
    module.add_class::<following::Following>()?;
    module.add_class::<printer::Printer>()?;
    module.add_function(wrap_pyfunction!(following::follow, module)?)?;
    module.add_class::<counting::Counting>()?;
    module.add_function(wrap_pyfunction!(search::time_ns, module)?)?;
    module.add_function(wrap_pyfunction!(unpacked::packing_of, module)?)?;
    module.add_function(wrap_pyfunction!(files::family, module)?)
}

/// The `OSError` of `problem`, of the class that its number has, with the file's name if it has one.
fn os_error(py: Python<'_>, problem: io::Error, path: Option<&Path>) -> PyErr {
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
