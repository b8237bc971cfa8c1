//! What ends a wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use metaexpert_log_read::Follower;

use crate::scene::each_way;

#[test]
fn a_waker_and_a_timeout_end_a_wait() {
    each_way("woken", |place| {
        let mut heard = place.follow(&["a.log"]);
        assert!(heard.follower.wait(Some(Duration::ZERO)).unwrap().is_empty());
        heard.follower.waker().wake();
        assert!(heard.follower.wait(None).unwrap().is_empty());
        let waker = heard.follower.waker();
        let other = thread::spawn(move || waker.wake());
        assert!(heard.follower.wait(None).unwrap().is_empty());
        other.join().unwrap();
    });
}

extern "C" fn nothing(_: libc::c_int) {}

#[test]
fn a_signal_ends_the_wait_of_the_thread_that_it_interrupts() {
    each_way("signal", |place| {
        let handler = nothing as extern "C" fn(libc::c_int);
        // SAFETY: the handler does nothing, so it may run at any time; no other test uses this signal.
        unsafe { libc::signal(libc::SIGUSR2, handler as libc::sighandler_t) };
        let mut heard = place.follow(&["a.log"]);
        let is_over = AtomicBool::new(false);
        // SAFETY: asks for the calling thread.
        let waiting = unsafe { libc::pthread_self() };
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    // SAFETY: the thread waits for this one at the end of the scope, so it is there.
                    unsafe { libc::pthread_kill(waiting, libc::SIGUSR2) };
                    thread::sleep(Duration::from_millis(5));
                }
            });
            assert!(heard.follower.wait(None).unwrap().is_empty());
            is_over.store(true, Ordering::Release);
        });
    });
}

#[test]
fn a_follower_may_wait_on_another_thread() {
    fn needs_send<T: Send>() {}
    needs_send::<Follower>();
}
