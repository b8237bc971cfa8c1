//! The keywords of a call: fields, and words that mean something else.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyString, PyTuple};

use crate::fast::arguments::Arguments;
use crate::general::call::Call;
use crate::general::log_record::CATEGORY;
use crate::process::state::STATE;
use crate::values::plain::plain_text;

/// Keywords that mean what they mean in `logging`.
const RESERVED: [&str; 3] = ["stack_info", "stacklevel", "extra"];

/// A longer keyword is certainly the name of a field.
const LONGEST_WORD: isize = 16;

/// Gathers the fields of `extra` and the keywords, and describes the exception that `exc_info` stands for, or
/// the one that is being handled if the call `is_about_exception` and has no such keyword. False if there is
/// a keyword that only `logging` serves.
pub(crate) fn collect<'py>(
    py: Python<'py>,
    arguments: &Arguments<'_>,
    is_about_exception: bool,
    call: &mut Call<'_, 'py>,
) -> PyResult<bool> {
    let mut exc_info = is_about_exception.then(|| PyBool::new(py, true).to_owned().into_any());
    if !arguments.names.is_null() && !sort(py, arguments, &mut exc_info, call)? {
        return Ok(false);
    }
    // Last, because the exception's own code may run, which must not be done twice.
    exc_info.map_or(Ok(true), |exc_info| call.add_exception(&exc_info))
}

/// Sorts the keywords into those that are fields and others. False if only `logging` serves one of them.
fn sort<'py>(
    py: Python<'py>,
    arguments: &Arguments<'_>,
    exc_info: &mut Option<Bound<'py, PyAny>>,
    call: &mut Call<'_, 'py>,
) -> PyResult<bool> {
    // SAFETY: names and arguments live until the call returns; the references are counted.
    let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
    let mut extra = None;
    for (name, argument) in names.iter().zip(arguments.named) {
        // SAFETY: as above.
        let value = unsafe { Bound::from_borrowed_ptr(py, *argument) };
        // SAFETY: keyword names are `str`s, which live until the call returns.
        let word = unsafe { known_word(name.as_ptr()) };
        if word == "extra" && (value.is_none() || value.cast_exact::<PyDict>().is_ok()) {
            extra = value.cast_into::<PyDict>().ok();
            call.names = std::ptr::null_mut();
        } else if word == "exc_info" {
            *exc_info = Some(value);
            call.names = std::ptr::null_mut();
        } else if RESERVED.contains(&word) {
            if !is_default(word, &value) {
                return Ok(false);
            }
            call.names = std::ptr::null_mut();
        } else if word == "category" {
            if call.category.is_none() && value.cast_exact::<PyString>().is_ok() {
                call.category = value.extract().ok();
            } else {
                call.fields.push((name, value));
            }
            // Whether it is a field depends on its value, which is another next time.
            call.names = std::ptr::null_mut();
        } else {
            call.fields.push((name, value));
        }
    }
    if let Some(extra) = extra {
        add_extra(&extra, call);
    }
    Ok(true)
}

/// Adds the fields of `extra` before the keywords, which win where both have a name.
fn add_extra<'py>(extra: &Bound<'py, PyDict>, call: &mut Call<'_, 'py>) {
    let mut has_category = false;
    if call.category.is_none() {
        // Looking it up may run a key's own code, which may fail.
        let category = extra.get_item("category").ok().flatten();
        call.category = category.and_then(|category| category.cast_exact::<PyString>().ok()?.extract().ok());
        has_category = call.category.is_some();
    }
    let most = STATE.with(extra.py(), |state| state.limits.items as usize);
    let mut fields = Vec::with_capacity(extra.len().min(most) + call.fields.len());
    // Taken first, because comparing a key may run its own code.
    let pairs = with_critical_section(extra, || extra.iter().take(most).collect::<Vec<_>>());
    call.fields_left = extra.len() - pairs.len();
    for (key, value) in pairs {
        let is_category = has_category && key.eq("category").unwrap_or(false);
        if !is_category && !call.fields.iter().any(|(name, _)| name.eq(&key).unwrap_or(false)) {
            fields.push((key, value));
        }
    }
    let is_whole = fields.len() == extra.len() && call.category.is_none();
    fields.append(&mut call.fields);
    call.fields = fields;
    // As with keywords, a category may be a field now and none next time.
    call.is_all_of_extra = is_whole && !call.fields.iter().any(|(name, _)| is_category(name));
}

fn is_category(name: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a `str`, alive until this returns; the GIL is held.
    name.cast_exact::<PyString>().is_ok_and(|name| unsafe { known_word(name.as_ptr()) } == CATEGORY)
}

/// A keyword, if it may be one that is no field; else an empty text.
///
/// # Safety
/// As [`plain_text`].
unsafe fn known_word<'a>(name: *mut ffi::PyObject) -> &'a str {
    // SAFETY: by this function's contract.
    let text = unsafe {
        let is_short = ffi::PyUnicode_GetLength(name) <= LONGEST_WORD;
        if is_short { plain_text(name) } else { None }
    };
    text.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}

/// Whether a reserved keyword has its default: `stack_info=False`, `stacklevel=1`.
fn is_default(word: &str, value: &Bound<'_, PyAny>) -> bool {
    match word {
        "stacklevel" => value.extract::<i64>().is_ok_and(|level| level == 1),
        "extra" => value.is_none(),
        _ => value.is_none() || value.extract::<bool>().is_ok_and(|truth| !truth),
    }
}
