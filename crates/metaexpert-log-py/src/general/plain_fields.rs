//! A few plain fields, read where they are: their types never change, so binding them copies nothing.

use metaexpert_log::frame::{NestedWriter, Value};
use metaexpert_log::pipeline::Pipeline;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::process::guarded::Guarded;
use crate::process::key_sets::{KeySets, items};
use crate::values::dict_items::DictItems;
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

/// Names with their values, in Python's own objects.
#[derive(Clone, Copy)]
pub(crate) enum Pairs<'a, 'py> {
    /// Nobody changes it.
    Mapping(&'a Bound<'py, PyDict>),
    /// Keywords of a call: as many values as names.
    Keywords { names: &'a Bound<'py, PyTuple>, values: &'a [*mut ffi::PyObject] },
}

impl<'a, 'py> Pairs<'a, 'py> {
    /// Keywords as the interpreter passes them.
    ///
    /// # Safety
    /// The values live as long as the slice, and are as many as the names.
    pub(crate) unsafe fn keywords(names: &'a Bound<'py, PyTuple>, values: &'a [*mut ffi::PyObject]) -> Self {
        Pairs::Keywords { names, values }
    }

    fn len(&self) -> usize {
        match self {
            Pairs::Mapping(mapping) => mapping.len(),
            Pairs::Keywords { values, .. } => values.len(),
        }
    }

    pub(crate) fn py(&self) -> Python<'py> {
        match self {
            Pairs::Mapping(mapping) => mapping.py(),
            Pairs::Keywords { names, .. } => names.py(),
        }
    }

    /// Calls `body` with each name and value until it returns `None`, as this then does.
    #[inline]
    fn each(&self, mut body: impl FnMut(*mut ffi::PyObject, *mut ffi::PyObject) -> Option<()>) -> Option<()> {
        match self {
            Pairs::Mapping(mapping) => {
                // SAFETY: the GIL is held, and nobody changes the mapping.
                for (key, value) in unsafe { DictItems::of(mapping.as_ptr()) } {
                    body(key, value)?;
                }
            }
            Pairs::Keywords { names, values } => {
                // SAFETY: an exact tuple, which outlives the loop.
                for (name, value) in unsafe { items(names.as_ptr()) }.iter().zip(*values) {
                    body(*name, *value)?;
                }
            }
        }
        Some(())
    }
}

/// Plain fields, borrowed.
pub(crate) struct PlainFields<'a> {
    count: usize,
    keys: [*mut ffi::PyObject; MOST_FIELDS],
    names: [&'a [u8]; MOST_FIELDS],
    values: [Value<'a>; MOST_FIELDS],
}

/// Writes the values of `pairs`. Returns the bytes of all names and values, and the id of the key set if the
/// names are known; `None` if there are too many fields, one is not plain, or they have more than `most`
/// bytes. Runs no Python code.
pub(crate) fn write_plain(
    pairs: Pairs<'_, '_>,
    most: usize,
    generation: u32,
    out: &mut NestedWriter<'_>,
) -> Option<Option<u32>> {
    let (mut times, mut keys, mut count) = (Times::new(), [std::ptr::null_mut(); MOST_FIELDS], 0);
    let mut size = 0;
    each(pairs, &mut times, |at, key, name, value| {
        (keys[at], count) = (key, at + 1);
        size += name.len() + value.encoded_len();
        (size <= most).then(|| out.value(value))
    })?;
    Some(KEY_SETS.with(pairs.py(), |known| known.find(&keys[..count], generation)))
}

/// Calls `body` with the place and object of each name, its text and the value, until it returns `None`.
/// `None` also if a field is not plain, or there are too many.
#[inline]
fn each<'a>(
    pairs: Pairs<'a, '_>,
    times: &'a mut Times,
    mut body: impl FnMut(usize, *mut ffi::PyObject, &'a [u8], Value<'a>) -> Option<()>,
) -> Option<()> {
    if pairs.len() > MOST_FIELDS {
        return None;
    }
    let (mut free_times, mut count) = (times.0.iter_mut(), 0);
    pairs.each(|key, value| {
        // SAFETY: the GIL is held, and who has the pairs keeps names and values alive for 'a; an exact str is
        // asked for its text, and nothing else.
        unsafe {
            if ffi::Py_TYPE(key) != &raw mut ffi::PyUnicode_Type {
                return None;
            }
            let plain = match plain_value(value) {
                Some(plain) => plain,
                None => Value::Str(plain_time_argument(pairs.py(), value, free_times.next()?)?),
            };
            body(count, key, plain_text(key)?, plain)?;
        }
        count += 1;
        Some(())
    })
}

impl<'a> PlainFields<'a> {
    /// Reads `pairs`; `None` as [`write_plain`].
    pub(crate) fn read(pairs: Pairs<'a, '_>, times: &'a mut Times) -> Option<Self> {
        let mut fields = PlainFields {
            count: 0,
            keys: [std::ptr::null_mut(); MOST_FIELDS],
            names: [&[]; MOST_FIELDS],
            values: [Value::Null; MOST_FIELDS],
        };
        each(pairs, times, |at, key, name, value| {
            (fields.keys[at], fields.names[at], fields.values[at]) = (key, name, value);
            fields.count = at + 1;
            Some(())
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
            // SAFETY: who has the pairs keeps the names alive.
            unsafe { known.remember(py, keys, generation, id) };
            Some(id)
        })
    }
}

/// Apart from the key sets of calls, in which some names are no fields.
pub(crate) static KEY_SETS: Guarded<KeySets> = Guarded::new(KeySets::new());
