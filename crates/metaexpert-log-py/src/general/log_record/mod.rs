//! The way of a `logging.LogRecord` of any logger into the pipeline.

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyDict;

use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::exit::Inside;
use crate::process::state::STATE;
use crate::values::text::Excerpt;

mod parts;
mod plain;

pub(crate) use parts::NAMES;
use parts::{Attribute, Parts};
use plain::submit_plain;

/// The attribute that is a record's category if it is a text.
pub(crate) const CATEGORY: &str = "category";

/// Submits the LogRecord `record`. Returns false if no engine runs.
///
/// `message` replaces the record's own formatting. `exception` is (type, message, stacktrace). `fields` are
/// its fields under the names that were used in the call; `attributes` then has the names of the record's
/// attributes that hold them. `bound` are the fields of its logger. With `is_complete` there are no others,
/// such as those of the running context.
#[pyfunction]
#[pyo3(signature = (record, message, exception, fields, attributes, bound=None, is_complete=false))]
pub(crate) fn submit_record(
    record: &Bound<'_, PyAny>,
    message: Option<Bound<'_, PyAny>>,
    exception: Option<(Excerpt, Excerpt, Excerpt)>,
    fields: Option<&Bound<'_, PyDict>>,
    attributes: Option<&Bound<'_, PyAny>>,
    bound: Option<Py<Fields>>,
    is_complete: bool,
) -> PyResult<bool> {
    let py = record.py();
    let _inside = Inside::enter(py);
    let data = record.getattr("__dict__")?.cast_into::<PyDict>()?;
    let mut parts = with_critical_section(&data, || Parts::of(&data));
    parts.timestamp_ns = parts.made_at_ns(py);
    if let Some(attributes) = attributes {
        parts.fields.retain(|(name, _)| !attributes.contains(name).unwrap_or(false));
    }
    let mut has_same_names = false;
    if let Some(fields) = fields {
        // A factory's attribute may have the name of a field, which the general way tells apart.
        has_same_names = parts.fields.iter().any(|(name, _)| fields.contains(name).unwrap_or(true));
        parts.fields.extend(fields.iter());
    }
    let is_bare = message.is_none() && exception.is_none() && !is_complete && !has_same_names;
    if is_bare && submit_plain(py, &parts, bound.as_ref()) {
        return Ok(true);
    }
    let needs = STATE.with(py, |state| state.needs);
    let mut call = parts.call(py, message, needs)?;
    call.exception = exception;
    call.bound = bound.as_ref();
    call.is_complete = is_complete;
    let name = parts.text(Attribute::Name).unwrap_or_default();
    call.fields = parts.fields;
    submit(py, &name.text, call)
}
