//! Bound loggers: the same as those of `MetaLogger._derived`, made without running Python code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::fast::arguments::Arguments;
use crate::fast::channel::Channel;
use crate::general::fields::Fields;
use crate::loggers::attributes::attribute;

/// A logger bound to the unbound logger of `logger`, with `arguments` as fields beside those of `logger`.
/// `None` if only Python code can make it.
pub(crate) fn serve_bind(
    logger: &Bound<'_, PyAny>,
    channel: &Bound<'_, Channel>,
    arguments: &Arguments<'_>,
) -> Option<PyResult<Py<PyAny>>> {
    let py = logger.py();
    let unbound = attribute(logger, pyo3::intern!(py, "_unbound"))?;
    let (unbound, unbound_channel) = match (unbound.is_none(), channel.get().unbound()) {
        (true, None) => (logger.clone(), channel),
        (false, Some(unbound_channel)) => (unbound, unbound_channel.bind(py)),
        // A bound logger that was changed, with a channel of its own.
        _ => return None,
    };
    if !arguments.positional.is_empty() || !unbound_channel.get().is_undisturbed(py) {
        return None;
    }
    let base = channel.get().bound().map(|bound| bound.bind(py));
    let fields = match keyword_fields(py, arguments).and_then(|own| Fields::of(own, base)) {
        Ok(fields) => fields,
        Err(problem) => return Some(Err(problem)),
    };
    bound_logger(&unbound, unbound_channel, fields).transpose()
}

fn keyword_fields<'py>(py: Python<'py>, arguments: &Arguments<'_>) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    if !arguments.names.is_null() {
        // SAFETY: names and arguments live until the call returns; the references are counted.
        let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
        for (name, argument) in names.iter_borrowed().zip(arguments.named) {
            // SAFETY: as above.
            fields.set_item(name, unsafe { Borrowed::from_ptr(py, *argument) })?;
        }
    }
    Ok(fields)
}

/// Makes a logger with a channel. `None` for a class that makes its instances in a way of its own.
fn bound_logger(
    unbound: &Bound<'_, PyAny>,
    channel: &Bound<'_, Channel>,
    fields: Fields,
) -> PyResult<Option<Py<PyAny>>> {
    let py = unbound.py();
    let class = unbound.get_type();
    // SAFETY: the GIL is held and the class is alive; `tp_alloc` of a class whose instances `object` makes.
    let logger = unsafe {
        let class = class.as_type_ptr();
        let (Some(make), Some(allocate)) = ((*class).tp_new, (*class).tp_alloc) else { return Ok(None) };
        if !ffi::PyBaseObject_Type.tp_new.is_some_and(|own| std::ptr::fn_addr_eq(make, own)) {
            return Ok(None);
        }
        Bound::from_owned_ptr_or_err(py, allocate(class, 0))?
    };
    // Whatever is dropped here is `Bound`, because PyO3 does not know that the GIL is held.
    let fields = Bound::new(py, fields)?;
    let bound = Bound::new(py, Channel::fresh(channel, fields.clone().unbind()))?;
    let attributes = channel.get().template(py, || template(unbound))?.copy()?;
    attributes.set_item(pyo3::intern!(py, "_bound"), &fields)?;
    attributes.set_item(pyo3::intern!(py, "_channel"), &bound)?;
    let name = pyo3::intern!(py, "__dict__");
    // Not `PyObject_GenericSetDict`: up to CPython 3.13.3 attributes are looked for elsewhere after it.
    // SAFETY: the GIL is held and the three objects are alive; the instance takes a reference of its own.
    match unsafe { ffi::PyObject_GenericSetAttr(logger.as_ptr(), name.as_ptr(), attributes.as_ptr()) } {
        0 => Ok(Some(logger.unbind())),
        _ => Err(PyErr::fetch(py)),
    }
}

/// The attributes that all loggers bound to `unbound` have in common. One copy of them costs less than
/// setting each.
fn template<'py>(unbound: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = unbound.py();
    let template = PyDict::new(py);
    template.set_item("name", unbound.getattr("name")?)?;
    template.set_item("level", 0)?;
    template.set_item("parent", unbound)?;
    template.set_item("propagate", true)?;
    template.set_item("_bound", py.None())?;
    template.set_item("_unbound", unbound)?;
    template.set_item("_is_owned", true)?;
    template.set_item("_cache", unbound.getattr("_cache")?)?;
    template.set_item("_channel", py.None())?;
    Ok(template)
}
