//! Builtins as CPython calls them: the outermost layer of **capture**.
//!
//! The vectorcall protocol passes arguments as a plain array, so a call makes no tuple and no dict.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::fast::arguments::Arguments;
use crate::fast::channel::Channel;
use crate::fast::listened;
use crate::fast::method::Method;
use crate::fast::taken::{method_object, method_of, new_taken};
use crate::general::lost::counted;
use crate::process::exit::Inside;
use crate::process::reentry;

struct StaticMethod(ffi::PyMethodDef);
// SAFETY: the definitions are never written and their strings are 'static.
unsafe impl Sync for StaticMethod {}

/// The methods of a logger that builtins stand in for.
const NAMES: [&str; 9] =
    ["log", "debug", "info", "warning", "error", "exception", "critical", "fatal", "trade"];

/// The name as a constant; `log` for any other name.
fn named(name: Option<&str>) -> &'static str {
    NAMES.iter().find(|each| Some(**each) == name).unwrap_or(&NAMES[0])
}

static NOTHING: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"nothing".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: ignore },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Accept any arguments and do nothing: a level that is off.".as_ptr(),
});

/// A builtin that logs at `level`, or does nothing while the channel is open if it is not `enabled`; calls
/// that it cannot serve go to `slow`. It stands in for the method `name`.
#[pyfunction]
#[pyo3(signature = (channel, level, category, slow, enabled=true, name=None))]
pub(crate) fn level_builtin<'py>(
    channel: &Bound<'py, Channel>,
    level: i32,
    category: Option<String>,
    slow: Py<PyAny>,
    enabled: bool,
    name: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    channel.get().set_gate(level, category.is_some(), enabled);
    match enabled {
        true => builtin(channel, name, Some(level), i32::MIN, category, slow),
        false => silent_builtin(channel, name, slow),
    }
}

/// A builtin like `Logger.log`, whose first argument is the level; below `threshold` it does nothing.
#[pyfunction]
pub(crate) fn log_builtin<'py>(
    channel: &Bound<'py, Channel>,
    threshold: i32,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    builtin(channel, None, None, threshold, None, slow)
}

/// Makes the builtin of `channel` for one level, or for `Logger.log` when `level` is `None`, in place of the
/// method `name`.
pub(crate) fn builtin<'py>(
    channel: &Bound<'py, Channel>,
    name: Option<&str>,
    level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = named(name);
    let method = Method::new(channel.clone().unbind(), level, threshold, category, slow).named(name);
    let call = if channel.get().is_listened() { serve_listened } else { serve_call };
    new_taken(Bound::new(channel.py(), method)?, name, call)
}

/// Makes the builtin for a level that is off: it does nothing while the channel is undisturbed.
pub(crate) fn silent_builtin<'py>(
    channel: &Bound<'py, Channel>,
    name: Option<&str>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), None, i32::MAX, None, slow);
    new_taken(Bound::new(channel.py(), method)?, named(name), silent)
}

/// A builtin that accepts any arguments and does nothing: the least that a call can cost.
#[pyfunction]
pub(crate) fn nothing(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the definition lives for ever and CPython never writes to it.
    unsafe {
        let definition = (&raw const NOTHING.0).cast_mut();
        let function = ffi::PyCFunction_NewEx(definition, std::ptr::null_mut(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, function)
    }
}

unsafe extern "C" fn ignore(
    _slf: *mut ffi::PyObject,
    _args: *const *mut ffi::PyObject,
    _nargs: ffi::Py_ssize_t,
    _names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

unsafe extern "C" fn silent(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL, with what `silent_builtin` made;
    // the arguments are passed on as they came.
    unsafe {
        let py = Python::assume_attached();
        let method = method_of(slf);
        if method.is_undisturbed(py) {
            return ffi::Py_NewRef(ffi::Py_None());
        }
        let _inside = Inside::enter(py);
        if let Err(problem) = reentry::refuse_if_exhausted() {
            problem.restore(py);
            return std::ptr::null_mut();
        }
        ffi::PyObject_Vectorcall(method.slow(), args, ffi::PyVectorcall_NARGS(count) as usize, names)
    }
}

unsafe extern "C" fn serve_call(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes these by the vectorcall protocol, with the GIL held; `slf` is what
    // `builtin` made.
    let (py, method, arguments) =
        unsafe { (Python::assume_attached(), method_of(slf), Arguments::new(args, count, names)) };
    let level = || level_of(py, method, &arguments);
    result_of(py, counted(py, level, Ok(None), || method.call(py, &arguments)))
}

unsafe extern "C" fn serve_listened(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as for `serve_call`.
    let (py, method, arguments) = unsafe {
        let py = Python::assume_attached();
        (py, method_object(py, slf), Arguments::new(args, count, names))
    };
    let level = || level_of(py, method.get(), &arguments);
    result_of(py, counted(py, level, Ok(None), || listened::serve(&method, &arguments)))
}

/// What the interpreter gets of a call: a new reference, or null with an exception.
#[inline(always)]
pub(crate) fn result_of(py: Python<'_>, result: PyResult<Option<Py<PyAny>>>) -> *mut ffi::PyObject {
    match result {
        // SAFETY: the GIL is held.
        Ok(None) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
        Ok(Some(result)) => result.into_ptr(),
        Err(interrupt) => {
            interrupt.restore(py);
            std::ptr::null_mut()
        }
    }
}

/// The level of a call, as far as it is known without running anybody's code; else 0.
#[cold]
pub(crate) fn level_of(py: Python<'_>, method: &Method, arguments: &Arguments<'_>) -> i32 {
    // SAFETY: the argument lives until the call returns.
    let first = arguments.positional.first().map(|level| unsafe { Bound::from_borrowed_ptr(py, *level) });
    let given = || first.and_then(|level| level.cast_into_exact::<PyInt>().ok()?.extract().ok());
    method.level.or_else(given).unwrap_or_default()
}
