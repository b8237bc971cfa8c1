//! Classes beyond the basic ones whose large values are shown in part. Recognising them runs nobody's code.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyDictItems, PyDictKeys, PyDictValues, PyType};

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

/// `object` as bytes, if it is of numpy's class `bytes_`, whose `repr()` is that of Python's bytes.
pub(crate) fn numpy_bytes<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyBytes>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = object.py();
    let bytes = object.cast::<PyBytes>().ok()?;
    if CLASS.get(py).is_none() {
        let _ = CLASS.set(py, class_of_numpy(py, "bytes_")?);
    }
    CLASS.get(py).filter(|class| object.get_type().is(*class)).map(|_| bytes)
}

/// A class of numpy's, if the program has imported numpy. Looks into dictionaries, which runs nobody's code.
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
