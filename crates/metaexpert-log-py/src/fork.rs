//! A forked child forgets the engine before any code of its own runs.
//!
//! Python runs the hooks of `os.register_at_fork` in the order of their registration, so one of the program's
//! may log before the library's has run, and would log into what belongs to the parent.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::engine;

/// Sees to it for all forks from now on. Without room for the registration Python's hook alone is left.
pub(crate) fn watch() {
    // SAFETY: `begin_child` is a function for the life of the process; glibc takes it out with the library.
    unsafe { libc::pthread_atfork(None, None, Some(begin_child)) };
}

extern "C" fn begin_child() {
    // SAFETY: the check reads this thread's own state, and answers 0 where there is none.
    if unsafe { ffi::PyGILState_Check() } == 0 {
        // A fork of foreign code, which may have caught a thread within the engine. Python's hook comes later.
        return;
    }
    // SAFETY: this thread, the only one here, holds the GIL: just checked.
    engine::forget_after_fork(unsafe { Python::assume_attached() });
}
