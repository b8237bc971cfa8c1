//! A fork in the middle of the backend's work: the child would inherit locks whose holder it does not have.
//!
//! So a backend works inside a gate, and a fork waits a moment for it to come out. The wait is bounded: a
//! backend that is stuck in the disk holds no lock that a child could need.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a fork waits for the backend at most.
const PATIENCE: Duration = Duration::from_millis(20);
const STEP: Duration = Duration::from_micros(20);

/// Backends at work, of which there is more than one only while one takes over from another.
static WORKING: AtomicU32 = AtomicU32::new(0);
static FORKING: AtomicBool = AtomicBool::new(false);
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Work during which a fork waits.
pub(crate) struct Gate;

impl Gate {
    /// Enters, after a fork that is under way.
    pub(crate) fn enter() -> Gate {
        // Not a `Once`, for which a child forked in the middle would wait. Two registrations do no harm: the
        // functions set what they set already.
        if !REGISTERED.load(Ordering::Acquire) {
            // SAFETY: the three functions touch atomics alone, and live as long as the process.
            unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
            REGISTERED.store(true, Ordering::Release);
        }
        loop {
            WORKING.fetch_add(1, Ordering::SeqCst);
            if !FORKING.load(Ordering::SeqCst) {
                return Gate;
            }
            WORKING.fetch_sub(1, Ordering::SeqCst);
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        WORKING.fetch_sub(1, Ordering::SeqCst);
    }
}

extern "C" fn prepare() {
    FORKING.store(true, Ordering::SeqCst);
    let deadline = Instant::now() + PATIENCE;
    while WORKING.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        std::thread::sleep(STEP);
    }
}

extern "C" fn parent() {
    FORKING.store(false, Ordering::SeqCst);
}

extern "C" fn child() {
    WORKING.store(0, Ordering::SeqCst);
    FORKING.store(false, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Whether `body` succeeds in a forked child, which is ended should it wait for a thread that it lacks.
    fn succeeds_in_child(body: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child leaves by `_exit`, or by the signal, before it comes back here.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::alarm(20);
                libc::_exit(i32::from(!body()));
            }
            let mut status = -1;
            libc::waitpid(child, &mut status, 0);
            status == 0
        }
    }

    /// In a process where no backend has worked yet, forks while the first is about to.
    fn can_work_after_a_fork_at_the_first_step() -> bool {
        REGISTERED.store(false, Ordering::Release);
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                drop(Gate::enter());
            });
            barrier.wait();
            succeeds_in_child(|| {
                drop(Gate::enter());
                true
            })
        })
    }

    #[test]
    fn a_child_works_whatever_step_the_fork_interrupted() {
        assert!((0..200).all(|_| succeeds_in_child(can_work_after_a_fork_at_the_first_step)));
    }
}
