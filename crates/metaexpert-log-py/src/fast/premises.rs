//! The premises of the fast way: what must hold for it to do exactly what `logging` would.
//!
//! Handler and filter lists, classes and the record factory can all change without notice, so every call
//! looks at them, with a few loads.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::fast::watched_logger::{Expected, WatchedLogger};
use crate::process::class_version::{NO_VERSION, class_version};

/// Lists, classes and record factory as they were when nothing but the pipeline took the logger's records.
pub(crate) struct Premises {
    lists: Vec<WatchedList>,
    classes: Vec<WatchedClass>,
    loggers: Vec<WatchedLogger>,
    /// `logging`'s globals, among them the record factory.
    globals: Py<PyDict>,
    factory: FactoryMark,
}

/// A list that must have so many items, and begin with the one that is known.
struct WatchedList {
    list: Py<PyList>,
    len: usize,
    item: Option<Py<PyAny>>,
}

/// A class in which, and in whose bases, nothing may be replaced.
struct WatchedClass {
    class: Py<PyType>,
    version: u32,
}

impl Premises {
    pub(crate) fn new(
        py: Python<'_>,
        empty: Vec<Py<PyList>>,
        single: Vec<(Py<PyList>, Py<PyAny>)>,
        classes: Vec<Py<PyType>>,
        loggers: Vec<Expected>,
    ) -> PyResult<Self> {
        let lists = empty
            .into_iter()
            .map(|list| WatchedList { list, len: 0, item: None })
            .chain(single.into_iter().map(|(list, item)| WatchedList { list, len: 1, item: Some(item) }))
            .collect();
        let loggers = loggers.into_iter().map(|logger| WatchedLogger::new(py, logger));
        Self::of(py, lists, classes, loggers.collect::<PyResult<_>>()?)
    }

    /// Those of a logger to whose records others listen, too: lists that have so many items.
    pub(crate) fn with_sizes(
        py: Python<'_>,
        sized: Vec<(Py<PyList>, usize)>,
        classes: Vec<Py<PyType>>,
    ) -> PyResult<Self> {
        let lists = sized.into_iter().map(|(list, len)| WatchedList { list, len, item: None }).collect();
        Self::of(py, lists, classes, Vec::new())
    }

    fn of(
        py: Python<'_>,
        lists: Vec<WatchedList>,
        classes: Vec<Py<PyType>>,
        loggers: Vec<WatchedLogger>,
    ) -> PyResult<Self> {
        let mut watched = Vec::with_capacity(classes.len());
        for class in classes {
            // Looking up a method makes the interpreter give a changed class its next version.
            class.bind(py).getattr_opt("handle")?;
            let version = class_version(class.bind(py));
            watched.push(WatchedClass { class, version });
        }
        let globals = py.import("logging")?.getattr("__dict__")?.cast_into::<PyDict>()?;
        let factory = factory_mark(&globals);
        Ok(Premises { lists, classes: watched, loggers, globals: globals.unbind(), factory })
    }

    /// Whether everything is as it was. Runs no Python code.
    #[inline]
    pub(crate) fn hold(&self, py: Python<'_>) -> bool {
        self.lists.iter().all(|watched| watched.holds(py))
            && self.classes.iter().all(|watched| watched.holds(py))
            && self.loggers.iter().all(|watched| watched.holds(py))
            && factory_mark(self.globals.bind(py)) == self.factory
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for watched in &self.lists {
            visit.call(&watched.list)?;
            if let Some(item) = &watched.item {
                visit.call(item)?;
            }
        }
        for watched in &self.classes {
            visit.call(&watched.class)?;
        }
        for watched in &self.loggers {
            watched.traverse(visit)?;
        }
        visit.call(&self.globals)
    }
}

impl WatchedList {
    #[inline]
    fn holds(&self, _gil: Python<'_>) -> bool {
        let list = self.list.as_ptr();
        // SAFETY: the interpreter is held and the list alive.
        let len = unsafe { ffi::PyList_GET_SIZE(list) };
        len as usize == self.len
            // SAFETY: as above.
            && self.item.as_ref().is_none_or(|item| unsafe { begins_with(list, item.as_ptr()) })
    }
}

/// Whether the first item of a list that had one just now is `item`.
///
/// # Safety
/// The caller holds the interpreter and keeps the list alive.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
unsafe fn begins_with(list: *mut ffi::PyObject, item: *mut ffi::PyObject) -> bool {
    // SAFETY: by this function's contract; nobody has run since its length was seen.
    unsafe { ffi::PyList_GET_ITEM(list, 0) == item }
}

/// As above, where another thread may be changing the list.
///
/// # Safety
/// As above.
#[cfg(Py_GIL_DISABLED)]
#[inline]
unsafe fn begins_with(list: *mut ffi::PyObject, item: *mut ffi::PyObject) -> bool {
    // SAFETY: by this function's contract; the reference that is returned is given back.
    unsafe {
        let first = ffi::PyList_GetItemRef(list, 0);
        match first.is_null() {
            true => ffi::PyErr_Clear(),
            false => ffi::Py_DECREF(first),
        }
        first == item
    }
}

impl WatchedClass {
    #[inline]
    fn holds(&self, py: Python<'_>) -> bool {
        self.version != NO_VERSION && class_version(self.class.bind(py)) == self.version
    }
}

type FactoryMark = u64;

/// The version of `logging`'s globals, a new number after each change: `setLogRecordFactory` is one.
#[cfg(not(Py_3_14))]
#[inline]
#[allow(deprecated)] // deprecated in 3.12, there up to 3.13
fn factory_mark(globals: &Bound<'_, PyDict>) -> FactoryMark {
    // SAFETY: the GIL is held and the dict alive.
    unsafe { (*globals.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag }
}

/// The factory itself: dicts have no version any more.
#[cfg(Py_3_14)]
#[inline]
fn factory_mark(globals: &Bound<'_, PyDict>) -> FactoryMark {
    let factory = globals.get_item(pyo3::intern!(globals.py(), "_logRecordFactory"));
    factory.ok().flatten().map_or(0, |factory| factory.as_ptr() as FactoryMark)
}
