//! Bound loggers: the same as those of `MetaLogger._derived`, made without running Python code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::fast::arguments::Arguments;
use crate::fast::channel::Channel;
use crate::general::fields::Fields;
use crate::loggers::attributes::{attribute, set_attribute};

/// A logger bound to the unbound logger of `logger`, with `arguments` as fields beside those of `logger`.
/// `None` if only Python code can make it.
pub(crate) fn serve_bind(
    logger: &Bound<'_, PyAny>,
    channel: &Bound<'_, Channel>,
    arguments: &Arguments<'_>,
) -> Option<PyResult<Py<PyAny>>> {
    let py = logger.py();
    let (unbound, unbound_channel) = match channel.get().unbound() {
        Some(unbound_channel) => (unbound_of(logger)?, unbound_channel.bind(py)),
        None if channel.get().is_of_unbound(|| unbound_of(logger).is_none()) => (logger.clone(), channel),
        // A bound logger that was changed, with a channel of its own.
        None => return None,
    };
    if !arguments.positional.is_empty() || !unbound_channel.get().is_undisturbed(py) {
        return None;
    }
    let base = channel.get().bound().map(|bound| bound.bind(py));
    let fields = match bound_fields(py, arguments, base) {
        Ok(fields) => fields,
        Err(problem) => return Some(Err(problem)),
    };
    bound_logger(&unbound, unbound_channel, fields).transpose()
}

/// The logger that this one is bound to.
fn unbound_of<'py>(logger: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    attribute(logger, pyo3::intern!(logger.py(), "_unbound")).filter(|unbound| !unbound.is_none())
}

/// The fields of `base` updated with the keywords.
fn bound_fields(
    py: Python<'_>,
    arguments: &Arguments<'_>,
    base: Option<&Bound<'_, Fields>>,
) -> PyResult<Fields> {
    if arguments.names.is_null() {
        return Fields::of(PyDict::new(py), base);
    }
    // SAFETY: names and arguments live until the call returns; the references are counted.
    let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
    if base.is_none() {
        // SAFETY: as above; the interpreter passes as many values as names.
        if let Some(fields) = unsafe { Fields::of_keywords(names.clone(), arguments.named)? } {
            return Ok(fields);
        }
    }
    let fields = PyDict::new(py);
    for (name, argument) in names.iter_borrowed().zip(arguments.named) {
        // SAFETY: as above.
        fields.set_item(name, unsafe { Borrowed::from_ptr(py, *argument) })?;
    }
    Fields::of(fields, base)
}

/// Makes a logger with a channel. `None` for a class that makes its instances in a way of its own.
fn bound_logger(
    unbound: &Bound<'_, PyAny>,
    channel: &Bound<'_, Channel>,
    fields: Fields,
) -> PyResult<Option<Py<PyAny>>> {
    let py = unbound.py();
    let class = unbound.get_type();
    let no_arguments = PyTuple::empty(py);
    // SAFETY: the GIL is held, the class and the tuple are alive; this is how the class would be called.
    let logger = unsafe {
        let class = class.as_type_ptr();
        let Some(make) = (*class).tp_new else { return Ok(None) };
        if !ffi::PyBaseObject_Type.tp_new.is_some_and(|own| std::ptr::fn_addr_eq(make, own)) {
            return Ok(None);
        }
        Bound::from_owned_ptr_or_err(py, make(class, no_arguments.as_ptr(), std::ptr::null_mut()))?
    };
    // Whatever is dropped here is `Bound`, because PyO3 does not know that the GIL is held.
    let fields = Bound::new(py, fields)?;
    let bound = Bound::new(py, Channel::fresh(channel, fields.unbind()))?;
    set_attribute(&logger, pyo3::intern!(py, "_unbound"), unbound.as_any())?;
    set_attribute(&logger, pyo3::intern!(py, "_channel"), bound.as_any())?;
    Ok(Some(logger.unbind()))
}
