//! Any Python value as a value of a frame: a number, a text, or a container as finished JSON.

use metaexpert_log::encode::json::push_value;
use metaexpert_log::frame::Value;
use metaexpert_log::line::escape::escape_json;
use metaexpert_log::line::names::Names;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::process::reentry;
use crate::values::captured::Captured;
use crate::values::classes::classes;
use crate::values::containers::{self, Kind, Members};
use crate::values::conversion::Conversion;
use crate::values::names::key_text;
use crate::values::native::learning::learn;
use crate::values::plain::plain_value;
use crate::values::scalars::{self, Scalar};
use crate::values::str_of::{text_of, try_text_of};
use crate::values::text::{Excerpt, type_name};
use crate::values::third_party::{self, ThirdParty};
use crate::values::times::{TIME_LEN, plain_time};

/// Below the innermost container, a value that stands for another (a member of an enumeration for its value)
/// is followed so often.
const MOST_STAND_INS: u32 = 4;

/// The value as it is now, or what is left of it within the record's bounds.
pub(crate) fn capture(conversion: &mut Conversion, object: &Bound<'_, PyAny>) -> Captured {
    // SAFETY: the GIL is held, and `object` outlives the copies made below.
    match unsafe { plain_value(object.as_ptr()) } {
        Some(Value::Null) => Captured::Number(Value::Null),
        Some(Value::Bool(truth)) => Captured::Number(Value::Bool(truth)),
        Some(Value::I64(number)) => Captured::Number(Value::I64(number)),
        Some(Value::F64(number)) => Captured::Number(Value::F64(number)),
        Some(Value::Str(text)) if text.len() <= conversion.budget => {
            Captured::Text(conversion.bounded_text(text.to_vec().into()))
        }
        Some(Value::Str(_) | Value::U64(_) | Value::Json(_)) | None => capture_any(conversion, object),
    }
}

fn capture_any(conversion: &mut Conversion, object: &Bound<'_, PyAny>) -> Captured {
    let mut json = Vec::new();
    let shape = shape(conversion, object, 0, &mut json);
    match shape {
        Ok(Shape::Text(text)) => Captured::Text(conversion.bounded_text(text)),
        Ok(Shape::Number(number)) => Captured::Number(number),
        Ok(Shape::Written) => conversion.spend(Captured::Json(json)),
        Err(problem) => {
            let note = conversion.note(object, &problem);
            Captured::Text(conversion.bounded_text(note.into()))
        }
    }
}

enum Shape {
    Text(Excerpt),
    /// A number, a truth value or null.
    Number(Value<'static>),
    /// A container, which was written behind what was there.
    Written,
}

/// The form of `object`; a container is written to `out`.
fn shape(
    conversion: &mut Conversion,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(Shape::Text(Excerpt::of(text, conversion.room(out))));
    }
    if let Some(time) = plain_time(object, &mut [0; TIME_LEN]) {
        return Ok(Shape::Text(time.to_vec().into()));
    }
    if conversion.is_exhausted {
        return try_text_of(conversion, object).map(Shape::Text);
    }
    if let Some(kind) = containers::exact_kind(object) {
        return container(conversion, object, kind, depth, out);
    }
    learn(object);
    if let Some(members) = third_party::described(object)? {
        return write(conversion, object, members, depth, out);
    }
    if let Some(basic) = scalars::basic(object, conversion.room(out))? {
        return scalar(conversion, basic, depth, out);
    }
    if let Some(known) = scalars::scalar(conversion, object, conversion.room(out))? {
        return scalar(conversion, known, depth, out);
    }
    if let Some(known) = third_party::recognise(conversion, object, conversion.room(out))? {
        return third_party(conversion, object, known, depth, out);
    }
    if let Some(kind) = containers::kind_of(object)? {
        return container(conversion, object, kind, depth, out);
    }
    by_class(conversion, object, depth, out)
}

/// The form of an object that only its class tells something about: what it is derived from, or declares.
fn by_class(
    conversion: &mut Conversion,
    object: &Bound<'_, PyAny>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    if object.is_instance(classes(object.py())?.namespace.bind(object.py()))? {
        let attributes = object.getattr("__dict__")?;
        return match containers::kind_of(&attributes)? {
            Some(kind) => container(conversion, &attributes, kind, depth, out),
            None => Ok(Shape::Text(text_of(conversion, object))),
        };
    }
    match third_party::recognise_subclass(conversion, object, conversion.room(out))? {
        Some(known) => third_party(conversion, object, known, depth, out),
        None => Ok(Shape::Text(text_of(conversion, object))),
    }
}

fn scalar(conversion: &mut Conversion, scalar: Scalar<'_>, depth: u32, out: &mut Vec<u8>) -> PyResult<Shape> {
    match scalar {
        Scalar::Text(text) => Ok(Shape::Text(text)),
        Scalar::Number(number) => Ok(Shape::Number(number)),
        Scalar::StandsFor(value) => inner_shape(conversion, &value, depth, out),
    }
}

