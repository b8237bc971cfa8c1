//! A call's message: `str(message) % arguments` as `logging` does it, as far as a record could hold it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::values::classes;
use crate::values::conversion::Conversion;
use crate::values::stand_in;
use crate::values::str_of::try_text_of;
use crate::values::text::Excerpt;

/// The message, and the exception if its arguments do not fit it.
pub(crate) fn formatted(
    conversion: &mut Conversion,
    message: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyTuple>,
) -> (Excerpt, Option<PyErr>) {
    let text = match try_text_of(conversion, message) {
        Ok(text) => text,
        Err(problem) => return (conversion.note(message, &problem).into(), None),
    };
    if arguments.is_empty() {
        return (text, None);
    }
    if !text.is_whole() {
        return (text, Some(PyValueError::new_err("the message is too long to be formatted")));
    }
    // A `str` itself, not its copy: lone surrogates stay what they are until it is formatted.
    let format = message.cast_exact::<PyString>().cloned().unwrap_or_else(|_| text.to_str(message.py()));
    match format_with(conversion, &format, arguments) {
        Ok(formatted) => (formatted, None),
        Err(problem) => {
            conversion.note(message, &problem);
            (text, Some(problem))
        }
    }
}

fn format_with(
    conversion: &mut Conversion,
    format: &Bound<'_, PyString>,
    arguments: &Bound<'_, PyTuple>,
) -> PyResult<Excerpt> {
    let (arguments, left) = stand_in::arguments(conversion, arguments)?;
    let operand = single_mapping(&arguments).unwrap_or_else(|| arguments.into_any());
    let text = format.as_any().rem(&operand)?;
    Ok(conversion.excerpt(text.cast()?).followed_by(left))
}

/// `logging` formats with a mapping if it is the only argument and not empty.
fn single_mapping<'py>(arguments: &Bound<'py, PyTuple>) -> Option<Bound<'py, PyAny>> {
    let only = arguments.get_item(0).ok().filter(|_| arguments.len() == 1)?;
    let is_mapping = stand_in::is_mapping(&only) || classes::is_mapping(&only);
    // A mapping that raises when asked whether it is empty counts as not empty.
    (is_mapping && only.is_truthy().unwrap_or(true)).then_some(only)
}
