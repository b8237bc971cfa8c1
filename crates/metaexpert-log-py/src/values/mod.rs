//! Python values as values of a frame.
//!
//! From the ground up: [`plain`] reads the exact types that need no code of Python's; [`text`] and
//! [`conversion`] keep what is made of the others within the record's bounds; [`scalars`], [`third_party`]
//! and [`containers`] know kinds of objects; [`nested`] is any value, with what is inside of it. [`native`]
//! captures what needs no Python code, lists and mappings included.

use pyo3::prelude::*;

pub(crate) mod bytes;
pub(crate) mod captured;
pub(crate) mod classes;
pub(crate) mod containers;
pub(crate) mod conversion;
pub(crate) mod dict_items;
pub(crate) mod integers;
pub(crate) mod names;
pub(crate) mod native;
pub(crate) mod nested;
pub(crate) mod plain;
pub(crate) mod repr;
pub(crate) mod scalars;
pub(crate) mod stand_in;
pub(crate) mod str_of;
pub(crate) mod text;
pub(crate) mod third_party;
pub(crate) mod times;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(repr::object::exception_beginning, module)?)?;
    Ok(())
}
