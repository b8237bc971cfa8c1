//! Values that JSON has no number for: containers, times, decimals, and whatever else `str()` can show.

use metaexpert_log::frame::Value;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

use crate::process::reentry;
use crate::values::bytes::{base64, is_bytes};
use crate::values::containers::{container, elements, written};
use crate::values::convert::{Captured, Converter, plain_value, type_name};
use crate::values::integers::integer_text;
use crate::values::repr::brief;
use crate::values::text::{Excerpt, utf8};
use crate::values::third_party::{self, Foreign};
use crate::values::times::{TIME_LEN, plain_time};

/// Below the innermost container, values that stand for others (a member of an enumeration for its value) are followed
/// so often.
const MOST_STAND_INS: u32 = 4;

/// Python classes that have a form of their own.
pub(crate) struct Classes {
    decimal: Py<PyType>,
    date: Py<PyType>,
    time: Py<PyType>,
    enumeration: Py<PyType>,
    user_string: Py<PyType>,
    namespace: Py<PyType>,
    uuid: Py<PyType>,
    path: Py<PyType>,
    pub(crate) deque: Py<PyType>,
    pub(crate) set: Py<PyType>,
    pub(crate) mapping: Py<PyType>,
    pub(crate) sequence: Py<PyType>,
}

pub(crate) fn classes(py: Python<'_>) -> PyResult<&Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
            Ok(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        Ok(Classes {
            decimal: class("decimal", "Decimal")?,
            date: class("datetime", "date")?,
            time: class("datetime", "time")?,
            enumeration: class("enum", "Enum")?,
            user_string: class("collections", "UserString")?,
            namespace: class("types", "SimpleNamespace")?,
            uuid: class("uuid", "UUID")?,
            path: class("pathlib", "PurePath")?,
            deque: class("collections", "deque")?,
            set: class("collections.abc", "Set")?,
            mapping: class("collections.abc", "Mapping")?,
            sequence: class("collections.abc", "Sequence")?,
        })
    })
}

/// Whether it is a mapping, as far as it says what it is. Unlike a cast it keeps what goes wrong to itself.
pub(crate) fn is_mapping(object: &Bound<'_, PyAny>) -> bool {
    let py = object.py();
    classes(py).is_ok_and(|known| object.is_instance(known.mapping.bind(py)).unwrap_or(false))
}

/// Captures any object that is not a plain value, within the record's bounds.
pub(crate) fn capture(converter: &mut Converter, object: &Bound<'_, PyAny>) -> Captured {
    let mut json = Vec::new();
    let shape = shape(converter, object, 0, &mut json);
    match shape {
        Ok(Shape::Text(text)) => Captured::Text(converter.bounded_text(text)),
        Ok(Shape::Number(number)) => Captured::Plain(number),
        Ok(Shape::Written) => converter.spend(Captured::Json(json)),
        Err(problem) => {
            let note = converter.note(object, &problem);
            Captured::Text(converter.bounded_text(note.into()))
        }
    }
}

pub(crate) enum Shape {
    Text(Excerpt),
    Number(Value<'static>),
    /// A container, which was written behind what was there.
    Written,
}

/// The form of `object`; a container is written to `out`.
fn shape(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(Shape::Text(Excerpt::of(text, converter.room(out))));
    }
    if let Some(time) = plain_time(object, &mut [0; TIME_LEN]) {
        return Ok(Shape::Text(time.to_vec().into()));
    }
    if converter.is_exhausted {
        return brief::text(converter, object).map(Shape::Text);
    }
    if object.cast_exact::<PyList>().is_ok() || object.cast_exact::<PyTuple>().is_ok() {
        return elements(converter, object, depth, out);
    }
    if object.cast_exact::<PyDict>().is_ok()
        && let Some(written) = container(converter, object, depth, out)?
    {
        return Ok(written);
    }
    if let Some(told) = third_party::told(object)? {
        return written(converter, told, depth, out);
    }
    if let Some(basic) = basic(converter, object, out)? {
        return Ok(basic);
    }
    if let Some(scalar) = scalar(converter, object, depth, out)? {
        return Ok(scalar);
    }
    if let Some(container) = container(converter, object, depth, out)? {
        return Ok(container);
    }
    if let Some(derived) = derived(converter, object, depth, out)? {
        return Ok(derived);
    }
    Ok(Shape::Text(converter.text_of(object)))
}

/// Objects that are known by what their classes are derived from, or declare.
fn derived(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Option<Shape>> {
    if object.is_instance(classes(object.py())?.namespace.bind(object.py()))? {
        return container(converter, &object.getattr("__dict__")?, depth, out);
    }
    let known = third_party::recognise_derived(converter, object, converter.room(out))?;
    known.map(|known| foreign_shape(converter, object, known, depth, out)).transpose()
}

/// Strings with surrogates, large integers, and subclasses of the basic types (not enums).
fn basic(converter: &Converter, object: &Bound<'_, PyAny>, out: &[u8]) -> PyResult<Option<Shape>> {
    let py = object.py();
    if object.is_instance(classes(py)?.enumeration.bind(py))? {
        return Ok(None);
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Shape::Text(Excerpt::of(text, converter.room(out)))));
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(Some(Shape::Number(Value::Bool(object.is_truthy()?))));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return Ok(Some(match (number.extract::<i64>(), number.extract::<u64>()) {
            (Ok(number), _) => Shape::Number(Value::I64(number)),
            (_, Ok(number)) => Shape::Number(Value::U64(number)),
            _ => Shape::Text(integer_text(number, converter.room(out))?),
        }));
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Some(Shape::Number(Value::F64(number.value()))));
    }
    Ok(None)
}

