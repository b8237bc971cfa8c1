//! Values that threads share, guarded by the GIL or, where there is none, by a lock of the interpreter's own
//! kind.
//!
//! With the GIL both kinds cost nothing. Without it [`Guarded`] takes a `PyMutex`. A thread that waits for
//! one detaches from the interpreter meanwhile, so a pause of all threads, as for collecting garbage, never
//! waits for that thread.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

/// A value that one thread at a time can reach.
pub(crate) struct Guarded<T> {
    lock: Lock,
    value: RefCell<T>,
}

// SAFETY: every access goes through `with`, in which only one thread is at a time: its token proves that this
// thread holds the GIL, and where there is none it holds the lock.
unsafe impl<T> Sync for Guarded<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Guarded<T> {}

impl<T> Guarded<T> {
    pub(crate) const fn new(value: T) -> Self {
        Guarded { lock: Lock::new(), value: RefCell::new(value) }
    }

    /// Calls `body` with the value. `body` must not run Python code, which could come back here or let
    /// another thread in. With the GIL that panics, and corrupts nothing; without it the thread waits for
    /// ever.
    #[inline]
    pub(crate) fn with<R>(&self, py: Python<'_>, body: impl FnOnce(&mut T) -> R) -> R {
        let _held = self.lock.hold(py);
        body(&mut self.value.borrow_mut())
    }
}

/// A value of the process that begins a cache line.
#[repr(align(64))]
pub(crate) struct OnLine<T>(pub(crate) T);

impl<T> Deref for OnLine<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What stays whole while the process forks.
pub(crate) trait AcrossForks: Sync {
    /// Keeps other threads out until the fork that begins is over, so the child finds the value whole.
    fn before_fork(&self);
    /// Lets other threads in again.
    fn after_fork_in_parent(&self);
    /// Lets the child's only thread in. Threads that waited in the parent do not exist here.
    fn after_fork_in_child(&self);
}

impl<T> AcrossForks for Guarded<T> {
    fn before_fork(&self) {
        self.lock.take();
    }

    fn after_fork_in_parent(&self) {
        self.lock.give_back();
    }

    fn after_fork_in_child(&self) {
        self.lock.renew();
    }
}

#[cfg(not(Py_GIL_DISABLED))]
struct Lock;

#[cfg(not(Py_GIL_DISABLED))]
struct Held;

#[cfg(not(Py_GIL_DISABLED))]
impl Lock {
    const fn new() -> Self {
        Lock
    }

    #[inline(always)]
    fn hold(&self, _gil: Python<'_>) -> Held {
        Held
    }

    fn take(&self) {}

    fn give_back(&self) {}

    fn renew(&self) {}
}

#[cfg(Py_GIL_DISABLED)]
use free_threaded::Lock;

#[cfg(Py_GIL_DISABLED)]
mod free_threaded {
    use std::cell::UnsafeCell;

    use pyo3::ffi;
    use pyo3::prelude::*;

    pub(super) struct Lock(UnsafeCell<ffi::PyMutex>);

    pub(super) struct Held<'a>(&'a Lock);

    impl Lock {
        pub(super) const fn new() -> Self {
            Lock(UnsafeCell::new(ffi::PyMutex::new()))
        }

        #[inline]
        pub(super) fn hold(&self, _attached: Python<'_>) -> Held<'_> {
            self.take();
            Held(self)
        }

        #[inline]
        pub(super) fn take(&self) {
            // SAFETY: a mutex that is never moved while it is in use, and only touched by its own functions.
            unsafe { ffi::PyMutex_Lock(self.0.get()) };
        }

        #[inline]
        pub(super) fn give_back(&self) {
            // SAFETY: as above; the thread holds it, by `hold` or around a fork.
            unsafe { ffi::PyMutex_Unlock(self.0.get()) };
        }

        pub(super) fn renew(&self) {
            // Not unlocked: that would wake waiting threads, which this process does not have.
            // SAFETY: a forked child has one thread, and the one that forked held the mutex.
            unsafe { self.0.get().write(ffi::PyMutex::new()) };
        }
    }

    impl Drop for Held<'_> {
        #[inline]
        fn drop(&mut self) {
            self.0.give_back();
        }
    }
}

/// A dictionary id, with the generation of the pipeline that it belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownId {
    pub(crate) generation: u32,
    pub(crate) id: u32,
}

/// A [`KnownId`] that any thread reads and sets at once.
#[derive(Default)]
pub(crate) struct KnownIdCell(AtomicU64);

impl KnownIdCell {
    pub(crate) fn new(known: KnownId) -> Self {
        let cell = KnownIdCell::default();
        cell.set(known);
        cell
    }

    // Relaxed: an id orders no other memory, and one of an earlier generation is looked up once more.
    #[inline]
    pub(crate) fn get(&self) -> KnownId {
        let bits = self.0.load(Ordering::Relaxed);
        KnownId { generation: (bits >> 32) as u32, id: bits as u32 }
    }

    #[inline]
    pub(crate) fn set(&self, known: KnownId) {
        self.0.store(u64::from(known.generation) << 32 | u64::from(known.id), Ordering::Relaxed);
    }
}
