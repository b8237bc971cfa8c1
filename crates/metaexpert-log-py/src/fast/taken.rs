//! A logging method as it is taken from its logger: called like a builtin, and otherwise a bound method.
//!
//! It has a type of its own because a builtin function of CPython has no `__func__`, for which
//! `weakref.WeakMethod` asks, and its `__self__` is not the logger.

use std::ffi::c_void;
use std::mem::offset_of;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::fast::heap_type::heap_type;
use crate::fast::method::Method;

pub(crate) type Vectorcall = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

#[repr(C)]
struct Taken {
    head: ffi::PyObject,
    /// Where the interpreter looks for it, and for the next one, is said in [`taken_type`].
    vectorcall: Vectorcall,
    weak_references: *mut ffi::PyObject,
    /// A [`Method`].
    method: *mut ffi::PyObject,
    name: &'static str,
}

/// Makes the method `name`, whose calls go to `call`.
pub(crate) fn new_taken<'py>(
    method: Bound<'py, Method>,
    name: &'static str,
    call: Vectorcall,
) -> PyResult<Bound<'py, PyAny>> {
    let py = method.py();
    let class = taken_type(py)?;
    // SAFETY: the type's own way to make an instance, of the size that it was given and zeroed; the
    // collector runs no code of ours before the fields are written.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_type_ptr(), 0))?;
        let taken = object.as_ptr().cast::<Taken>();
        (&raw mut (*taken).vectorcall).write(call);
        (&raw mut (*taken).name).write(name);
        (&raw mut (*taken).method).write(method.into_ptr());
        Ok(object)
    }
}

/// The method behind the object that a [`Vectorcall`] was called with.
///
/// # Safety
/// `object` is what [`new_taken`] has made, and lives for 'a.
#[inline]
pub(crate) unsafe fn method_of<'a>(object: *mut ffi::PyObject) -> &'a Method {
    // SAFETY: by this function's contract; the field is written once.
    unsafe {
        let py = Python::assume_attached();
        Borrowed::from_ptr(py, (*object.cast::<Taken>()).method).cast_unchecked::<Method>().get()
    }
}

/// The same as an object.
///
/// # Safety
/// As [`method_of`].
pub(crate) unsafe fn method_object<'a>(
    py: Python<'a>,
    object: *mut ffi::PyObject,
) -> Borrowed<'a, 'a, Method> {
    // SAFETY: by this function's contract; the field is written once.
    unsafe { Borrowed::from_ptr(py, (*object.cast::<Taken>()).method).cast_unchecked::<Method>() }
}

/// The type of these methods, made at the first use.
pub(crate) fn taken_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = TYPE.get_or_try_init(py, || {
        let slots = [
            (ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
            (ffi::Py_tp_new, new as *mut _),
            (ffi::Py_tp_descr_get, get as *mut _),
            (ffi::Py_tp_getattro, attribute as *mut _),
            (ffi::Py_tp_richcompare, compare as *mut _),
            (ffi::Py_tp_hash, hash as *mut _),
            (ffi::Py_tp_repr, repr as *mut _),
            (ffi::Py_tp_traverse, traverse as *mut _),
            (ffi::Py_tp_dealloc, dealloc as *mut _),
            (ffi::Py_tp_methods, (&raw const METHODS.0).cast_mut().cast()),
        ];
        let members = [
            (c"__vectorcalloffset__", ffi::Py_T_PYSSIZET, offset_of!(Taken, vectorcall)),
            (c"__weaklistoffset__", ffi::Py_T_PYSSIZET, offset_of!(Taken, weak_references)),
        ];
        let flags = ffi::Py_TPFLAGS_HAVE_VECTORCALL | ffi::Py_TPFLAGS_HAVE_GC;
        // SAFETY: the functions are of their slots' types, and the members are those of a `Taken`.
        unsafe { heap_type::<Taken>(py, c"metaexpert.logger._native.TakenMethod", flags, &slots, &members) }
    })?;
    Ok(class.bind(py))
}

struct Methods([ffi::PyMethodDef; 2]);
// SAFETY: the definitions are never written and their strings are 'static.
unsafe impl Sync for Methods {}

static METHODS: Methods = Methods([
    ffi::PyMethodDef {
        ml_name: c"__reduce__".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: reduce },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: c"Be pickled and copied as an attribute of the logger.".as_ptr(),
    },
    ffi::PyMethodDef::zeroed(),
]);

unsafe extern "C" fn dealloc(object: *mut ffi::PyObject) {
    // SAFETY: called once, with an object that `new_taken` has made; a heap type's instance holds a
    // reference to its type.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let class = ffi::Py_TYPE(object);
        let taken = object.cast::<Taken>();
        if !(*taken).weak_references.is_null() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        ffi::Py_XDECREF((*taken).method);
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

unsafe extern "C" fn traverse(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    state: *mut c_void,
) -> std::ffi::c_int {
    // SAFETY: called by the collector with what `new_taken` has made, maybe before its last field is written.
    unsafe {
        let method = (*object.cast::<Taken>()).method;
        match visit(ffi::Py_TYPE(object).cast(), state) {
            0 if !method.is_null() => visit(method, state),
            result => result,
        }
    }
}

/// The bound method of the logger's class for which `object` stands.
fn as_method<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    // SAFETY: only called with what `new_taken` has made, alive as long as `object`.
    let (method, name) = unsafe { (method_of(object.as_ptr()), (*object.as_ptr().cast::<Taken>()).name) };
    let logger = method.logger(py)?;
    bound(&logger.get_type().getattr(name)?, &logger)
}

