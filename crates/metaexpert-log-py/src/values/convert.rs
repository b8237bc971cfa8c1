//! Python values as typed values of a frame. Conversion never fails: what goes wrong becomes a note.

use std::collections::HashSet;

use metaexpert_log::config::Limits;
use metaexpert_log::frame::{Composer, Value};
use pyo3::exceptions::PyException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::process::reentry;
use crate::values::nested;
use crate::values::repr::brief;
use crate::values::text::{Excerpt, escaped_cost, utf8};
use crate::values::times::{TIME_LEN, plain_time_argument};

/// The value of an exact `str` (ASCII or with its UTF-8 at hand), `int` of 64 bits, `float`, `bool` or
/// `None`; nothing for others. Runs no Python code.
///
/// # Safety
/// The caller holds the GIL and keeps `object` alive for `'a`.
#[inline]
pub(crate) unsafe fn plain_value<'a>(object: *mut ffi::PyObject) -> Option<Value<'a>> {
    // SAFETY: `object` is a live object and the GIL is held, by this function's contract; each accessor
    // is used on the type that was checked before it.
    unsafe {
        let kind = ffi::Py_TYPE(object);
        if kind == &raw mut ffi::PyUnicode_Type {
            return plain_text(object).map(Value::Str);
        }
        if kind == &raw mut ffi::PyFloat_Type {
            return Some(Value::F64(ffi::PyFloat_AS_DOUBLE(object)));
        }
        if kind == &raw mut ffi::PyLong_Type {
            return plain_int(object).map(Value::I64);
        }
        if object == ffi::Py_None() {
            return Some(Value::Null);
        }
        if object == ffi::Py_True() {
            return Some(Value::Bool(true));
        }
        if object == ffi::Py_False() {
            return Some(Value::Bool(false));
        }
        None
    }
}

/// The number in an exact `int`; nothing if it has more than 64 bits.
///
/// # Safety
/// As [`plain_value`], and `object` is an exact `int`.
#[inline(always)]
unsafe fn plain_int(object: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: by this function's contract. Up to 3.11 an int is its digits, of 30 bits each, and their count, negative
    // for a negative number: those of one digit, the commonest, are read without a call.
    unsafe {
        #[cfg(not(Py_3_12))]
        {
            let size = (*object.cast::<ffi::PyVarObject>()).ob_size;
            if matches!(size, -1 | 1) {
                let digits = object.cast::<u8>().add(size_of::<ffi::PyVarObject>()).cast::<u32>();
                return Some(i64::from(*digits) * size as i64);
            }
        }
        let mut overflow = 0;
        let number = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
        (overflow == 0).then_some(number)
    }
}

/// A longer text that is not ASCII is not asked for its UTF-8, which would be kept beside it as long as it lives.
const MOST_CHARACTERS: isize = 1 << 16;

/// The UTF-8 text of an exact `str`; nothing if it has lone surrogates, or is long and not ASCII.
///
/// # Safety
/// As [`plain_value`], and `object` is an exact `str`.
#[inline]
pub(crate) unsafe fn plain_text<'a>(object: *mut ffi::PyObject) -> Option<&'a [u8]> {
    // SAFETY: an exact str, alive for 'a, whose text never changes; a compact ASCII str stores its text
    // as UTF-8, others keep the UTF-8 form with the object once it was asked for.
    unsafe {
        // From 3.14 on how a str is laid out is the interpreter's own affair, whose function takes as short a way.
        #[cfg(not(Py_3_14))]
        if ffi::PyUnicode_IS_COMPACT_ASCII(object) != 0 {
            let len = ffi::PyUnicode_GET_LENGTH(object) as usize;
            return Some(std::slice::from_raw_parts(ffi::PyUnicode_DATA(object).cast(), len));
        }
        let mut len = 0;
        let text = short_utf8(object, &mut len);
        if text.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(std::slice::from_raw_parts(text.cast(), len as usize))
    }
}

/// The UTF-8 that the interpreter keeps with a `str`, and its length; null, maybe with an exception, for a long text or
/// one that has none. A function of its own that does not unwind, as the interpreter's is: the branch would cost the
/// one that calls it its part of the profile.
///
/// # Safety
/// As [`plain_text`].
#[inline(never)]
unsafe extern "C" fn short_utf8(object: *mut ffi::PyObject, len: &mut isize) -> *const std::ffi::c_char {
    // SAFETY: by this function's contract.
    unsafe {
        match ffi::PyUnicode_GetLength(object) > MOST_CHARACTERS {
            true => std::ptr::null(),
            false => ffi::PyUnicode_AsUTF8AndSize(object, len),
        }
    }
}

