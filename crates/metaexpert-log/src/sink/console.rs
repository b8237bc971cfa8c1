//! A standard stream of the process.

use std::io;

use crate::config::{Colour, SinkConfig, Stream};
use crate::descriptor::{is_there, number};

/// Standard output or standard error, by file descriptor: Python's own buffers are not involved.
pub struct Console {
    fd: libc::c_int,
    closed: bool,
    absent: bool,
    problem: Option<&'static str>,
}

impl Console {
    /// The stream's descriptor; nothing is opened. A stream that is not there stays closed, whatever gets its number.
    pub fn new(stream: Stream) -> Console {
        let absent = !is_there(stream);
        let problem = absent.then_some("its stream is closed, so it shows nothing");
        Console { fd: number(stream), closed: absent, absent, problem }
    }

    /// That nobody will ever read it, to be told once.
    pub fn take_problem(&mut self) -> Option<&'static str> {
        self.problem.take()
    }

    /// Whether it was closed when this was made: nobody has ever read it.
    pub fn is_absent(&self) -> bool {
        self.absent
    }

    /// Whether nobody reads any more: the pipe's reader is gone (`… | head`), or the stream was closed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes some of `bytes`; waits while a non-blocking stream is full.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        loop {
            // SAFETY: `bytes` is readable for its length; a closed descriptor gives an error, not harm.
            let count = unsafe { libc::write(self.fd, bytes.as_ptr().cast(), bytes.len()) };
            if count >= 0 {
                return Ok(count as usize);
            }
            let problem = io::Error::last_os_error();
            if problem.kind() != io::ErrorKind::WouldBlock {
                self.closed = matches!(problem.raw_os_error(), Some(libc::EPIPE | libc::EBADF));
                return Err(problem);
            }
            let mut poll = libc::pollfd { fd: self.fd, events: libc::POLLOUT, revents: 0 };
            // SAFETY: one valid pollfd, exclusively borrowed.
            if unsafe { libc::poll(&mut poll, 1, 1000) } == 0 {
                return Err(problem);
            }
        }
    }
}

/// Whether `config`'s stream shows colours: as configured, else a terminal without `NO_COLOR`
/// (<https://no-color.org>).
pub fn shows_colour(config: &SinkConfig) -> bool {
    match config.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            // SAFETY: isatty accepts any descriptor.
            let is_terminal = is_there(config.stream) && unsafe { libc::isatty(number(config.stream)) } == 1;
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
            is_terminal && !refused && !dumb
        }
    }
}
