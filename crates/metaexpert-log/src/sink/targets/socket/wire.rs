//! Wires: what carries bytes to the other side. A protocol that protects them, such as TLS, is another wire.

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::AsRawFd;

use socket2::Socket;

use crate::platform::disk::FileId;
use crate::platform::holdings::{Holding, register};

/// A connection that is made. Nothing in it waits: what would, fails with [`io::ErrorKind::WouldBlock`].
///
/// It counts the bytes that it was given, whatever a protocol adds to them, so that one that encrypts can say
/// what has arrived as well as a bare socket can.
pub(super) trait Wire: Send {
    /// Takes some of `bytes`, or all of a packet. Returns how many it has taken.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// How many of the bytes that it has taken the other side has not acknowledged.
    fn unacknowledged(&mut self) -> usize;

    /// Why it has failed, if it has since this was asked last.
    fn take_error(&mut self) -> io::Result<Option<io::Error>>;

    /// Fails if it has failed, or if the other side has closed it. What that says is of no interest.
    fn check_open(&mut self) -> io::Result<()>;

    /// Whether it takes bytes, or has something to tell about why it does not.
    fn is_ready(&self) -> bool;

    /// Ends it for both sides.
    fn close(&mut self);
}

/// A socket that carries bytes as they are. A forked child closes it at its side.
pub(super) struct Cleartext {
    // Dropped first: the place in the table is given up before the descriptor is.
    _holding: Holding,
    socket: Socket,
}

impl Cleartext {
    /// The wire over `socket`, which is connected and never blocks.
    pub(super) fn new(socket: Socket) -> Cleartext {
        // No file is on such a device.
        let nothing = FileId { dev: u64::MAX, ino: u64::MAX };
        Cleartext { _holding: register(socket.as_raw_fd(), nothing, None), socket }
    }
}

impl Wire for Cleartext {
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.send_with_flags(bytes, NO_SIGNAL)
    }

    fn unacknowledged(&mut self) -> usize {
        unacknowledged(&self.socket)
    }

    fn take_error(&mut self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    fn check_open(&mut self) -> io::Result<()> {
        if let Some(problem) = self.socket.take_error()? {
            return Err(problem);
        }
        let mut said = [0; 4096];
        loop {
            match self.socket.read(&mut said) {
                Ok(0) => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed by the other side"));
                }
                Ok(_) => {}
                Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(problem),
            }
        }
    }

    fn is_ready(&self) -> bool {
        is_writable(&self.socket)
    }

    fn close(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// The failure of something that will go on by itself.
pub(super) fn waits(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, why)
}

/// Whether a socket takes bytes, or has something to tell about why it does not.
pub(super) fn is_writable(socket: &Socket) -> bool {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid pollfd, exclusively borrowed; with no time to wait.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const NO_SIGNAL: libc::c_int = 0;

/// Bytes that the system has taken and the other side has not acknowledged.
#[cfg(target_os = "linux")]
fn unacknowledged(socket: &Socket) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the request (SIOCOUTQ, which has this number for sockets too) writes one int, which is
    // exclusively borrowed.
    let outcome = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &mut count) };
    if outcome == 0 { count.max(0) as usize } else { 0 }
}

/// Nobody can be asked here: what the system has taken counts as arrived.
#[cfg(not(target_os = "linux"))]
fn unacknowledged(_: &Socket) -> usize {
    0
}
