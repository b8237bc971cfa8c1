//! Descriptors of the engine's own, which are never those of the standard streams.
//!
//! A process that was started with a standard stream closed gives the stream's number to whatever it opens
//! next, and what is then written to the stream ends up there.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Stream;

const FIRST_OWN: libc::c_int = libc::STDERR_FILENO + 1;

/// Which standard streams were closed when the process started, by [`number`].
static MISSING: [AtomicBool; FIRST_OWN as usize] = [const { AtomicBool::new(false) }; FIRST_OWN as usize];

/// `opened` behind a descriptor that no standard stream has. What was opened keeps its locks and its
/// position.
pub(crate) fn above_standard<T: Into<OwnedFd> + From<OwnedFd>>(opened: T) -> io::Result<T> {
    let opened: OwnedFd = opened.into();
    if opened.as_raw_fd() >= FIRST_OWN {
        return Ok(opened.into());
    }
    // SAFETY: the descriptor is open, and the system returns a new one or an error.
    let moved = unsafe { libc::fcntl(opened.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST_OWN) };
    if moved < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(moved) }.into())
}

/// The number of a standard stream.
pub(crate) fn number(stream: Stream) -> libc::c_int {
    match stream {
        Stream::Stdout => libc::STDOUT_FILENO,
        Stream::Stderr => libc::STDERR_FILENO,
    }
}

/// Notes that `stream` was closed when the process started: whatever has its number later is something else.
pub fn note_missing(stream: Stream) {
    MISSING[number(stream) as usize].store(true, Ordering::Relaxed);
}

/// Whether `stream` can be written to: it was there when the process started, and is open now.
pub(crate) fn is_there(stream: Stream) -> bool {
    let number = number(stream);
    // SAFETY: asks for flags; a closed descriptor gives an error.
    !MISSING[number as usize].load(Ordering::Relaxed) && unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_descriptor_that_no_stream_has_stays_as_it_is() {
        let file = File::open("/dev/null").unwrap();
        let before = file.as_raw_fd();
        assert_eq!(above_standard(file).unwrap().as_raw_fd(), before);
    }
}
