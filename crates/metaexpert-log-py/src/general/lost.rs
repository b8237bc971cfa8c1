//! Records that a bug of the binding loses, counted as every loss is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use metaexpert_log::stats::Loss;
use pyo3::prelude::*;

use crate::process::state::STATE;

/// What `capture` returns. If it panics, counts the record of `level` as lost and returns `otherwise`, so
/// nothing reaches the trading code. The panic's message went to standard error.
#[inline]
pub(crate) fn counted<R>(
    py: Python<'_>,
    level: impl FnOnce() -> i32,
    otherwise: R,
    capture: impl FnOnce() -> R,
) -> R {
    catch_unwind(AssertUnwindSafe(capture)).unwrap_or_else(|_| {
        give_up(py, level());
        otherwise
    })
}

#[cold]
fn give_up(py: Python<'_>, level: i32) {
    STATE.with(py, |state| match state.pipeline.as_mut() {
        Some(pipeline) => pipeline.give_up(level, Loss::Internal),
        None => state.unstarted[metaexpert_log::level::Level(level).slot()] += 1,
    });
}
