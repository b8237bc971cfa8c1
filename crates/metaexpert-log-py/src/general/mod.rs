//! The general way into the pipeline, for calls that need Python code, and for `logging.LogRecord`s.
//!
//! [`submit`] is the way of a [`call`]: its [`caller`] is found and its [`message`] formatted, it is
//! [`prepared`], and its record goes into the ring. [`log_record`] makes a call of a LogRecord. [`fields`]
//! are captured once for many records: those of a bound logger and of the [`context_variable`].

use pyo3::prelude::*;

pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod context_variable;
pub(crate) mod fields;
pub(crate) mod log_record;
pub(crate) mod lost;
pub(crate) mod message;
pub(crate) mod own_fields;
pub(crate) mod plain_fields;
pub(crate) mod prepared;
pub(crate) mod submit;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<fields::Fields>()?;
    module.add_function(wrap_pyfunction!(context_variable::set_context_variable, module)?)?;
    module.add_function(wrap_pyfunction!(context_variable::current_fields, module)?)?;
    module.add_function(wrap_pyfunction!(log_record::submit_record, module)?)?;
    Ok(())
}
