//! Sets of names, recognised by the addresses of the names: names of keywords are interned, so one name is
//! one object wherever it is written.
//!
//! They find what [`call_sites`](crate::process::call_sites) cannot: the names of a call with `**fields`, or
//! with so many keywords that the interpreter makes a new tuple of them each time.

use pyo3::ffi;
use pyo3::prelude::*;

/// As many as a `u8` counts.
const SLOTS: usize = 256;

/// Names as objects, kept so that their addresses are not used again, and their id in the dictionary.
struct KeySet {
    names: Box<[Py<PyAny>]>,
    generation: u32,
    id: u32,
}

/// A direct-mapped cache: a collision costs a look into the dictionary, and never gives a wrong answer.
pub(crate) struct KeySets {
    slots: Vec<Option<KeySet>>,
}

impl KeySets {
    pub(crate) const fn new() -> Self {
        KeySets { slots: Vec::new() }
    }

    #[inline]
    fn slot(names: &[*mut ffi::PyObject]) -> usize {
        names.iter().fold(names.len(), |sum, name| {
            (sum ^ (*name as usize >> 4)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
        }) % SLOTS
    }

    /// The id of the set in the dictionary of the pipeline `generation`, if it is known.
    #[inline]
    pub(crate) fn find(&self, names: &[*mut ffi::PyObject], generation: u32) -> Option<u32> {
        let set = self.slots.get(Self::slot(names))?.as_ref()?;
        let is_it = set.generation == generation
            && set.names.len() == names.len()
            && set.names.iter().zip(names).all(|(known, name)| known.as_ptr() == *name);
        is_it.then_some(set.id)
    }

    /// The slot in which a set of these names lies, if it is known.
    pub(crate) fn slot_of(names: &[*mut ffi::PyObject]) -> u8 {
        Self::slot(names) as u8
    }

    /// The names of the set in `slot`, if it is the one with this id.
    #[inline]
    pub(crate) fn names_in(&self, slot: u8, id: u32, generation: u32) -> Option<&[Py<PyAny>]> {
        let set = self.slots.get(usize::from(slot))?.as_ref()?;
        (set.id == id && set.generation == generation).then_some(&set.names)
    }

    /// Remembers a set of exact `str`s, because dropping those runs no code when they make room for others.
    /// Ignores any other set.
    ///
    /// # Safety
    /// The names are alive.
    pub(crate) unsafe fn remember(
        &mut self,
        py: Python<'_>,
        names: &[*mut ffi::PyObject],
        generation: u32,
        id: u32,
    ) {
        // SAFETY: by this function's contract.
        let are_exact =
            names.iter().all(|name| unsafe { ffi::Py_TYPE(*name) } == &raw mut ffi::PyUnicode_Type);
        if !are_exact {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        // SAFETY: as above; the references are counted.
        let kept = names.iter().map(|name| unsafe { Bound::from_borrowed_ptr(py, *name).unbind() }).collect();
        self.slots[Self::slot(names)] = Some(KeySet { names: kept, generation, id });
    }
}

/// The items of a tuple.
///
/// # Safety
/// `tuple` is an exact tuple that outlives the slice.
#[inline]
pub(crate) unsafe fn items<'a>(tuple: *mut ffi::PyObject) -> &'a [*mut ffi::PyObject] {
    // SAFETY: by this function's contract; a tuple has its items in one array, and they never change.
    unsafe {
        let len = ffi::PyTuple_GET_SIZE(tuple) as usize;
        let first = (&raw const (*tuple.cast::<ffi::PyTupleObject>()).ob_item).cast();
        std::slice::from_raw_parts(first, len)
    }
}
