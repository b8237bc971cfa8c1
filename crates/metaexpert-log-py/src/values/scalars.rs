//! Objects that become one number or one text: times, decimals, enumerations, bytes, large integers.

use metaexpert_log::frame::Value;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyType};

use crate::values::bytes::{base64, is_bytes};
use crate::values::classes::classes;
use crate::values::conversion::Conversion;
use crate::values::integers::integer_text;
use crate::values::str_of::text_of;
use crate::values::text::{Excerpt, utf8};

pub(crate) enum Scalar<'py> {
    Text(Excerpt),
    /// A number, a truth value or null.
    Number(Value<'static>),
    /// The value of a member of an enumeration, which may be anything.
    StandsFor(Bound<'py, PyAny>),
}

/// A `str` with surrogates, a large `int`, or an object of a subclass of the basic types, but no enumeration.
pub(crate) fn basic<'py>(object: &Bound<'py, PyAny>, room: usize) -> PyResult<Option<Scalar<'py>>> {
    let py = object.py();
    if object.is_instance(classes(py)?.enumeration.bind(py))? {
        return Ok(None);
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Scalar::Text(Excerpt::of(text, room))));
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(Some(Scalar::Number(Value::Bool(object.is_truthy()?))));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return Ok(Some(match (number.extract::<i64>(), number.extract::<u64>()) {
            (Ok(number), _) => Scalar::Number(Value::I64(number)),
            (_, Ok(number)) => Scalar::Number(Value::U64(number)),
            _ => Scalar::Text(integer_text(number, room)?),
        }));
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Some(Scalar::Number(Value::F64(number.value()))));
    }
    Ok(None)
}

/// An object of the standard library's classes that become one number or one text. `room` bytes are left for
/// it.
pub(crate) fn scalar<'py>(
    conversion: &mut Conversion,
    object: &Bound<'py, PyAny>,
    room: usize,
) -> PyResult<Option<Scalar<'py>>> {
    let py = object.py();
    let known = classes(py)?;
    let is = |class: &Py<PyType>| object.is_instance(class.bind(py));
    if object.get_type().is(&known.decimal) {
        return Ok(Some(Scalar::Text(text_of(conversion, object))));
    }
    if is(&known.enumeration)? {
        return Ok(Some(match enum_value(object)? {
            Some(value) => Scalar::StandsFor(value),
            None => Scalar::Text(text_of(conversion, object)),
        }));
    }
    if is(&known.decimal)? {
        // Of the class itself, as with other numbers: a subclass may show anything.
        let digits = known.decimal.bind(py).call_method1("__str__", (object,))?;
        return Ok(Some(Scalar::Text(utf8(digits.cast()?).into())));
    }
    if is(&known.uuid)? || is(&known.path)? || is(&known.user_string)? {
        return Ok(Some(Scalar::Text(text_of(conversion, object))));
    }
    if is(&known.date)? || is(&known.time)? {
        let time = iso_time(object)?;
        return Ok(Some(time.map_or(Scalar::Number(Value::Null), |text| Scalar::Text(text.into()))));
    }
    if is_bytes(object) {
        return base64(object, room).map(|text| Some(Scalar::Text(text)));
    }
    Ok(None)
}

/// The text of a key that is an enumeration, a time or bytes, as that of a value; `None` for others, whose
/// text is `str()`.
pub(crate) fn key_text(conversion: &mut Conversion, key: &Bound<'_, PyAny>) -> PyResult<Option<Excerpt>> {
    let known = classes(key.py())?;
    let is = |class: &Py<PyType>| key.is_instance(class.bind(key.py()));
    if is(&known.enumeration)? {
        return Ok(enum_value(key)?.map(|value| text_of(conversion, &value)));
    }
    if is(&known.date)? || is(&known.time)? {
        return Ok(iso_time(key)?.map(Excerpt::from));
    }
    match is_bytes(key) {
        true => base64(key, conversion.budget).map(Some),
        false => Ok(None),
    }
}

/// The value of a member of an enumeration. `None` for a bare `object()`, which only makes the member differ
/// from others, and for `attrs.NOTHING`, whose number says nothing.
fn enum_value<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = object.getattr("value")?;
    let is_mark = value.is_exact_instance_of::<PyAny>() || object.get_type().module()? == "attr._make";
    Ok(Some(value).filter(|_| !is_mark))
}

/// RFC 3339 with full precision; UTC is written `Z`, and no zone is invented for a time without one. `None`
/// for the time that is none, as pandas has it.
fn iso_time(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    let text = object.call_method0("isoformat")?;
    let mut text = utf8(text.cast()?);
    if text == b"NaT" {
        return Ok(None);
    }
    if let Some(local) = text.strip_suffix(b"+00:00") {
        let len = local.len();
        text.truncate(len);
        text.push(b'Z');
    }
    Ok(Some(text))
}
