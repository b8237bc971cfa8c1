//! The threads of the engines.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread with every signal blocked, so that handlers run on the program's own threads.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let restore = block_signals();
    let handle = Builder::new().name(name.to_owned()).spawn(work);
    restore_signals(&restore);
    handle
}

/// Lets the calling thread run only when no other wants to, where a thread has a priority of its own.
pub(crate) fn lower_priority() {
    // SAFETY: concerns the calling thread alone on Linux; without effect where it is refused.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 19)
    };
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: both sets are data without pointers, filled before use; the mask concerns this thread alone and
    // is inherited by the thread spawned next.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

fn restore_signals(before: &libc::sigset_t) {
    // SAFETY: `before` is a mask that `block_signals` read.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
}
