//! Attributes of a logger, read and set without running anybody's code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::channel::Channel;

/// The logger's channel, if it has one.
#[inline]
pub(crate) fn channel_of<'py>(logger: &Bound<'py, PyAny>) -> Option<Bound<'py, Channel>> {
    attribute(logger, pyo3::intern!(logger.py(), "_channel"))?.cast_into_exact::<Channel>().ok()
}

/// An attribute of the instance or its class, past any `__getattribute__` or `__getattr__` of a subclass.
#[inline]
pub(crate) fn attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the GIL is held, both objects are alive; a new reference or null with an exception is returned.
    unsafe {
        let value = ffi::PyObject_GenericGetAttr(object.as_ptr(), name.as_ptr());
        if value.is_null() {
            ffi::PyErr_Clear();
        }
        Bound::from_owned_ptr_or_opt(object.py(), value)
    }
}

/// Sets an attribute of the instance, past any `__setattr__` of its class.
#[inline]
pub(crate) fn set_attribute(
    object: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: the GIL is held and the three objects are alive; the instance takes a reference of its own.
    match unsafe { ffi::PyObject_GenericSetAttr(object.as_ptr(), name.as_ptr(), value.as_ptr()) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(object.py())),
    }
}
