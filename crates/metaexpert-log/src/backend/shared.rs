//! Counters, positions and signals between the capture side and the backend thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::stages::Stages;
use crate::encode::Include;
use crate::sink::SinkReport;
use crate::stats::Counters;

/// A configuration on its way to the backend.
pub(crate) struct Next {
    pub(crate) stages: Stages,
    pub(crate) include: Include,
}

/// Counters, totals, positions and signals; each side looks when it likes.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    /// Configurations whose switch frame is still in the ring.
    pub(crate) switches: Mutex<BTreeMap<u64, Next>>,
    /// What each sink has done, as of the last batch.
    pub(crate) sinks: Mutex<Vec<SinkReport>>,
    /// Everything before this ring position is written by every sink.
    written_to: AtomicU64,
    /// Everything before this ring position has also arrived, where there is somebody to confirm it.
    confirmed_to: AtomicU64,
    /// Somebody waits for everything before this position.
    wanted: AtomicU64,
    /// Lines that some sink has given up, and records that could not be read.
    lost: AtomicU64,
    stop: AtomicBool,
    /// Some sink takes nothing now.
    in_trouble: AtomicBool,
    /// The backend thread has ended, in order or not: nothing more will be written.
    ended: AtomicBool,
    /// And nothing was left when it did.
    written_all: AtomicBool,
    napping: AtomicBool,
    /// Something was published that the backend should not sleep on.
    urgent: AtomicBool,
    wake: Mutex<bool>,
    wake_signal: Condvar,
    progress: Mutex<()>,
    progress_signal: Condvar,
}

impl Shared {
    /// Ends the backend's nap, or prevents the next one.
    #[cold]
    pub(crate) fn wake(&self) {
        *lock(&self.wake) = true;
        self.wake_signal.notify_one();
    }

    /// Has the backend look at what was just published at once: a system call if it sleeps.
    pub(crate) fn urge(&self) {
        // Nearly every call while the ring is more than half full. A look that is out of date costs one nap.
        if self.urgent.load(Ordering::Relaxed) {
            return;
        }
        // SeqCst, here and in `nap`: either this sees the nap, or the nap sees this.
        self.urgent.store(true, Ordering::SeqCst);
        if self.napping.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Tells the backend to write what is there and end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Waits until every sink has written what was published before `position`, and other ends have confirmed
    /// it.
    pub(crate) fn wait_written(&self, position: u64, deadline: Option<Instant>) -> bool {
        self.wait_until(&self.confirmed_to, position, deadline)
    }

    /// Waits until every sink has written what was published before `position`.
    pub(crate) fn wait_settled(&self, position: u64, deadline: Option<Instant>) -> bool {
        self.wait_until(&self.written_to, position, deadline)
    }

    fn wait_until(&self, reached: &AtomicU64, position: u64, deadline: Option<Instant>) -> bool {
        self.wanted.fetch_max(position, Ordering::AcqRel);
        let mut guard = lock(&self.progress);
        while reached.load(Ordering::Acquire) < position {
            if self.ended.load(Ordering::Acquire) {
                return reached.load(Ordering::Acquire) >= position;
            }
            // The timed wait also covers a backend that ended between the check and the wait.
            let mut pause = Duration::from_millis(100);
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return false;
                }
                pause = pause.min(left);
            }
            self.wake();
            guard = wait(&self.progress_signal, guard, pause);
        }
        true
    }

    /// Counts lines that will not be written. To be called before what comes after them is announced as
    /// written.
    pub(crate) fn count_lost(&self, lines: u64) {
        if lines > 0 {
            self.lost.fetch_add(lines, Ordering::AcqRel);
        }
    }

    /// How many losses there were so far: of the backend, and before it.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire) + self.counters.refused()
    }

    /// Whether the backend is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Everything before this position is waited for.
    pub(super) fn wanted(&self) -> u64 {
        self.wanted.load(Ordering::Acquire)
    }

    /// Tells whether some sink takes nothing now.
    pub(super) fn tell_of_trouble(&self, in_trouble: bool) {
        self.in_trouble.store(in_trouble, Ordering::Release);
    }

    /// Whether some sink takes nothing now, so that waiting for it may be in vain.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.in_trouble.load(Ordering::Acquire) || self.ended.load(Ordering::Acquire)
    }

    /// Tells whether anything was left when the backend ended.
    pub(super) fn tell_of_end(&self, written_all: bool) {
        self.written_all.store(written_all, Ordering::Release);
    }

    /// Whether the backend has ended with nothing left to write.
    pub(crate) fn has_written_all(&self) -> bool {
        self.written_all.load(Ordering::Acquire)
    }

    /// Whether somebody has ended the backend's next nap already: it is to write, or to end.
    pub(super) fn is_awaited(&self) -> bool {
        *lock(&self.wake)
    }

    pub(super) fn nap(&self, duration: Duration) {
        let mut woken = lock(&self.wake);
        self.napping.store(true, Ordering::SeqCst);
        if !self.urgent.swap(false, Ordering::SeqCst) && !*woken {
            woken = wait(&self.wake_signal, woken, duration);
        }
        self.napping.store(false, Ordering::Relaxed);
        *woken = false;
    }

    pub(super) fn announce_written(&self, position: u64, confirmed: u64) {
        let before = (self.written_to.load(Ordering::Relaxed), self.confirmed_to.load(Ordering::Relaxed));
        if before != (position, confirmed) {
            self.written_to.store(position, Ordering::Release);
            self.confirmed_to.store(confirmed, Ordering::Release);
            // Taken so that a waiter is either before its check or already waiting.
            drop(lock(&self.progress));
            self.progress_signal.notify_all();
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(signal: &Condvar, guard: MutexGuard<'a, T>, time: Duration) -> MutexGuard<'a, T> {
    signal.wait_timeout(guard, time).unwrap_or_else(PoisonError::into_inner).0
}

/// Marks the end of the backend thread, also when it panics, so that nobody waits for it in vain.
pub(super) struct Ending(pub(super) Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        drop(lock(&self.0.progress));
        self.0.progress_signal.notify_all();
    }
}
