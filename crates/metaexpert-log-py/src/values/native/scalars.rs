//! Objects of known classes as one number or one text, read from where they keep it.

use std::io::{Cursor, Write};

use metaexpert_log::frame::Value;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use crate::values::native::plan::NumberKind;
use crate::values::times::{TIME_LEN, write_date_and_time, write_number};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Length of `12345678-1234-5678-1234-567812345678`.
const UUID_LEN: usize = 36;

/// Length of `2026-01-31T23:59:59.123456789Z`.
pub(super) const TIMESTAMP_LEN: usize = 30;

/// Length of `-999999999 days, 23:59:59.999999`.
pub(super) const TIMEDELTA_LEN: usize = 32;

/// The text of an object of a subclass of `str`, past whatever methods that has.
///
/// # Safety
/// `object` is a `str`, alive for `'a`.
pub(super) unsafe fn text_of_subclass<'a>(object: *mut ffi::PyObject) -> Option<&'a [u8]> {
    // SAFETY: by this function's contract; the text of a str never changes.
    unsafe { crate::values::plain::plain_text(object) }
}

/// An attribute of an object whose class finds attributes as `object` does; none of them runs code.
///
/// # Safety
/// `object` is alive.
unsafe fn attribute<'py>(
    object: *mut ffi::PyObject,
    name: &Bound<'py, pyo3::types::PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: by this function's contract; a new reference, or null with an exception.
    unsafe {
        let value = ffi::PyObject_GenericGetAttr(object, name.as_ptr());
        Bound::from_owned_ptr_or_err(name.py(), value).ok()
    }
}

/// What a member of an enumeration stands for; `None` if that only makes it differ from others.
///
/// # Safety
/// `object` is a member of an enumeration, and alive.
pub(super) unsafe fn enumeration_value<'py>(
    py: Python<'py>,
    object: *mut ffi::PyObject,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: by this function's contract.
    let value = unsafe { attribute(object, intern!(py, "_value_"))? };
    (!value.is_exact_instance_of::<PyAny>()).then_some(value)
}

/// The text of an exact `uuid.UUID`.
///
/// # Safety
/// `object` is one, and alive.
pub(super) unsafe fn uuid(py: Python<'_>, object: *mut ffi::PyObject) -> Option<[u8; UUID_LEN]> {
    // SAFETY: by this function's contract.
    let number: u128 = unsafe { attribute(object, intern!(py, "int"))? }.extract().ok()?;
    let mut text = [b'-'; UUID_LEN];
    let places = (0..UUID_LEN).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
    for (digit, place) in (0..32).rev().zip(places) {
        text[place] = HEX[(number >> (4 * digit)) as usize & 0xF];
    }
    Some(text)
}

/// The text of an exact `datetime.date`.
///
/// # Safety
/// `object` is one, and alive.
pub(super) unsafe fn date(object: *mut ffi::PyObject) -> [u8; 10] {
    let mut text = *b"0000-00-00";
    // SAFETY: by this function's contract.
    unsafe {
        write_number(&mut text[0..4], ffi::PyDateTime_GET_YEAR(object) as u32);
        write_number(&mut text[5..7], ffi::PyDateTime_GET_MONTH(object) as u32);
        write_number(&mut text[8..10], ffi::PyDateTime_GET_DAY(object) as u32);
    }
    text
}

/// The text of an exact `datetime.time` without a zone; `None` for one with a zone.
///
/// # Safety
/// `object` is one, and alive.
pub(super) unsafe fn time(object: *mut ffi::PyObject, text: &mut [u8; TIME_LEN]) -> Option<&[u8]> {
    text[..15].copy_from_slice(b"00:00:00.000000");
    // SAFETY: by this function's contract.
    let microsecond = unsafe {
        if ffi::PyDateTime_TIME_GET_TZINFO(object) != ffi::Py_None() {
            return None;
        }
        write_number(&mut text[0..2], ffi::PyDateTime_TIME_GET_HOUR(object) as u32);
        write_number(&mut text[3..5], ffi::PyDateTime_TIME_GET_MINUTE(object) as u32);
        write_number(&mut text[6..8], ffi::PyDateTime_TIME_GET_SECOND(object) as u32);
        ffi::PyDateTime_TIME_GET_MICROSECOND(object) as u32
    };
    if microsecond == 0 {
        return Some(&text[..8]);
    }
    write_number(&mut text[9..15], microsecond);
    Some(&text[..15])
}

/// Writes the `str()` of an exact `datetime.timedelta`.
///
/// # Safety
/// `object` is one, and alive.
pub(super) unsafe fn timedelta(object: *mut ffi::PyObject, text: &mut [u8; TIMEDELTA_LEN]) -> Option<&[u8]> {
    // SAFETY: by this function's contract.
    let (days, seconds, microseconds) = unsafe {
        (
            ffi::PyDateTime_DELTA_GET_DAYS(object),
            ffi::PyDateTime_DELTA_GET_SECONDS(object),
            ffi::PyDateTime_DELTA_GET_MICROSECONDS(object),
        )
    };
    let mut out = Cursor::new(&mut text[..]);
    if days != 0 {
        let plural = if days.abs() == 1 { "" } else { "s" };
        write!(out, "{days} day{plural}, ").ok()?;
    }
    write!(out, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).ok()?;
    if microseconds != 0 {
        write!(out, ".{microseconds:06}").ok()?;
    }
    let len = out.position() as usize;
    Some(&text[..len])
}

/// The text of a `pandas.Timestamp` in UTC or without a zone, as its `isoformat()` with `Z` for UTC; `None`
/// for others, and for a year that Python's own times do not have.
///
/// # Safety
/// `object` is one, and alive.
pub(super) unsafe fn timestamp<'a>(
    py: Python<'_>,
    object: *mut ffi::PyObject,
    text: &'a mut [u8; TIMESTAMP_LEN],
) -> Option<&'a [u8]> {
    // SAFETY: by this function's contract; a Timestamp is a datetime with two numbers more.
    unsafe {
        let year: u32 = attribute(object, intern!(py, "year"))?.extract().ok()?;
        let nanosecond: u32 = attribute(object, intern!(py, "nanosecond"))?.extract().ok()?;
        let object = Bound::from_borrowed_ptr(py, object);
        let time = object.cast::<pyo3::types::PyDateTime>().ok()?;
        let mut begin = [0; TIME_LEN];
        let (len, is_utc) = write_date_and_time(time, &mut begin)?;
        if year != ffi::PyDateTime_GET_YEAR(time.as_ptr()) as u32 {
            return None;
        }
        text[..TIME_LEN].copy_from_slice(&begin);
        let mut len = len;
        if nanosecond != 0 {
            if len == 19 {
                text[19..26].copy_from_slice(b".000000");
            }
            write_number(&mut text[26..29], nanosecond);
            len = 29;
        }
        if is_utc {
            text[len] = b'Z';
            len += 1;
        }
        Some(&text[..len])
    }
}

/// The number in a scalar of numpy's.
///
/// # Safety
/// `object` is one of a class with this kind, and alive: its number lies behind the object's head, as numpy's
/// C interface says (`arrayscalars.h`).
pub(super) unsafe fn number(object: *mut ffi::PyObject, kind: NumberKind) -> Value<'static> {
    // SAFETY: by this function's contract; a number is aligned as its type demands.
    unsafe { kind.read(object.cast::<u8>().add(size_of::<ffi::PyObject>())) }
}
