//! A standard stream of the process.

use std::io;

use crate::config::{Colour, ConsoleConfig, Destination, SinkConfig, Stream};
use crate::platform::descriptor::{is_there, number};

/// Standard output or standard error, by file descriptor: Python's own buffers are not involved.
pub struct Console {
    fd: libc::c_int,
    closed: bool,
    absent: bool,
    problem: Option<&'static str>,
}

impl Console {
    /// The stream's descriptor; nothing is opened. A stream that is not there stays closed, whatever gets its
    /// number.
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

    /// Whether nobody reads any more: the pipe's reader is gone (`… | head`), the stream was closed, or it is
    /// a device that takes nothing (`> /dev/full`).
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
                self.closed = match problem.raw_os_error() {
                    Some(libc::EPIPE | libc::EBADF) => true,
                    // A disk has space again one day, a device without any never will.
                    Some(libc::ENOSPC) => is_device(self.fd),
                    _ => false,
                };
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

/// Whether `fd` is a character device.
fn is_device(fd: libc::c_int) -> bool {
    // SAFETY: a zeroed `stat` is a valid one.
    let mut about: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `about` is writable; a closed descriptor gives an error.
    unsafe { libc::fstat(fd, &raw mut about) == 0 && about.st_mode & libc::S_IFMT == libc::S_IFCHR }
}

/// Whether `config`'s destination shows colours: a stream that is to, else a terminal without `NO_COLOR`
/// (<https://no-color.org>). No other destination does.
pub fn shows_colour(config: &SinkConfig) -> bool {
    match &config.destination {
        Destination::Console(console) => is_coloured(console),
        _ => false,
    }
}

fn is_coloured(config: &ConsoleConfig) -> bool {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsRawFd;

    fn writing_to(file: &File) -> Console {
        Console { fd: file.as_raw_fd(), ..Console::new(Stream::Stderr) }
    }

    #[test]
    fn a_device_that_takes_nothing_is_closed_after_its_first_write() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut console = writing_to(&full);
        assert_eq!(console.write(b"m").unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert!(console.is_closed());
    }

    #[test]
    fn a_regular_file_is_no_device() {
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(!is_device(file.as_raw_fd()));
        assert!(!is_device(-1));
    }
}