/// The method that the logger's class has now in place of `object`, as an attribute look-up would bind it.
pub(crate) fn class_method<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    // SAFETY: only called with what `new_taken` has made, alive as long as `object`.
    let (method, name) = unsafe { (method_of(object.as_ptr()), (*object.as_ptr().cast::<Taken>()).name) };
    let logger = method.logger(py)?;
    let function = logger.get_type().getattr(name)?;
    // SAFETY: the GIL is held and the objects are alive; what binds a function returns a new reference.
    unsafe {
        match (*ffi::Py_TYPE(function.as_ptr())).tp_descr_get {
            Some(bind) => {
                let class = ffi::Py_TYPE(logger.as_ptr()).cast();
                Bound::from_owned_ptr_or_err(py, bind(function.as_ptr(), logger.as_ptr(), class))
            }
            None => Ok(function),
        }
    }
}

fn bound<'py>(function: &Bound<'py, PyAny>, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static METHOD: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    METHOD.import(function.py(), "types", "MethodType")?.call1((function, object))
}

/// Answers the interpreter with `body`. A panic in it becomes an exception.
///
/// # Safety
/// To be called by the interpreter, with the GIL held and an object that is alive.
unsafe fn answer<T>(
    object: *mut ffi::PyObject,
    failed: T,
    body: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
) -> T {
    // SAFETY: by this function's contract.
    let (py, object) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, object))
    };
    let result = catch_unwind(AssertUnwindSafe(|| body(&object)));
    let problem = match result {
        Ok(Ok(answer)) => return answer,
        Ok(Err(problem)) => problem,
        Err(_) => PyRuntimeError::new_err("a logging method cannot be asked: see standard error"),
    };
    problem.restore(py);
    failed
}

/// Attributes are those of the bound method, and so those of its function.
unsafe extern "C" fn attribute(object: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a `str`.
    unsafe {
        answer(object, std::ptr::null_mut(), |object| {
            let name = Bound::from_borrowed_ptr(object.py(), name).cast_into::<PyString>()?;
            if ["__class__", "__reduce__", "__reduce_ex__", "__call__"].contains(&name.to_str()?) {
                let own = ffi::PyObject_GenericGetAttr(object.as_ptr(), name.as_ptr());
                return Ok(Bound::from_owned_ptr_or_err(object.py(), own)?.into_ptr());
            }
            let method = as_method(object)?;
            if name.to_str()? == "__signature__" {
                // `inspect` would take this object for a function, and so list `self`.
                let inspect = object.py().import("inspect")?;
                return Ok(inspect.call_method1("signature", (method,))?.into_ptr());
            }
            Ok(method.getattr(&name)?.into_ptr())
        })
    }
}

/// As an attribute of a class it is not bound again; neither is a bound method.
unsafe extern "C" fn get(
    object: *mut ffi::PyObject,
    _instance: *mut ffi::PyObject,
    _owner: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL.
    unsafe { ffi::Py_NewRef(object) }
}

unsafe extern "C" fn reduce(object: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter.
    unsafe {
        answer(object, std::ptr::null_mut(), |object| {
            Ok(as_method(object)?.call_method0("__reduce__")?.into_ptr())
        })
    }
}

unsafe extern "C" fn repr(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter.
    unsafe {
        answer(object, std::ptr::null_mut(), |object| Ok(as_method(object)?.repr()?.into_any().into_ptr()))
    }
}

unsafe extern "C" fn hash(object: *mut ffi::PyObject) -> ffi::Py_hash_t {
    // SAFETY: called by the interpreter.
    unsafe { answer(object, -1, |object| Ok(as_method(object)?.hash()? as ffi::Py_hash_t)) }
}

unsafe extern "C" fn compare(
    object: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    operation: std::ffi::c_int,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with two objects, the first of which `new_taken` has made.
    unsafe {
        answer(object, std::ptr::null_mut(), |object| {
            let py = object.py();
            let mut other = Bound::from_borrowed_ptr(py, other);
            if other.get_type().is(taken_type(py)?) {
                other = as_method(&other)?;
            }
            let method = as_method(object)?;
            let result = ffi::PyObject_RichCompare(method.as_ptr(), other.as_ptr(), operation);
            Ok(Bound::from_owned_ptr_or_err(py, result)?.into_ptr())
        })
    }
}

/// Makes a method of a function and an object: `weakref.WeakMethod` calls the type of the method that it was
/// given.
unsafe extern "C" fn new(
    class: *mut ffi::PyTypeObject,
    arguments: *mut ffi::PyObject,
    _words: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a tuple; the class is any object to `answer`.
    unsafe {
        answer(class.cast(), std::ptr::null_mut(), |class| {
            let arguments = Bound::from_borrowed_ptr(class.py(), arguments).cast_into::<PyTuple>()?;
            let (function, object): (Bound<'_, PyAny>, Bound<'_, PyAny>) = arguments.extract()?;
            let name = function.getattr("__name__")?.cast_into::<PyString>()?;
            let taken = object.getattr(&name)?;
            let is_same = taken.getattr("__func__").is_ok_and(|of_taken| of_taken.is(&function));
            Ok(if is_same { taken } else { bound(&function, &object)? }.into_ptr())
        })
    }
}
