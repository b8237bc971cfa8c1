//! Mappings, dataclasses and named tuples as objects, sequences and sets as arrays: written one behind the other into
//! one buffer, until the record is full.

use metaexpert_log::encode::escape::escape_json;
use metaexpert_log::encode::json::push_value;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple, PyType};

use crate::convert::{Converter, Names};
use crate::nested::{Shape, classes, value_shape};
use crate::text::Excerpt;

/// Writes a container to `out`; `None` if the object is none.
pub(crate) fn container(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Option<Shape>> {
    let most = converter.limits.items as usize + 1;
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        let pairs = with_critical_section(object, || dict.iter().take(most).collect::<Vec<_>>());
        return members(converter, pairs.into_iter().map(Ok), dict.len(), depth, out).map(Some);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        if let Some(names) = named_tuple_fields(object)? {
            let pairs = names.iter().zip(object.try_iter()?).map(|(name, value)| Ok((name, value?)));
            return members(converter, pairs, names.len(), depth, out).map(Some);
        }
        return elements(converter, object, depth, out).map(Some);
    }
    if object.is_instance(classes(object.py())?.mapping.bind(object.py()))? {
        let pairs = first(object, &object.call_method0("items")?, most)?;
        let count = object.len().unwrap_or(pairs.len());
        let pairs = pairs.iter().map(|pair| pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>());
        return members(converter, pairs, count, depth, out).map(Some);
    }
    if let Some(names) = dataclass_fields(object)? {
        let pairs = names.iter().map(|name| {
            let value = object.getattr(name.cast::<PyString>()?)?;
            Ok((name, value))
        });
        return members(converter, pairs, names.len(), depth, out).map(Some);
    }
    match is_series(object)? {
        true => elements(converter, object, depth, out).map(Some),
        false => Ok(None),
    }
}

/// Whether it has elements that are no pairs.
fn is_series(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let known = classes(object.py())?;
    let is = |class: &Py<PyType>| object.is_instance(class.bind(object.py()));
    Ok(object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyFrozenSet>()
        || is(&known.set)?
        || is(&known.deque)?
        || is(&known.sequence)?)
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
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    let mut names = Names::default();
    out.push(b'{');
    for (index, pair) in pairs.enumerate() {
        if is_enough(converter, index, out) {
            let left = count.saturating_sub(index);
            push_string(&names.distinct("…".into()), out);
            out.push(b':');
            push_string(format!("{left} more").as_bytes(), out);
            out.push(b',');
            break;
        }
        let (key, value) = pair?;
        let name = match key.cast::<PyString>() {
            Ok(text) => Excerpt::of(text, converter.room(out)),
            Err(_) => converter.text_of(&key),
        };
        push_string(&names.distinct(name.cut(&mut converter.room(out))), out);
        out.push(b':');
        push(converter, &value, depth, out);
        out.push(b',');
    }
    close(out, b'}');
    Ok(Shape::Written)
}

/// Writes what iterating over `object` gives as an array to `out`.
pub(crate) fn elements(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    let first = first(object, object, converter.limits.items as usize + 1)?;
    out.push(b'[');
    for (index, element) in first.iter().enumerate() {
        if is_enough(converter, index, out) {
            let left = object.len().unwrap_or(index).saturating_sub(index);
            push_string(format!("… {left} more").as_bytes(), out);
            out.push(b',');
            break;
        }
        push(converter, element, depth, out);
        out.push(b',');
    }
    close(out, b']');
    Ok(Shape::Written)
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

fn is_enough(converter: &Converter, index: usize, out: &[u8]) -> bool {
    index >= converter.limits.items as usize || converter.room(out) == 0 || converter.interrupt.is_some()
}

fn close(out: &mut Vec<u8>, end: u8) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(end);
}

fn push(converter: &mut Converter, object: &Bound<'_, PyAny>, depth: u32, out: &mut Vec<u8>) {
    let before = out.len();
    match value_shape(converter, object, depth, out) {
        Ok(Shape::Text(text)) => push_string(&text.cut(&mut converter.room(out)), out),
        Ok(Shape::Number(number)) => push_value(number, out),
        Ok(Shape::Written) => {}
        Err(problem) => {
            // Of a container that failed half way.
            out.truncate(before);
            push_string(converter.note(object, &problem).as_bytes(), out);
        }
    }
}

fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}
