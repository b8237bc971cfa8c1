//! Stand-ins for large arguments of a message, because `%` would write out each in full.

use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use crate::process::reentry::is_exhausted;
use crate::values::conversion::Conversion;
use crate::values::repr::kinds::collection;
use crate::values::repr::object::{short_repr, str_beginning};
use crate::values::repr::size::{has_large_repr, has_large_str};
use crate::values::repr::slots::{has_repr_for_str, has_str_of, with_repr_of};
use crate::values::str_of::{refuse_if_exhausted, text_of};

/// The arguments of a message for `%`, with stand-ins for large ones, and at least how many bytes these leave
/// out.
pub(crate) fn arguments<'py>(
    conversion: &mut Conversion,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<(Bound<'py, PyTuple>, usize)> {
    if !arguments.iter_borrowed().any(|argument| needs_stand_in(conversion, &argument)) {
        return Ok((arguments.clone(), 0));
    }
    let mut left = 0;
    let mut all = Vec::with_capacity(arguments.len());
    for argument in arguments {
        all.push(stand_in(conversion, &argument, &mut left)?);
    }
    Ok((PyTuple::new(arguments.py(), all)?, left))
}

fn needs_stand_in(conversion: &Conversion, argument: &Bound<'_, PyAny>) -> bool {
    has_large_str(argument) || has_large_repr(argument) || refuse_if_exhausted(conversion, argument).is_err()
}

fn stand_in<'py>(
    conversion: &mut Conversion,
    argument: &Bound<'py, PyAny>,
    left: &mut usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = argument.py();
    if !needs_stand_in(conversion, argument) {
        return Ok(argument.clone());
    }
    let excerpt = text_of(conversion, argument);
    let stand_in = Shortened::of(argument, excerpt.to_str(py), conversion.budget);
    // How much of a mapping the message asks for is not known.
    *left += if stand_in.mapping.is_some() { 0 } else { excerpt.left() };
    if with_repr_of::<PyString>(argument).is_some() && has_str_of::<PyString>(argument) {
        return Ok(stand_in.text.into_bound(py).into_any());
    }
    Ok(Bound::new(py, stand_in)?.into_any())
}

/// Stands for a large value among the arguments of a message.
#[pyclass(frozen, module = "metaexpert.logger._native")]
struct Shortened {
    text: Py<PyString>,
    /// The mapping for `%(name)s`.
    mapping: Option<Py<PyDict>>,
    /// The number for conversions such as `%x`.
    number: Option<Py<PyInt>>,
    /// The object for `repr()`, if that is not the text.
    shown: Option<Py<PyAny>>,
    most: usize,
}

impl Shortened {
    fn of(object: &Bound<'_, PyAny>, text: Bound<'_, PyString>, most: usize) -> Self {
        let mapping = object
            .cast::<PyDict>()
            .ok()
            .filter(|_| with_repr_of::<PyDict>(object).is_some() || collection(object).is_some());
        let number = object.cast_exact::<PyInt>().ok();
        Shortened {
            text: text.unbind(),
            mapping: mapping.map(|mapping| mapping.clone().unbind()),
            number: number.map(|number| number.clone().unbind()),
            shown: (!has_repr_for_str(object)).then(|| object.clone().unbind()),
            most,
        }
    }
}

#[pymethods]
impl Shortened {
    fn __str__(&self, py: Python<'_>) -> Py<PyString> {
        self.text.clone_ref(py)
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        match &self.shown {
            Some(object) if !is_exhausted() => short_repr(object.bind(py), self.most),
            _ => Ok(self.text.bind(py).clone()),
        }
    }

    fn __getitem__<'py>(&self, key: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let Some(mapping) = &self.mapping else { return Err(PyKeyError::new_err(key.unbind())) };
        // As the mapping itself would, which may have a default.
        let value = mapping.bind(py).as_any().get_item(&key)?;
        if !has_large_str(&value) {
            return Ok(value);
        }
        let text = str_beginning(&value, self.most)?;
        Ok(Bound::new(py, Shortened::of(&value, text.to_str(py), self.most))?.into_any())
    }

    fn __int__(&self, py: Python<'_>) -> PyResult<Py<PyInt>> {
        self.__index__(py)
    }

    fn __index__(&self, py: Python<'_>) -> PyResult<Py<PyInt>> {
        let number = self.number.as_ref().map(|number| number.clone_ref(py));
        number.ok_or_else(|| PyTypeError::new_err("a real number is required"))
    }
}

/// Whether it is a stand-in for a mapping.
pub(crate) fn is_mapping(object: &Bound<'_, PyAny>) -> bool {
    object.cast_exact::<Shortened>().is_ok_and(|shortened| shortened.get().mapping.is_some())
}
