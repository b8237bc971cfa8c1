//! Classes of exceptions that `traceback` writes like any other, and their names.

use std::collections::HashMap;
use std::sync::Arc;

#[cfg(Py_3_12)]
use pyo3::exceptions::{PyAttributeError, PyImportError, PyNameError};
use pyo3::exceptions::{PyBaseException, PyBaseExceptionGroup, PyKeyError, PySyntaxError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyTuple, PyType};

use crate::process::class_version::{NO_VERSION, class_version};
use crate::process::guarded::Guarded;
use crate::values::repr::exception::ExceptionStr;
use crate::values::repr::slots::has_str_of;
use crate::values::text::utf8;

/// Classes that are remembered: beyond it, all are forgotten.
const MOST_CLASSES: usize = 256;

/// What `traceback` asks an exception for. A class that has its own answers is unusual.
const ASKED: [&str; 6] =
    ["__cause__", "__context__", "__suppress_context__", "__traceback__", "__notes__", "__class__"];

/// By their addresses.
pub(crate) static CLASSES: Guarded<Option<HashMap<usize, Known>>> = Guarded::new(None);

/// A class as it was when it was looked at. It is not kept alive, because its methods may hold on to much:
/// another class at its address has another version.
pub(crate) struct Known {
    version: u32,
    /// Of a class that the program has made: a new one does not change the version.
    qualname: Option<Py<PyAny>>,
    usual: Option<Arc<UsualClass>>,
}

/// A class of exceptions that are told by their name and text.
pub(crate) struct UsualClass {
    /// With its module, unless that is `builtins`.
    pub(crate) name: Vec<u8>,
    /// As `traceback` writes it: that leaves `__main__` out, too.
    pub(crate) shown: Vec<u8>,
    pub(crate) text: TextBy,
}

/// The author of `str(exception)`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum TextBy {
    /// The interpreter, from the arguments alone.
    Arguments,
    /// The interpreter, from other attributes as well.
    Interpreter,
    /// The class itself.
    Class,
}

/// The class of an exception, if it is a usual one. Runs nobody's code.
pub(crate) fn usual_class(value: &Bound<'_, PyAny>) -> Option<Arc<UsualClass>> {
    let (py, class) = (value.py(), value.get_type());
    let qualname = own_qualname(&class);
    let version = class_version(&class);
    let found = CLASSES.with(py, |known| {
        let known = known.as_ref()?.get(&(class.as_ptr() as usize))?;
        let same_name = known.qualname.as_ref().map(Py::as_ptr) == qualname.as_ref().map(Bound::as_ptr);
        (same_name && known.version == version && version != NO_VERSION).then(|| known.usual.clone())
    });
    match found {
        Some(usual) => usual,
        None => look(value, &class, qualname),
    }
}

fn own_qualname<'py>(class: &Bound<'py, PyType>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the GIL is held and the class alive; a new reference, or null with an exception.
    unsafe {
        let kind = class.as_type_ptr();
        let is_made = ffi::PyType_GetFlags(kind) & ffi::Py_TPFLAGS_HEAPTYPE != 0;
        is_made.then(|| Bound::from_owned_ptr(class.py(), ffi::PyType_GetQualName(kind)))
    }
}

#[cold]
fn look(
    value: &Bound<'_, PyAny>,
    class: &Bound<'_, PyType>,
    qualname: Option<Bound<'_, PyAny>>,
) -> Option<Arc<UsualClass>> {
    let py = value.py();
    // Looking up a method makes the interpreter give a changed class its next version.
    let _ = class.getattr("__str__");
    let version = class_version(class);
    let usual = UsualClass::of(value, class).ok().flatten().map(Arc::new);
    if version != NO_VERSION {
        let known = Known { version, qualname: qualname.map(Bound::unbind), usual: usual.clone() };
        let address = class.as_ptr() as usize;
        // Dropped out of the guard, because a name may be of a class with code of its own.
        drop(CLASSES.with(py, |all| remember(all.get_or_insert_default(), address, known)));
    }
    usual
}

/// Returns what makes room.
fn remember(all: &mut HashMap<usize, Known>, address: usize, known: Known) -> Vec<Known> {
    let mut forgotten = Vec::new();
    if all.len() >= MOST_CLASSES {
        forgotten.extend(all.drain().map(|(_, known)| known));
    }
    forgotten.extend(all.insert(address, known));
    forgotten
}

impl UsualClass {
    fn of(value: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> PyResult<Option<Self>> {
        if !class.get_type().is(class.py().get_type::<PyType>())
            || is_told_in_full(value)
            || has_own_protocol(class)
            || answers_itself(class)?
        {
            return Ok(None);
        }
        let text = |name: &str| -> PyResult<Option<String>> {
            let text = class.getattr(name)?.cast_into_exact::<PyString>().ok();
            Ok(text.map(|text| String::from_utf8_lossy(&utf8(&text)).into_owned()))
        };
        let (Some(module), Some(name)) = (text("__module__")?, text("__qualname__")?) else {
            return Ok(None);
        };
        let full = format!("{module}.{name}");
        let shown = if matches!(module.as_str(), "builtins" | "__main__") { &name } else { &full };
        Ok(Some(UsualClass {
            shown: shown.clone().into_bytes(),
            name: if module == "builtins" { name } else { full }.into_bytes(),
            text: TextBy::of(value),
        }))
    }
}

impl TextBy {
    fn of(value: &Bound<'_, PyAny>) -> Self {
        if has_str_of::<PyBaseException>(value) || has_str_of::<PyKeyError>(value) {
            TextBy::Arguments
        } else if ExceptionStr::of(value).is_some() {
            TextBy::Interpreter
        } else {
            TextBy::Class
        }
    }
}

/// Whether `traceback` says more of it than its text: parts, places in a program, suggestions.
fn is_told_in_full(value: &Bound<'_, PyAny>) -> bool {
    #[cfg(Py_3_12)]
    if value.is_instance_of::<PyImportError>()
        || value.is_instance_of::<PyNameError>()
        || value.is_instance_of::<PyAttributeError>()
    {
        return true;
    }
    value.is_instance_of::<PySyntaxError>() || value.is_instance_of::<PyBaseExceptionGroup>()
}

/// Whether its instances answer for their attributes or their truth: some Pythons' `traceback` passes over
/// the causes of an exception that is false.
fn has_own_protocol(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the GIL is held and the class alive, with what its slots point to.
    unsafe {
        let kind = &*class.as_type_ptr();
        let has_truth = kind.tp_as_number.as_ref().is_some_and(|slots| slots.nb_bool.is_some());
        let has_length = kind.tp_as_mapping.as_ref().is_some_and(|slots| slots.mp_length.is_some())
            || kind.tp_as_sequence.as_ref().is_some_and(|slots| slots.sq_length.is_some());
        let generic = ffi::PyObject_GenericGetAttr as *const ();
        has_truth || has_length || kind.tp_getattro.is_none_or(|get| get as *const () != generic)
    }
}

/// Whether it, or a class between it and `BaseException`, defines what `traceback` asks for.
fn answers_itself(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let base = py.get_type::<PyBaseException>();
    for each in class.getattr("__mro__")?.cast_into::<PyTuple>()? {
        if each.is(&base) {
            return Ok(false);
        }
        let attributes = each.getattr("__dict__")?.cast_into::<PyMappingProxy>()?;
        let attributes = attributes.call_method0("copy")?.cast_into::<PyDict>()?;
        for name in ASKED {
            if attributes.contains(name)? {
                return Ok(true);
            }
        }
    }
    Ok(true)
}
