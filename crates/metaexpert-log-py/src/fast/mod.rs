//! The fast way: the builtin that a call meets, and what must hold for it to serve the call.
//!
//! [`builtin`] is what CPython calls, [`taken`] the builtin's type, [`method`] what it does for plain values,
//! and [`buffered`] for the others that need no Python code. [`standard`] is the builtin of loggers that
//! are not ours. [`channel`] leads a logger's records into the pipeline while its [`premises`] hold.

use pyo3::prelude::*;

pub(crate) mod arguments;
mod buffered;
pub(crate) mod builtin;
pub(crate) mod channel;
pub(crate) mod heap_type;
pub(crate) mod keywords;
pub(crate) mod listened;
pub(crate) mod method;
mod percent;
pub(crate) mod premises;
pub(crate) mod standard;
pub(crate) mod taken;
pub(crate) mod watched_logger;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<channel::Channel>()?;
    module.add("TakenMethod", taken::taken_type(module.py())?)?;
    module.add_function(wrap_pyfunction!(builtin::level_builtin, module)?)?;
    module.add_function(wrap_pyfunction!(builtin::log_builtin, module)?)?;
    module.add_function(wrap_pyfunction!(builtin::nothing, module)?)?;
    module.add_function(wrap_pyfunction!(listened::handed::submit_handed, module)?)?;
    module.add_function(wrap_pyfunction!(listened::handed::known_of, module)?)?;
    module.add_function(wrap_pyfunction!(standard::plain_logger_builtin, module)?)?;
    module.add_function(wrap_pyfunction!(channel::close_channels, module)?)?;
    Ok(())
}
