//! **Read**: logs read back, for the package `metaexpert.reader`.

mod columns;
mod counting;
mod errors;
mod files;
mod following;
mod printer;
mod search;
mod unpacked;

use pyo3::PyClass;
use pyo3::prelude::*;

/// How Python aligns its objects.
const OBJECT_ALIGNMENT: usize = 16;

/// Adds what this room has to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    add_class::<columns::Columns>(module)?;
    add_class::<unpacked::Unpacked>(module)?;
    add_class::<search::Search>(module)?;
    add_class::<following::Following>(module)?;
    add_class::<printer::Printer>(module)?;
    module.add_function(wrap_pyfunction!(following::follow, module)?)?;
    add_class::<counting::Counting>(module)?;
    module.add_function(wrap_pyfunction!(search::time_ns, module)?)?;
    module.add_function(wrap_pyfunction!(unpacked::packing_of, module)?)?;
    module.add_function(wrap_pyfunction!(files::family, module)?)
}

fn add_class<T: PyClass>(module: &Bound<'_, PyModule>) -> PyResult<()> {
    const { assert!(align_of::<T>() <= OBJECT_ALIGNMENT, "Python aligns its objects to 16 bytes") };
    module.add_class::<T>()
}
