//! Values of numpy and pandas: scalars by value, what is masked or missing as null.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::convert::{Converter, type_name};
use crate::text::Excerpt;

/// What such a value is for a record.
pub(crate) enum Foreign<'py> {
    Null,
    Text(Excerpt),
    /// A value of Python's own, or of numpy's that is simpler.
    Value(Bound<'py, PyAny>),
    /// Its elements, one after the other.
    Array,
}

/// What `object` is, if it is one of these packages' own.
pub(crate) fn recognise<'py>(
    converter: &mut Converter,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<Foreign<'py>>> {
    let class = object.get_type();
    if comes_from(&class, "pandas") {
        return Ok((type_name(&class) == "NAType").then_some(Foreign::Null));
    }
    if !comes_from(&class, "numpy") || !object.hasattr("dtype")? || !object.hasattr("item")? {
        return Ok(None);
    }
    of_numpy(converter, object, &class).map(Some)
}

fn of_numpy<'py>(
    converter: &mut Converter,
    object: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
) -> PyResult<Foreign<'py>> {
    match type_name(class).as_str() {
        // Python's times would cut nanoseconds.
        "datetime64" | "timedelta64" => {
            let text = converter.text_of(object);
            return Ok(if text.text == b"NaT" { Foreign::Null } else { Foreign::Text(text) });
        }
        "MaskedConstant" => return Ok(Foreign::Null),
        // One row of a masked table, whose `item` forgets the mask.
        "mvoid" => return Ok(Foreign::Value(object.call_method0("tolist")?)),
        _ => {}
    }
    if object.getattr("ndim")?.extract::<usize>()? > 0 {
        return Ok(Foreign::Array);
    }
    // Not `item`, which gives a number for what is masked, and for a time.
    let scalar = if is_array(object)? {
        object.get_item(PyTuple::empty(object.py()))?
    } else {
        object.call_method0("item")?
    };
    match scalar.get_type().is(class) {
        true => Ok(Foreign::Text(converter.text_of(object))),
        false => Ok(Foreign::Value(scalar)),
    }
}

/// Whether it is an array, of no dimension, and not a scalar.
fn is_array(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let array = object.py().import("numpy")?.getattr("ndarray")?;
    object.is_instance(&array)
}

fn comes_from(class: &Bound<'_, PyType>, package: &str) -> bool {
    class.module().is_ok_and(|module: Bound<'_, PyString>| {
        module.to_str().is_ok_and(|name| {
            name.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    })
}
