//! Notices of the Linux kernel about the files of a directory, by inotify. Elsewhere there are none.

use std::ffi::OsString;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// What a watched directory tells.
#[derive(Debug)]
pub(super) struct Notice {
    /// Which watch it is of; -1 for all.
    pub watch: i32,
    pub kind: Kind,
    /// The file's name in the directory; none for the directory itself.
    pub name: Option<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file was written to, or cut.
    Written,
    /// A name came, went or changed its rights.
    Named,
    /// The directory itself has moved or gone.
    Left,
    /// The kernel has dropped notices.
    Missed,
}

#[cfg(target_os = "linux")]
pub(super) use linux::Inotify;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use rustix::io::Errno;

    use super::*;

    const BUFFER_BYTES: usize = 16 << 10;

    /// The kernel's queue of notices.
    pub(in super::super) struct Inotify {
        queue: OwnedFd,
    }

    impl Inotify {
        /// Fails with `EMFILE` where the user has as many queues as allowed.
        pub fn new() -> io::Result<Inotify> {
            Ok(Inotify { queue: inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)? })
        }

        /// Watches a directory; the same one has the same watch, whatever its path. Fails with `ENOSPC` where
        /// the user has as many watches as allowed.
        pub fn watch(&self, directory: &Path) -> io::Result<i32> {
            let wanted = WatchFlags::MODIFY
                | WatchFlags::ATTRIB
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            Ok(inotify::add_watch(&self.queue, directory, wanted)?)
        }

        /// Ends a watch; one that has ended by itself is no failure.
        pub fn leave(&self, watch: i32) {
            let _ = inotify::remove_watch(&self.queue, watch);
        }

        /// Gives `each` of the notices that are there.
        pub fn drain(&self, mut each: impl FnMut(Notice)) -> io::Result<()> {
            let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
            let mut reader = Reader::new(&self.queue, &mut buffer);
            loop {
                match reader.next() {
                    Ok(event) => {
                        let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).into());
                        each(Notice { watch: event.wd(), kind: kind(event.events()), name });
                    }
                    Err(Errno::AGAIN) => return Ok(()),
                    Err(Errno::INTR) => {}
                    Err(problem) => return Err(problem.into()),
                }
            }
        }

        /// Readable when there are notices.
        pub fn descriptor(&self) -> BorrowedFd<'_> {
            self.queue.as_fd()
        }
    }

    fn kind(events: ReadFlags) -> Kind {
        let left = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::IGNORED | ReadFlags::UNMOUNT;
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            Kind::Missed
        } else if events.intersects(left) {
            Kind::Left
        } else if events.contains(ReadFlags::MODIFY) {
            Kind::Written
        } else {
            Kind::Named
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) use absent::Inotify;

#[cfg(not(target_os = "linux"))]
mod absent {
    use super::*;

    /// No kernel tells; directories are polled.
    pub(in super::super) enum Inotify {}

    impl Inotify {
        pub fn new() -> io::Result<Inotify> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub fn watch(&self, _: &Path) -> io::Result<i32> {
            match *self {}
        }

        pub fn leave(&self, _: i32) {
            match *self {}
        }

        pub fn drain(&self, _: impl FnMut(Notice)) -> io::Result<()> {
            match *self {}
        }

        pub fn descriptor(&self) -> BorrowedFd<'_> {
            match *self {}
        }
    }
}
