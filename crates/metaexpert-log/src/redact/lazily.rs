//! A value that is made when it is first needed, without a lock: a child that is forked in the middle of it
//! would wait for a thread that it does not have.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value made by whoever needs it first. Who comes meanwhile makes another, and one of them stays.
pub(crate) struct Lazily<T> {
    value: AtomicPtr<T>,
    make: fn() -> T,
}

impl<T: Send + Sync> Lazily<T> {
    pub(crate) const fn new(make: fn() -> T) -> Self {
        Lazily { value: AtomicPtr::new(ptr::null_mut()), make }
    }

    pub(crate) fn get(&'static self) -> &'static T {
        let there = self.value.load(Ordering::Acquire);
        let value = if there.is_null() { self.put(Box::new((self.make)())) } else { there };
        // SAFETY: `put` made it by `Box::into_raw`, whole before Acquire can see it, and nobody takes it
        // back.
        unsafe { &*value }
    }

    /// Puts `made` in its place; returns what is there.
    #[cold]
    fn put(&self, made: Box<T>) -> *mut T {
        let made = Box::into_raw(made);
        match self.value.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => made,
            Err(there) => {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                there
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn who_comes_while_another_makes_the_value_does_not_wait_for_it() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        static VALUE: Lazily<usize> = Lazily::new(|| {
            let before = MADE.fetch_add(1, Ordering::SeqCst);
            if before == 0 {
                // As in the middle of a fork: this one is not done before another is.
                assert_eq!(*std::thread::spawn(|| VALUE.get()).join().unwrap(), 1);
            }
            before
        });
        assert_eq!((*VALUE.get(), *VALUE.get()), (1, 1));
        assert_eq!(MADE.load(Ordering::SeqCst), 2);
    }
}
