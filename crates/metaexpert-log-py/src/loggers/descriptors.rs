//! Descriptors for the methods of the logger's class: each serves a call itself where it can, else its Python
//! function does.
//!
//! A logger that lives for one call, as in `log.bind(order_id=1).info(…)`, would pay more for builtins of its
//! own than for the record. The descriptor serves the first call; a logger that is kept gets builtins with
//! the second.

use std::ffi::c_void;
use std::mem::offset_of;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::fast::arguments::Arguments;
use crate::fast::builtin::{builtin, silent_builtin};
use crate::fast::channel::{Channel, Gate};
use crate::fast::heap_type::heap_type;
use crate::fast::method::Method;
use crate::loggers::attributes::channel_of;
use crate::loggers::bind::serve_bind;
use crate::process::exit::Inside;
use crate::process::reentry;
use crate::process::state::STATE;

/// A descriptor like a function's: the class gives the Python function itself, an instance a method.
#[repr(C)]
struct Descriptor {
    head: ffi::PyObject,
    /// Where the interpreter looks for it is said in [`descriptor_type`].
    vectorcall: Vectorcall,
    function: *mut ffi::PyObject,
    /// Of the function.
    name: *mut ffi::PyObject,
    role: Role,
}

type Vectorcall = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

enum Role {
    Log {
        /// `None`: the level is the first argument, and the function serves the call.
        level: Option<i32>,
        category: Option<String>,
    },
    Bind,
}

/// Makes the descriptor of a logging method: it does what `function` does.
#[pyfunction]
#[pyo3(signature = (function, level, category))]
pub(crate) fn method_descriptor(
    function: Bound<'_, PyAny>,
    level: Option<i32>,
    category: Option<String>,
) -> PyResult<Bound<'_, PyAny>> {
    new_descriptor(function, Role::Log { level, category })
}

/// Makes the descriptor of the method `bind`: it does what `function` does.
#[pyfunction]
pub(crate) fn bind_descriptor(function: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    new_descriptor(function, Role::Bind)
}

fn new_descriptor(function: Bound<'_, PyAny>, role: Role) -> PyResult<Bound<'_, PyAny>> {
    let py = function.py();
    let name = function.getattr("__name__")?.cast_into::<PyString>()?;
    let class = descriptor_type(py)?;
    // SAFETY: the type's own way to make an instance, of the size that it was given; every field behind the
    // head is written before anybody sees it.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_type_ptr(), 0))?;
        let descriptor = object.as_ptr().cast::<Descriptor>();
        (&raw mut (*descriptor).vectorcall).write(call);
        (&raw mut (*descriptor).function).write(function.into_ptr());
        (&raw mut (*descriptor).name).write(name.into_ptr());
        (&raw mut (*descriptor).role).write(role);
        Ok(object)
    }
}

/// The type of these descriptors, made at the first use.
fn descriptor_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = TYPE.get_or_try_init(py, || {
        let slots = [
            (ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
            (ffi::Py_tp_descr_get, get as *mut _),
            (ffi::Py_tp_dealloc, dealloc as *mut _),
        ];
        let members = [
            (c"__vectorcalloffset__", ffi::Py_T_PYSSIZET, offset_of!(Descriptor, vectorcall)),
            // The attribute by which `inspect` finds the function.
            (c"__wrapped__", ffi::Py_T_OBJECT_EX, offset_of!(Descriptor, function)),
        ];
        let flags = ffi::Py_TPFLAGS_HAVE_VECTORCALL | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR;
        // SAFETY: the functions are of their slots' types, and the members are those of a `Descriptor`.
        unsafe {
            heap_type::<Descriptor>(
                py,
                c"metaexpert.logger._native.MethodDescriptor",
                flags,
                &slots,
                &members,
            )
        }
    })?;
    Ok(class.bind(py))
}