/// Objects that become one number or one text.
fn scalar(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Option<Shape>> {
    let py = object.py();
    let known = classes(py)?;
    let is = |class: &Py<PyType>| object.is_instance(class.bind(py));
    if object.get_type().is(&known.decimal) {
        return Ok(Some(Shape::Text(converter.text_of(object))));
    }
    if is(&known.enumeration)? {
        return match enum_value(object)? {
            Some(value) => value_shape(converter, &value, depth, out).map(Some),
            None => Ok(Some(Shape::Text(converter.text_of(object)))),
        };
    }
    if is(&known.decimal)? {
        // Of the class itself, as with other numbers: a subclass may show anything.
        let digits = known.decimal.bind(py).call_method1("__str__", (object,))?;
        return Ok(Some(Shape::Text(utf8(digits.cast()?).into())));
    }
    if is(&known.uuid)? || is(&known.path)? || is(&known.user_string)? {
        return Ok(Some(Shape::Text(converter.text_of(object))));
    }
    if is(&known.date)? || is(&known.time)? {
        return iso_time(object).map(Some);
    }
    if is_bytes(object) {
        return base64(object, converter.room(out)).map(|text| Some(Shape::Text(text)));
    }
    let known = third_party::recognise(converter, object, converter.room(out))?;
    known.map(|known| foreign_shape(converter, object, known, depth, out)).transpose()
}

fn foreign_shape(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    known: Foreign<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    match known {
        Foreign::Null => Ok(Shape::Number(Value::Null)),
        Foreign::Text(text) => Ok(Shape::Text(text)),
        Foreign::Array => elements(converter, object, depth, out),
        Foreign::Value(value) => match third_party::told(&value)? {
            Some(_) if is_too_deep(converter, depth) => Ok(Shape::Text(too_deep(object).into())),
            Some(told) => written(converter, told, depth, out),
            None => value_shape(converter, &value, depth, out),
        },
    }
}

/// The value of a member of an enumeration; nothing for a bare `object()`, which only makes it differ from others,
/// and for `attrs.NOTHING`, whose number is nobody's.
fn enum_value<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = object.getattr("value")?;
    let is_mark = value.is_exact_instance_of::<PyAny>() || object.get_type().module()? == "attr._make";
    Ok(Some(value).filter(|_| !is_mark))
}

/// The text of a key: that of the value for an enumeration, a time or bytes, `str()` of others.
pub(crate) fn key_text(converter: &mut Converter, key: &Bound<'_, PyAny>) -> Excerpt {
    // SAFETY: the GIL is held, and the key alive.
    let is_plain = unsafe { plain_value(key.as_ptr()) }.is_some();
    if is_plain || converter.is_exhausted {
        return converter.text_of(key);
    }
    match formed_key(converter, key) {
        Ok(Some(text)) => text,
        Ok(None) => converter.text_of(key),
        Err(problem) => converter.note(key, &problem).into(),
    }
}

fn formed_key(converter: &mut Converter, key: &Bound<'_, PyAny>) -> PyResult<Option<Excerpt>> {
    let known = classes(key.py())?;
    let is = |class: &Py<PyType>| key.is_instance(class.bind(key.py()));
    if is(&known.enumeration)? {
        return Ok(enum_value(key)?.map(|value| converter.text_of(&value)));
    }
    if is(&known.date)? || is(&known.time)? {
        return Ok(match iso_time(key)? {
            Shape::Text(text) => Some(text),
            _ => None,
        });
    }
    match is_bytes(key) {
        true => base64(key, converter.budget).map(Some),
        false => Ok(None),
    }
}

/// RFC 3339 with full precision; UTC is written `Z`, and no zone is invented for a time without one.
fn iso_time(object: &Bound<'_, PyAny>) -> PyResult<Shape> {
    let text = object.call_method0("isoformat")?;
    let mut text = utf8(text.cast()?);
    if text == b"NaT" {
        return Ok(Shape::Number(Value::Null));
    }
    if let Some(local) = text.strip_suffix(b"+00:00") {
        let len = local.len();
        text.truncate(len);
        text.push(b'Z');
    }
    Ok(Shape::Text(text.into()))
}

/// The shape of a value found inside another, without going deeper than one object allows.
pub(crate) fn value_shape(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    // SAFETY: the GIL is held and `object` is alive; texts are copied before anything else happens.
    match unsafe { plain_value(object.as_ptr()) } {
        Some(Value::Null) => Ok(Shape::Number(Value::Null)),
        Some(Value::Bool(truth)) => Ok(Shape::Number(Value::Bool(truth))),
        Some(Value::I64(number)) => Ok(Shape::Number(Value::I64(number))),
        Some(Value::F64(number)) => Ok(Shape::Number(Value::F64(number))),
        Some(Value::Str(text)) if text.len() <= converter.room(out) => Ok(Shape::Text(text.to_vec().into())),
        Some(Value::Str(_)) => shape(converter, object, depth, out),
        Some(Value::U64(_) | Value::Json(_)) | None => {
            // A value that stands for another one is one, too, but not without end.
            if depth > converter.limits.depth + MOST_STAND_INS {
                return Ok(Shape::Text(too_deep(object).into()));
            }
            shape(converter, object, depth + 1, out)
        }
    }
}

/// Whether a container at this depth would be beyond the limit, or the stack is about to end.
pub(crate) fn is_too_deep(converter: &Converter, depth: u32) -> bool {
    depth > converter.limits.depth || reentry::is_stack_short()
}

pub(crate) fn too_deep(object: &Bound<'_, PyAny>) -> String {
    format!("<{}: nested too deeply>", type_name(&object.get_type()))
}
