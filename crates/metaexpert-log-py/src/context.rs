//! The fields of `log_context`, which lie in a contextvar.

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fields::Fields;
use crate::state::GilValue;

/// The variable, once a context was used; until then no call looks for one. Never released.
static VARIABLE: GilValue<*mut ffi::PyObject> = GilValue::new(ptr::null_mut());

/// Tells the engine the contextvar that `log_context` sets to `Fields`.
#[pyfunction]
pub(crate) fn set_context_variable(variable: Bound<'_, PyAny>) {
    let py = variable.py();
    if VARIABLE.get(py) != variable.as_ptr() {
        VARIABLE.set(py, variable.into_ptr());
    }
}

/// The fields of the innermost `log_context` here. Runs no Python code: looking up a contextvar compares
/// addresses.
#[inline]
pub(crate) fn current_context(py: Python<'_>) -> Option<Bound<'_, Fields>> {
    let variable = VARIABLE.get(py);
    if variable.is_null() {
        return None;
    }
    let mut value = ptr::null_mut();
    // SAFETY: the GIL is held and `variable` is a ContextVar that is never released; `value` becomes a new
    // reference or null.
    unsafe {
        if ffi::PyContextVar_Get(variable, ptr::null_mut(), &mut value) < 0 {
            ffi::PyErr_Clear();
            return None;
        }
        Bound::from_owned_ptr_or_opt(py, value)?.cast_into::<Fields>().ok()
    }
}
