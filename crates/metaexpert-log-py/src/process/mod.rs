//! What the process has once: the engine, its forks and its end.

pub(crate) mod call_sites;
pub(crate) mod engine;
pub(crate) mod exit;
pub(crate) mod guarded;
pub(crate) mod key_sets;
pub(crate) mod reentry;
pub(crate) mod shutdown;
pub(crate) mod state;
