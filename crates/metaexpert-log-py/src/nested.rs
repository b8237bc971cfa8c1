//! Values that JSON has no number for: containers, times, decimals, and whatever else `str()` can show.

use metaexpert_log::encode::escape::escape_json;
use metaexpert_log::encode::json::push_value;
use metaexpert_log::frame::Value;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PySequence, PySet,
    PyString, PyTuple, PyType,
};

use crate::convert::{Captured, Converter, Names, plain_value, type_name, utf8};
use crate::times::{TIME_LEN, plain_time};

/// Python classes that have a form of their own.
struct Classes {
    decimal: Py<PyType>,
    date: Py<PyType>,
    time: Py<PyType>,
    enumeration: Py<PyType>,
    uuid: Py<PyType>,
    path: Py<PyType>,
    deque: Py<PyType>,
    set: Py<PyType>,
    b64encode: Py<PyAny>,
}

fn classes(py: Python<'_>) -> PyResult<&Classes> {
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
            uuid: class("uuid", "UUID")?,
            path: class("pathlib", "PurePath")?,
            deque: class("collections", "deque")?,
            set: class("collections.abc", "Set")?,
            b64encode: py.import("binascii")?.getattr("b2a_base64")?.unbind(),
        })
    })
}

/// Captures any object that is not a plain value.
pub(crate) fn capture(converter: &mut Converter, object: &Bound<'_, PyAny>) -> Captured {
    match shape(converter, object, 0) {
        Ok(Shape::Text(text)) => Captured::Text(text),
        Ok(Shape::Json(json)) => Captured::Json(json),
        Ok(Shape::Number(number)) => Captured::Plain(number),
        Err(problem) => Captured::Text(converter.note(object, &problem).into_bytes()),
    }
}

enum Shape {
    Text(Vec<u8>),
    Json(Vec<u8>),
    Number(Value<'static>),
}

fn shape(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Shape> {
    if let Some(time) = plain_time(object, &mut [0; TIME_LEN]) {
        return Ok(Shape::Text(time.to_vec()));
    }
    if let Some(basic) = basic(object)? {
        return Ok(basic);
    }
    if let Some(scalar) = scalar(converter, object, depth)? {
        return Ok(scalar);
    }
    if let Some(container) = container(converter, object, depth)? {
        return Ok(Shape::Json(container));
    }
    Ok(Shape::Text(converter.text_of(object)))
}

/// Strings with surrogates, large integers, and subclasses of the basic types (not enums).
fn basic(object: &Bound<'_, PyAny>) -> PyResult<Option<Shape>> {
    let py = object.py();
    if object.is_instance(classes(py)?.enumeration.bind(py))? {
        return Ok(None);
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Shape::Text(utf8(text))));
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(Some(Shape::Number(Value::Bool(object.is_truthy()?))));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return Ok(Some(match (number.extract::<i64>(), number.extract::<u64>()) {
            (Ok(number), _) => Shape::Number(Value::I64(number)),
            (_, Ok(number)) => Shape::Number(Value::U64(number)),
            _ => Shape::Text(big_integer(number)?),
        }));
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Some(Shape::Number(Value::F64(number.value()))));
    }
    Ok(None)
}

/// Decimal digits of any integer; hexadecimal beyond what the interpreter converts
/// (`sys.set_int_max_str_digits`).
fn big_integer(number: &Bound<'_, PyInt>) -> PyResult<Vec<u8>> {
    let py = number.py();
    let int = py.get_type::<PyInt>();
    match int.call_method1("__repr__", (number,)) {
        Ok(digits) => Ok(utf8(digits.cast()?)),
        Err(problem) if problem.is_instance_of::<PyValueError>(py) => {
            let hex = int.call_method1("__format__", (number, "#x"))?;
            Ok(utf8(hex.cast()?))
        }
        Err(problem) => Err(problem),
    }
}

