//! Logging inside of logging: a value whose own code logs that value again has an end, before the stack has.
//!
//! The interpreter's own limit does not help: a program may set it to anything, and from Python 3.12 on native frames
//! are counted apart, up to more than a thread's stack holds.

use std::cell::Cell;

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;

/// Calls of one thread inside each other, of which the innermost may still run values' own code. A value that logs
/// takes one or two; who needs more than this is running in circles.
const MOST: usize = 24;

/// Bytes of the stack below which no more Python code is begun: `str()` of something, which imports a module.
const LEAST_STACK: usize = 48 << 10;

/// What is said in place of running a value's own code.
pub(crate) const EXPLANATION: &str =
    "logging inside of logging is too deep, or the thread's stack is too small";

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Calls that Python functions of the library serve from the start.
    static HANDED_ON: Cell<usize> = const { Cell::new(0) };
    /// Some call was too deep. Until the outermost asks again no inner one runs values' own code: a value that logs
    /// itself twice would otherwise take two to the power of `MOST` calls to end.
    static IS_UNWINDING: Cell<bool> = const { Cell::new(false) };
    /// Where this thread's stack lies, once that was asked for.
    static STACK: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// The addresses from `lowest` to `end`; none if they are not known.
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

/// Notes that such a call ends.
pub(crate) fn take_back() {
    HANDED_ON.set(HANDED_ON.get() - 1);
}

/// How many calls this thread is in, but for those that are handed on.
pub(crate) fn depth() -> usize {
    DEPTH.get()
}

fn all_calls() -> usize {
    DEPTH.get() + HANDED_ON.get()
}

/// Whether values' own code must not run: this thread is in too many calls at once, or its stack is about to end.
pub(crate) fn is_exhausted() -> bool {
    let depth = all_calls();
    if depth <= 1 {
        // Here and not where a call ends: most calls run nobody's code, and never ask.
        IS_UNWINDING.set(false);
        return is_stack_short();
    }
    let is_exhausted = IS_UNWINDING.get() || depth > MOST || is_stack_short();
    IS_UNWINDING.set(is_exhausted);
    is_exhausted
}

/// Refuses a call that only `logging` can serve, in Python, where that has no end. The outermost call is never refused.
pub(crate) fn refuse_if_exhausted() -> PyResult<()> {
    match is_exhausted() && all_calls() > 1 {
        true => Err(PyRecursionError::new_err(EXPLANATION)),
        false => Ok(()),
    }
}

/// Finds out where this thread's stack lies. For the first thread of a process the system reads a file, which is done
/// when the module is imported: its first call need not wait for that.
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
    // A library that switches stacks has this thread on another one, of which nothing is known.
    (stack.lowest..stack.end).contains(&here) && here - stack.lowest < LEAST_STACK
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
