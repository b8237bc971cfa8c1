//! The Python binding of the engine: Python values to frames, engine errors to exceptions.
//!
//! **Capture** lives here. A log call is one builtin function ([`method`]); what it cannot do at once
//! it hands to [`submit`], and what belongs to `logging` itself to the Python side.
//! Nothing that can run Python code happens between reserving room in the ring and publishing.
//!
//! "The GIL is held" in a SAFETY argument means, on a free-threaded interpreter, that the thread is attached to it:
//! objects stay alive and nothing stops the thread. What must be one thread's alone is [`guarded`].

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

mod brief;
mod builtin;
mod bytes;
mod channel;
mod collected;
mod containers;
mod context;
mod convert;
mod derived;
mod ending;
mod engine;
mod exception;
mod exit;
mod fields;
mod foreign;
mod guarded;
mod heap_type;
mod inherited;
mod integers;
mod key_sets;
mod lost;
mod message;
mod method;
mod nested;
mod nesting;
mod origin;
mod plain;
mod premises;
mod quoted;
mod read;
mod record;
mod served;
mod site;
mod stand_in;
mod state;
mod submit;
mod taken;
mod text;
mod times;
mod weight;

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    refuse_other_interpreters()?;
    #[cfg(not(Py_3_12))]
    refuse_other_digits(module.py())?;
    module.add_class::<channel::Channel>()?;
    module.add_class::<context::Context>()?;
    module.add_class::<fields::Fields>()?;
    module.add_class::<read::Unpacked>()?;
    module.add("TakenMethod", taken::taken_type(module.py())?)?;
    module.add_function(wrap_pyfunction!(engine::start, module)?)?;
    module.add_function(wrap_pyfunction!(engine::is_running, module)?)?;
    module.add_function(wrap_pyfunction!(engine::note_missing_streams, module)?)?;
    module.add_function(wrap_pyfunction!(engine::set_worker, module)?)?;
    module.add_function(wrap_pyfunction!(engine::forks, module)?)?;
    module.add_function(wrap_pyfunction!(lasting, module)?)?;
    module.add_function(wrap_pyfunction!(ending::flush, module)?)?;
    module.add_function(wrap_pyfunction!(ending::count_unstarted, module)?)?;
    module.add_function(wrap_pyfunction!(ending::count_untold, module)?)?;
    module.add_function(wrap_pyfunction!(ending::shutdown, module)?)?;
    module.add_function(wrap_pyfunction!(engine::stats, module)?)?;
    module.add_function(wrap_pyfunction!(engine::needs, module)?)?;
    module.add_function(wrap_pyfunction!(context::set_context_variable, module)?)?;
    module.add_function(wrap_pyfunction!(context::current_fields, module)?)?;
    module.add_function(wrap_pyfunction!(exit::begin_exit, module)?)?;
    module.add_function(wrap_pyfunction!(exit::park_if_ending, module)?)?;
    module.add_function(wrap_pyfunction!(engine::set_synchronous, module)?)?;
    module.add_function(wrap_pyfunction!(engine::forget_after_fork, module)?)?;
    module.add_function(wrap_pyfunction!(engine::recover, module)?)?;
    module.add_function(wrap_pyfunction!(engine::patterns_refusal, module)?)?;
    module.add_function(wrap_pyfunction!(brief::exception_beginning, module)?)?;
    module.add_function(wrap_pyfunction!(builtin::nothing, module)?)?;
    module.add_function(wrap_pyfunction!(channel::close_channels, module)?)?;
    module.add_function(wrap_pyfunction!(read::packing_of, module)?)?;
    module.add_function(wrap_pyfunction!(record::submit_record, module)?)?;
    module.add_function(wrap_pyfunction!(served::served_method, module)?)?;
    module.add_function(wrap_pyfunction!(served::served_bind, module)?)?;
    engine::watch_forks();
    nesting::learn_stack();
    Ok(())
}

/// What the Python side keeps when it is imported a second time: one dictionary for the life of the process.
#[pyfunction]
fn lasting(py: Python<'_>) -> Py<PyDict> {
    static LASTING: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    LASTING.get_or_init(py, || PyDict::new(py).unbind()).clone_ref(py)
}

/// `convert` reads the digits of an int, which are of 30 bits unless the interpreter was built in an unusual way.
#[cfg(not(Py_3_12))]
fn refuse_other_digits(py: Python<'_>) -> PyResult<()> {
    let bits: u32 = py.import("sys")?.getattr("int_info")?.getattr("bits_per_digit")?.extract()?;
    if bits == 30 {
        return Ok(());
    }
    Err(PyImportError::new_err(format!(
        "this Python was built with ints of {bits}-bit digits; use one with 30, as they usually are, or Python 3.12 or later"
    )))
}

/// The engine is one a process and holds objects, which must not pass from one interpreter to another.
fn refuse_other_interpreters() -> PyResult<()> {
    // SAFETY: the module is imported by a thread that runs in an interpreter, whose state outlives the call.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    // The main one is the first.
    if interpreter == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err("the native engine serves the main interpreter only"))
}
