//! The text of the commonest times, `datetime` in UTC or without a zone, without running Python code.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDateAccess, PyDateTime, PyTimeAccess, PyTzInfo, PyTzInfoAccess};

/// Length of `2026-01-31T23:59:59.123456Z`.
pub(crate) const TIME_LEN: usize = 27;

/// The module of times was imported: the first look at a time does that, which may run Python code.
static IS_READY: AtomicBool = AtomicBool::new(false);

/// Writes what `isoformat()` gives, with `Z` for UTC, if `object` is an exact `datetime` whose zone is
/// `timezone.utc` or none. Returns the text.
#[inline]
pub(crate) fn plain_time<'a>(object: &Bound<'_, PyAny>, out: &'a mut [u8; TIME_LEN]) -> Option<&'a [u8]> {
    IS_READY.store(true, Ordering::Release);
    let time = object.cast_exact::<PyDateTime>().ok()?;
    let (mut len, is_utc) = write_date_and_time(time, out)?;
    if is_utc {
        out[len] = b'Z';
        len += 1;
    }
    Some(&out[..len])
}

/// Writes date and time without a zone. Returns the length, and whether the zone is `timezone.utc`; `None` if
/// it is another.
#[inline]
pub(crate) fn write_date_and_time(
    time: &Bound<'_, PyDateTime>,
    out: &mut [u8; TIME_LEN],
) -> Option<(usize, bool)> {
    let utc = match time.get_tzinfo() {
        None => false,
        Some(zone) if zone.as_ptr() == PyTzInfo::utc(time.py()).ok()?.as_ptr() => true,
        Some(_) => return None,
    };
    *out = *b"0000-00-00T00:00:00.000000Z";
    write_number(&mut out[0..4], time.get_year() as u32);
    write_number(&mut out[5..7], u32::from(time.get_month()));
    write_number(&mut out[8..10], u32::from(time.get_day()));
    write_number(&mut out[11..13], u32::from(time.get_hour()));
    write_number(&mut out[14..16], u32::from(time.get_minute()));
    write_number(&mut out[17..19], u32::from(time.get_second()));
    let mut len = 19;
    if time.get_microsecond() != 0 {
        write_number(&mut out[20..26], time.get_microsecond());
        len = 26;
    }
    Some((len, utc))
}

/// As [`plain_time`], where no Python code may run: `None` until that was called once.
///
/// # Safety
/// `object` is alive until the call returns.
#[inline]
pub(crate) unsafe fn plain_time_argument<'a>(
    py: Python<'_>,
    object: *mut ffi::PyObject,
    out: &'a mut [u8; TIME_LEN],
) -> Option<&'a [u8]> {
    if !IS_READY.load(Ordering::Acquire) {
        return None;
    }
    // SAFETY: by this function's contract; the token proves that the GIL is held.
    let object = unsafe { Bound::from_borrowed_ptr(py, object) };
    plain_time(&object, out)
}

/// Writes `number` with leading zeros over the whole of `out`.
#[inline]
pub(crate) fn write_number(out: &mut [u8], mut number: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
