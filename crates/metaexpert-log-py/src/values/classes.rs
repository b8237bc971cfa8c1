//! Classes of Python's own library whose values have a form of their own.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

pub(crate) struct Classes {
    pub(crate) decimal: Py<PyType>,
    pub(crate) date: Py<PyType>,
    pub(crate) time: Py<PyType>,
    pub(crate) enumeration: Py<PyType>,
    pub(crate) user_string: Py<PyType>,
    pub(crate) namespace: Py<PyType>,
    pub(crate) uuid: Py<PyType>,
    pub(crate) path: Py<PyType>,
    pub(crate) deque: Py<PyType>,
    pub(crate) set: Py<PyType>,
    pub(crate) mapping: Py<PyType>,
    pub(crate) sequence: Py<PyType>,
}

/// The classes, which the first call imports.
pub(crate) fn classes(py: Python<'_>) -> PyResult<&Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
            Ok(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        Ok(Classes {
            decimal: class("decimal", "Decimal")?,
            date: class("datetime", "date")?,
            time: class("datetime", "time")?,
            enumeration: class("enum", "Enum")?,
            user_string: class("collections", "UserString")?,
            namespace: class("types", "SimpleNamespace")?,
            uuid: class("uuid", "UUID")?,
            path: class("pathlib", "PurePath")?,
            deque: class("collections", "deque")?,
            set: class("collections.abc", "Set")?,
            mapping: class("collections.abc", "Mapping")?,
            sequence: class("collections.abc", "Sequence")?,
        })
    })
}

/// Whether it is a mapping. An object that raises when asked is none.
pub(crate) fn is_mapping(object: &Bound<'_, PyAny>) -> bool {
    let py = object.py();
    classes(py).is_ok_and(|known| object.is_instance(known.mapping.bind(py)).unwrap_or(false))
}
