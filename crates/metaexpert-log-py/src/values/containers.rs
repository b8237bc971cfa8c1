//! Mappings, dataclasses and named tuples as objects, sequences and sets as arrays: written one behind the other into
//! one buffer, until the record is full.

use metaexpert_log::encode::json::push_value;
use metaexpert_log::line::escape::escape_json;
use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple, PyType};

use crate::values::convert::{Converter, Names, type_name};
use crate::values::nested::{Shape, classes, is_too_deep, key_text, too_deep, value_shape};
use crate::values::text::Excerpt;
use crate::values::third_party::Told;

/// Writes a container to `out`; `None` if the object is none.
pub(crate) fn container(
    converter: &mut Converter,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Option<Shape>> {
    let most = converter.limits.items as usize + 1;
    let refused = || Ok(Some(Shape::Text(too_deep(object).into())));
    let is_too_deep = is_too_deep(converter, depth);
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        if is_too_deep {
            return refused();
        }
        let pairs = with_critical_section(object, || dict.iter().take(most).collect::<Vec<_>>());
        return members(converter, pairs.into_iter().map(Ok), dict.len(), depth, out).map(Some);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        if let Some(names) = named_tuple_fields(object)?
            && !is_too_deep
        {
            let pairs = names.iter().zip(object.try_iter()?).map(|(name, value)| Ok((name, value?)));
            return members(converter, pairs, names.len(), depth, out).map(Some);
        }
        return elements(converter, object, depth, out).map(Some);
    }
    if object.is_instance(classes(object.py())?.mapping.bind(object.py()))? {
        if is_too_deep {
            return refused();
        }
        let pairs = first(object, &object.call_method0("items")?, most)?;
        let count = object.len().unwrap_or(pairs.len());
        let pairs = pairs.iter().map(|pair| pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>());
        return members(converter, pairs, count, depth, out).map(Some);
    }
    if let Some(fields) = dataclass_fields(object)? {
        if is_too_deep {
            return refused();
        }
        let fields = shown_fields(&fields)?;
        let count = fields.len();
        let pairs = fields.into_iter().map(|(name, is_shown)| {
            let value = dataclass_value(object, &name, is_shown)?;
            Ok((name, value))
        });
        let pairs = pairs.collect::<Vec<_>>();
        return members(converter, pairs.into_iter(), count, depth, out).map(Some);
    }
    match is_series(object)? {
        true => elements(converter, object, depth, out).map(Some),
        false => Ok(None),
    }
}

/// Writes what a module for another package's values has told.
pub(crate) fn written(
    converter: &mut Converter,
    told: Told<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    match told {
        Told::Elements(items, count) => {
            let items = items.try_iter()?.collect::<PyResult<Vec<_>>>()?;
            array(converter, items, |_| count, depth, out)
        }
        Told::Pairs(items, count) => {
            let pairs = items.try_iter()?.map(|pair| pair?.extract());
            members(converter, pairs, count, depth, out)
        }
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

fn dataclass_fields<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    match object.get_type().getattr_opt("__dataclass_fields__")? {
        Some(fields) => Ok(Some(fields.cast_into::<PyDict>()?)),
        None => Ok(None),
    }
}

/// Names of what an instance has, and whether its text shows it: not those of its class, nor of arguments alone.
fn shown_fields<'py>(fields: &Bound<'py, PyDict>) -> PyResult<Vec<(Bound<'py, PyAny>, bool)>> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = fields.py();
    let kind =
        KIND.get_or_try_init(py, || py.import("dataclasses")?.getattr("_FIELD").map(Bound::unbind))?.bind(py);
    let mut shown = Vec::with_capacity(fields.len());
    for (name, field) in fields {
        if field.getattr(intern!(py, "_field_type"))?.is(kind) {
            shown.push((name, field.getattr(intern!(py, "repr"))?.is_truthy()?));
        }
    }
    Ok(shown)
}

/// A field's value, or a note in its place.
fn dataclass_value<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    is_shown: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    if !is_shown {
        return Ok(intern!(py, "<hidden: repr=False>").clone().into_any());
    }
    match object.getattr(name.cast::<PyString>()?) {
        Err(problem) if problem.is_instance_of::<PyAttributeError>(py) => {
            let class = type_name(&object.get_type());
            Ok(PyString::new(py, &format!("<unprintable {class}: AttributeError>")).into_any())
        }
        value => value,
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
            Err(_) => key_text(converter, &key),
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
    if is_too_deep(converter, depth) {
        return Ok(Shape::Text(too_deep(object).into()));
    }
    let first = first(object, object, converter.limits.items as usize + 1)?;
    array(converter, first, |index| object.len().unwrap_or(index), depth, out)
}

/// Writes the first elements of an array; `count` says how many it has, of those of which it is known.
fn array(
    converter: &mut Converter,
    first: Vec<Bound<'_, PyAny>>,
    count: impl FnOnce(usize) -> usize,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    out.push(b'[');
    for (index, element) in first.iter().enumerate() {
        if is_enough(converter, index, out) {
            let left = count(index).saturating_sub(index);
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
