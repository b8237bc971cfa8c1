//! The interpreter's own note of a class's changes.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

/// The version of a class that changed and was not looked at since: it vouches for nothing.
pub(crate) const NO_VERSION: u32 = 0;

/// The interpreter's number for the present attributes of a class and its bases (`tp_version_tag`): a
/// change sets it to [`NO_VERSION`], the next lookup to a number never used before.
#[inline]
pub(crate) fn class_version(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: the class is alive and the number where it always is; without a GIL another thread may be
    // changing it.
    let version = unsafe { AtomicU32::from_ptr(&raw mut (*class.as_type_ptr()).tp_version_tag) };
    version.load(Ordering::Relaxed)
}
