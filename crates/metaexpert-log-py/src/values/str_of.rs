//! `str()` of an object, as far as the record could hold it.

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::process::reentry::EXPLANATION;
use crate::values::conversion::Conversion;
use crate::values::plain::plain_value;
use crate::values::repr;
use crate::values::text::Excerpt;

/// `str(object)`, or its beginning. Fails as `str()` does, and when no value's own code may run.
pub(crate) fn try_text_of(conversion: &Conversion, object: &Bound<'_, PyAny>) -> PyResult<Excerpt> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(conversion.excerpt(text));
    }
    refuse_if_exhausted(conversion, object)?;
    if repr::size::has_large_str(object) {
        return repr::object::str_beginning(object, conversion.budget);
    }
    Ok(conversion.excerpt(&object.str()?))
}

/// `str(object)`, or its beginning; a note if its own code raises.
pub(crate) fn text_of(conversion: &mut Conversion, object: &Bound<'_, PyAny>) -> Excerpt {
    match try_text_of(conversion, object) {
        Ok(text) => text,
        Err(problem) => conversion.note(object, &problem).into(),
    }
}

/// Fails for an object whose own code would have to run where that must not.
pub(crate) fn refuse_if_exhausted(conversion: &Conversion, object: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: the GIL is held, and the object alive.
    let is_plain = unsafe { plain_value(object.as_ptr()) }.is_some();
    match conversion.is_exhausted && !is_plain {
        true => Err(PyRecursionError::new_err(EXPLANATION)),
        false => Ok(()),
    }
}
