//! A call whose record foreign handlers get as well.
//!
//! The builtin makes the `LogRecord` that `logging` would make, with the fields as attributes, and hands it
//! to the handlers by `Logger.callHandlers`. At our handler's turn the record goes into the pipeline from the
//! call's own parts ([`handed`]). What is known about it outlives the call only if the record does
//! ([`noted`]).

use metaexpert_log::clock::stamp;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::fast::arguments::Arguments;
use crate::fast::listened::handed::Handed;
use crate::fast::method::{Method, Parsed};
use crate::general::call::Call;
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::process::exit::Inside;
use crate::process::reentry;

mod caller;
pub(crate) mod handed;
pub(crate) mod noted;
mod record;
pub(crate) mod usual;

/// Serves a call of a method whose channel is listened to.
pub(crate) fn serve(own: &Bound<'_, Method>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
    let (py, method) = (own.py(), own.get());
    let _inside = Inside::enter(py);
    let at = stamp();
    if !method.is_undisturbed(py) || method.is_about_exception || has_exception(py, arguments) {
        return method.call_slow(py, arguments);
    }
    match method.parse(py, arguments)? {
        Parsed::Off => return Ok(None),
        Parsed::Call(mut call) if is_usual(&call) => {
            reentry::refuse_if_exhausted()?;
            call.timestamp_ns = Some(at);
            if hand_out(own, arguments, &call)? {
                return Ok(None);
            }
        }
        Parsed::Call(_) | Parsed::Slow => {}
    }
    method.call_slow(py, arguments)
}

/// Whether a call has something for the record's `exc_info`, be it False.
fn has_exception(py: Python<'_>, arguments: &Arguments<'_>) -> bool {
    if arguments.names.is_null() {
        return false;
    }
    // SAFETY: names and arguments live until the call returns; the references are counted.
    let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
    names.iter().zip(arguments.named).any(|(name, value)| {
        // SAFETY: the interpreter is held.
        let is_none = unsafe { *value == ffi::Py_None() };
        !is_none && name.cast::<PyString>().is_ok_and(|name| name == "exc_info")
    })
}

/// Whether every field can be an attribute, and the category is whole.
fn is_usual(call: &Call<'_, '_>) -> bool {
    call.fields_left == 0
        && call.category.as_ref().is_none_or(|category| category.is_whole())
        && call.fields.iter().all(|(name, _)| name.cast_exact::<PyString>().is_ok())
}

/// Makes the record and hands it to the handlers. False if only `logging` can make it.
fn hand_out<'py>(
    method: &Bound<'py, Method>,
    arguments: &Arguments<'_>,
    call: &Call<'_, 'py>,
) -> PyResult<bool> {
    let py = method.py();
    let channel = method.get().channel(py);
    let Some(logger) = channel.get().listened(py) else { return Ok(false) };
    let context = current_context(py);
    let bound = call.bound.map(|bound| bound.bind(py));
    let Some(made) = record::make(py, channel.get().name(), call)? else { return Ok(false) };
    let fields = given(call, [context.as_ref(), bound])?;
    if !made.attach(call, &fields)? {
        // A factory may add fields of its own. Where a name is taken, an attribute has another than its
        // field.
        let own = PyDict::new(py);
        for (name, value) in &call.fields {
            own.set_item(name, value)?;
        }
        python(py)?.getattr(py, "attach")?.call1(py, (&made.record, own, bound, context))?;
        pass_on(py, logger, &made.record)?;
        return Ok(true);
    }
    let handed = Bound::new(py, Handed::new(method, arguments, call, &made, fields, context))?;
    let result = handed::during(&handed, || pass_on(py, logger, &made.record));
    // SAFETY: the record is alive.
    let references = unsafe { ffi::Py_REFCNT(made.record.as_ptr()) };
    if references > 1 || cfg!(Py_GIL_DISABLED) {
        noted::keep(&made.record, &handed)?;
    }
    result.map(|()| true)
}

fn pass_on(py: Python<'_>, logger: &Py<PyAny>, record: &Bound<'_, PyAny>) -> PyResult<()> {
    static PASS_ON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let pass_on = PASS_ON.get_or_try_init(py, || python(py)?.getattr(py, "pass_on"))?;
    let arguments = [logger.as_ptr(), record.as_ptr()];
    // SAFETY: the GIL is held and the objects are alive; a new reference, or null with an exception.
    unsafe {
        let result = ffi::PyObject_Vectorcall(pass_on.as_ptr(), arguments.as_ptr(), 2, std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, result).map(drop)
    }
}

fn python(py: Python<'_>) -> PyResult<Py<PyAny>> {
    Ok(py.import("metaexpert.logger.capture.listened")?.into_any().unbind())
}

/// A field's name and value.
type Field<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// All fields of the record: the context's first, the call's last.
fn given<'py>(
    call: &Call<'_, 'py>,
    inherited: [Option<&Bound<'py, Fields>>; 2],
) -> PyResult<Vec<Field<'py>>> {
    if inherited.iter().all(|fields| fields.is_none_or(|fields| fields.get().is_empty())) {
        return Ok(call.fields.clone());
    }
    let py = call.message.py();
    let merged = PyDict::new(py);
    for fields in inherited.into_iter().flatten() {
        merged.update(fields.get().mapping(py)?.as_mapping())?;
    }
    for (name, value) in &call.fields {
        merged.set_item(name, value)?;
    }
    Ok(merged.iter().collect())
}
