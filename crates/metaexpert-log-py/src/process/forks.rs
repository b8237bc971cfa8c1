//! Forks of the process: a child forgets its parent's engine.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::process::exit;
use crate::process::guarded::AcrossForks;
use crate::process::state::{STATE, State};

/// In a forked child: forgets the parent's engine. The next record starts an engine of the child's own.
#[pyfunction]
pub(crate) fn forget_after_fork(py: Python<'_>) {
    STATE.with(py, |state: &mut State| {
        if let Some(pipeline) = state.pipeline.take() {
            pipeline.forget_after_fork();
        }
        // Forgotten, not dropped: their threads do not exist here.
        std::mem::forget(std::mem::take(&mut state.stopped));
        (state.unstarted, state.untold, state.answered) = Default::default();
        state.last_seq = 0;
    });
    exit::forget_after_fork();
}

/// How many forks lie between the first process that had the library and this one. It tells a child from its
/// parent where process ids do not: in a namespace of its own a child may have the id that its parent has
/// elsewhere.
#[pyfunction]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

static FORKS: AtomicU32 = AtomicU32::new(0);

/// What threads share, in the order in which a fork takes it.
static SHARED: OnceLock<&[&dyn AcrossForks]> = OnceLock::new();

/// Has [`forget_after_fork`] called in a child before anything else runs there, because another package's
/// hook might log, and so write into the parent's ring. The child finds what is `shared` whole.
pub(crate) fn watch_forks(shared: &'static [&'static dyn AcrossForks]) {
    if SHARED.set(shared).is_ok() {
        // SAFETY: the functions live as long as the process, and touch only what a fork leaves whole.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(in_parent), Some(in_child)) };
    }
}

fn shared() -> impl Iterator<Item = &'static dyn AcrossForks> {
    SHARED.get().into_iter().copied().flatten().copied()
}

extern "C" fn before_fork() {
    shared().for_each(AcrossForks::before_fork);
}

extern "C" fn in_parent() {
    shared().for_each(AcrossForks::after_fork_in_parent);
}

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    shared().for_each(AcrossForks::after_fork_in_child);
    // SAFETY: asks for a flag of this thread.
    if unsafe { ffi::PyGILState_Check() } == 1 {
        // SAFETY: the forking thread, which is the one here, holds the GIL, as was just seen.
        forget_after_fork(unsafe { Python::assume_attached() });
    }
}
