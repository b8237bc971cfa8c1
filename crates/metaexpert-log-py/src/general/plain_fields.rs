//! A few plain fields, read where they are: their types never change, so binding them copies nothing.

use metaexpert_log::frame::{NestedWriter, Value};
use metaexpert_log::pipeline::Pipeline;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::process::guarded::Guarded;
use crate::process::key_sets::KeySets;
use crate::values::plain::{plain_text, plain_value};
use crate::values::times::{TIME_LEN, plain_time_argument};

/// A set of more fields is copied.
const MOST_FIELDS: usize = 16;

/// A set with more times is copied.
const MOST_TIMES: usize = 2;

/// Room for the texts of times.
pub(crate) struct Times([[u8; TIME_LEN]; MOST_TIMES]);

impl Times {
    pub(crate) fn new() -> Self {
        Times([[0; TIME_LEN]; MOST_TIMES])
    }
}

/// The fields of one mapping, borrowed.
pub(crate) struct PlainFields<'a> {
    count: usize,
    keys: [*mut ffi::PyObject; MOST_FIELDS],
    names: [&'a [u8]; MOST_FIELDS],
    values: [Value<'a>; MOST_FIELDS],
}

/// Bytes of all names and values of `mapping`; `None` if one is not plain, or there are too many. Runs no
/// Python code.
pub(crate) fn plain_size(mapping: &Bound<'_, PyDict>) -> Option<usize> {
    let (mut size, mut times) = (0, Times::new());
    each(mapping, &mut times, |_, _, name, value| size += name.len() + value.encoded_len())?;
    Some(size)
}

/// Writes the values of `mapping`. Returns the id of its key set; `None` as [`plain_size`], or if the names
/// are not known yet.
pub(crate) fn write_plain(
    mapping: &Bound<'_, PyDict>,
    generation: u32,
    out: &mut NestedWriter<'_>,
) -> Option<u32> {
    let (mut times, mut keys, mut count) = (Times::new(), [std::ptr::null_mut(); MOST_FIELDS], 0);
    each(mapping, &mut times, |at, key, _, value| {
        keys[at] = key;
        count = at + 1;
        out.value(value);
    })?;
    KEY_SETS.with(mapping.py(), |known| known.find(&keys[..count], generation))
}

/// Calls `body` with the place and object of each name, its text and the value. `None` as [`plain_size`].
#[inline]
fn each<'a>(
    mapping: &'a Bound<'_, PyDict>,
    times: &'a mut Times,
    mut body: impl FnMut(usize, *mut ffi::PyObject, &'a [u8], Value<'a>),
) -> Option<()> {
    if mapping.len() > MOST_FIELDS {
        return None;
    }
    let mut free_times = times.0.iter_mut();
    let (mut position, mut count) = (0, 0);
    let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the GIL is held, and nothing below changes the mapping, which keeps keys and values alive for
    // 'a; an exact str is asked for its text, and nothing else.
    unsafe {
        while ffi::PyDict_Next(mapping.as_ptr(), &mut position, &mut key, &mut value) != 0 {
            if ffi::Py_TYPE(key) != &raw mut ffi::PyUnicode_Type {
                return None;
            }
            let plain = match plain_value(value) {
                Some(plain) => plain,
                None => Value::Str(plain_time_argument(mapping.py(), value, free_times.next()?)?),
            };
            body(count, key, plain_text(key)?, plain);
            count += 1;
        }
    }
    Some(())
}

impl<'a> PlainFields<'a> {
    /// The fields of `mapping`, which nobody changes; `None` as [`plain_size`].
    pub(crate) fn read(mapping: &'a Bound<'_, PyDict>, times: &'a mut Times) -> Option<Self> {
        let mut fields = PlainFields {
            count: 0,
            keys: [std::ptr::null_mut(); MOST_FIELDS],
            names: [&[]; MOST_FIELDS],
            values: [Value::Null; MOST_FIELDS],
        };
        each(mapping, times, |at, key, name, value| {
            (fields.keys[at], fields.names[at], fields.values[at]) = (key, name, value);
            fields.count = at + 1;
        })?;
        Some(fields)
    }

    pub(crate) fn names(&self) -> &[&'a [u8]] {
        &self.names[..self.count]
    }

    pub(crate) fn values(&self) -> &[Value<'a>] {
        &self.values[..self.count]
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> + '_ {
        self.names().iter().copied().zip(self.values().iter().copied())
    }

    /// The dictionary's id of the key set, looked up by the names' addresses first: names of keywords are
    /// interned. `None` when the dictionary is full.
    pub(crate) fn keys_id(&self, py: Python<'_>, pipeline: &mut Pipeline, generation: u32) -> Option<u32> {
        let keys = &self.keys[..self.count];
        KEY_SETS.with(py, |known| {
            if let Some(id) = known.find(keys, generation) {
                return Some(id);
            }
            let id = pipeline.keys_id(self.names())?;
            // SAFETY: the mapping keeps its keys alive.
            unsafe { known.remember(py, keys, generation, id) };
            Some(id)
        })
    }
}

/// Apart from the key sets of calls, in which some names are no fields.
pub(crate) static KEY_SETS: Guarded<KeySets> = Guarded::new(KeySets::new());
