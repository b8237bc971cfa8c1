//! The exception that an `exc_info` stands for, in any of the forms that `logging` takes.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyTraceback, PyTuple};

use crate::exceptions::attributes::{is_exception, traceback_of};
use crate::exceptions::texts::usual_texts;
use crate::process::reentry::is_exhausted;
use crate::process::state::STATE;
use crate::values::text::Excerpt;

/// What a record says of an exception: type, message and stacktrace.
pub(crate) type Description = (Excerpt, Excerpt, Excerpt);

/// An exception of a call.
pub(crate) enum Given {
    /// There is none.
    Nothing,
    Described(Description),
    /// Only the Python side can tell.
    Unknown,
}

/// Describes the exception that `exc_info` stands for: one itself, what `sys.exc_info()` returns, or true for
/// the one that is being handled. What its own code refuses becomes a note. Fails with what is no
/// `Exception`, as an interruption is.
pub(crate) fn described(exc_info: &Bound<'_, PyAny>) -> PyResult<Given> {
    let (exception, trace) = match exception_of(exc_info) {
        Found::Exception(exception, trace) => (exception, trace),
        Found::Nothing => return Ok(Given::Nothing),
        Found::Unknown => return Ok(Given::Unknown),
    };
    if let Some(texts) = usual_texts(&exception, trace.clone())? {
        let py = exception.py();
        let most = STATE.with(py, |state| state.limits.bytes as usize);
        let excerpt = |text| Excerpt::of_utf8(py, text, most);
        return Ok(Given::Described((
            excerpt(texts.kind),
            excerpt(texts.message),
            excerpt(texts.stacktrace),
        )));
    }
    if is_exhausted() {
        return Ok(Given::Unknown);
    }
    describe_unusual(&exception, trace).map(Given::Described)
}

#[cold]
fn describe_unusual(
    exception: &Bound<'_, PyAny>,
    trace: Option<Bound<'_, PyTraceback>>,
) -> PyResult<Description> {
    let faults = exception.py().import("metaexpert.logger.capture.faults")?;
    faults.call_method1("describe_unusual", (exception.get_type(), exception, trace))?.extract()
}

type Triple<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

enum Found<'py> {
    Exception(Bound<'py, PyAny>, Option<Bound<'py, PyTraceback>>),
    Nothing,
    Unknown,
}

fn exception_of<'py>(exc_info: &Bound<'py, PyAny>) -> Found<'py> {
    if is_exception(exc_info) {
        return Found::Exception(exc_info.clone(), traceback_of(exc_info));
    }
    if exc_info.is_exact_instance_of::<PyBool>() || exc_info.is_exact_instance_of::<PyInt>() {
        // Neither runs anybody's code for its truth.
        let is_true = exc_info.is_truthy().unwrap_or(false);
        return if is_true { handled(exc_info.py()) } else { Found::Nothing };
    }
    let Ok(triple) = exc_info.cast_exact::<PyTuple>() else {
        return if exc_info.is_none() { Found::Nothing } else { Found::Unknown };
    };
    let Ok((_, value, trace)) = triple.extract::<Triple<'_>>() else { return Found::Unknown };
    if !is_exception(&value) {
        return if value.is_none() { Found::Nothing } else { Found::Unknown };
    }
    match trace.cast::<PyTraceback>() {
        Ok(trace) => Found::Exception(value, Some(trace.clone())),
        Err(_) if trace.is_none() => Found::Exception(value, None),
        Err(_) => Found::Unknown,
    }
}

/// The exception that is being handled, as `sys.exc_info()` finds it.
fn handled(py: Python<'_>) -> Found<'_> {
    // SAFETY: the GIL is held; a new reference or null.
    match unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetHandledException()) } {
        Some(exception) => {
            let trace = traceback_of(&exception);
            Found::Exception(exception, trace)
        }
        None => Found::Nothing,
    }
}
