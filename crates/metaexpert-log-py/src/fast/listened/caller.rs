//! Where a call was made, as its record shows it.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFrozenSet, PyString};

/// Where a call was made.
pub(crate) struct Caller<'py> {
    pub(crate) file: Bound<'py, PyAny>,
    pub(crate) line: i32,
    pub(crate) function: Bound<'py, PyAny>,
}

/// The innermost frame outside of what `logging` passes over.
pub(crate) fn running_caller(py: Python<'_>) -> PyResult<Caller<'_>> {
    // SAFETY: the GIL is held; the frame is borrowed from the running thread, and becomes a new reference.
    let mut next = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast()) };
    while let Some(frame) = next {
        let raw = frame.as_ptr().cast();
        // SAFETY: the GIL is held and the frame alive; each returns a new reference.
        let (code, globals) = unsafe {
            (
                Bound::from_owned_ptr(py, ffi::PyFrame_GetCode(raw).cast()),
                Bound::from_owned_ptr(py, ffi::PyFrame_GetGlobals(raw)),
            )
        };
        let file = code.getattr(pyo3::intern!(py, "co_filename"))?;
        if !is_passed_over(&globals, &file)? {
            let function = code.getattr(pyo3::intern!(py, "co_name"))?;
            // SAFETY: as above.
            let line = unsafe { ffi::PyFrame_GetLineNumber(raw) };
            return Ok(Caller { file, line, function });
        }
        // SAFETY: as above; null for the outermost frame.
        next = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetBack(raw).cast()) };
    }
    Ok(Caller {
        file: pyo3::intern!(py, "(unknown file)").clone().into_any(),
        line: 0,
        function: pyo3::intern!(py, "(unknown function)").clone().into_any(),
    })
}

/// Whether a frame is one of `logging`, of ours or of an import: see `calls.CALLING_MODULES`.
fn is_passed_over(globals: &Bound<'_, PyAny>, file: &Bound<'_, PyAny>) -> PyResult<bool> {
    static MODULES: PyOnceLock<Py<PyFrozenSet>> = PyOnceLock::new();
    let py = globals.py();
    let modules = MODULES.get_or_try_init(py, || {
        let modules = py.import("metaexpert.logger.capture.calls")?.getattr("CALLING_MODULES")?;
        Ok::<_, PyErr>(modules.cast_into::<PyFrozenSet>()?.unbind())
    })?;
    let name = globals.cast::<PyDict>()?.get_item(pyo3::intern!(py, "__name__"))?;
    if let Some(name) = name.and_then(|name| name.cast_into_exact::<PyString>().ok())
        && modules.bind(py).contains(name)?
    {
        return Ok(true);
    }
    let file = file.cast::<PyString>()?.to_string_lossy();
    Ok(file.contains("importlib") && file.contains("_bootstrap"))
}