/// Objects that become one number or one text.
fn scalar(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Option<Shape>> {
    let py = object.py();
    let known = classes(py)?;
    let is = |class: &Py<PyType>| object.is_instance(class.bind(py));
    if is(&known.decimal)? || is(&known.uuid)? || is(&known.path)? {
        return Ok(Some(Shape::Text(converter.text_of(object))));
    }
    if is(&known.date)? || is(&known.time)? {
        return iso_time(object).map(Some);
    }
    if is(&known.enumeration)? {
        let value = object.getattr("value")?;
        return value_shape(converter, &value, depth).map(Some);
    }
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() || is_memoryview(object) {
        let encoded = known.b64encode.bind(py).call1((object,))?;
        let mut text = encoded.cast::<PyBytes>()?.as_bytes().to_vec();
        text.pop(); // the line end that b2a_base64 adds
        return Ok(Some(Shape::Text(text)));
    }
    numpy_scalar(converter, object, depth)
}

fn is_memoryview(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check of a live object.
    unsafe { pyo3::ffi::PyMemoryView_Check(object.as_ptr()) != 0 }
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
    Ok(Shape::Text(text))
}

/// Numpy's scalars by value; its times as text, because a Python datetime would cut nanoseconds.
fn numpy_scalar(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Option<Shape>> {
    let class = object.get_type();
    if !comes_from(&class, "numpy") || !object.hasattr("dtype")? || !object.hasattr("item")? {
        return Ok(None);
    }
    match type_name(&class).as_str() {
        "datetime64" => {
            let text = converter.text_of(object);
            return Ok(Some(if text == b"NaT" { Shape::Number(Value::Null) } else { Shape::Text(text) }));
        }
        "timedelta64" => return Ok(Some(Shape::Text(converter.text_of(object)))),
        _ => {}
    }
    if object.getattr("ndim")?.extract::<usize>()? > 0 {
        return elements(converter, object, depth).map(|json| Some(Shape::Json(json)));
    }
    let native = object.call_method0("item")?;
    if native.get_type().is(&class) {
        return Ok(Some(Shape::Text(converter.text_of(object))));
    }
    value_shape(converter, &native, depth).map(Some)
}

fn comes_from(class: &Bound<'_, PyType>, package: &str) -> bool {
    class.module().is_ok_and(|module| {
        module.to_str().is_ok_and(|name| name == package || name.starts_with(&format!("{package}.")))
    })
}

/// The shape of a value found inside another, without going deeper than one object allows.
fn value_shape(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Shape> {
    // SAFETY: the GIL is held and `object` is alive; texts are copied before anything else happens.
    match unsafe { plain_value(object.as_ptr()) } {
        Some(Value::Str(text)) => Ok(Shape::Text(text.to_vec())),
        Some(Value::Null) => Ok(Shape::Number(Value::Null)),
        Some(Value::Bool(truth)) => Ok(Shape::Number(Value::Bool(truth))),
        Some(Value::I64(number)) => Ok(Shape::Number(Value::I64(number))),
        Some(Value::F64(number)) => Ok(Shape::Number(Value::F64(number))),
        Some(Value::U64(_) | Value::Json(_)) | None => {
            if depth >= converter.limits.depth {
                return Ok(Shape::Text(too_deep(object)));
            }
            shape(converter, object, depth + 1)
        }
    }
}

fn too_deep(object: &Bound<'_, PyAny>) -> Vec<u8> {
    format!("<{}: nested too deeply>", type_name(&object.get_type())).into_bytes()
}

/// Mappings, dataclasses and named tuples as objects; sequences and sets as arrays.
fn container(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Option<Vec<u8>>> {
    let py = object.py();
    let most = converter.limits.items as usize + 1;
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        let pairs = with_critical_section(object, || dict.iter().take(most).collect::<Vec<_>>());
        return members(converter, pairs.into_iter().map(Ok), dict.len(), depth).map(Some);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        if let Some(names) = named_tuple_fields(object)? {
            let pairs = names.iter().zip(object.try_iter()?).map(|(name, value)| Ok((name, value?)));
            return members(converter, pairs, names.len(), depth).map(Some);
        }
        return elements(converter, object, depth).map(Some);
    }
    if object.cast::<PyMapping>().is_ok() {
        let pairs = first(object, &object.call_method0("items")?, most)?;
        let pairs = pairs.iter().map(|pair| pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>());
        return members(converter, pairs, object.len()?, depth).map(Some);
    }
    if let Some(names) = dataclass_fields(object)? {
        let pairs = names.iter().map(|name| {
            let value = object.getattr(name.cast::<PyString>()?)?;
            Ok((name, value))
        });
        return members(converter, pairs, names.len(), depth).map(Some);
    }
    let known = classes(py)?;
    if object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyFrozenSet>()
        || object.is_instance(known.set.bind(py))?
        || object.is_instance(known.deque.bind(py))?
        || object.cast::<PySequence>().is_ok()
    {
        return elements(converter, object, depth).map(Some);
    }
    Ok(None)
}

fn named_tuple_fields<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let Ok(tuple) = object.cast::<PyTuple>() else { return Ok(None) };
    if object.cast_exact::<PyTuple>().is_ok() {
        return Ok(None);
    }
    match object.get_type().getattr_opt("_fields")? {
        Some(names) => Ok(names.cast_into::<PyTuple>().ok().filter(|names| names.len() == tuple.len())),
        None => Ok(None),
    }
}

fn dataclass_fields<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
    match object.get_type().getattr_opt("__dataclass_fields__")? {
        Some(fields) => Ok(Some(fields.cast::<PyDict>()?.keys())),
        None => Ok(None),
    }
}

fn members<'py>(
    converter: &mut Converter,
    pairs: impl Iterator<Item = PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>>,
    count: usize,
    depth: u32,
) -> PyResult<Vec<u8>> {
    let mut out = vec![b'{'];
    let mut names = Names::default();
    for (index, pair) in pairs.enumerate() {
        if is_enough(converter, index, out.len()) {
            let left = count.saturating_sub(index);
            push_string(b"\xE2\x80\xA6", &mut out); // "…"
            out.push(b':');
            push_string(format!("{left} more").as_bytes(), &mut out);
            out.push(b',');
            break;
        }
        let (key, value) = pair?;
        let name = match key.cast::<PyString>() {
            Ok(text) => utf8(text),
            Err(_) => converter.text_of(&key),
        };
        push_string(&names.distinct(name), &mut out);
        out.push(b':');
        push(converter, &value, depth, &mut out)?;
        out.push(b',');
    }
    Ok(closed(out, b'}'))
}

