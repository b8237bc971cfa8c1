//! A logger of CPython's own class, whose attributes change without notice.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

/// An attribute's name with its value, or with `None` if the instance has none of this name.
type Attribute = (Py<PyString>, Option<(Py<PyAny>,)>);
/// A logger with the attributes that it must keep.
pub(crate) type Expected = (Py<PyAny>, Vec<Attribute>);

/// A logger whose class and attributes are what they were.
pub(crate) struct WatchedLogger {
    logger: Py<PyAny>,
    class: *mut ffi::PyTypeObject,
    dict: Py<PyDict>,
    attributes: Vec<Attribute>,
    /// The version of the dict with which all was well last; 0 where dicts have none.
    version: AtomicU64,
}

// SAFETY: the class is only compared by its address.
unsafe impl Send for WatchedLogger {}
// SAFETY: as above.
unsafe impl Sync for WatchedLogger {}

impl WatchedLogger {
    pub(crate) fn new(py: Python<'_>, (logger, attributes): Expected) -> PyResult<Self> {
        let dict = logger.bind(py).getattr("__dict__")?.cast_into::<PyDict>()?.unbind();
        let class = logger.bind(py).get_type_ptr();
        Ok(WatchedLogger { logger, class, dict, attributes, version: AtomicU64::new(0) })
    }

    /// Whether all is as it was. Runs no Python code, because the names in a logger's dict are texts.
    #[inline]
    pub(crate) fn holds(&self, py: Python<'_>) -> bool {
        if self.logger.bind(py).get_type_ptr() != self.class {
            return false;
        }
        let dict = self.dict.bind(py);
        let version = version_of(dict);
        if version != 0 && version == self.version.load(Ordering::Relaxed) {
            return true;
        }
        let holds = self.attributes.iter().all(|(name, expected)| {
            let value = dict.get_item(name).ok().flatten();
            value.as_ref().map(Bound::as_ptr) == expected.as_ref().map(|(value,)| value.as_ptr())
        });
        if holds {
            self.version.store(version, Ordering::Relaxed);
        }
        holds
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.logger)?;
        visit.call(&self.dict)?;
        let values = self.attributes.iter().filter_map(|(_, value)| value.as_ref());
        values.into_iter().try_for_each(|(value,)| visit.call(value))
    }
}

/// The version of a dict, a new number after each change of it.
#[cfg(not(Py_3_13))]
#[inline]
#[allow(deprecated)] // in 3.12
fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
    // SAFETY: the GIL is held and the dict alive.
    unsafe { (*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag }
}

/// None: from 3.13 on an object's attributes may lie outside of its dict, and from 3.14 on dicts have no
/// version.
#[cfg(Py_3_13)]
#[inline]
fn version_of(_dict: &Bound<'_, PyDict>) -> u64 {
    0
}
