//! Stand-ins for large arguments of a message, because `%` would write all of each.

use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use crate::process::reentry::is_exhausted;
use crate::values::convert::Converter;
use crate::values::repr::brief::{Brief, refuse_if_exhausted, short_repr};
use crate::values::repr::inherited::{is_told_as, is_told_as_shown, shown_as};
use crate::values::repr::size::{collection, is_large, is_shown_large};

/// What stands for the arguments of a message in `%`, and how many bytes of them were left out, at least.
pub(crate) fn arguments<'py>(
    converter: &mut Converter,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<(Bound<'py, PyTuple>, usize)> {
    if !arguments.iter_borrowed().any(|argument| needs_stand_in(converter, &argument)) {
        return Ok((arguments.clone(), 0));
    }
    let mut left = 0;
    let mut all = Vec::with_capacity(arguments.len());
    for argument in arguments {
        all.push(stand_in(converter, &argument, &mut left)?);
    }
    Ok((PyTuple::new(arguments.py(), all)?, left))
}

fn needs_stand_in(converter: &Converter, argument: &Bound<'_, PyAny>) -> bool {
    is_large(argument) || is_shown_large(argument) || refuse_if_exhausted(converter, argument).is_err()
}

fn stand_in<'py>(
    converter: &mut Converter,
    argument: &Bound<'py, PyAny>,
    left: &mut usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = argument.py();
    if !needs_stand_in(converter, argument) {
        return Ok(argument.clone());
    }
    let excerpt = converter.text_of(argument);
    let stand_in = Shortened::of(argument, excerpt.to_str(py), converter.budget);
    // Of a mapping it is not known how much the message asks for.
    *left += if stand_in.mapping.is_some() { 0 } else { excerpt.left() };
    if shown_as::<PyString>(argument).is_some() && is_told_as::<PyString>(argument) {
        return Ok(stand_in.text.into_bound(py).into_any());
    }
    Ok(Bound::new(py, stand_in)?.into_any())
}

/// Stands for a large value among the arguments of a message.
#[pyclass(frozen, module = "metaexpert.logger._native")]
struct Shortened {
    text: Py<PyString>,
    /// What `%(name)s` looks into.
    mapping: Option<Py<PyDict>>,
    /// What conversions such as `%x` show.
    number: Option<Py<PyInt>>,
    /// What `repr()` shows, if that is not the text.
    shown: Option<Py<PyAny>>,
    most: usize,
}

impl Shortened {
    fn of(object: &Bound<'_, PyAny>, text: Bound<'_, PyString>, most: usize) -> Self {
        let mapping = object
            .cast::<PyDict>()
            .ok()
            .filter(|_| shown_as::<PyDict>(object).is_some() || collection(object).is_some());
        let number = object.cast_exact::<PyInt>().ok();
        Shortened {
            text: text.unbind(),
            mapping: mapping.map(|mapping| mapping.clone().unbind()),
            number: number.map(|number| number.clone().unbind()),
            shown: (!is_told_as_shown(object)).then(|| object.clone().unbind()),
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
        if !is_large(&value) {
            return Ok(value);
        }
        let text = Brief::of_str(&value, self.most)?;
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

/// Whether it stands for a mapping.
pub(crate) fn is_mapping(object: &Bound<'_, PyAny>) -> bool {
    object.cast_exact::<Shortened>().is_ok_and(|shortened| shortened.get().mapping.is_some())
}
