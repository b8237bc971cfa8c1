//! `str()` as far as a record could hold it: large values of the interpreter's own types are not written out in full
//! to be cut afterwards.

use pyo3::exceptions::{PyKeyError, PyRecursionError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::convert::{Converter, plain_value};
use crate::integers::integer_text;
use crate::nesting::EXPLANATION;
use crate::text::Excerpt;
use crate::weight::{DEEPEST, collection, is_large, numpy_bytes};

/// `str(object)`, or its beginning. Fails as `str()` does, and when no value's own code may run.
pub(crate) fn text(converter: &Converter, object: &Bound<'_, PyAny>) -> PyResult<Excerpt> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(converter.excerpt(text));
    }
    refuse_if_exhausted(converter, object)?;
    if is_large(object) {
        return Brief::of(object, converter.budget);
    }
    Ok(converter.excerpt(&object.str()?))
}

fn refuse_if_exhausted(converter: &Converter, object: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: the GIL is held, and the object alive.
    let is_plain = unsafe { plain_value(object.as_ptr()) }.is_some();
    match converter.is_exhausted && !is_plain {
        true => Err(PyRecursionError::new_err(EXPLANATION)),
        false => Ok(()),
    }
}

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
    is_large(argument) || refuse_if_exhausted(converter, argument).is_err()
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
    if argument.cast_exact::<PyString>().is_ok() {
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
    most: usize,
}

impl Shortened {
    fn of(object: &Bound<'_, PyAny>, text: Bound<'_, PyString>, most: usize) -> Self {
        let mapping = object
            .cast::<PyDict>()
            .ok()
            .filter(|mapping| mapping.is_exact_instance_of::<PyDict>() || collection(object).is_some());
        let number = object.cast_exact::<PyInt>().ok();
        Shortened {
            text: text.unbind(),
            mapping: mapping.map(|mapping| mapping.clone().unbind()),
            number: number.map(|number| number.clone().unbind()),
            most,
        }
    }
}

#[pymethods]
impl Shortened {
    fn __str__(&self, py: Python<'_>) -> Py<PyString> {
        self.text.clone_ref(py)
    }

    fn __repr__(&self, py: Python<'_>) -> Py<PyString> {
        self.text.clone_ref(py)
    }

    fn __getitem__<'py>(&self, key: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let Some(mapping) = &self.mapping else { return Err(PyKeyError::new_err(key.unbind())) };
        // As the mapping itself would, which may have a default.
        let value = mapping.bind(py).as_any().get_item(&key)?;
        if !is_large(&value) {
            return Ok(value);
        }
        let text = match value.cast_exact::<PyString>() {
            Ok(text) => Excerpt::of(text, self.most),
            Err(_) => Brief::of(&value, self.most)?,
        };
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

/// `repr()` of a large value in the making.
struct Brief {
    text: Vec<u8>,
    most: usize,
    left: usize,
}

impl Brief {
    fn of(object: &Bound<'_, PyAny>, most: usize) -> PyResult<Excerpt> {
        let mut brief = Brief { text: Vec::new(), most, left: 0 };
        brief.push(object, 0)?;
        Ok(Excerpt::from(brief.text).followed_by(brief.left))
    }

    fn room(&self) -> usize {
        self.most.saturating_sub(self.text.len())
    }

    fn push(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Ok(text) = object.cast_exact::<PyString>() {
            let beginning = Excerpt::of(text, self.room());
            return self.push_beginning(&beginning.to_str(object.py()), beginning.left());
        }
        if object.cast_exact::<PyBytes>().is_ok() || object.cast_exact::<PyByteArray>().is_ok() {
            let (len, most) = (object.len()?, self.room());
            let beginning = object.get_item(pyo3::types::PySlice::new(object.py(), 0, most as isize, 1))?;
            return self.push_beginning(&beginning, len.saturating_sub(most));
        }
        if let Some(bytes) = numpy_bytes(object) {
            let all = bytes.as_bytes();
            let first = &all[..all.len().min(self.room())];
            return self.push_beginning(&PyBytes::new(object.py(), first), all.len() - first.len());
        }
        if let Ok(number) = object.cast_exact::<PyInt>() {
            let text = integer_text(number, self.room())?;
            self.left += text.left();
            self.text.extend_from_slice(&text.text);
            return Ok(());
        }
        match depth < DEEPEST {
            true => self.push_container(object, depth),
            false => self.push_repr(object),
        }
    }

