//! `str()` as far as a record could hold it: large values of the interpreter's own types are not written out in full
//! to be cut afterwards.

use pyo3::exceptions::{PyKeyError, PyRecursionError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::convert::{Converter, plain_value, type_name};
use crate::integers::{integer_text, is_decimal, is_short};
use crate::nesting::EXPLANATION;
use crate::text::Excerpt;

/// Values that take more characters than this are shown here, and others by the interpreter.
const LARGE: usize = 1 << 16;

/// Containers inside each other that are looked into.
const DEEPEST: usize = 16;

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
    let mapping = argument.cast_exact::<PyDict>().ok().map(|mapping| mapping.clone().unbind());
    // Of a mapping it is not known how much the message asks for.
    *left += if mapping.is_some() { 0 } else { excerpt.left() };
    let text = excerpt.to_str(py);
    if argument.cast_exact::<PyString>().is_ok() {
        return Ok(text.into_any());
    }
    Ok(Bound::new(py, Shortened { text: text.unbind(), mapping, most: converter.budget })?.into_any())
}

/// Stands for a large value among the arguments of a message.
#[pyclass(frozen, module = "metaexpert.logger._native")]
struct Shortened {
    text: Py<PyString>,
    /// What `%(name)s` looks into.
    mapping: Option<Py<PyDict>>,
    most: usize,
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
        let value = match &self.mapping {
            Some(mapping) => mapping.bind(py).get_item(&key)?,
            None => None,
        };
        let Some(value) = value else { return Err(PyKeyError::new_err(key.unbind())) };
        if !is_large(&value) {
            return Ok(value);
        }
        let text = match value.cast_exact::<PyString>() {
            Ok(text) => Excerpt::of(text, self.most),
            Err(_) => Brief::of(&value, self.most)?,
        };
        let text = text.to_str(py).unbind();
        Ok(Bound::new(py, Shortened { text, mapping: None, most: self.most })?.into_any())
    }
}

/// Whether it stands for a mapping.
pub(crate) fn is_mapping(object: &Bound<'_, PyAny>) -> bool {
    object.cast_exact::<Shortened>().is_ok_and(|shortened| shortened.get().mapping.is_some())
}

/// Whether `str(object)` is certainly long, as far as that can be seen without running anybody's code.
pub(crate) fn is_large(object: &Bound<'_, PyAny>) -> bool {
    let mut characters = 0;
    weigh(object, 0, &mut characters);
    characters > LARGE
}

/// Adds the characters that `object` takes at least, and stops where there are enough.
fn weigh(object: &Bound<'_, PyAny>, depth: usize, sum: &mut usize) {
    *sum += 1;
    if let Ok(text) = object.cast_exact::<PyString>() {
        // SAFETY: the GIL is held and the str alive.
        *sum += unsafe { ffi::PyUnicode_GetLength(text.as_ptr()) as usize };
    } else if let Ok(bytes) = object.cast_exact::<PyBytes>() {
        *sum += bytes.as_bytes().len();
    } else if let Ok(bytes) = object.cast_exact::<PyByteArray>() {
        *sum += bytes.len();
    } else if let Ok(number) = object.cast_exact::<PyInt>() {
        if !is_short(number) && !is_decimal(number) {
            *sum += LARGE;
        }
    } else if let Some(bytes) = numpy_bytes(object) {
        *sum += bytes.as_bytes().len();
    } else if depth < DEEPEST {
        weigh_members(object, depth, sum);
    }
}

fn weigh_members(object: &Bound<'_, PyAny>, depth: usize, sum: &mut usize) {
    let mut each = |member: Bound<'_, PyAny>| {
        weigh(&member, depth + 1, sum);
        *sum <= LARGE
    };
    if let Ok(list) = object.cast_exact::<PyList>() {
        let _ = list.iter().all(&mut each);
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        let _ = tuple.iter().all(&mut each);
    } else if let Ok(dict) = object.cast_exact::<PyDict>() {
        let _ = with_critical_section(object, || dict.iter().all(|(key, value)| each(key) && each(value)));
    } else if let Ok(set) = object.cast_exact::<PySet>() {
        let _ = with_critical_section(object, || set.iter().all(&mut each));
    } else if let Ok(set) = object.cast_exact::<PyFrozenSet>() {
        let _ = set.iter().all(&mut each);
    } else if let Ok(dict) = object.cast::<PyDict>() {
        *sum += if is_of(object, "collections") { dict.len() } else { 0 };
    } else if is_deque(object) {
        *sum += object.len().unwrap_or(0);
    }
}

/// The bytes of numpy's own class of them, which shows them as Python's does.
fn numpy_bytes<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyBytes>> {
    object.cast::<PyBytes>().ok().filter(|_| is_of(object, "numpy"))
}

fn is_deque(object: &Bound<'_, PyAny>) -> bool {
    is_of(object, "collections") && type_name(&object.get_type()) == "deque"
}

/// Whether the object's class is one of the module's own.
fn is_of(object: &Bound<'_, PyAny>, module: &str) -> bool {
    object.get_type().module().is_ok_and(|name| name == module)
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
                    let members: Vec<_> = set.iter().take(self.room() / 3 + 1).collect();
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
        } else if is_large(object) {
            self.push_collection(object, depth)
        } else {
            self.push_repr(object)
        }
    }

    /// One of the classes of `collections`: its name, and what it holds.
    fn push_collection(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        let begin = format!("{}(", type_name(&object.get_type()));
        self.text.extend_from_slice(begin.as_bytes());
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
        let pairs: Vec<_> = dict.iter().take(self.room() / 4 + 1).collect();
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
