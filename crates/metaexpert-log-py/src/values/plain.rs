//! Values of exact plain types, read where they are: no Python code runs.
//!
//! *Plain* are `str`, `int` of 64 bits, `float`, `bool` and `None`, and `datetime` in UTC or without a zone.

use metaexpert_log::frame::{Composer, Value};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::values::times::{TIME_LEN, plain_time_argument};

/// The value of an exact `str`, `int` of 64 bits, `float`, `bool` or `None`; `None` for other objects, and
/// for a `str` that [`plain_text`] refuses. Runs no Python code.
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

/// The number in an exact `int`; `None` if it has more than 64 bits.
///
/// # Safety
/// As [`plain_value`], and `object` is an exact `int`.
#[inline(always)]
unsafe fn plain_int(object: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: by this function's contract. Up to 3.11 an int is its digits, of 30 bits each, and their count,
    // which is negative for a negative number. Numbers of one digit, the commonest, are read without a call.
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

/// A longer text that is not ASCII is not asked for its UTF-8, which the interpreter would keep as long as
/// the text.
const MOST_CHARACTERS: isize = 1 << 16;

/// The UTF-8 text of an exact `str`; `None` if it has lone surrogates, or is long and not ASCII.
///
/// # Safety
/// As [`plain_value`], and `object` is an exact `str`.
#[inline]
pub(crate) unsafe fn plain_text<'a>(object: *mut ffi::PyObject) -> Option<&'a [u8]> {
    // SAFETY: an exact str, alive for 'a, whose text never changes; a compact ASCII str stores its text
    // as UTF-8, others keep their UTF-8 with the object once it was asked for.
    unsafe {
        // From 3.14 on the layout of a str is private; the interpreter's own function is as fast there.
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

/// The UTF-8 that the interpreter keeps with a `str`, and its length. Null, maybe with an exception, for a
/// long text or one that has none. A function of its own, which does not unwind, because the branch would
/// cost its caller its part of the profile.
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

/// Puts an exact `str` into a frame with `push`; `None` if it has lone surrogates or does not fit.
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

/// Puts a plain value straight into a frame; `None` for others, or if it does not fit. Runs no Python code.
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

/// None, a truth value or a time, which is written to `text`. Not part of [`push_plain`], whose frame state
/// so stays in registers.
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
