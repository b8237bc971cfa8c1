//! The import of the module: by which interpreter, and what another import finds.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// Refuses interpreters for which this module is not made.
pub(crate) fn check_interpreter(_py: Python<'_>) -> PyResult<()> {
    refuse_other_interpreters()?;
    #[cfg(not(Py_3_12))]
    refuse_other_digits(_py)?;
    Ok(())
}

/// What the Python side keeps over a second import: one dictionary for the life of the process.
#[pyfunction]
pub(crate) fn lasting(py: Python<'_>) -> Py<PyDict> {
    static LASTING: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    LASTING.get_or_init(py, || PyDict::new(py).unbind()).clone_ref(py)
}

/// `values::plain` reads the digits of an int, which are of 30 bits unless the interpreter was built in an
/// unusual way.
#[cfg(not(Py_3_12))]
fn refuse_other_digits(py: Python<'_>) -> PyResult<()> {
    let bits: u32 = py.import("sys")?.getattr("int_info")?.getattr("bits_per_digit")?.extract()?;
    if bits == 30 {
        return Ok(());
    }
    Err(PyImportError::new_err(format!(
        "this Python was built with ints of {bits}-bit digits; use one with 30, as they usually are, \
         or Python 3.12 or later"
    )))
}

/// There is one engine per process. It holds objects, which must not pass from one interpreter to another.
fn refuse_other_interpreters() -> PyResult<()> {
    // SAFETY: the module is imported by a thread that runs in an interpreter, whose state outlives the call.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    // The main one is the first.
    if interpreter == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err("the native engine serves the main interpreter only"))
}
