//! `str()` and `repr()` of large values, no longer than a record could hold.
//!
//! The interpreter would write out all of a large value, to be cut afterwards. So what its own types show is
//! made here from their members, and stops where the record is full.

pub(crate) mod brief;
pub(crate) mod collections;
pub(crate) mod exception;
pub(crate) mod kinds;
pub(crate) mod object;
pub(crate) mod quoted;
pub(crate) mod size;
pub(crate) mod slots;