unsafe extern "C" fn dealloc(object: *mut ffi::PyObject) {
    // SAFETY: called once, with an object that `new_descriptor` has completed; a heap type's instance holds a
    // reference to its type.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let descriptor = object.cast::<Descriptor>();
        ffi::Py_DECREF((*descriptor).function);
        ffi::Py_DECREF((*descriptor).name);
        std::ptr::drop_in_place(&raw mut (*descriptor).role);
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

unsafe extern "C" fn get(
    slf: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
    _owner: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL, with a `Descriptor` and an object or null.
    let (py, descriptor) = unsafe { (Python::assume_attached(), &*slf.cast::<Descriptor>()) };
    // SAFETY: as above; the objects live until this returns.
    unsafe {
        if object.is_null() || object == ffi::Py_None() {
            return ffi::Py_NewRef(descriptor.function);
        }
    }
    // SAFETY: as above.
    let object = unsafe { Borrowed::from_ptr(py, object) };
    match catch_unwind(AssertUnwindSafe(|| descriptor.taken(&object))) {
        Ok(Ok(method)) => method.into_ptr(),
        Ok(Err(problem)) => raise(py, problem),
        Err(_) => raise(py, PyRuntimeError::new_err("a logging method cannot be taken: see standard error")),
    }
}

fn raise(py: Python<'_>, problem: PyErr) -> *mut ffi::PyObject {
    problem.restore(py);
    std::ptr::null_mut()
}

unsafe extern "C-unwind" {
    /// As in `ffi`, but a thread may end in it: see [`call`].
    fn PyObject_Vectorcall(
        callable: *mut ffi::PyObject,
        args: *const *mut ffi::PyObject,
        count: usize,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}

/// A call from the interpreter. If the interpreter ends this thread in the Python function, the thread
/// unwinds this frame, which has nothing to drop. So no [`Inside`] is needed here, not even where no engine
/// ever ran.
unsafe extern "C-unwind" fn call(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: all is passed on exactly as the interpreter passed it, to `serve` and then to the function.
    unsafe {
        match serve(slf, args, count, names) {
            Some(result) => result,
            None => hand_on(slf, args, count, names),
        }
    }
}

/// Passes a call on to the function.
///
/// # Safety
/// As [`serve`].
unsafe fn hand_on(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    reentry::hand_on();
    // SAFETY: by this function's contract; a thread that ends in the call never asks for its depth again.
    let result = unsafe {
        match reentry::refuse_if_exhausted() {
            Ok(()) => PyObject_Vectorcall((*slf.cast::<Descriptor>()).function, args, count, names),
            Err(problem) => raise(Python::assume_attached(), problem),
        }
    };
    reentry::take_back();
    result
}

/// Serves a call of `slf`: a new reference, or null with an exception. `None` if only the function can.
///
/// # Safety
/// To be called as the interpreter calls: with the GIL held, a [`Descriptor`], and `count` positional
/// arguments that are followed by one for each name.
#[inline(never)]
unsafe fn serve(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: by this function's contract.
    let (py, descriptor, arguments) = unsafe {
        (Python::assume_attached(), &*slf.cast::<Descriptor>(), Arguments::new(args, count, names))
    };
    let [logger, positional @ ..] = arguments.positional else { return None };
    let arguments = Arguments { positional, ..arguments };
    // SAFETY: the argument lives until the call returns.
    let logger = unsafe { Borrowed::from_ptr(py, *logger) };
    match catch_unwind(AssertUnwindSafe(|| descriptor.serve(&logger, &arguments))) {
        Ok(Some(Ok(result))) => Some(result.into_ptr()),
        Ok(Some(Err(problem))) => Some(raise(py, problem)),
        // A bug here must not reach the trading code: the panic's message went to standard error, and the
        // function serves the call.
        Ok(None) | Err(_) => None,
    }
}

impl Descriptor {
    /// The function as a method of `object`.
    fn bound_function<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the GIL is held, both objects are alive; what binds a function returns a new reference.
        unsafe {
            let class = ffi::Py_TYPE(object.as_ptr());
            match (*ffi::Py_TYPE(self.function)).tp_descr_get {
                Some(bind) => {
                    let method = bind(self.function, object.as_ptr(), class.cast());
                    Bound::from_owned_ptr_or_err(object.py(), method)
                }
                None => Ok(Bound::from_borrowed_ptr(object.py(), self.function)),
            }
        }
    }

    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        // SAFETY: a str, which is alive as long as `self`.
        unsafe { Bound::from_borrowed_ptr(py, self.name).cast_into_unchecked() }
    }

    /// The value of `log.info` when it is taken and not called: a builtin while the fast way is open.
    fn taken<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = object.py();
        let Role::Log { level, category } = &self.role else { return self.bound_function(object) };
        let name = self.name(py);
        let channel = channel_of(object).filter(|channel| channel.get().is_first_use());
        if let (Some(channel), Some(level)) = (channel, *level) {
            let slow = || self.bound_function(object).map(Bound::unbind);
            let called = Some(name.to_str()?);
            match channel.get().gate(level, category.is_some()) {
                Gate::Open => {
                    return builtin(&channel, called, Some(level), i32::MIN, category.clone(), slow()?);
                }
                Gate::Closed => return silent_builtin(&channel, called, slow()?),
                Gate::Unknown => {}
            }
        }
        if STATE.with(py, |state| state.pipeline.is_none()) {
            return self.bound_function(object);
        }
        let _inside = Inside::enter(py);
        match object.getattr_opt(pyo3::intern!(py, "_take"))? {
            Some(take) => match take.call1((name,))? {
                builtin if builtin.is_none() => self.bound_function(object),
                builtin => Ok(builtin),
            },
            None => self.bound_function(object),
        }
    }

    /// Serves a call; `None` if only the function can.
    #[inline]
    fn serve(&self, logger: &Bound<'_, PyAny>, arguments: &Arguments<'_>) -> Option<PyResult<Py<PyAny>>> {
        let channel = channel_of(logger)?;
        match &self.role {
            Role::Bind => serve_bind(logger, &channel, arguments),
            Role::Log { level: Some(level), category } => {
                self.serve_log(logger, &channel, *level, category, arguments)
            }
            Role::Log { level: None, .. } => None,
        }
    }

    fn serve_log(
        &self,
        logger: &Bound<'_, PyAny>,
        channel: &Bound<'_, Channel>,
        level: i32,
        category: &Option<String>,
        arguments: &Arguments<'_>,
    ) -> Option<PyResult<Py<PyAny>>> {
        let py = logger.py();
        if channel.get().is_listened() || !channel.get().is_first_use() {
            return None;
        }
        match channel.get().gate(level, category.is_some()) {
            Gate::Open => {}
            Gate::Closed if channel.get().is_undisturbed(py) => return Some(Ok(py.None())),
            Gate::Closed | Gate::Unknown => return None,
        }
        let name = self.name(py);
        let name = name.to_str().unwrap_or_default();
        let new = |slow| {
            let channel = channel.clone().unbind();
            Method::new(channel, Some(level), i32::MIN, category.clone(), slow).named(name)
        };
        // Most calls need no callable for the slow way.
        let method = new(py.None());
        let is_done = method.try_native(py, arguments);
        method.release(py);
        if is_done {
            return Some(Ok(py.None()));
        }
        let slow = match self.bound_function(logger) {
            Ok(slow) => slow.unbind(),
            Err(problem) => return Some(Err(problem)),
        };
        let method = new(slow);
        let result = method.call(py, arguments);
        method.release(py);
        Some(result.map(|result| result.unwrap_or_else(|| py.None())))
    }
}
