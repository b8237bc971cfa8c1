//! Builtin functions as CPython calls them: the outermost layer of **capture**.
//!
//! `METH_FASTCALL | METH_KEYWORDS` passes arguments as a plain array, so a call makes no tuple and no dict.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::channel::Channel;
use crate::exit::Inside;
use crate::lost::counted;
use crate::method::{Arguments, Method};
use crate::nesting;

struct StaticMethod(ffi::PyMethodDef);
// SAFETY: the definitions are never written and their strings are 'static.
unsafe impl Sync for StaticMethod {}

/// The methods of a logger that builtins stand in for: what `inspect`, `pickle` and `repr` see of one is the name and
/// the documentation in its definition.
struct Named {
    name: &'static str,
    log: StaticMethod,
    silent: StaticMethod,
}

/// Read by `inspect.signature`, and taken off the documentation.
macro_rules! signature {
    () => {
        "($self, /, *args, **kwargs)\n--\n\n"
    };
}

macro_rules! named {
    ($($name:literal: $about:literal,)*) => {
        [$(Named {
            name: $name,
            log: StaticMethod::named(concat!($name, "\0"), concat!($name, signature!(), $about, "\0"), log),
            silent: StaticMethod::named(concat!($name, "\0"), concat!($name, signature!(), $about, "\0"), silent),
        },)*]
    };
}

static NAMED: [Named; 8] = named! {
    "log": "Log a message at the level given first, a number.",
    "debug": "Log a message at level DEBUG.",
    "info": "Log a message at level INFO.",
    "warning": "Log a message at level WARNING.",
    "error": "Log a message at level ERROR.",
    "critical": "Log a message at level CRITICAL.",
    "fatal": "Log a message at level CRITICAL.",
    "trade": "Log a trade event: category `trade`, level INFO, whatever level the logger has.",
};

/// The definitions for the method `name`; those of `log` for a name that no logger has.
fn named(name: Option<&str>) -> &'static Named {
    NAMED.iter().find(|each| Some(each.name) == name).unwrap_or(&NAMED[0])
}

impl StaticMethod {
    /// Both texts are ended by a zero.
    const fn named(
        name: &'static str,
        about: &'static str,
        method: ffi::PyCFunctionFastWithKeywords,
    ) -> StaticMethod {
        StaticMethod(ffi::PyMethodDef {
            ml_name: name.as_ptr().cast(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: method },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: about.as_ptr().cast(),
        })
    }
}

static NOTHING: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"nothing".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: ignore },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Accept any arguments and do nothing: a level that is off.".as_ptr(),
});

/// Makes the builtin of `channel` for one level, or for `Logger.log` when `level` is `None`, in place of the method
/// `name`.
pub(crate) fn builtin<'py>(
    channel: &Bound<'py, Channel>,
    name: Option<&str>,
    level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), level, threshold, category, slow);
    new_builtin(channel.py(), &named(name).log, Some(Bound::new(channel.py(), method)?.into_any()))
}

/// Makes the builtin for a level that is off: it does nothing while the channel is undisturbed.
pub(crate) fn silent_builtin<'py>(
    channel: &Bound<'py, Channel>,
    name: Option<&str>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), None, i32::MAX, None, slow);
    new_builtin(channel.py(), &named(name).silent, Some(Bound::new(channel.py(), method)?.into_any()))
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
        if let Err(problem) = nesting::refuse_if_exhausted() {
            problem.restore(py);
            return std::ptr::null_mut();
        }
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
    match counted(py, || level_of(py, method, &arguments), Ok(None), || method.call(py, &arguments)) {
        // SAFETY: the GIL is held.
        Ok(None) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
        Ok(Some(result)) => result.into_ptr(),
        Err(interrupt) => {
            interrupt.restore(py);
            std::ptr::null_mut()
        }
    }
}

/// The level of a call, as far as it can be seen without running anybody's code.
#[cold]
fn level_of(py: Python<'_>, method: &Method, arguments: &Arguments<'_>) -> i32 {
    // SAFETY: the argument lives until the call returns.
    let first = arguments.positional.first().map(|level| unsafe { Bound::from_borrowed_ptr(py, *level) });
    let given = || first.and_then(|level| level.cast_into_exact::<PyInt>().ok()?.extract().ok());
    method.level.or_else(given).unwrap_or_default()
}
