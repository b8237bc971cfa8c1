//! Builtin functions as CPython calls them: the outermost layer of **capture**.
//!
//! `METH_FASTCALL | METH_KEYWORDS` passes arguments as a plain array, so a call makes no tuple and no dict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::channel::Channel;
use crate::exit::Inside;
use crate::method::{Arguments, Method};

struct StaticMethod(ffi::PyMethodDef);
// SAFETY: the definitions are never written and their strings are 'static.
unsafe impl Sync for StaticMethod {}

static LOG: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"log".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: log },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Log a message with fields.".as_ptr(),
});

static SILENT: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"silent".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: silent },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Do nothing while the level is off.".as_ptr(),
});

static NOTHING: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"nothing".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: ignore },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Accept any arguments and do nothing: a level that is off.".as_ptr(),
});

/// Makes the builtin of `channel` for one level, or for `Logger.log` when `level` is `None`.
pub(crate) fn builtin<'py>(
    channel: &Bound<'py, Channel>,
    level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), level, threshold, category, slow);
    new_builtin(channel.py(), &LOG, Some(Bound::new(channel.py(), method)?.into_any()))
}

/// Makes the builtin for a level that is off: it does nothing while the channel is undisturbed.
pub(crate) fn silent_builtin<'py>(
    channel: &Bound<'py, Channel>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), None, i32::MAX, None, slow);
    new_builtin(channel.py(), &SILENT, Some(Bound::new(channel.py(), method)?.into_any()))
}

/// A builtin that accepts any arguments and does nothing: what a call costs at least.
#[pyfunction]
pub(crate) fn nothing(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    new_builtin(py, &NOTHING, None)
}

fn new_builtin<'py>(
    py: Python<'py>,
    definition: &'static StaticMethod,
    receiver: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let receiver = receiver.as_ref().map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the definition lives for ever and CPython never writes to it; the builtin takes its own
    // reference to the receiver.
    unsafe {
        let function =
            ffi::PyCFunction_NewEx((&raw const definition.0).cast_mut(), receiver, std::ptr::null_mut());
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
    nargs: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL, with the `Method` that `silent_builtin` gave;
    // the arguments are passed on as they came.
    unsafe {
        let py = Python::assume_attached();
        let method = Borrowed::from_ptr(py, slf).cast_unchecked::<Method>().get();
        if method.is_undisturbed(py) {
            return ffi::Py_NewRef(ffi::Py_None());
        }
        let _inside = Inside::enter(py);
        ffi::PyObject_Vectorcall(method.slow(), args, nargs as usize, names)
    }
}

unsafe extern "C" fn log(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with the GIL held, with `nargs` positional arguments followed by one
    // for each name; `slf` is the `Method` that `builtin` gave it.
    let (py, method, arguments) = unsafe {
        let named = if names.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(names) as usize };
        let positional = nargs as usize;
        let all: &[*mut ffi::PyObject] =
            if positional + named == 0 { &[] } else { std::slice::from_raw_parts(args, positional + named) };
        let (positional, named) = all.split_at(positional);
        let py = Python::assume_attached();
        (
            py,
            Borrowed::from_ptr(py, slf).cast_unchecked::<Method>().get(),
            Arguments { positional, named, names },
        )
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| method.call(py, &arguments)));
    match outcome {
        // SAFETY: the GIL is held.
        Ok(Ok(None)) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
        Ok(Ok(Some(result))) => result.into_ptr(),
        Ok(Err(interrupt)) => {
            interrupt.restore(py);
            std::ptr::null_mut()
        }
        // A bug here must not reach the trading code; the panic's message went to standard error.
        // SAFETY: the GIL is held.
        Err(_) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
    }
}
