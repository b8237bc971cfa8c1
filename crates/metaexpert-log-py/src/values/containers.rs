//! Containers taken apart: mappings, dataclasses and named tuples into pairs, sequences and sets into
//! elements.
//!
//! The members are taken before any of them is converted: a value's own code, or another thread meanwhile,
//! may change the container.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple, PyType};

use crate::values::classes::classes;
use crate::values::text::type_name;

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A container by the way in which its members are found.
pub(crate) enum Kind<'py> {
    /// A `dict` itself.
    Dict,
    Mapping,
    /// With the names of its members.
    NamedTuple(Bound<'py, PyTuple>),
    /// With its fields.
    Dataclass(Bound<'py, PyDict>),
    /// Whatever has elements, one after the other.
    Series,
}

/// The first members of a container.
pub(crate) enum Members<'py> {
    Pairs {
        pairs: Vec<Pair<'py>>,
        /// How many there are altogether.
        count: usize,
        /// Why the next pair could not be taken.
        problem: Option<PyErr>,
    },
    Elements {
        elements: Vec<Bound<'py, PyAny>>,
        /// `None`: as many as `len()` of the container says, if they are too many.
        count: Option<usize>,
    },
}

/// The kind of an exact `list`, `tuple` or `dict`, which takes no time.
pub(crate) fn exact_kind<'py>(object: &Bound<'py, PyAny>) -> Option<Kind<'py>> {
    if object.cast_exact::<PyList>().is_ok() || object.cast_exact::<PyTuple>().is_ok() {
        return Some(Kind::Series);
    }
    object.cast_exact::<PyDict>().is_ok().then_some(Kind::Dict)
}

/// The kind of any container; `None` for another object.
pub(crate) fn kind_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Kind<'py>>> {
    if object.cast_exact::<PyDict>().is_ok() {
        return Ok(Some(Kind::Dict));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return Ok(Some(named_tuple_fields(object)?.map_or(Kind::Series, Kind::NamedTuple)));
    }
    if object.is_instance(classes(object.py())?.mapping.bind(object.py()))? {
        return Ok(Some(Kind::Mapping));
    }
    if let Some(fields) = dataclass_fields(object)? {
        return Ok(Some(Kind::Dataclass(fields)));
    }
    Ok(is_series(object)?.then_some(Kind::Series))
}

/// The first `most` members of `object`, or all where that makes no difference.
pub(crate) fn members_of<'py>(
    object: &Bound<'py, PyAny>,
    kind: Kind<'py>,
    most: usize,
) -> PyResult<Members<'py>> {
    match kind {
        Kind::Dict => dict_members(object.cast()?, most),
        Kind::Mapping => {
            let pairs = first(object, &object.call_method0("items")?, most)?;
            let count = object.len().unwrap_or(pairs.len());
            Ok(pairs_until_problem(pairs.iter().map(|pair| pair.extract()), count))
        }
        Kind::NamedTuple(names) => {
            let values = object.try_iter()?.take(most);
            let pairs = names.iter().zip(values).map(|(name, value)| Ok((name, value?)));
            Ok(pairs_until_problem(pairs, names.len()))
        }
        Kind::Dataclass(fields) => {
            let fields = shown_fields(&fields)?;
            let count = fields.len();
            let pairs = fields.into_iter().map(|(name, is_shown)| {
                let value = dataclass_value(object, &name, is_shown)?;
                Ok((name, value))
            });
            Ok(pairs_until_problem(pairs, count))
        }
        Kind::Series => Ok(Members::Elements { elements: first(object, object, most)?, count: None }),
    }
}

fn dict_members<'py>(dict: &Bound<'py, PyDict>, most: usize) -> PyResult<Members<'py>> {
    let pairs = with_critical_section(dict, || dict.iter().take(most).collect());
    Ok(Members::Pairs { pairs, count: dict.len(), problem: None })
}

/// The pairs up to the first that could not be taken, which counts only where the record has room for it.
pub(crate) fn pairs_until_problem<'py>(
    pairs: impl Iterator<Item = PyResult<Pair<'py>>>,
    count: usize,
) -> Members<'py> {
    let mut problem = None;
    let pairs = pairs.map_while(|pair| pair.map_err(|failed| problem = Some(failed)).ok()).collect();
    Members::Pairs { pairs, count, problem }
}

fn first<'py>(
    object: &Bound<'py, PyAny>,
    iterable: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    with_critical_section(object, || iterable.try_iter()?.take(most).collect())
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

/// Names of what an instance has, and whether its text shows it: not those of its class, nor of arguments
/// alone.
pub(crate) fn shown_fields<'py>(fields: &Bound<'py, PyDict>) -> PyResult<Vec<(Bound<'py, PyAny>, bool)>> {
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
