//! Logging inside of logging, which must end before the stack does: a value's own code may log that value
//! again.
//!
//! The interpreter's own limit does not help. A program may set it to anything, and from Python 3.12 on
//! native frames have a limit of their own, beyond what a thread's stack holds.

use std::cell::Cell;

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;

/// A thread with no more calls inside each other than this may run values' own code. A value that logs takes
/// one or two; a thread with more calls is running in circles.
const MOST: usize = 24;

/// With fewer bytes of stack no Python code is begun: `str()` of a value may import a module.
const LEAST_STACK_BYTES: usize = 48 << 10;

/// The error in place of running a value's own code.
pub(crate) const EXPLANATION: &str =
    "logging inside of logging is too deep, or the thread's stack is too small";

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Calls that were handed to Python functions of the library as they came.
    static HANDED_ON: Cell<usize> = const { Cell::new(0) };
    /// Some call was too deep. Until the outermost call asks again, no inner one runs values' own code.
    /// Otherwise a value that logs itself twice would take two to the power of `MOST` calls to end.
    static IS_UNWINDING: Cell<bool> = const { Cell::new(false) };
    /// Where this thread's stack lies; none before the first question.
    static STACK: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// The addresses from `lowest` to `end`; empty if they are not known.
#[derive(Clone, Copy)]
pub(crate) struct Stack {
    lowest: usize,
    end: usize,
}

/// Notes that a call begins on this thread.
#[inline]
pub(crate) fn enter() {
    DEPTH.set(DEPTH.get() + 1);
}

/// Notes that a call ends.
#[inline]
pub(crate) fn leave() {
    DEPTH.set(DEPTH.get() - 1);
}

/// Notes that a call is handed on as it came.
pub(crate) fn hand_on() {
    HANDED_ON.set(HANDED_ON.get() + 1);
}

/// Notes that a call that was handed on ends.
pub(crate) fn take_back() {
    HANDED_ON.set(HANDED_ON.get() - 1);
}

/// How many calls this thread is in, without those that were handed on.
pub(crate) fn depth() -> usize {
    DEPTH.get()
}

fn all_calls() -> usize {
    DEPTH.get() + HANDED_ON.get()
}

/// Whether values' own code must not run: this thread is in too many calls at once, or its stack is about to
/// end.
pub(crate) fn is_exhausted() -> bool {
    let depth = all_calls();
    if depth <= 1 {
        // Here and not where a call ends, because most calls run nobody's code and never ask.
        IS_UNWINDING.set(false);
        return is_stack_short();
    }
    let is_exhausted = IS_UNWINDING.get() || depth > MOST || is_stack_short();
    IS_UNWINDING.set(is_exhausted);
    is_exhausted
}

/// Refuses a call that only Python code can serve, if the thread is too deep for that. Never refuses the
/// outermost call.
pub(crate) fn refuse_if_exhausted() -> PyResult<()> {
    match is_exhausted() && all_calls() > 1 {
        true => Err(PyRecursionError::new_err(EXPLANATION)),
        false => Ok(()),
    }
}

/// Finds out where this thread's stack lies. For the first thread of a process the system reads a file, so
/// the import of the module does it, and not that thread's first call.
pub(crate) fn learn_stack() -> Stack {
    let stack = own_stack().unwrap_or(Stack { lowest: 0, end: 0 });
    STACK.set(Some(stack));
    stack
}

/// Whether too little of this thread's stack is left to begin anything.
#[inline]
pub(crate) fn is_stack_short() -> bool {
    let marker = 0u8;
    let here = &raw const marker as usize;
    let stack = STACK.get().unwrap_or_else(learn_stack);
    // A library that switches stacks may have put this thread on another one, whose end is unknown.
    (stack.lowest..stack.end).contains(&here) && here - stack.lowest < LEAST_STACK_BYTES
}

#[cfg(target_os = "linux")]
fn own_stack() -> Option<Stack> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut lowest, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: of the running thread; the attributes are read only after they were filled, and destroyed once.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let read = libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (read == 0).then_some(Stack { lowest: lowest as usize, end: lowest as usize + size })
    }
}

#[cfg(not(target_os = "linux"))]
fn own_stack() -> Option<Stack> {
    None
}
