//! The one engine of the process, guarded by the GIL.

use std::cell::{Cell, RefCell};

use metaexpert_log::config::Limits;
use metaexpert_log::pipeline::{Needs, Pipeline};
use metaexpert_log::sink::SinkReport;
use metaexpert_log::stats::Snapshot;
use pyo3::prelude::*;

use crate::key_sets::KeySets;
use crate::site::SiteTable;

/// A cell that only a thread holding the GIL reaches.
pub(crate) struct GilCell<T>(RefCell<T>);

// SAFETY: every access goes through `with`, whose token proves that this thread holds the GIL; the
// module declares `gil_used`, so free-threaded interpreters turn the GIL on for it.
unsafe impl<T> Sync for GilCell<T> {}
// SAFETY: as above.
unsafe impl<T> Send for GilCell<T> {}

impl<T> GilCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        GilCell(RefCell::new(value))
    }

    /// Calls `body` with the value. `body` must not run Python code, which could come back here or let
    /// another thread in; doing so panics instead of corrupting anything.
    #[inline]
    pub(crate) fn with<R>(&self, _gil: Python<'_>, body: impl FnOnce(&mut T) -> R) -> R {
        body(&mut self.0.borrow_mut())
    }
}

/// A copyable value that only a thread holding the GIL reaches.
pub(crate) struct GilValue<T>(Cell<T>);

// SAFETY: as for `GilCell`.
unsafe impl<T> Sync for GilValue<T> {}

impl<T: Copy> GilValue<T> {
    pub(crate) const fn new(value: T) -> Self {
        GilValue(Cell::new(value))
    }

    #[inline]
    pub(crate) fn get(&self, _gil: Python<'_>) -> T {
        self.0.get()
    }

    #[inline]
    pub(crate) fn set(&self, _gil: Python<'_>, value: T) {
        self.0.set(value);
    }
}

/// A dictionary id together with the pipeline it belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownId {
    pub(crate) generation: u32,
    pub(crate) id: u32,
}

/// What capture works with.
pub(crate) struct State {
    pub(crate) pipeline: Option<Pipeline>,
    /// Counts pipelines: ids of an earlier one mean nothing in the next.
    pub(crate) generation: u32,
    pub(crate) needs: Needs,
    pub(crate) limits: Limits,
    pub(crate) sites: SiteTable,
    /// The fields of calls whose names come in a new tuple each time.
    pub(crate) key_sets: KeySets,
    /// Wait for each record to be written: the interpreter is about to end.
    pub(crate) synchronous: bool,
    /// A record needs nothing but its own values: no origin, no waiting.
    pub(crate) is_simple: bool,
    pub(crate) last_seq: u64,
    /// What the last pipeline had done when it ended.
    pub(crate) last_outcome: Option<(Snapshot, Vec<SinkReport>)>,
}

impl State {
    /// Brings what follows from the rest up to date.
    pub(crate) fn note_needs(&mut self) {
        self.is_simple = self.needs == Needs::default() && !self.synchronous;
    }
}

pub(crate) static STATE: GilCell<State> = GilCell::new(State {
    pipeline: None,
    generation: 0,
    needs: Needs {
        caller: false,
        thread: false,
        task: false,
        durable_level: None,
        durable_category_level: None,
    },
    limits: Limits { depth: 8, items: 1000, bytes: 256 << 10 },
    sites: SiteTable::new(),
    key_sets: KeySets::new(),
    synchronous: false,
    is_simple: true,
    last_seq: 0,
    last_outcome: None,
});
