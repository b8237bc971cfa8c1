//! The type that makes the `str()` and `repr()` of a value: a subclass inherits both unless it has its own.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyByteArray, PyBytes, PyString};

/// `object` as a `T`, if `repr(object)` is what `T` itself makes of it, and its members are those of a `T`.
pub(crate) fn with_repr_of<'a, 'py, T: PyTypeInfo>(
    object: &'a Bound<'py, PyAny>,
) -> Option<&'a Bound<'py, T>> {
    let inherits = has_slots_of::<T>(object, |kind| [slot(kind.tp_repr), slot(kind.tp_iter)]);
    object.cast::<T>().ok().filter(|_| inherits)
}

/// Whether `T` itself makes `str(object)`.
pub(crate) fn has_str_of<T: PyTypeInfo>(object: &Bound<'_, PyAny>) -> bool {
    has_slots_of::<T>(object, |kind| [slot(kind.tp_str), None])
}

/// Whether `str(object)` is `repr(object)`, or the text itself.
pub(crate) fn has_repr_for_str(object: &Bound<'_, PyAny>) -> bool {
    has_str_of::<PyAny>(object)
        || has_str_of::<PyString>(object)
        || has_str_of::<PyBytes>(object)
        || has_str_of::<PyByteArray>(object)
}

/// Whether the class of `object` has in these slots what `T` has.
fn has_slots_of<T: PyTypeInfo>(
    object: &Bound<'_, PyAny>,
    slots: impl Fn(&ffi::PyTypeObject) -> [Option<usize>; 2],
) -> bool {
    // SAFETY: the GIL is held; a live object has a type, and that of `T` lives as long as the interpreter.
    unsafe { slots(&*ffi::Py_TYPE(object.as_ptr())) == slots(&*T::type_object_raw(object.py())) }
}

fn slot(function: Option<unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject>) -> Option<usize> {
    function.map(|function| function as usize)
}