fn third_party(
    conversion: &mut Conversion,
    object: &Bound<'_, PyAny>,
    known: ThirdParty<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    match known {
        ThirdParty::Null => Ok(Shape::Number(Value::Null)),
        ThirdParty::Text(text) => Ok(Shape::Text(text)),
        ThirdParty::Array => container(conversion, object, Kind::Series, depth, out),
        ThirdParty::Value(value) => match third_party::described(&value)? {
            Some(_) if is_too_deep(conversion, depth) => Ok(too_deep(object)),
            Some(members) => write(conversion, object, members, depth, out),
            None => inner_shape(conversion, &value, depth, out),
        },
    }
}

/// The shape of a value found inside another, without going deeper than one object allows.
fn inner_shape(
    conversion: &mut Conversion,
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
        Some(Value::Str(text)) if text.len() <= conversion.room(out) => Ok(Shape::Text(text.to_vec().into())),
        Some(Value::Str(_)) => shape(conversion, object, depth, out),
        Some(Value::U64(_) | Value::Json(_)) | None => {
            // A value that stands for another one is one, too, but not without end.
            if depth > conversion.limits.depth + MOST_STAND_INS {
                return Ok(too_deep(object));
            }
            shape(conversion, object, depth + 1, out)
        }
    }
}

/// Whether a container at this depth would be beyond the limit, or the stack is about to end.
fn is_too_deep(conversion: &Conversion, depth: u32) -> bool {
    depth > conversion.limits.depth || reentry::is_stack_short()
}

fn too_deep(object: &Bound<'_, PyAny>) -> Shape {
    Shape::Text(format!("<{}: nested too deeply>", type_name(&object.get_type())).into())
}

/// Writes a container to `out`, if it is not too deep.
fn container(
    conversion: &mut Conversion,
    object: &Bound<'_, PyAny>,
    kind: Kind<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    if is_too_deep(conversion, depth) {
        return Ok(too_deep(object));
    }
    // One more than is written shows that there are more.
    let members = containers::members_of(object, kind, conversion.limits.items as usize + 1)?;
    write(conversion, object, members, depth, out)
}

/// Writes the first members of `object` to `out`, until the record is full.
fn write(
    conversion: &mut Conversion,
    object: &Bound<'_, PyAny>,
    members: Members<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<Shape> {
    match members {
        Members::Pairs { pairs, count, problem } => {
            write_pairs(conversion, &pairs, count, problem, depth, out)?;
        }
        Members::Elements { elements, count } => {
            let count = |index| count.unwrap_or_else(|| object.len().unwrap_or(index));
            write_elements(conversion, &elements, count, depth, out);
        }
    }
    Ok(Shape::Written)
}

fn write_pairs(
    conversion: &mut Conversion,
    pairs: &[(Bound<'_, PyAny>, Bound<'_, PyAny>)],
    count: usize,
    problem: Option<PyErr>,
    depth: u32,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let mut names = Names::default();
    let mut is_cut = false;
    out.push(b'{');
    for (index, (key, value)) in pairs.iter().enumerate() {
        is_cut = is_enough(conversion, index, out);
        if is_cut {
            push_pairs_left(&mut names, count.saturating_sub(index), out);
            break;
        }
        let name = key_text(conversion, key, conversion.room(out));
        push_string(&names.distinct(name.cut(&mut conversion.room(out))), out);
        out.push(b':');
        push(conversion, value, depth, out);
        out.push(b',');
    }
    if let Some(problem) = problem
        && !is_cut
    {
        if !is_enough(conversion, pairs.len(), out) {
            return Err(problem);
        }
        push_pairs_left(&mut names, count.saturating_sub(pairs.len()), out);
    }
    close(out, b'}');
    Ok(())
}

fn push_pairs_left(names: &mut Names, left: usize, out: &mut Vec<u8>) {
    push_string(&names.distinct("…".into()), out);
    out.push(b':');
    push_string(format!("{left} more").as_bytes(), out);
    out.push(b',');
}

/// `count` says of an index how many elements there are, if these are too many.
fn write_elements(
    conversion: &mut Conversion,
    elements: &[Bound<'_, PyAny>],
    count: impl FnOnce(usize) -> usize,
    depth: u32,
    out: &mut Vec<u8>,
) {
    out.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if is_enough(conversion, index, out) {
            let left = count(index).saturating_sub(index);
            push_string(format!("… {left} more").as_bytes(), out);
            out.push(b',');
            break;
        }
        push(conversion, element, depth, out);
        out.push(b',');
    }
    close(out, b']');
}

fn is_enough(conversion: &Conversion, index: usize, out: &[u8]) -> bool {
    index >= conversion.limits.items as usize || conversion.room(out) == 0 || conversion.interrupt.is_some()
}

fn close(out: &mut Vec<u8>, end: u8) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(end);
}

fn push(conversion: &mut Conversion, object: &Bound<'_, PyAny>, depth: u32, out: &mut Vec<u8>) {
    let before = out.len();
    match inner_shape(conversion, object, depth, out) {
        Ok(Shape::Text(text)) => push_string(&text.cut(&mut conversion.room(out)), out),
        Ok(Shape::Number(number)) => push_value(number, out),
        Ok(Shape::Written) => {}
        Err(problem) => {
            // Of a container that failed half way.
            out.truncate(before);
            push_string(conversion.note(object, &problem).as_bytes(), out);
        }
    }
}

fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}
