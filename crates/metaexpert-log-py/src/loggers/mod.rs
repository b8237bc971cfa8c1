//! Loggers as a program has them: the methods of their class, what `bind` makes, and `log_context`.

use pyo3::prelude::*;

pub(crate) mod attributes;
pub(crate) mod bind;
pub(crate) mod context;
pub(crate) mod descriptors;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<context::Context>()?;
    module.add_function(wrap_pyfunction!(descriptors::method_descriptor, module)?)?;
    module.add_function(wrap_pyfunction!(descriptors::bind_descriptor, module)?)?;
    Ok(())
}
