//! `str()` as far as a record could hold it: large values of the interpreter's own types are not written out in full
//! to be cut afterwards.

use pyo3::exceptions::PyRecursionError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::process::reentry::EXPLANATION;
use crate::values::convert::{Converter, plain_value, type_name};
use crate::values::integers::integer_text;
use crate::values::repr::exception::{Told, shown_arguments};
use crate::values::repr::inherited::{is_told_as, is_told_as_shown, shown_as};
use crate::values::repr::size::{DEEPEST, collection, is_array, is_large, is_larger, is_view, numpy_bytes};
use crate::values::text::Excerpt;

/// `str(object)`, or its beginning. Fails as `str()` does, and when no value's own code may run.
pub(crate) fn text(converter: &Converter, object: &Bound<'_, PyAny>) -> PyResult<Excerpt> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(converter.excerpt(text));
    }
    refuse_if_exhausted(converter, object)?;
    if is_large(object) {
        return Brief::of_str(object, converter.budget);
    }
    Ok(converter.excerpt(&object.str()?))
}

/// The beginning of `str(exception)`, in `most` bytes; `None` if it is no longer than that, or the exception has a
/// text of its own. What its only argument is costs nothing where that is a text.
#[pyfunction]
pub(crate) fn exception_beginning<'py>(
    exception: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Option<Bound<'py, PyString>>> {
    match Told::of(exception) {
        None | Some(Told::Nothing) => return Ok(None),
        Some(Told::Argument(text)) if text.cast_exact::<PyString>().is_ok() => return Ok(None),
        Some(_) if !is_larger(exception, most) => return Ok(None),
        Some(_) => {}
    }
    Ok(Some(Brief::of_str(exception, most)?.marked(exception.py(), most)))
}

/// `repr(object)`, or its beginning in `most` bytes.
pub(crate) fn short_repr<'py>(object: &Bound<'py, PyAny>, most: usize) -> PyResult<Bound<'py, PyString>> {
    Ok(Brief::of_repr(object, most)?.marked(object.py(), most))
}

pub(crate) fn refuse_if_exhausted(converter: &Converter, object: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: the GIL is held, and the object alive.
    let is_plain = unsafe { plain_value(object.as_ptr()) }.is_some();
    match converter.is_exhausted && !is_plain {
        true => Err(PyRecursionError::new_err(EXPLANATION)),
        false => Ok(()),
    }
}

/// `repr()` of a large value in the making.
pub(crate) struct Brief {
    text: Vec<u8>,
    most: usize,
    left: usize,
}

impl Brief {
    fn of_repr(object: &Bound<'_, PyAny>, most: usize) -> PyResult<Excerpt> {
        let mut brief = Brief { text: Vec::new(), most, left: 0 };
        brief.push(object, 0)?;
        Ok(Excerpt::from(brief.text).followed_by_about(brief.left))
    }

