//! Call sites, recognised by their tuples of keyword names.
//!
//! The keyword names of a call are one constant tuple of the calling code, so the tuple's address identifies
//! the site's key set. The table holds a reference, which keeps the address from being used again.

use pyo3::ffi;
use pyo3::prelude::*;

const SLOTS: usize = 1024;

/// What is remembered of the keywords of a call site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// Key set id in the dictionary of the pipeline with this generation.
    pub(crate) keys: u32,
    pub(crate) generation: u32,
    pub(crate) way: Way,
}

/// The way of a call site's last call, which the next one tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All values were plain.
    Plain,
    /// They had to be buffered.
    Buffered,
    /// The first keyword was `extra`, with plain values; its names are the set in this slot of the table of
    /// such sets.
    Extra(u8),
}

/// A direct-mapped cache: a collision sends the call the general way, and never gives a wrong answer.
pub(crate) struct SiteTable {
    slots: Vec<Option<(Py<PyAny>, Site)>>,
}

impl SiteTable {
    pub(crate) const fn new() -> Self {
        SiteTable { slots: Vec::new() }
    }

    #[inline]
    fn slot(names: *mut ffi::PyObject) -> usize {
        // Objects are aligned to sixteen bytes; the multiplication spreads neighbours.
        ((names as usize >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) & (SLOTS - 1)
    }

    /// The site with this tuple of names, if `generation` knows it.
    #[inline]
    pub(crate) fn find(&self, names: *mut ffi::PyObject, generation: u32) -> Option<Site> {
        match self.slots.get(Self::slot(names)) {
            Some(Some((known, site))) if known.as_ptr() == names && site.generation == generation => {
                Some(*site)
            }
            _ => None,
        }
    }

    /// Notes what the last call of a site was. False if the site is not known.
    #[inline]
    pub(crate) fn note(&mut self, names: *mut ffi::PyObject, site: Site) -> bool {
        match self.slots.get_mut(Self::slot(names)) {
            Some(Some((known, before))) if known.as_ptr() == names => {
                *before = site;
                true
            }
            _ => false,
        }
    }

    /// Remembers a site. Returns the tuple that made room, which the caller drops where Python code may run.
    #[must_use]
    pub(crate) fn remember(&mut self, names: &Bound<'_, PyAny>, site: Site) -> Option<Py<PyAny>> {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let slot = &mut self.slots[Self::slot(names.as_ptr())];
        slot.replace((names.clone().unbind(), site)).map(|(evicted, _)| evicted)
    }
}
