//! The contextvar that holds the fields of `log_context`.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::general::fields::Fields;

/// The variable. Never released.
static DECLARED: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The same once a context was entered; until then no call looks for one.
static VARIABLE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// Tells the engine the contextvar that contexts set to `Fields`.
#[pyfunction]
pub(crate) fn set_context_variable(variable: Bound<'_, PyAny>) {
    if DECLARED.load(Ordering::Acquire) != variable.as_ptr() {
        DECLARED.store(variable.into_ptr(), Ordering::Release);
    }
}

/// The fields of the innermost `log_context` here. Runs no Python code: looking up a contextvar compares
/// addresses.
#[inline(always)]
pub(crate) fn current_context(py: Python<'_>) -> Option<Bound<'_, Fields>> {
    let variable = VARIABLE.load(Ordering::Acquire);
    if variable.is_null() { None } else { look_up(py, variable) }
}

#[inline(never)]
fn look_up(py: Python<'_>, variable: *mut ffi::PyObject) -> Option<Bound<'_, Fields>> {
    value_of(py, variable).and_then(Fields::in_force)
}

/// The fields of the innermost `log_context` here, as they were captured, or None.
#[pyfunction]
pub(crate) fn current_fields(py: Python<'_>) -> Option<Bound<'_, Fields>> {
    current_context(py)
}

#[inline]
fn value_of(py: Python<'_>, variable: *mut ffi::PyObject) -> Option<Bound<'_, Fields>> {
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

/// Has calls look for a context from now on. Fails where no variable was set.
pub(crate) fn watch() -> PyResult<()> {
    let variable = DECLARED.load(Ordering::Acquire);
    if variable.is_null() {
        return Err(PyRuntimeError::new_err("no context variable was set: see set_context_variable"));
    }
    VARIABLE.store(variable, Ordering::Release);
    Ok(())
}

/// The fields of the innermost context that was entered here, also if it was left elsewhere.
pub(crate) fn value(py: Python<'_>) -> Option<Bound<'_, Fields>> {
    value_of(py, DECLARED.load(Ordering::Acquire))
}

/// Sets the variable, and returns the token that takes that back.
pub(crate) fn set<'py>(fields: &Bound<'py, Fields>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the GIL is held, the variable a ContextVar that was declared and `fields` alive; a new
    // reference, or null with an exception.
    unsafe {
        let token = ffi::PyContextVar_Set(DECLARED.load(Ordering::Acquire), fields.as_ptr());
        Bound::from_owned_ptr_or_err(fields.py(), token)
    }
}

/// Gives the variable the value that it had before `token`. False if it was set in another
/// `contextvars.Context`.
pub(crate) fn reset(py: Python<'_>, token: &Py<PyAny>) -> bool {
    // SAFETY: the GIL is held; the variable is the one that was set, the token what that gave.
    let done = unsafe { ffi::PyContextVar_Reset(DECLARED.load(Ordering::Acquire), token.as_ptr()) == 0 };
    if !done {
        drop(PyErr::take(py));
    }
    done
}
