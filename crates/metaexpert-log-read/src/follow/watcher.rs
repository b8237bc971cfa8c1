//! Waiting until something may have changed: for the kernel's notices, a waker, or the next look.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::inotify::{Inotify, Notice};

/// How a follower learns that files have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// The kernel tells where it can; a directory of which it tells nothing is looked at as with
    /// [`Watch::Poll`].
    #[default]
    Inotify,
    /// The directories are looked at five times per second.
    Poll,
}

/// Ends the current or the next wait of a follower, from any thread. Clones wake the same follower.
#[derive(Clone, Debug)]
pub struct Waker {
    stream: Arc<UnixStream>,
}

impl Waker {
    /// Has the follower's wait return at once, with what it has found by then.
    pub fn wake(&self) {
        // A full stream wakes as well; without a follower nobody is to be woken.
        let _ = (&*self.stream).write(&[0]);
    }
}

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There are notices, or the time is over.
    Look,
    /// A waker, or a signal of the process.
    Interrupted,
}

pub(super) struct Watcher {
    inotify: Option<Inotify>,
    /// How many want each watch.
    wanted: HashMap<i32, usize>,
    woken: UnixStream,
}

impl Watcher {
    pub fn new(watch: Watch) -> io::Result<(Watcher, Waker)> {
        let (woken, stream) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        stream.set_nonblocking(true)?;
        // Without the kernel's notices everything works, later.
        let inotify = if watch == Watch::Inotify { Inotify::new().ok() } else { None };
        Ok((Watcher { inotify, wanted: HashMap::new(), woken }, Waker { stream: Arc::new(stream) }))
    }

    /// The watch of a directory, to be left as often. Fails where the kernel does not tell of it.
    pub fn watch(&mut self, directory: &Path) -> io::Result<i32> {
        let inotify = self.inotify.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let watch = inotify.watch(directory)?;
        *self.wanted.entry(watch).or_default() += 1;
        Ok(watch)
    }

    pub fn leave(&mut self, watch: i32) {
        let Some(wanted) = self.wanted.get_mut(&watch) else { return };
        *wanted -= 1;
        if *wanted == 0 {
            self.wanted.remove(&watch);
            self.inotify.iter().for_each(|inotify| inotify.leave(watch));
        }
    }

    pub fn drain(&self, each: impl FnMut(Notice)) -> io::Result<()> {
        self.inotify.as_ref().map_or(Ok(()), |inotify| inotify.drain(each))
    }

    pub fn sleep(&mut self, longest: Duration) -> io::Result<Reason> {
        let mut descriptors = vec![PollFd::new(&self.woken, PollFlags::IN)];
        if let Some(inotify) = &self.inotify {
            descriptors.push(PollFd::from_borrowed_fd(inotify.descriptor(), PollFlags::IN));
        }
        let longest = Timespec { tv_sec: longest.as_secs() as i64, tv_nsec: longest.subsec_nanos().into() };
        match poll(&mut descriptors, Some(&longest)) {
            Err(Errno::INTR) => return Ok(Reason::Interrupted),
            Err(problem) => return Err(problem.into()),
            Ok(_) => {}
        }
        let is_woken = !descriptors[0].revents().is_empty();
        Ok(if is_woken && self.take_woken() { Reason::Interrupted } else { Reason::Look })
    }

    /// Whether somebody has woken the follower since the last call.
    fn take_woken(&mut self) -> bool {
        let mut bytes = [0; 64];
        let mut is_woken = false;
        while matches!(self.woken.read(&mut bytes), Ok(count) if count > 0) {
            is_woken = true;
        }
        is_woken
    }
}