/// Puts an exact `str` into a frame with `push`; nothing if it has lone surrogates or does not fit.
///
/// # Safety
/// The caller holds the GIL and keeps `object` alive meanwhile.
#[inline(always)]
pub(crate) unsafe fn push_text(
    object: *mut ffi::PyObject,
    push: impl FnOnce(&[u8]) -> Option<()>,
) -> Option<()> {
    // SAFETY: by this function's contract; `plain_text` is asked of an exact str alone.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut ffi::PyUnicode_Type {
            return None;
        }
        push(plain_text(object)?)
    }
}

/// Puts what [`plain_value`] reads, or a time in UTC, straight into a frame; nothing for others, or if it does not
/// fit. Runs no Python code.
///
/// # Safety
/// The caller holds the GIL and keeps `object` alive meanwhile.
#[inline(always)]
pub(crate) unsafe fn push_plain(
    py: Python<'_>,
    object: *mut ffi::PyObject,
    composer: &mut Composer<'_>,
) -> Option<()> {
    // SAFETY: by this function's contract; each accessor is used on the type that was checked before it.
    unsafe {
        let kind = ffi::Py_TYPE(object);
        if kind == &raw mut ffi::PyUnicode_Type {
            return composer.str(plain_text(object)?);
        }
        if kind == &raw mut ffi::PyFloat_Type {
            return composer.f64(ffi::PyFloat_AS_DOUBLE(object));
        }
        if kind == &raw mut ffi::PyLong_Type {
            return composer.i64(plain_int(object)?);
        }
        let mut text = [0; TIME_LEN];
        match rare_value(py, object, &mut text)? {
            Value::Str(text) => composer.str(text),
            Value::Bool(truth) => composer.bool(truth),
            _ => composer.null(),
        }
    }
}

/// None, a truth value or a time, which is written to `text`. Apart from [`push_plain`], so that the frame's state stays
/// in registers there.
///
/// # Safety
/// As [`plain_value`].
#[inline(never)]
unsafe fn rare_value<'a>(
    py: Python<'_>,
    object: *mut ffi::PyObject,
    text: &'a mut [u8; TIME_LEN],
) -> Option<Value<'a>> {
    // SAFETY: by this function's contract.
    unsafe {
        if object == ffi::Py_None() {
            return Some(Value::Null);
        }
        if object == ffi::Py_True() || object == ffi::Py_False() {
            return Some(Value::Bool(object == ffi::Py_True()));
        }
        plain_time_argument(py, object, text).map(Value::Str)
    }
}

/// A captured value that owns what it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Captured {
    Plain(Value<'static>),
    Text(Vec<u8>),
    Json(Vec<u8>),
}

impl Captured {
    /// Bytes it takes in a JSON line, at most.
    pub(crate) fn len(&self) -> usize {
        match self {
            Captured::Plain(_) => 24,
            Captured::Text(text) => escaped_cost(text),
            Captured::Json(json) => json.len(),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Captured::Plain(value) => *value,
            Captured::Text(text) => Value::Str(text),
            Captured::Json(text) => Value::Json(text),
        }
    }
}

/// The end of a container that was cut takes no more than this, with its note.
const ENDING_LEN: usize = 64;

/// This part of a record is kept for names and for the notes about what was cut.
const RESERVE_SHARE: usize = 16;

/// Turns values of one record into [`Captured`] ones, within the record's bounds.
pub(crate) struct Converter {
    pub(crate) limits: Limits,
    /// Bytes of output left for this record.
    pub(crate) budget: usize,
    /// Bytes kept for names, so that a large value does not cost the next one its name.
    names_budget: usize,
    /// No value's own code may run any more: see [`reentry`].
    pub(crate) is_exhausted: bool,
    /// A KeyboardInterrupt or SystemExit that a value's own code raised: not ours to swallow.
    pub(crate) interrupt: Option<PyErr>,
}

impl Converter {
    /// A converter for a record of at most `limits.bytes` and `most` bytes, of which `inherited` are taken.
    pub(crate) fn new(limits: Limits, most: usize, inherited: usize) -> Self {
        let bytes = most.min(limits.bytes as usize);
        let reserve = bytes / RESERVE_SHARE;
        Converter {
            limits,
            budget: bytes.saturating_sub(reserve).saturating_sub(inherited),
            names_budget: reserve / 2,
            is_exhausted: reentry::is_exhausted(),
            interrupt: None,
        }
    }

