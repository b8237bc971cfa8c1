//! Lines over a connection, and those that it has not acknowledged.
//!
//! A line that was given to the system is kept until the system at the other end has acknowledged it. After a
//! break all that was not is sent again, beginning with a whole line: so a line may arrive twice, and none
//! is torn. What the other side had acknowledged and its program never read is lost.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;

use socket2::Socket;

use super::{check_open, waits};

/// Bytes framed at a time.
const STEP_BYTES: usize = 256 << 10;
/// What is kept for the next connection at most; beyond, the oldest lines count as arrived.
const MOST_KEPT_BYTES: usize = 4 << 20;

/// What tells lines apart on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The line break at their end.
    Lines,
    /// Their length before them (RFC 6587, octet counting).
    Counted,
}

/// The lines on their way.
pub(super) struct Window {
    framing: Framing,
    bytes: VecDeque<u8>,
    /// The length of each line in `bytes`.
    lengths: VecDeque<usize>,
    /// How many of the first bytes the system has taken on this connection.
    sent: usize,
}

impl Window {
    pub(super) fn new(framing: Framing) -> Window {
        Window { framing, bytes: VecDeque::new(), lengths: VecDeque::new(), sent: 0 }
    }

    pub(super) fn set_framing(&mut self, framing: Framing) {
        self.framing = framing;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Lines not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.bytes.len()
    }

    /// Everything is to be sent again, on another connection.
    pub(super) fn begin_again(&mut self) {
        self.sent = 0;
    }

    /// Sends what is left; succeeds when that is all.
    pub(super) fn prepare(&mut self, socket: &Socket) -> io::Result<()> {
        self.forget_arrived(socket)?;
        check_open(socket)?;
        self.send(socket)?;
        if self.has_unsent() { Err(waits("takes nothing now")) } else { Ok(()) }
    }

    /// Sends what is left, and forgets what has arrived. Returns whether nothing is left to send.
    pub(super) fn tend(&mut self, socket: &Socket) -> io::Result<bool> {
        self.send(socket)?;
        self.forget_arrived(socket)?;
        check_open(socket)?;
        Ok(!self.has_unsent())
    }

    /// Takes whole lines from the start of `lines`: those that the system has taken, and the one it has begun.
    pub(super) fn write(&mut self, socket: &Socket, lines: &[u8]) -> io::Result<usize> {
        let (len, count) = (self.bytes.len(), self.lengths.len());
        let mut taken = Vec::new();
        let mut at = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            self.add(line);
            taken.push(at);
            if at >= STEP_BYTES {
                break;
            }
        }
        if let Err(problem) = self.send(socket) {
            self.bytes.truncate(len);
            self.lengths.truncate(count);
            return Err(problem);
        }
        // What has not been begun stays with the caller.
        while self.lengths.len() > count
            && self.bytes.len() - self.lengths[self.lengths.len() - 1] >= self.sent
        {
            let unsent = self.lengths.pop_back().unwrap_or(0);
            self.bytes.truncate(self.bytes.len() - unsent);
        }
        match self.lengths.len() - count {
            0 => Err(waits("takes nothing now")),
            kept => {
                self.bound();
                Ok(taken[kept - 1])
            }
        }
    }

    fn add(&mut self, line: &[u8]) {
        let before = self.bytes.len();
        match self.framing {
            Framing::Lines => self.bytes.extend(line),
            Framing::Counted => {
                let message = line.strip_suffix(b"\n").unwrap_or(line);
                self.bytes.extend(itoa::Buffer::new().format(message.len()).as_bytes());
                self.bytes.push_back(b' ');
                self.bytes.extend(message);
            }
        }
        self.lengths.push_back(self.bytes.len() - before);
    }

    /// Gives the system what it takes now.
    fn send(&mut self, socket: &Socket) -> io::Result<()> {
        while self.has_unsent() {
            let (first, second) = self.bytes.as_slices();
            let rest = if self.sent < first.len() {
                &first[self.sent..]
            } else {
                &second[self.sent - first.len()..]
            };
            match socket.send_with_flags(rest, NO_SIGNAL) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(problem) if problem.raw_os_error() == Some(libc::ENOBUFS) => return Ok(()),
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Forgets the lines that the system at the other end has acknowledged; of a Unix socket, its program.
    fn forget_arrived(&mut self, socket: &Socket) -> io::Result<()> {
        let on_the_way = unacknowledged(socket);
        // After the question: a connection that was reset meanwhile may have answered that nothing is.
        if let Some(problem) = socket.take_error()? {
            return Err(problem);
        }
        let mut arrived = self.sent.saturating_sub(on_the_way);
        while self.lengths.front().is_some_and(|len| *len <= arrived) {
            arrived -= self.forget_first();
        }
        Ok(())
    }

    fn bound(&mut self) {
        while self.bytes.len() > MOST_KEPT_BYTES && self.lengths.front().is_some_and(|len| *len <= self.sent)
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) -> usize {
        let len = self.lengths.pop_front().unwrap_or(0);
        self.bytes.drain(..len);
        self.sent -= len;
        len
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const NO_SIGNAL: libc::c_int = 0;

/// Bytes that the system has taken and the other side has not acknowledged.
#[cfg(target_os = "linux")]
fn unacknowledged(socket: &Socket) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the request (SIOCOUTQ, which has this number for sockets too) writes one int, which is exclusively
    // borrowed.
    let outcome = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &mut count) };
    if outcome == 0 { count.max(0) as usize } else { 0 }
}

/// Nobody can be asked here: what the system has taken counts as arrived.
#[cfg(not(target_os = "linux"))]
fn unacknowledged(_: &Socket) -> usize {
    0
}
