//! Values of other packages: numpy's scalars and arrays by value, what is masked or missing as null. What takes more
//! is told in simpler values by `metaexpert.logger.capture.values`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::values::convert::{Converter, type_name};
use crate::values::text::Excerpt;

/// What such a value is for a record.
pub(crate) enum Foreign<'py> {
    Null,
    Text(Excerpt),
    /// A value of Python's own, or one that is simpler.
    Value(Bound<'py, PyAny>),
    /// Its elements, one after the other.
    Array,
}

/// Packages whose values are known, and what tells their values in simpler ones.
const PACKAGES: [(&str, &str); 5] = [
    ("numpy", "metaexpert.logger.capture.values.of_numpy"),
    ("msgspec", "metaexpert.logger.capture.values.of_msgspec"),
    ("pandas", "metaexpert.logger.capture.values.of_pandas"),
    ("polars", "metaexpert.logger.capture.values.of_polars"),
    ("pyarrow", "metaexpert.logger.capture.values.of_pyarrow"),
];

/// What tells an object by the fields that its class declares, of whatever package.
const DECLARED: &str = "metaexpert.logger.capture.values.declared";

/// What `object` is, if its class is one of these packages' own. `room` bytes are left for it.
pub(crate) fn recognise<'py>(
    converter: &mut Converter,
    object: &Bound<'py, PyAny>,
    room: usize,
) -> PyResult<Option<Foreign<'py>>> {
    let class = object.get_type();
    let Some((package, teller)) = package_of(&class) else { return Ok(None) };
    match package {
        "numpy" if !object.hasattr("dtype")? || !object.hasattr("item")? => {
            simpler(converter, object, teller, room)
        }
        "numpy" => of_numpy(converter, object, &class, room).map(Some),
        "pandas" if type_name(&class) == "NAType" => Ok(Some(Foreign::Null)),
        _ => simpler(converter, object, teller, room),
    }
}

/// The same for a class derived from one of these, or one that declares its fields: asked last, for it takes longest.
pub(crate) fn recognise_derived<'py>(
    converter: &Converter,
    object: &Bound<'py, PyAny>,
    room: usize,
) -> PyResult<Option<Foreign<'py>>> {
    let class = object.get_type();
    let bases = class.mro();
    // Between the class itself and `object`.
    for base in bases.iter().take(bases.len() - 1).skip(1) {
        if let Some((_, teller)) = base.cast::<PyType>().ok().and_then(package_of)
            && let Some(known) = simpler(converter, object, teller, room)?
        {
            return Ok(Some(known));
        }
    }
    for mark in ["__attrs_attrs__", "__struct_encode_fields__", "__pydantic_fields__"] {
        if class.getattr_opt(mark)?.is_some() {
            return simpler(converter, object, DECLARED, room);
        }
    }
    Ok(None)
}

/// What the module `teller` says of `object`.
fn simpler<'py>(
    converter: &Converter,
    object: &Bound<'py, PyAny>,
    teller: &str,
    room: usize,
) -> PyResult<Option<Foreign<'py>>> {
    let py = object.py();
    // One more than is written shows that there are more.
    let room = tellers(py)?.room.bind(py).call1((converter.limits.items as usize + 1, room))?;
    let told = py.import(teller)?.call_method1("simpler", (object, room))?;
    Ok((!told.is(py.NotImplemented())).then_some(Foreign::Value(told)))
}

/// Classes of `metaexpert.logger.capture.values`.
struct Tellers {
    room: Py<PyAny>,
    elements: Py<PyType>,
    pairs: Py<PyType>,
}

static TELLERS: PyOnceLock<Tellers> = PyOnceLock::new();

fn tellers(py: Python<'_>) -> PyResult<&Tellers> {
    TELLERS.get_or_try_init(py, || {
        let module = py.import("metaexpert.logger.capture.values")?;
        let class = |name: &str| Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyType>()?.unbind());
        Ok(Tellers {
            room: module.getattr("Room")?.unbind(),
            elements: class("Elements")?,
            pairs: class("Pairs")?,
        })
    })
}

/// What a teller says of a container: its first members, and how many there are.
pub(crate) enum Told<'py> {
    Elements(Bound<'py, PyAny>, usize),
    Pairs(Bound<'py, PyAny>, usize),
}

/// What a teller has told; nothing for other objects. Runs no code of theirs.
pub(crate) fn told<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Told<'py>>> {
    let py = object.py();
    // Before a teller was asked, there is none of these.
    let Some(tellers) = TELLERS.get(py) else { return Ok(None) };
    let class = object.get_type();
    let is_pairs = class.is(&tellers.pairs);
    if !is_pairs && !class.is(&tellers.elements) {
        return Ok(None);
    }
    let (items, count) = (object.getattr("items")?, object.getattr("count")?.extract()?);
    Ok(Some(if is_pairs { Told::Pairs(items, count) } else { Told::Elements(items, count) }))
}

fn of_numpy<'py>(
    converter: &mut Converter,
    object: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    room: usize,
) -> PyResult<Foreign<'py>> {
    let name = type_name(class);
    match name.as_str() {
        // Python's times would cut nanoseconds.
        "datetime64" | "timedelta64" => {
            let text = converter.text_of(object);
            return Ok(if text.text == b"NaT" { Foreign::Null } else { Foreign::Text(text) });
        }
        "MaskedConstant" => return Ok(Foreign::Null),
        "ndarray" if object.getattr("ndim")?.extract::<usize>()? == 0 => {
            return object.get_item(PyTuple::empty(object.py())).map(Foreign::Value);
        }
        "ndarray" if object.getattr("dtype")?.getattr("names")?.is_none() => return Ok(Foreign::Array),
        _ => {}
    }
    if matches!(name.as_str(), "void" | "record") || is_array(object)? {
        let told = simpler(converter, object, PACKAGES[0].1, room)?;
        return Ok(told.unwrap_or_else(|| Foreign::Text(converter.text_of(object))));
    }
    let scalar = object.call_method0("item")?;
    match scalar.get_type().is(class) {
        true => Ok(beyond_python(converter.text_of(object))),
        false => Ok(Foreign::Value(scalar)),
    }
}

/// A number that no number of Python's can hold, as its text.
fn beyond_python<'py>(text: Excerpt) -> Foreign<'py> {
    match text.text.as_slice() {
        b"nan" | b"inf" | b"-inf" => Foreign::Null,
        _ => Foreign::Text(text),
    }
}

/// Whether it is an array, and not a scalar.
fn is_array(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let array = object.py().import("numpy")?.getattr("ndarray")?;
    object.is_instance(&array)
}

fn package_of(class: &Bound<'_, PyType>) -> Option<(&'static str, &'static str)> {
    let module: Bound<'_, PyString> = class.module().ok()?;
    let name = module.to_str().ok()?;
    let package = name.split('.').next()?;
    PACKAGES.into_iter().find(|(known, _)| *known == package)
}
