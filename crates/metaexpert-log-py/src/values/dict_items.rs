//! The items of a dict, read where the interpreter keeps them.
//!
//! `PyDict_Next` takes some fifty instructions for each item, a good part of what a call with `extra=` costs.
//! The keys of a dict that has only `str` keys lie in a row with their values, in the same way from Python
//! 3.11 to 3.14: `struct _dictkeysobject` of `Include/internal/pycore_dict.h`. Other dicts, newer versions,
//! and Python without the GIL are left to `PyDict_Next`.

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

/// The items of an exact dict, in its order: borrowed keys and values.
pub(crate) struct DictItems {
    next: *const Entry,
    end: *const Entry,
    /// Asked for the items, if it is not null.
    asked: *mut ffi::PyObject,
    position: ffi::Py_ssize_t,
}

/// `PyDictUnicodeEntry`: a place that was used and is free again has no value.
#[repr(C)]
struct Entry {
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
}

/// `struct _dictkeysobject`, without the indices and entries that follow it.
#[cfg(not(any(Py_GIL_DISABLED, Py_3_15)))]
#[repr(C)]
struct Keys {
    references: ffi::Py_ssize_t,
    log2_size: u8,
    log2_index_bytes: u8,
    kind: u8,
    version: u32,
    usable: ffi::Py_ssize_t,
    entries: ffi::Py_ssize_t,
}

/// `DICT_KEYS_UNICODE`: all keys are of type `str`, and the values stand beside them.
#[cfg(not(any(Py_GIL_DISABLED, Py_3_15)))]
const ALL_ARE_STR: u8 = 1;

/// The values of a dict's entries, borrowed.
pub(crate) struct Row<'a>(std::slice::Iter<'a, Entry>);

impl Iterator for Row<'_> {
    type Item = *mut ffi::PyObject;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|entry| entry.value)
    }
}

impl DictItems {
    /// The values, if they lie in a row and their keys are exactly `names`, in this order.
    ///
    /// # Safety
    /// As [`DictItems::of`], for all of `'a`.
    #[inline]
    pub(crate) unsafe fn values_of<'a>(dict: *mut ffi::PyObject, names: &[Py<PyAny>]) -> Option<Row<'a>> {
        // SAFETY: by this function's contract: the entries are the dict's, which is alive and unchanged.
        let entries = unsafe {
            let (first, end) = entries(dict)?;
            std::slice::from_raw_parts(first, end.offset_from(first) as usize)
        };
        let is_named =
            |(entry, name): (&Entry, &Py<PyAny>)| entry.key == name.as_ptr() && !entry.value.is_null();
        (entries.len() == names.len() && entries.iter().zip(names).all(is_named)).then(|| Row(entries.iter()))
    }

    /// # Safety
    /// `dict` is an exact dict, alive while the items are read; the GIL is held, and nothing changes the dict
    /// meanwhile, so no Python code runs.
    #[inline]
    pub(crate) unsafe fn of(dict: *mut ffi::PyObject) -> Self {
        // SAFETY: by this function's contract.
        if let Some((next, end)) = unsafe { entries(dict) } {
            return DictItems { next, end, asked: ptr::null_mut(), position: 0 };
        }
        DictItems { next: ptr::null(), end: ptr::null(), asked: dict, position: 0 }
    }

    #[cold]
    fn ask(&mut self) -> Option<(*mut ffi::PyObject, *mut ffi::PyObject)> {
        let (mut key, mut value) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: by the contract of `of`.
        let is_there = unsafe { ffi::PyDict_Next(self.asked, &mut self.position, &mut key, &mut value) } != 0;
        is_there.then_some((key, value))
    }
}

impl Iterator for DictItems {
    type Item = (*mut ffi::PyObject, *mut ffi::PyObject);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.next != self.end {
            // SAFETY: before the end, so it is an entry of the dict, which by the contract of `of` is alive
            // and unchanged.
            let entry = unsafe { &*self.next };
            // SAFETY: as above; at most one past the last entry.
            self.next = unsafe { self.next.add(1) };
            if !entry.value.is_null() {
                return Some((entry.key, entry.value));
            }
        }
        if self.asked.is_null() { None } else { self.ask() }
    }
}

/// The first entry and the one past the last, if the dict has them in a row.
///
/// # Safety
/// As [`DictItems::of`].
#[cfg(not(any(Py_GIL_DISABLED, Py_3_15)))]
#[inline]
unsafe fn entries(dict: *mut ffi::PyObject) -> Option<(*const Entry, *const Entry)> {
    // SAFETY: by this function's contract, and the layout of these versions: `2^log2_index_bytes` bytes of
    // indices follow the head, and then so many entries.
    unsafe {
        let dict = dict.cast::<ffi::PyDictObject>();
        let keys = (*dict).ma_keys.cast::<Keys>();
        if (*keys).kind != ALL_ARE_STR || !(*dict).ma_values.is_null() {
            return None;
        }
        // An empty dict may have the keys that all such dicts share, which are too short to be aligned.
        if (*keys).entries == 0 {
            let nothing = ptr::NonNull::<Entry>::dangling().as_ptr().cast_const();
            return Some((nothing, nothing));
        }
        let first = keys.add(1).cast::<u8>().add(1 << (*keys).log2_index_bytes).cast::<Entry>().cast_const();
        Some((first, first.offset((*keys).entries)))
    }
}

/// # Safety
/// None is needed.
#[cfg(any(Py_GIL_DISABLED, Py_3_15))]
#[inline]
unsafe fn entries(_dict: *mut ffi::PyObject) -> Option<(*const Entry, *const Entry)> {
    None
}
