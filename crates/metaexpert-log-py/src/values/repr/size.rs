//! An estimate of how long a value's text is, made without running anybody's code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyDictItems, PyDictKeys, PyDictValues, PyFrozenSet, PyInt, PyList, PySet,
    PyString, PyTuple, PyType,
};

use crate::values::integers::{is_decimal, is_short};
use crate::values::repr::exception::{Told, shown_arguments};
use crate::values::repr::inherited::{is_told_as_shown, shown_as};

/// Values that take more characters than this are shown in part, and others by the interpreter.
const LARGE: usize = 1 << 16;

/// Containers inside each other that are looked into.
pub(crate) const DEEPEST: usize = 16;

/// Whether `str(object)` is certainly long, as far as that can be seen without running anybody's code.
pub(crate) fn is_large(object: &Bound<'_, PyAny>) -> bool {
    is_larger(object, LARGE)
}

/// Whether `str(object)` certainly takes more than `most` characters, seen as [`is_large`] does.
pub(crate) fn is_larger(object: &Bound<'_, PyAny>, most: usize) -> bool {
    let mut scale = Scale { sum: 0, most };
    if let Some(told) = Told::of(object) {
        told.parts().into_iter().for_each(|part| scale.weigh(part, 1));
    } else if is_told_as_shown(object) || numpy_bytes(object).is_some() {
        scale.weigh(object, 0);
    }
    scale.is_over()
}

/// Whether `repr(object)` certainly is long, seen as [`is_large`] does.
pub(crate) fn is_shown_large(object: &Bound<'_, PyAny>) -> bool {
    let mut scale = Scale { sum: 0, most: LARGE };
    scale.weigh(object, 0);
    scale.is_over()
}

struct Scale {
    /// Characters that what was looked at takes, at least.
    sum: usize,
    /// Where they are enough.
    most: usize,
}

impl Scale {
    fn is_over(&self) -> bool {
        self.sum > self.most
    }

    /// Adds the characters that `object` takes at least, and stops where there are enough.
    fn weigh(&mut self, object: &Bound<'_, PyAny>, depth: usize) {
        self.sum += 1;
        if let Some(text) = shown_as::<PyString>(object) {
            // SAFETY: the GIL is held and the str alive.
            self.sum += unsafe { ffi::PyUnicode_GetLength(text.as_ptr()) as usize };
        } else if let Some(bytes) = shown_as::<PyBytes>(object).or_else(|| numpy_bytes(object)) {
            self.sum += bytes.as_bytes().len();
        } else if let Some(bytes) = shown_as::<PyByteArray>(object) {
            self.sum += bytes.len();
        } else if let Ok(number) = object.cast_exact::<PyInt>() {
            if !is_short(number) && !is_decimal(number) {
                self.sum += self.most;
            }
        } else if depth < DEEPEST {
            self.weigh_members(object, depth);
        }
    }

    fn weigh_members(&mut self, object: &Bound<'_, PyAny>, depth: usize) {
        let members: Vec<Bound<'_, PyAny>> = if let Some(list) = shown_as::<PyList>(object) {
            self.taken(object, list.len(), || list.iter())
        } else if let Some(tuple) = shown_as::<PyTuple>(object) {
            self.taken(object, tuple.len(), || tuple.iter())
        } else if let Some(dict) = shown_as::<PyDict>(object) {
            self.taken(object, 2 * dict.len(), || dict.iter().flat_map(|(key, value)| [key, value]))
        } else if let Some(set) = shown_as::<PySet>(object) {
            self.taken(object, set.len(), || set.iter())
        } else if let Some(set) = shown_as::<PyFrozenSet>(object) {
            self.taken(object, set.len(), || set.iter())
        } else if let Some(arguments) = shown_arguments(object) {
            vec![arguments.into_any()]
        } else {
            self.sum += if is_counted(object) { object.len().unwrap_or(0) } else { 0 };
            return;
        };
        for member in members {
            if self.is_over() {
                return;
            }
            self.weigh(&member, depth + 1);
        }
    }

    /// The members of `container`, taken before any of them is looked at. None of so many that their number tells
    /// enough, each being one character at least.
    fn taken<'py, I: Iterator<Item = Bound<'py, PyAny>>>(
        &mut self,
        container: &Bound<'py, PyAny>,
        count: usize,
        members: impl FnOnce() -> I,
    ) -> Vec<Bound<'py, PyAny>> {
        if self.sum + count > self.most {
            self.sum += count;
            return Vec::new();
        }
        with_critical_section(container, || members().collect())
    }
}

/// Whether its length, which takes nobody's code, says how many members its text has.
fn is_counted(object: &Bound<'_, PyAny>) -> bool {
    collection(object).is_some() || is_array(object) || is_view(object)
}

/// Whether it is a view of a dict.
pub(crate) fn is_view(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyDictKeys>()
        || object.is_exact_instance_of::<PyDictValues>()
        || object.is_exact_instance_of::<PyDictItems>()
}

/// Whether it is an `array.array` itself.
pub(crate) fn is_array(object: &Bound<'_, PyAny>) -> bool {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(object.py(), "array", "array").is_ok_and(|class| object.get_type().is(class))
}

/// The bytes of numpy's own class of them, which shows them as Python's does.
pub(crate) fn numpy_bytes<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyBytes>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = object.py();
    let bytes = object.cast::<PyBytes>().ok()?;
    if CLASS.get(py).is_none() {
        let _ = CLASS.set(py, class_of_numpy(py, "bytes_")?);
    }
    CLASS.get(py).filter(|class| object.get_type().is(*class)).map(|_| bytes)
}

/// A class of numpy's, if the program has imported numpy. Looks into dictionaries, which takes nobody's code.
fn class_of_numpy(py: Python<'_>, name: &str) -> Option<Py<PyType>> {
    let modules = py.import("sys").ok()?.dict().get_item("modules").ok()??.cast_into::<PyDict>().ok()?;
    let numpy = modules.get_item("numpy").ok()??.cast_into::<PyModule>().ok()?;
    let class = numpy.dict().get_item(name).ok()??.cast_into::<PyType>().ok()?;
    Some(class.unbind())
}

/// The name of the class of `object`, if it is one of `collections` itself.
pub(crate) fn collection(object: &Bound<'_, PyAny>) -> Option<&'static str> {
    const NAMES: [&str; 4] = ["OrderedDict", "defaultdict", "Counter", "deque"];
    static CLASSES: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();
    let py = object.py();
    let classes = CLASSES.get_or_try_init(py, || {
        let module = py.import("collections")?;
        let class = |name| Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind());
        NAMES.into_iter().map(class).collect::<PyResult<Vec<_>>>()
    });
    let at = classes.ok()?.iter().position(|class| object.get_type().is(class))?;
    Some(NAMES[at])
}
