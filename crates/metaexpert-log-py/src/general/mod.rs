//! The general way of a record into the pipeline: what the builtin cannot do at once.

use pyo3::prelude::*;

pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod context_variable;
pub(crate) mod fields;
pub(crate) mod log_record;
pub(crate) mod lost;
pub(crate) mod message;
pub(crate) mod plain_fields;
pub(crate) mod submit;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<fields::Fields>()?;
    module.add_function(wrap_pyfunction!(context_variable::set_context_variable, module)?)?;
    module.add_function(wrap_pyfunction!(context_variable::current_fields, module)?)?;
    module.add_function(wrap_pyfunction!(log_record::submit_record, module)?)?;
    Ok(())
}
