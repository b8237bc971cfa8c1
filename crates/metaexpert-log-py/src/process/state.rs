//! The one engine of the process.

use std::sync::Arc;

use metaexpert_log::config::Limits;
use metaexpert_log::level::LEVEL_SLOTS;
use metaexpert_log::pipeline::{Needs, Pipeline, Stopping};
use metaexpert_log::stats::PerLevel;
use pyo3::prelude::*;

use crate::process::call_sites::SiteTable;
use crate::process::guarded::{Guarded, OnLine};
use crate::process::key_sets::KeySets;

/// Everything that capture needs of the engine.
///
/// What every call reads comes first, so that it lies in one cache line: a call after other work waits for
/// each line.
#[repr(C)]
pub(crate) struct State {
    pub(crate) pipeline: Option<Box<Pipeline>>,
    pub(crate) sites: SiteTable,
    /// How many pipelines there have been: ids of an earlier one mean nothing in the next.
    pub(crate) generation: u32,
    pub(crate) limits: Limits,
    /// A record needs nothing but its own values: no caller, thread or task, and no waiting.
    pub(crate) is_simple: bool,
    /// Each call waits until its record is written, because the interpreter is about to end.
    pub(crate) synchronous: bool,
    pub(crate) needs: Needs,
    /// The key sets of calls whose names come in a new tuple each time.
    pub(crate) key_sets: KeySets,
    /// Those of calls with `extra=`, in which other names have a meaning of their own.
    pub(crate) extra_sets: KeySets,
    pub(crate) last_seq: u64,
    /// The last pipeline that was told to end, and earlier ones that have not ended yet.
    pub(crate) stopped: Vec<Arc<Stopping>>,
    /// Records that found no pipeline and could not start one.
    pub(crate) unstarted: PerLevel,
    /// Losses of pipelines that cannot be asked any more, for which nobody has answered.
    pub(crate) untold: u64,
    /// For how many of these two kinds a shutdown has answered.
    pub(crate) answered: u64,
}

impl State {
    /// Brings `is_simple` up to date.
    pub(crate) fn update_is_simple(&mut self) {
        self.is_simple = self.needs == Needs::default() && !self.synchronous;
    }

    /// Losses that no pipeline has taken over, and for which no shutdown has answered.
    pub(crate) fn losses(&self) -> u64 {
        self.unstarted.iter().sum::<u64>() + self.untold - self.answered
    }

    /// Puts `pipeline` to work, which takes the losses over.
    pub(crate) fn begin(&mut self, pipeline: Pipeline) {
        pipeline.count_lost(&self.unstarted, self.losses());
        (self.unstarted, self.untold, self.answered) = Default::default();
        self.pipeline = Some(Box::new(pipeline));
        self.generation += 1;
    }
}

pub(crate) static STATE: OnLine<Guarded<State>> = OnLine(Guarded::new(State {
    pipeline: None,
    generation: 0,
    needs: Needs {
        caller: false,
        thread: false,
        task: false,
        durable_level: None,
        durable_category_level: None,
    },
    limits: Limits { depth: 32, items: 1000, bytes: 256 << 10 },
    sites: SiteTable::new(),
    key_sets: KeySets::new(),
    extra_sets: KeySets::new(),
    synchronous: false,
    is_simple: true,
    last_seq: 0,
    stopped: Vec::new(),
    unstarted: [0; LEVEL_SLOTS.len()],
    untold: 0,
    answered: 0,
}));

/// Whether records are being taken.
#[pyfunction]
pub(crate) fn is_running(py: Python<'_>) -> bool {
    STATE.with(py, |state| state.pipeline.is_some())
}

/// (caller, thread, task): whether some format shows them.
#[pyfunction]
pub(crate) fn needs(py: Python<'_>) -> (bool, bool, bool) {
    let needs = STATE.with(py, |state| state.needs);
    (needs.caller, needs.thread, needs.task)
}

/// From now on each call waits until its record is written.
#[pyfunction]
pub(crate) fn set_synchronous(py: Python<'_>, synchronous: bool) {
    STATE.with(py, |state| {
        state.synchronous = synchronous;
        state.update_is_simple();
    });
}
