//! The beginning of an object's `str()` or `repr()`.

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::values::integers::integer_text;
use crate::values::repr::brief::Brief;
use crate::values::repr::collections::push_collection;
use crate::values::repr::exception::{ExceptionStr, repr_arguments};
use crate::values::repr::kinds::{collection, is_array, is_view, numpy_bytes};
use crate::values::repr::quoted;
use crate::values::repr::size::{DEEPEST, has_large_str, has_str_over};
use crate::values::repr::slots::{has_repr_for_str, has_str_of, with_repr_of};
use crate::values::text::Excerpt;

/// The beginning of `str(object)`, in `most` bytes. Fails as `str()` does.
pub(crate) fn str_beginning(object: &Bound<'_, PyAny>, most: usize) -> PyResult<Excerpt> {
    let mut brief = Brief::new(most, push);
    push_str(&mut brief, object, 0)?;
    Ok(brief.finish())
}

/// `repr(object)`, or its beginning in `most` bytes.
pub(crate) fn short_repr<'py>(object: &Bound<'py, PyAny>, most: usize) -> PyResult<Bound<'py, PyString>> {
    let mut brief = Brief::new(most, push);
    push(&mut brief, object, 0)?;
    Ok(brief.finish().marked(object.py(), most))
}

/// The beginning of `str(exception)`, in `most` bytes; `None` if it is no longer than that, or the exception
/// has a text of its own. An exception whose only argument is a text is not cut: its text costs nothing.
#[pyfunction]
pub(crate) fn exception_beginning<'py>(
    exception: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Option<Bound<'py, PyString>>> {
    match ExceptionStr::of(exception) {
        None | Some(ExceptionStr::Nothing) => return Ok(None),
        Some(ExceptionStr::Argument(text)) if text.cast_exact::<PyString>().is_ok() => return Ok(None),
        Some(_) if !has_str_over(exception, most) => return Ok(None),
        Some(_) => {}
    }
    Ok(Some(str_beginning(exception, most)?.marked(exception.py(), most)))
}

fn push_str(brief: &mut Brief, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if has_str_of::<PyString>(object)
        && let Ok(text) = object.cast::<PyString>()
    {
        brief.push_text(text);
        return Ok(());
    }
    if has_repr_for_str(object) || numpy_bytes(object).is_some() {
        return push(brief, object, depth);
    }
    match ExceptionStr::of(object).filter(|_| depth < DEEPEST) {
        Some(text) => push_exception(brief, text, depth + 1),
        None => {
            brief.push_text(&object.str()?);
            Ok(())
        }
    }
}

/// What `str()` of an exception shows.
fn push_exception(brief: &mut Brief, text: ExceptionStr<'_>, depth: usize) -> PyResult<()> {
    match text {
        ExceptionStr::Nothing => Ok(()),
        ExceptionStr::Argument(value) => push_str(brief, &value, depth),
        ExceptionStr::Key(value) => push(brief, &value, depth),
        ExceptionStr::Arguments(tuple) => push(brief, &tuple, depth),
        ExceptionStr::Group(message, count) => {
            push_str(brief, &message, depth)?;
            let plural = if count == 1 { "" } else { "s" };
            brief.close(&format!(" ({count} sub-exception{plural})"));
            Ok(())
        }
        ExceptionStr::System { number, reason, files } => {
            brief.write("[Errno ");
            push_str(brief, &number, depth)?;
            brief.write("] ");
            push_str(brief, &reason, depth)?;
            for (file, before) in files.iter().zip([": ", " -> "]) {
                brief.write(before);
                push(brief, file, depth)?;
            }
            Ok(())
        }
    }
}

/// `repr(object)`: the recursion that [`Brief`] is given for the members of containers.
fn push(brief: &mut Brief, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if let Some(text) = with_repr_of::<PyString>(object) {
        return quoted::push_text(brief, text);
    }
    if let Some(bytes) = with_repr_of::<PyBytes>(object).or_else(|| numpy_bytes(object)) {
        return quoted::push_bytes(brief, bytes);
    }
    if let Some(bytes) = with_repr_of::<PyByteArray>(object) {
        return quoted::push_byte_array(brief, bytes);
    }
    if is_array(object) {
        return quoted::push_array(brief, object);
    }
    if let Ok(number) = object.cast_exact::<PyInt>() {
        brief.push_excerpt(integer_text(number, brief.room())?);
        return Ok(());
    }
    match depth < DEEPEST {
        true => push_container(brief, object, depth),
        false => push_whole(brief, object),
    }
}

/// An object that the interpreter shows, in full.
fn push_whole(brief: &mut Brief, object: &Bound<'_, PyAny>) -> PyResult<()> {
    brief.push_text(&object.repr()?);
    Ok(())
}

fn push_container(brief: &mut Brief, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if let Some(list) = with_repr_of::<PyList>(object) {
        brief.once(object, "[...]", |brief| brief.push_members(("[", "]"), list.iter(), list.len(), depth))
    } else if let Some(tuple) = with_repr_of::<PyTuple>(object) {
        let end = if tuple.len() == 1 { ",)" } else { ")" };
        brief.once(object, "(...)", |brief| brief.push_members(("(", end), tuple.iter(), tuple.len(), depth))
    } else if let Some(set) = with_repr_of::<PySet>(object).filter(|set| !set.is_empty()) {
        push_set(brief, object, || set.iter(), set.len(), depth)
    } else if let Some(set) = with_repr_of::<PyFrozenSet>(object).filter(|set| !set.is_empty()) {
        push_set(brief, object, || set.iter(), set.len(), depth)
    } else if let Some(dict) = with_repr_of::<PyDict>(object) {
        brief.push_dict(dict, depth)
    } else if let Some(arguments) = repr_arguments(object) {
        brief.push_name(object);
        push_arguments(brief, &arguments, depth)
    } else if has_large_str(object) && (collection(object).is_some() || is_view(object)) {
        push_collection(brief, object, depth)
    } else {
        push_whole(brief, object)
    }
}

/// A set that is not empty: its members, behind the name of its class unless that is `set` itself.
fn push_set<'py, I: Iterator<Item = Bound<'py, PyAny>>>(
    brief: &mut Brief,
    set: &Bound<'py, PyAny>,
    members: impl FnOnce() -> I,
    count: usize,
    depth: usize,
) -> PyResult<()> {
    // Taken first, as the pairs of a dict are.
    let most = brief.most_members();
    let members: Vec<_> = with_critical_section(set, || members().take(most).collect());
    let (mut ends, mut again) = (("{", "}"), "set(...)");
    if !set.is_exact_instance_of::<PySet>() {
        brief.push_name(set);
        (ends, again) = (("({", "})"), "(...)");
    }
    brief.once(set, again, |brief| brief.push_members(ends, members.into_iter(), count, depth))
}

/// What is behind the name of an exception's class.
fn push_arguments(brief: &mut Brief, arguments: &Bound<'_, PyTuple>, depth: usize) -> PyResult<()> {
    match arguments.len() {
        1 => brief.push_members(("(", ")"), arguments.iter(), 1, depth),
        _ => push(brief, arguments, depth + 1),
    }
}
