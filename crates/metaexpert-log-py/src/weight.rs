//! An estimate of how long a value's text is, made without running anybody's code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple, PyType,
};

use crate::integers::{is_decimal, is_short};

/// Values that take more characters than this are shown in part, and others by the interpreter.
const LARGE: usize = 1 << 16;

/// Containers inside each other that are looked into.
pub(crate) const DEEPEST: usize = 16;

/// Whether `str(object)` is certainly long, as far as that can be seen without running anybody's code.
pub(crate) fn is_large(object: &Bound<'_, PyAny>) -> bool {
    let mut characters = 0;
    weigh(object, 0, &mut characters);
    characters > LARGE
}

/// Adds the characters that `object` takes at least, and stops where there are enough.
fn weigh(object: &Bound<'_, PyAny>, depth: usize, sum: &mut usize) {
    *sum += 1;
    if let Ok(text) = object.cast_exact::<PyString>() {
        // SAFETY: the GIL is held and the str alive.
        *sum += unsafe { ffi::PyUnicode_GetLength(text.as_ptr()) as usize };
    } else if let Ok(bytes) = object.cast_exact::<PyBytes>() {
        *sum += bytes.as_bytes().len();
    } else if let Ok(bytes) = object.cast_exact::<PyByteArray>() {
        *sum += bytes.len();
    } else if let Ok(number) = object.cast_exact::<PyInt>() {
        if !is_short(number) && !is_decimal(number) {
            *sum += LARGE;
        }
    } else if let Some(bytes) = numpy_bytes(object) {
        *sum += bytes.as_bytes().len();
    } else if depth < DEEPEST {
        weigh_members(object, depth, sum);
    }
}

fn weigh_members(object: &Bound<'_, PyAny>, depth: usize, sum: &mut usize) {
    let members: Vec<Bound<'_, PyAny>> = if let Ok(list) = object.cast_exact::<PyList>() {
        taken(object, list.len(), sum, || list.iter())
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        taken(object, tuple.len(), sum, || tuple.iter())
    } else if let Ok(dict) = object.cast_exact::<PyDict>() {
        taken(object, 2 * dict.len(), sum, || dict.iter().flat_map(|(key, value)| [key, value]))
    } else if let Ok(set) = object.cast_exact::<PySet>() {
        taken(object, set.len(), sum, || set.iter())
    } else if let Ok(set) = object.cast_exact::<PyFrozenSet>() {
        taken(object, set.len(), sum, || set.iter())
    } else {
        *sum += if collection(object).is_some() { object.len().unwrap_or(0) } else { 0 };
        return;
    };
    for member in members {
        if *sum > LARGE {
            return;
        }
        weigh(&member, depth + 1, sum);
    }
}

/// The members of `container`, taken before any of them is looked at. None of so many that their number tells
/// enough, each being one character at least.
fn taken<'py, I: Iterator<Item = Bound<'py, PyAny>>>(
    container: &Bound<'py, PyAny>,
    count: usize,
    sum: &mut usize,
    members: impl FnOnce() -> I,
) -> Vec<Bound<'py, PyAny>> {
    if *sum + count > LARGE {
        *sum += count;
        return Vec::new();
    }
    with_critical_section(container, || members().collect())
}

/// The bytes of numpy's own class of them, which shows them as Python's does.
pub(crate) fn numpy_bytes<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyBytes>> {
    object.cast::<PyBytes>().ok().filter(|_| {
        // SAFETY: a live object's type, whose name is ended by a zero. The name of a class that C defines
        // has its module.
        let name = unsafe { std::ffi::CStr::from_ptr((*ffi::Py_TYPE(object.as_ptr())).tp_name) };
        name == c"numpy.bytes_"
    })
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
