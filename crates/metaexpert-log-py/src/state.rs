//! The one engine of the process.

use metaexpert_log::config::Limits;
use metaexpert_log::pipeline::{Needs, Pipeline};
use metaexpert_log::sink::SinkReport;
use metaexpert_log::stats::Snapshot;

use crate::guarded::Guarded;
use crate::key_sets::KeySets;
use crate::site::SiteTable;

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

pub(crate) static STATE: Guarded<State> = Guarded::new(State {
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
