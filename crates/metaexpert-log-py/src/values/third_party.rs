//! Values of other packages: numpy's scalars and arrays by value, what is masked or missing as null. The
//! others are described in simpler values by `metaexpert.logger.capture.values`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::values::containers::{Members, pairs_until_problem};
use crate::values::conversion::Conversion;
use crate::values::str_of::text_of;
use crate::values::text::{Excerpt, type_name};

/// A value of another package, in the terms of a record.
pub(crate) enum ThirdParty<'py> {
    Null,
    Text(Excerpt),
    /// A value of Python's own, or one that is simpler.
    Value(Bound<'py, PyAny>),
    /// Its elements, one after the other.
    Array,
}

/// Packages whose values are known, each with the module that describes them.
const PACKAGES: [(&str, &str); 5] = [
    ("numpy", "metaexpert.logger.capture.values.of_numpy"),
    ("msgspec", "metaexpert.logger.capture.values.of_msgspec"),
    ("pandas", "metaexpert.logger.capture.values.of_pandas"),
    ("polars", "metaexpert.logger.capture.values.of_polars"),
    ("pyarrow", "metaexpert.logger.capture.values.of_pyarrow"),
];

/// The module that describes objects by the fields that their classes declare, whatever package these are
/// from.
const DECLARED: &str = "metaexpert.logger.capture.values.declared";

/// The value of an object whose class is one of these packages' own; `None` for another. `room` bytes are
/// left for it.
pub(crate) fn recognise<'py>(
    conversion: &mut Conversion,
    object: &Bound<'py, PyAny>,
    room: usize,
) -> PyResult<Option<ThirdParty<'py>>> {
    let class = object.get_type();
    let Some((package, module)) = package_of(&class) else { return Ok(None) };
    match package {
        "numpy" if !object.hasattr("dtype")? || !object.hasattr("item")? => {
            simpler(conversion, object, module, room)
        }
        "numpy" => of_numpy(conversion, object, &class, room).map(Some),
        "pandas" if type_name(&class) == "NAType" => Ok(Some(ThirdParty::Null)),
        _ => simpler(conversion, object, module, room),
    }
}

/// The same for a class derived from one of these, or one that declares its fields: asked last, because it
/// takes longest.
pub(crate) fn recognise_subclass<'py>(
    conversion: &Conversion,
    object: &Bound<'py, PyAny>,
    room: usize,
) -> PyResult<Option<ThirdParty<'py>>> {
    let class = object.get_type();
    let bases = class.mro();
    // Between the class itself and `object`.
    for base in bases.iter().take(bases.len() - 1).skip(1) {
        if let Some((_, module)) = base.cast::<PyType>().ok().and_then(package_of)
            && let Some(known) = simpler(conversion, object, module, room)?
        {
            return Ok(Some(known));
        }
    }
    for mark in ["__attrs_attrs__", "__struct_encode_fields__", "__pydantic_fields__"] {
        if class.getattr_opt(mark)?.is_some() {
            return simpler(conversion, object, DECLARED, room);
        }
    }
    Ok(None)
}

/// The value of `object` as `module` describes it; `None` if it leaves that to `str()`.
fn simpler<'py>(
    conversion: &Conversion,
    object: &Bound<'py, PyAny>,
    module: &str,
    room: usize,
) -> PyResult<Option<ThirdParty<'py>>> {
    let py = object.py();
    // One more than is written shows that there are more.
    let room = descriptions(py)?.room.bind(py).call1((conversion.limits.items as usize + 1, room))?;
    let value = py.import(module)?.call_method1("simpler", (object, room))?;
    Ok((!value.is(py.NotImplemented())).then_some(ThirdParty::Value(value)))
}

/// Classes of `metaexpert.logger.capture.values`.
struct Descriptions {
    room: Py<PyAny>,
    elements: Py<PyType>,
    pairs: Py<PyType>,
}

static DESCRIPTIONS: PyOnceLock<Descriptions> = PyOnceLock::new();

fn descriptions(py: Python<'_>) -> PyResult<&Descriptions> {
    DESCRIPTIONS.get_or_try_init(py, || {
        let module = py.import("metaexpert.logger.capture.values")?;
        let class = |name: &str| Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyType>()?.unbind());
        Ok(Descriptions {
            room: module.getattr("Room")?.unbind(),
            elements: class("Elements")?,
            pairs: class("Pairs")?,
        })
    })
}

/// The members of a container that a describing module has given; `None` for other objects. Runs no code of
/// theirs.
pub(crate) fn described<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Members<'py>>> {
    let py = object.py();
    // Before a describing module was asked, there is none of these.
    let Some(classes) = DESCRIPTIONS.get(py) else { return Ok(None) };
    let class = object.get_type();
    let is_pairs = class.is(&classes.pairs);
    if !is_pairs && !class.is(&classes.elements) {
        return Ok(None);
    }
    let items = object.getattr("items")?.try_iter()?;
    let count = object.getattr("count")?.extract()?;
    Ok(Some(match is_pairs {
        true => pairs_until_problem(items.map(|pair| pair?.extract()), count),
        false => Members::Elements { elements: items.collect::<PyResult<_>>()?, count: Some(count) },
    }))
}

fn of_numpy<'py>(
    conversion: &mut Conversion,
    object: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    room: usize,
) -> PyResult<ThirdParty<'py>> {
    let name = type_name(class);
    match name.as_str() {
        // Python's times would cut nanoseconds.
        "datetime64" | "timedelta64" => {
            let text = text_of(conversion, object);
            return Ok(if text.text == b"NaT" { ThirdParty::Null } else { ThirdParty::Text(text) });
        }
        "MaskedConstant" => return Ok(ThirdParty::Null),
        "ndarray" if object.getattr("ndim")?.extract::<usize>()? == 0 => {
            return object.get_item(PyTuple::empty(object.py())).map(ThirdParty::Value);
        }
        "ndarray" if object.getattr("dtype")?.getattr("names")?.is_none() => return Ok(ThirdParty::Array),
        _ => {}
    }
    if matches!(name.as_str(), "void" | "record") || is_array(object)? {
        let value = simpler(conversion, object, PACKAGES[0].1, room)?;
        return Ok(value.unwrap_or_else(|| ThirdParty::Text(text_of(conversion, object))));
    }
    let scalar = object.call_method0("item")?;
    match scalar.get_type().is(class) {
        true => Ok(beyond_python(text_of(conversion, object))),
        false => Ok(ThirdParty::Value(scalar)),
    }
}

/// A number that no number of Python's can hold, as its text.
fn beyond_python<'py>(text: Excerpt) -> ThirdParty<'py> {
    match text.text.as_slice() {
        b"nan" | b"inf" | b"-inf" => ThirdParty::Null,
        _ => ThirdParty::Text(text),
    }
}

/// Whether it is an array, and not a scalar.
fn is_array(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let array = object.py().import("numpy")?.getattr("ndarray")?;
    object.is_instance(&array)
}

pub(crate) fn package_of(class: &Bound<'_, PyType>) -> Option<(&'static str, &'static str)> {
    let module: Bound<'_, PyString> = class.module().ok()?;
    let name = module.to_str().ok()?;
    let package = name.split('.').next()?;
    PACKAGES.into_iter().find(|(known, _)| *known == package)
}
