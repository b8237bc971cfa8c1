//! Threads that are still logging when the interpreter ends.
//!
//! Up to Python 3.13 the interpreter ends a daemon thread that asks for the GIL after finalisation has begun.
//! It calls `pthread_exit`, which unwinds the thread's stack, and a Rust frame there that catches panics
//! would abort the process. So the exit waits before finalisation until no other thread is inside such a
//! frame. A thread that comes later is parked for ever, as Python 3.14 does with all of them. A call that
//! does not return loses nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::process::reentry;

static ENDING: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// The thread that ends the interpreter, and may go on logging.
static FINISHER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Marks a stretch of a call in which Python code may run, or the GIL be released, below a Rust frame.
pub(crate) struct Inside;

impl Inside {
    /// Enters. Never returns once the interpreter is ending, on another thread than the one that ends it.
    #[inline]
    pub(crate) fn enter(py: Python<'_>) -> Inside {
        if ENDING.load(Ordering::Relaxed) {
            park_if_ending(py);
        }
        INSIDE.fetch_add(1, Ordering::Relaxed);
        reentry::enter();
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::Relaxed);
        reentry::leave();
    }
}

/// Never returns on another thread than the one that ends the interpreter, once that has begun.
#[pyfunction]
pub(crate) fn park_if_ending(py: Python<'_>) {
    if !ENDING.load(Ordering::Relaxed) || *finisher() == Some(thread::current().id()) {
        return;
    }
    py.detach(|| {
        // A parked thread never asks for the GIL again, so the exit need not wait for it.
        INSIDE.fetch_sub(reentry::depth(), Ordering::Relaxed);
        loop {
            thread::sleep(Duration::from_secs(3600));
        }
    });
}

/// Begins the end on this thread: parks the others as they come, and waits for those that are inside. Returns
/// False if one was still inside after `timeout` seconds.
#[pyfunction]
pub(crate) fn begin_exit(py: Python<'_>, timeout: f64) -> bool {
    *finisher() = Some(thread::current().id());
    ENDING.store(true, Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs_f64(timeout.clamp(0.0, 60.0));
    py.detach(|| {
        while INSIDE.load(Ordering::Relaxed) > 0 {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_micros(100));
        }
        true
    })
}

/// In a forked child: forgets that the parent was ending, and the parent's other threads.
pub(crate) fn forget_after_fork() {
    ENDING.store(false, Ordering::Relaxed);
    // The forking thread may itself be inside.
    INSIDE.store(reentry::depth(), Ordering::Relaxed);
    *finisher() = None;
}

fn finisher() -> std::sync::MutexGuard<'static, Option<ThreadId>> {
    FINISHER.lock().unwrap_or_else(PoisonError::into_inner)
}