    pub(crate) fn of_str(object: &Bound<'_, PyAny>, most: usize) -> PyResult<Excerpt> {
        let mut brief = Brief { text: Vec::new(), most, left: 0 };
        brief.push_str(object, 0)?;
        Ok(Excerpt::from(brief.text).followed_by_about(brief.left))
    }

    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.text.len())
    }

    fn push_text(&mut self, text: &Bound<'_, PyString>) {
        let text = Excerpt::of(text, self.room());
        self.left += text.left();
        self.text.extend_from_slice(&text.text);
    }

    fn push_str(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if is_told_as::<PyString>(object)
            && let Ok(text) = object.cast::<PyString>()
        {
            self.push_text(text);
            return Ok(());
        }
        if is_told_as_shown(object) || numpy_bytes(object).is_some() {
            return self.push(object, depth);
        }
        match Told::of(object).filter(|_| depth < DEEPEST) {
            Some(told) => self.push_told(told, depth + 1),
            None => {
                self.push_text(&object.str()?);
                Ok(())
            }
        }
    }

    /// What `str()` of an exception shows.
    fn push_told(&mut self, told: Told<'_>, depth: usize) -> PyResult<()> {
        match told {
            Told::Nothing => Ok(()),
            Told::Argument(value) => self.push_str(&value, depth),
            Told::Key(value) => self.push(&value, depth),
            Told::Arguments(tuple) => self.push(&tuple, depth),
            Told::Group(message, count) => {
                self.push_str(&message, depth)?;
                let plural = if count == 1 { "" } else { "s" };
                self.close(&format!(" ({count} sub-exception{plural})"));
                Ok(())
            }
            Told::System { number, reason, files } => {
                self.text.extend_from_slice(b"[Errno ");
                self.push_str(&number, depth)?;
                self.text.extend_from_slice(b"] ");
                self.push_str(&reason, depth)?;
                for (file, before) in files.iter().zip([": ", " -> "]) {
                    self.text.extend_from_slice(before.as_bytes());
                    self.push(file, depth)?;
                }
                Ok(())
            }
        }
    }

    pub(crate) fn push(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Some(text) = shown_as::<PyString>(object) {
            return self.push_quoted_text(text);
        }
        if let Some(bytes) = shown_as::<PyBytes>(object).or_else(|| numpy_bytes(object)) {
            return self.push_bytes(bytes);
        }
        if let Some(bytes) = shown_as::<PyByteArray>(object) {
            return self.push_byte_array(bytes);
        }
        if is_array(object) {
            return self.push_array(object);
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

    /// Adds a text of which `left` follow.
    pub(crate) fn append(&mut self, mut text: Vec<u8>, left: usize) {
        self.text.append(&mut text);
        self.left += left;
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn push_name(&mut self, object: &Bound<'_, PyAny>) {
        self.text.extend_from_slice(type_name(&object.get_type()).as_bytes());
    }

    /// The end of what is whole.
    pub(crate) fn close(&mut self, end: &str) {
        if self.left == 0 {
            self.text.extend_from_slice(end.as_bytes());
        }
    }

    fn push_repr(&mut self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        self.push_text(&object.repr()?);
        Ok(())
    }

    fn push_container(&mut self, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Some(list) = shown_as::<PyList>(object) {
            self.once(object, "[...]", |brief| brief.push_members(("[", "]"), list.iter(), list.len(), depth))
        } else if let Some(tuple) = shown_as::<PyTuple>(object) {
            let end = if tuple.len() == 1 { ",)" } else { ")" };
            self.once(object, "(...)", |brief| {
                brief.push_members(("(", end), tuple.iter(), tuple.len(), depth)
            })
        } else if let Some(set) = shown_as::<PySet>(object).filter(|set| !set.is_empty()) {
            self.push_set(object, || set.iter(), set.len(), depth)
        } else if let Some(set) = shown_as::<PyFrozenSet>(object).filter(|set| !set.is_empty()) {
            self.push_set(object, || set.iter(), set.len(), depth)
        } else if let Some(dict) = shown_as::<PyDict>(object) {
            self.push_dict(dict, depth)
        } else if let Some(arguments) = shown_arguments(object) {
            self.push_name(object);
            self.push_arguments(&arguments, depth)
        } else if is_large(object) && (collection(object).is_some() || is_view(object)) {
            self.push_collection(object, depth)
        } else {
            self.push_repr(object)
        }
    }

    /// A set that is not empty: its members, behind the name of its class if that is not `set` itself.
    fn push_set<'py, I: Iterator<Item = Bound<'py, PyAny>>>(
        &mut self,
        set: &Bound<'py, PyAny>,
        members: impl FnOnce() -> I,
        count: usize,
        depth: usize,
    ) -> PyResult<()> {
        // As with pairs.
        let most = self.room() / 3 + 1;
        let members: Vec<_> = with_critical_section(set, || members().take(most).collect());
        let (mut ends, mut again) = (("{", "}"), "set(...)");
        if !set.is_exact_instance_of::<PySet>() {
            self.push_name(set);
            (ends, again) = (("({", "})"), "(...)");
        }
        self.once(set, again, |brief| brief.push_members(ends, members.into_iter(), count, depth))
    }

    /// What is behind the name of an exception's class.
    fn push_arguments(&mut self, arguments: &Bound<'_, PyTuple>, depth: usize) -> PyResult<()> {
        match arguments.len() {
            1 => self.push_members(("(", ")"), arguments.iter(), 1, depth),
            _ => self.push(arguments, depth + 1),
        }
    }

    pub(crate) fn push_members<'py>(
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
        self.close(end);
        Ok(())
    }

    pub(crate) fn push_dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.once(dict, "{...}", |brief| brief.push_pairs(dict, depth))
    }

    fn push_pairs(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        self.text.push(b'{');
        // Taken first, and no more of them than there is room for: showing one may run its own code.
        let most = self.room() / 4 + 1;
        let pairs: Vec<_> = with_critical_section(dict, || dict.iter().take(most).collect());
        self.push_these_pairs(&pairs, dict.len(), depth)
    }

    /// The first of `count` pairs, and what ends them.
    pub(crate) fn push_these_pairs(
        &mut self,
        pairs: &[(Bound<'_, PyAny>, Bound<'_, PyAny>)],
        count: usize,
        depth: usize,
    ) -> PyResult<()> {
        for (index, (key, value)) in pairs.iter().enumerate() {
            if self.is_full(2 * count.saturating_sub(index)) {
                return Ok(());
            }
            if index > 0 {
                self.text.extend_from_slice(b", ");
            }
            self.push(key, depth + 1)?;
            self.text.extend_from_slice(b": ");
            self.push(value, depth + 1)?;
        }
        self.close("}");
        Ok(())
    }

    /// Shows a container with `push`, and with `again` where it is in itself.
    pub(crate) fn once(
        &mut self,
        object: &Bound<'_, PyAny>,
        again: &str,
        push: impl FnOnce(&mut Self) -> PyResult<()>,
    ) -> PyResult<()> {
        match Shown::enter(object)? {
            Some(_shown) => push(self),
            None => {
                self.text.extend_from_slice(again.as_bytes());
                Ok(())
            }
        }
    }

    /// Whether there is no room for `more` members, which take three characters each, at least.
    fn is_full(&mut self, more: usize) -> bool {
        let is_full = self.room() == 0 || self.left > 0;
        if is_full {
            self.left += 3 * more;
        }
        is_full
    }
}

/// A container that is being shown, of which the interpreter, asked for members' own texts, knows as well.
struct Shown<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> Shown<'a, 'py> {
    /// `None` if it is being shown already.
    fn enter(object: &'a Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        // SAFETY: the GIL is held, and the object alive.
        match unsafe { ffi::Py_ReprEnter(object.as_ptr()) } {
            0 => Ok(Some(Shown(object))),
            1.. => Ok(None),
            _ => Err(PyErr::fetch(object.py())),
        }
    }
}

impl Drop for Shown<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: as above; it was entered, once.
        unsafe { ffi::Py_ReprLeave(self.0.as_ptr()) };
    }
}
