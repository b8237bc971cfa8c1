//! Names of fields, and of members of mappings.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::values::conversion::Conversion;
use crate::values::plain::plain_value;
use crate::values::scalars;
use crate::values::str_of::text_of;
use crate::values::text::{Excerpt, escaped_cost};

/// The text of a field's name, cut to what is left; when values have used that up, to what is kept for names.
pub(crate) fn name_of(conversion: &mut Conversion, key: &Bound<'_, PyAny>) -> Vec<u8> {
    let name = key_text(conversion, key, conversion.budget.max(conversion.names_budget));
    let cost = escaped_cost(&name.text);
    if name.is_whole() && cost <= conversion.budget {
        conversion.budget -= cost;
        return name.text;
    }
    name.cut(&mut conversion.names_budget)
}

/// The text of a key; of one that is a `str` the first `room` characters.
pub(crate) fn key_text(conversion: &mut Conversion, key: &Bound<'_, PyAny>, room: usize) -> Excerpt {
    if let Ok(text) = key.cast::<PyString>() {
        return Excerpt::of(text, room);
    }
    // SAFETY: the GIL is held, and the key alive.
    let is_plain = unsafe { plain_value(key.as_ptr()) }.is_some();
    if is_plain || conversion.is_exhausted {
        return text_of(conversion, key);
    }
    match scalars::key_text(conversion, key) {
        Ok(Some(text)) => text,
        Ok(None) => text_of(conversion, key),
        Err(problem) => conversion.note(key, &problem).into(),
    }
}
