//! What every exception has, read where it is: no class has a say in it.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyString, PyTraceback, PyTuple};

use crate::values::integers::is_short;

/// The attributes of an exception.
pub(crate) struct Attributes<'py> {
    pub(crate) arguments: Option<Bound<'py, PyTuple>>,
    pub(crate) cause: Option<Bound<'py, PyAny>>,
    pub(crate) context: Option<Bound<'py, PyAny>>,
    pub(crate) hides_context: bool,
    /// Its own attributes have notes, which `traceback` writes below its text.
    pub(crate) has_notes: bool,
}

/// How much `str()` makes of the arguments.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Size {
    /// Little, and no class of an argument has a say in it.
    Plain,
    /// Perhaps little.
    Unknown,
    /// More than a record should hold.
    Large,
}

/// Whether the object is an exception, whatever it says.
pub(crate) fn is_exception(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the GIL is held, and the object alive.
    unsafe { ffi::PyExceptionInstance_Check(object.as_ptr()) != 0 }
}

/// The traceback of an exception.
pub(crate) fn traceback_of<'py>(exception: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTraceback>> {
    // SAFETY: only called with exceptions; the GIL is held; a new reference or null.
    let trace = unsafe {
        Bound::from_owned_ptr_or_opt(exception.py(), ffi::PyException_GetTraceback(exception.as_ptr()))?
    };
    trace.cast_into().ok()
}

impl<'py> Attributes<'py> {
    /// Those of `exception`, which [`is_exception`].
    pub(crate) fn of(exception: &Bound<'py, PyAny>) -> Self {
        let py = exception.py();
        with_critical_section(exception, || {
            // SAFETY: the GIL is held, or the exception kept from other threads; it is one, so it begins with
            // these fields, each of them null or an object that is alive.
            unsafe {
                let fields = exception.as_ptr().cast::<ffi::PyBaseExceptionObject>();
                let field = |object: *mut ffi::PyObject| Bound::from_borrowed_ptr_or_opt(py, object);
                let notes = pyo3::intern!(py, "__notes__");
                let attributes = field((*fields).dict);
                Attributes {
                    arguments: field((*fields).args).and_then(|tuple| tuple.cast_into().ok()),
                    cause: field((*fields).cause),
                    context: field((*fields).context),
                    hides_context: (&raw const (*fields).suppress_context).cast::<u8>().read() != 0,
                    has_notes: attributes.is_some_and(|attributes| {
                        attributes.cast::<PyDict>().is_ok_and(|all| all.contains(notes).unwrap_or(true))
                    }),
                }
            }
        })
    }

    /// How much `str()` makes of the arguments, of which it takes `most` characters for little.
    pub(crate) fn size(&self, most: usize) -> Size {
        let Some(arguments) = &self.arguments else { return Size::Unknown };
        let (mut size, mut characters) = (Size::Plain, 0usize);
        for argument in arguments.iter_borrowed() {
            // SAFETY: the GIL is held and the argument alive; each length is that of a type just checked.
            unsafe {
                let object = argument.as_ptr();
                characters += if ffi::PyUnicode_Check(object) != 0 {
                    ffi::PyUnicode_GetLength(object) as usize
                } else if ffi::PyBytes_Check(object) != 0 {
                    ffi::PyBytes_Size(object) as usize
                } else if ffi::PyByteArray_Check(object) != 0 {
                    ffi::PyByteArray_Size(object) as usize
                } else {
                    1
                };
            }
            size = if is_plain(&argument) { size } else { Size::Unknown };
        }
        if characters > most { Size::Large } else { size }
    }
}

/// Whether the interpreter alone makes its `str()` and `repr()`, which are about as long as the value itself.
fn is_plain(argument: &Borrowed<'_, '_, PyAny>) -> bool {
    argument.is_exact_instance_of::<PyString>()
        || argument.is_none()
        || argument.is_exact_instance_of::<PyFloat>()
        || argument.is_exact_instance_of::<PyBool>()
        || argument.cast_exact::<PyInt>().is_ok_and(|number| is_short(&number))
        || argument.is_exact_instance_of::<PyBytes>()
        || argument.is_exact_instance_of::<PyByteArray>()
}
