//! `str()` and `repr()` of large values, no longer than a record could hold.

pub(crate) mod brief;
pub(crate) mod collections;
pub(crate) mod exception;
pub(crate) mod inherited;
pub(crate) mod quoted;
pub(crate) mod size;
