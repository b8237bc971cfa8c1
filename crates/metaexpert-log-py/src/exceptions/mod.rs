//! Exceptions in records: type, message and traceback, as the words of Python's `traceback`.
//!
//! [`given`] finds the exception that a call's `exc_info` stands for. [`texts`] tells an ordinary one from
//! its [`attributes`], its class's names ([`classes`]) and the texts of its [`frames`], which stay the same
//! as long as their [`sources`] do and `traceback` is the original one ([`originals`]). The Python side tells
//! the others.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTraceback};

use crate::process::exit::Inside;

pub(crate) mod attributes;
pub(crate) mod classes;
pub(crate) mod frames;
pub(crate) mod given;
pub(crate) mod originals;
pub(crate) mod sources;
pub(crate) mod texts;

type Strings<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyString>);

/// (type, message, stacktrace) of an exception with this traceback; None if it is an unusual one.
#[pyfunction]
fn usual_exception<'py>(
    exception: &Bound<'py, PyAny>,
    trace: &Bound<'py, PyAny>,
) -> PyResult<Option<Strings<'py>>> {
    let py = exception.py();
    let _inside = Inside::enter(py);
    let trace = match trace.cast::<PyTraceback>() {
        Ok(trace) => Some(trace.clone()),
        Err(_) if trace.is_none() => None,
        Err(_) => return Ok(None),
    };
    if !attributes::is_exception(exception) {
        return Ok(None);
    }
    let texts = texts::usual_texts(exception, trace)?;
    let text = |text: &[u8]| PyString::new(py, &String::from_utf8_lossy(text));
    Ok(texts.map(|all| (text(&all.kind), text(&all.message), text(&all.stacktrace))))
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(usual_exception, module)?)?;
    Ok(())
}
