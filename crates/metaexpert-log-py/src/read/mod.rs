//! **Read**: logs read back, for the package `metaexpert.reader`.

mod columns;
mod counting;
mod errors;
mod files;
mod following;
mod printer;
mod search;
mod unpacked;

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