fn elements(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Vec<u8>> {
    let mut out = vec![b'['];
    let first = first(object, object, converter.limits.items as usize + 1)?;
    for (index, element) in first.iter().enumerate() {
        if is_enough(converter, index, out.len()) {
            let left = object.len().unwrap_or(index).saturating_sub(index);
            push_string(format!("… {left} more").as_bytes(), &mut out);
            out.push(b',');
            break;
        }
        push(converter, element, depth, &mut out)?;
        out.push(b',');
    }
    Ok(closed(out, b']'))
}

/// What `iterable`, of `object`, has at most this many of, taken before any of it is converted: a value's own code,
/// or another thread meanwhile, may change the object.
fn first<'py>(
    object: &Bound<'py, PyAny>,
    iterable: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    with_critical_section(object, || iterable.try_iter()?.take(most).collect())
}

fn is_enough(converter: &Converter, index: usize, len: usize) -> bool {
    index >= converter.limits.items as usize || len >= converter.budget || converter.interrupt.is_some()
}

fn closed(mut out: Vec<u8>, end: u8) -> Vec<u8> {
    if out.len() > 1 {
        out.pop();
    }
    out.push(end);
    out
}

fn push(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32, out: &mut Vec<u8>) -> PyResult<()> {
    match value_shape(converter, object, depth) {
        Ok(Shape::Text(text)) => push_string(&text, out),
        Ok(Shape::Json(json)) => out.extend_from_slice(&json),
        Ok(Shape::Number(number)) => push_value(number, out),
        Err(problem) => push_string(converter.note(object, &problem).as_bytes(), out),
    }
    Ok(())
}

fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}
