//! Which of the interpreter's own types shows a value: a subclass inherits how, unless it shows itself.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyByteArray, PyBytes, PyString};

/// `object` as a `T`, if `repr(object)` is what `T` itself makes of it, and its members are those of a `T`.
pub(crate) fn shown_as<'a, 'py, T: PyTypeInfo>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, T>> {
    let inherits = slots::<T>(object, |kind| [slot(kind.tp_repr), slot(kind.tp_iter)]);
    object.cast::<T>().ok().filter(|_| inherits)
}

/// Whether `str(object)` is made as `T` makes it.
pub(crate) fn is_told_as<T: PyTypeInfo>(object: &Bound<'_, PyAny>) -> bool {
    slots::<T>(object, |kind| [slot(kind.tp_str), None])
}

/// Whether `str(object)` is `repr(object)`, or the text itself.
pub(crate) fn is_told_as_shown(object: &Bound<'_, PyAny>) -> bool {
    is_told_as::<PyAny>(object)
        || is_told_as::<PyString>(object)
        || is_told_as::<PyBytes>(object)
        || is_told_as::<PyByteArray>(object)
}

/// Whether the class of `object` has in these slots what `T` has.
fn slots<T: PyTypeInfo>(
    object: &Bound<'_, PyAny>,
    of: impl Fn(&ffi::PyTypeObject) -> [Option<usize>; 2],
) -> bool {
    // SAFETY: the GIL is held; a live object has a type, and that of `T` lives as long as the interpreter.
    unsafe { of(&*ffi::Py_TYPE(object.as_ptr())) == of(&*T::type_object_raw(object.py())) }
}

fn slot(function: Option<unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject>) -> Option<usize> {
    function.map(|function| function as usize)
}
