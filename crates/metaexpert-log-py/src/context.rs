//! The fields of `log_context`, which lie in a contextvar.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use crate::fields::Fields;
use crate::guarded::Guarded;
use crate::state::STATE;

/// The variable. Never released.
static DECLARED: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The same once a context was used; until then no call looks for one.
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

/// A context manager that adds fields to those of the contextvar; `log_context` is one.
#[pyclass(frozen, subclass, module = "metaexpert.logger._native")]
pub(crate) struct Context {
    /// Never changed.
    fields: Py<PyDict>,
    /// What each block that is open has to give back, the innermost last.
    tokens: Guarded<Vec<Py<PyAny>>>,
}

#[pymethods]
impl Context {
    #[new]
    #[pyo3(signature = (**fields))]
    fn new(py: Python<'_>, fields: Option<Bound<'_, PyDict>>) -> Self {
        let fields = fields.unwrap_or_else(|| PyDict::new(py)).unbind();
        Context { fields, tokens: Guarded::new(Vec::new()) }
    }

    /// A copy of the fields as they were given.
    #[pyo3(name = "_given")]
    fn given<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.fields.bind(py).copy()
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let variable = DECLARED.load(Ordering::Acquire);
        if variable.is_null() {
            return Err(PyRuntimeError::new_err("no context variable was set: see set_context_variable"));
        }
        VARIABLE.store(variable, Ordering::Release);
        let around = current_context(py);
        let fields = Fields::of(slf.get().fields.bind(py).clone(), around.as_ref())?;
        let fields = Bound::new(py, fields)?;
        // SAFETY: the GIL is held, the variable a ContextVar and `fields` alive; returns a new reference.
        let token = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyContextVar_Set(variable, fields.as_ptr()))?.unbind()
        };
        slf.get().with_tokens(py, |tokens| tokens.push(token));
        Ok(slf)
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let Some(token) = self.with_tokens(py, Vec::pop) else {
            return Err(PyRuntimeError::new_err("a log_context ends that was not entered"));
        };
        // SAFETY: the GIL is held; the variable is the one that `__enter__` set, the token what it gave.
        match unsafe { ffi::PyContextVar_Reset(DECLARED.load(Ordering::Acquire), token.as_ptr()) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.fields)
    }
}

impl Context {
    /// Calls `body` with the tokens, inside the one guard that a fork waits for.
    fn with_tokens<R>(&self, py: Python<'_>, body: impl FnOnce(&mut Vec<Py<PyAny>>) -> R) -> R {
        STATE.with(py, |_| self.tokens.with(py, body))
    }
}