    /// `repr()` of the beginning of a text, without the quote at its end if `left` follow.
    fn push_beginning(&mut self, beginning: &Bound<'_, PyAny>, left: usize) -> PyResult<()> {
        let mut text = Excerpt::of(&beginning.repr()?, usize::MAX).text;
        if left > 0 {
            let quote = text.iter().rposition(|&byte| byte == b'\'' || byte == b'"');
            text.truncate(quote.unwrap_or(text.len()));
        }
        self.left += left;
        self.text.append(&mut text);
        Ok(())
    }

    fn push_repr(&mut self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let text = Excerpt::of(&object.repr()?, self.room());
        self.left += text.left();
        self.text.extend_from_slice(&text.text);
        Ok(())
    }

    fn push_container(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Ok(list) = object.cast_exact::<PyList>() {
            self.push_members(("[", "]"), list.iter(), list.len(), depth)
        } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            let end = if tuple.len() == 1 { ",)" } else { ")" };
            self.push_members(("(", end), tuple.iter(), tuple.len(), depth)
        } else if let Ok(set) = object.cast_exact::<PySet>().cloned() {
            match set.is_empty() {
                true => self.push_repr(&set),
                false => {
                    // As with pairs.
                    let most = self.room() / 3 + 1;
                    let members: Vec<_> = with_critical_section(&set, || set.iter().take(most).collect());
                    self.push_members(("{", "}"), members.into_iter(), set.len(), depth)
                }
            }
        } else if let Ok(set) = object.cast_exact::<PyFrozenSet>().cloned() {
            match set.is_empty() {
                true => self.push_repr(&set),
                false => self.push_members(("frozenset({", "})"), set.iter(), set.len(), depth),
            }
        } else if let Ok(dict) = object.cast_exact::<PyDict>() {
            self.push_pairs(dict, depth)
        } else {
            match collection(object).filter(|_| is_large(object)) {
                Some(name) => self.push_collection(name, object, depth),
                None => self.push_repr(object),
            }
        }
    }

    /// One of the classes of `collections`: its name, and what it holds.
    fn push_collection(&mut self, name: &str, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(b'(');
        if let Ok(dict) = object.cast::<PyDict>() {
            self.push_pairs(dict, depth)?;
        } else {
            let most = self.room() / 3 + 1;
            let members = object.try_iter()?.take(most).collect::<PyResult<Vec<_>>>()?;
            self.push_members(("[", "]"), members.into_iter(), object.len()?, depth)?;
        }
        if self.left == 0 {
            self.text.push(b')');
        }
        Ok(())
    }

    fn push_members<'py>(
        &mut self,
        (begin, end): (&str, &str),
        members: impl Iterator<Item = Bound<'py, PyAny>>,
        count: usize,
        depth: usize,
    ) -> PyResult<()> {
        self.text.extend_from_slice(begin.as_bytes());
        for (index, member) in members.enumerate() {
            if self.is_full(count - index.min(count)) {
                return Ok(());
            }
            if index > 0 {
                self.text.extend_from_slice(b", ");
            }
            self.push(&member, depth + 1)?;
        }
        self.text.extend_from_slice(end.as_bytes());
        Ok(())
    }

    fn push_pairs(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.text.push(b'{');
        // Taken first, and no more of them than there is room for: showing one may run its own code.
        let most = self.room() / 4 + 1;
        let pairs: Vec<_> = with_critical_section(dict, || dict.iter().take(most).collect());
        for (index, (key, value)) in pairs.iter().enumerate() {
            if self.is_full(2 * dict.len().saturating_sub(index)) {
                return Ok(());
            }
            if index > 0 {
                self.text.extend_from_slice(b", ");
            }
            self.push(key, depth + 1)?;
            self.text.extend_from_slice(b": ");
            self.push(value, depth + 1)?;
        }
        self.text.push(b'}');
        Ok(())
    }

    /// Whether there is no room for `more` members, which take three characters each, at least.
    fn is_full(&mut self, more: usize) -> bool {
        let is_full = self.room() == 0;
        if is_full {
            self.left += 3 * more;
        }
        is_full
    }
}