    /// The value as it is now, or what is left of it within this record's bounds.
    pub(crate) fn capture(&mut self, object: &Bound<'_, PyAny>) -> Captured {
        // SAFETY: the GIL is held, and `object` outlives the copies made below.
        match unsafe { plain_value(object.as_ptr()) } {
            Some(Value::Null) => Captured::Plain(Value::Null),
            Some(Value::Bool(truth)) => Captured::Plain(Value::Bool(truth)),
            Some(Value::I64(number)) => Captured::Plain(Value::I64(number)),
            Some(Value::F64(number)) => Captured::Plain(Value::F64(number)),
            Some(Value::Str(text)) if text.len() <= self.budget => {
                Captured::Text(self.bounded_text(text.to_vec().into()))
            }
            Some(Value::Str(_) | Value::U64(_) | Value::Json(_)) | None => nested::capture(self, object),
        }
    }

    /// What was captured before, or what is left of it within this record's bounds.
    pub(crate) fn spend(&mut self, captured: Captured) -> Captured {
        match captured {
            Captured::Text(text) => Captured::Text(self.bounded_text(text.into())),
            Captured::Json(json) if json.len() > self.budget => {
                let note = format!("<{} bytes left out: the record is too large>", json.len());
                Captured::Text(note.into_bytes())
            }
            Captured::Json(json) => {
                self.budget -= json.len();
                Captured::Json(json)
            }
            plain => plain,
        }
    }

    /// Bytes that are left behind `written`, the beginning of one container: enough is kept to end it.
    pub(crate) fn room(&self, written: &[u8]) -> usize {
        let ends = (ENDING_LEN * (self.limits.depth as usize + 2)).min(self.budget / 4);
        (self.budget - ends).saturating_sub(written.len())
    }

    /// The text as far as this record could hold it.
    pub(crate) fn excerpt(&self, text: &Bound<'_, PyString>) -> Excerpt {
        Excerpt::of(text, self.budget)
    }

    /// Cuts `text` to what is left for this record, and says so.
    pub(crate) fn bounded_text(&mut self, text: Excerpt) -> Vec<u8> {
        text.cut(&mut self.budget)
    }

    /// Cuts a message so that it leaves a quarter of the record to the fields.
    pub(crate) fn bounded_message(&mut self, text: Excerpt) -> Vec<u8> {
        let rest = self.budget / 4;
        let mut budget = self.budget - rest;
        let text = text.cut(&mut budget);
        self.budget = budget + rest;
        text
    }

    /// The text of a field's name, cut to what is left; when values have used that up, to what is kept for names.
    pub(crate) fn name_of(&mut self, key: &Bound<'_, PyAny>) -> Vec<u8> {
        let name = match key.cast::<PyString>() {
            Ok(text) => Excerpt::of(text, self.budget.max(self.names_budget)),
            Err(_) => nested::key_text(self, key),
        };
        let cost = escaped_cost(&name.text);
        if name.is_whole() && cost <= self.budget {
            self.budget -= cost;
            return name.text;
        }
        name.cut(&mut self.names_budget)
    }

    /// `str(object)` as far as this record could hold it; a raising `__str__` becomes a note.
    pub(crate) fn text_of(&mut self, object: &Bound<'_, PyAny>) -> Excerpt {
        match brief::text(self, object) {
            Ok(text) => text,
            Err(problem) => self.note(object, &problem).into(),
        }
    }

    /// What to write in place of a value whose own code failed.
    pub(crate) fn note(&mut self, object: &Bound<'_, PyAny>, problem: &PyErr) -> String {
        let py = object.py();
        if !problem.is_instance_of::<PyException>(py) {
            self.interrupt = Some(problem.clone_ref(py));
        }
        format!("<unprintable {}: {}>", type_name(&object.get_type()), type_name(&problem.get_type(py)))
    }
}

/// Names of one record's fields: keys that are different objects may still have one text.
#[derive(Default)]
pub(crate) struct Names(HashSet<Vec<u8>>);

impl Names {
    /// `name`, with underscores appended while it was there before.
    pub(crate) fn distinct(&mut self, mut name: Vec<u8>) -> Vec<u8> {
        while self.0.contains(&name) {
            name.push(b'_');
        }
        self.0.insert(name.clone());
        name
    }
}

/// A class's name, from C so that no metaclass is asked.
pub(crate) fn type_name(class: &Bound<'_, PyType>) -> String {
    class
        .name()
        .map_or_else(|_| "object".to_owned(), |name| String::from_utf8_lossy(&utf8(&name)).into_owned())
}
