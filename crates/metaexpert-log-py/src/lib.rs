//! The Python binding of the engine: Python values to frames, engine errors to exceptions.
//!
//! **Capture** lives here. A log call is one builtin function ([`fast`]); what it cannot do at once
//! it hands to [`general`], and what belongs to `logging` itself to the Python side.
//! Nothing that can run Python code happens between reserving room in the ring and publishing.
//!
//! "The GIL is held" in a SAFETY argument means, on a free-threaded interpreter, that the thread is attached to it:
//! objects stay alive and nothing stops the thread. What must be one thread's alone is [`process::guarded`].

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

mod fast;
mod general;
mod loggers;
mod process;
mod read;
mod values;

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    refuse_other_interpreters()?;
    #[cfg(not(Py_3_12))]
    refuse_other_digits(module.py())?;
    module.add_class::<fast::channel::Channel>()?;
    module.add_class::<loggers::context::Context>()?;
    module.add_class::<general::fields::Fields>()?;
    module.add_class::<read::Unpacked>()?;
    module.add("TakenMethod", fast::taken::taken_type(module.py())?)?;
    module.add_function(wrap_pyfunction!(process::engine::start, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::is_running, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::note_missing_streams, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::set_worker, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::forks, module)?)?;
    module.add_function(wrap_pyfunction!(lasting, module)?)?;
    module.add_function(wrap_pyfunction!(process::shutdown::flush, module)?)?;
    module.add_function(wrap_pyfunction!(process::shutdown::count_unstarted, module)?)?;
    module.add_function(wrap_pyfunction!(process::shutdown::count_untold, module)?)?;
    module.add_function(wrap_pyfunction!(process::shutdown::shutdown, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::stats, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::needs, module)?)?;
    module.add_function(wrap_pyfunction!(loggers::context::set_context_variable, module)?)?;
    module.add_function(wrap_pyfunction!(loggers::context::current_fields, module)?)?;
    module.add_function(wrap_pyfunction!(process::exit::begin_exit, module)?)?;
    module.add_function(wrap_pyfunction!(process::exit::park_if_ending, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::set_synchronous, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::forget_after_fork, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::recover, module)?)?;
    module.add_function(wrap_pyfunction!(process::engine::patterns_refusal, module)?)?;
    module.add_function(wrap_pyfunction!(values::repr::object::exception_beginning, module)?)?;
    module.add_function(wrap_pyfunction!(fast::builtin::nothing, module)?)?;
    module.add_function(wrap_pyfunction!(fast::channel::close_channels, module)?)?;
    module.add_function(wrap_pyfunction!(read::packing_of, module)?)?;
    module.add_function(wrap_pyfunction!(general::log_record::submit_record, module)?)?;
    module.add_function(wrap_pyfunction!(loggers::descriptors::served_method, module)?)?;
    module.add_function(wrap_pyfunction!(loggers::descriptors::served_bind, module)?)?;
    process::engine::watch_forks();
    process::reentry::learn_stack();
    Ok(())
}

/// What the Python side keeps when it is imported a second time: one dictionary for the life of the process.
#[pyfunction]
fn lasting(py: Python<'_>) -> Py<PyDict> {
    static LASTING: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    LASTING.get_or_init(py, || PyDict::new(py).unbind()).clone_ref(py)
}

/// [`values`] reads the digits of an int, which are of 30 bits unless the interpreter was built in an unusual way.
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
