//! Lines over a connection, and those that it has not acknowledged.
//!
//! A line that was given to the system is kept until the system at the other end has acknowledged it. After a
//! break all that was not is sent again, beginning with a whole line: so a line may arrive twice, and none
//! is torn. What the other side had acknowledged and its program never read is lost.

use std::collections::VecDeque;
use std::io;

use super::fates::Fates;
use super::message::Message;
use super::wire::{Wire, waits};

/// Bytes framed at a time.
const STEP_BYTES: usize = 256 << 10;
/// What is kept for the next connection at most; beyond, the oldest lines count as arrived.
const MOST_KEPT_BYTES: usize = 4 << 20;
/// A line on which so many connections in a row have broken is given up: the other side will not have it.
const CONNECTIONS_PER_LINE: u32 = 3;

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
    /// The length of each line in `bytes`, framed, and whether something was left out of it.
    lines: VecDeque<(usize, bool)>,
    /// How many of the first bytes the system has taken on this connection.
    sent: usize,
    /// Connections in a row that broke after the first line was begun and before it had arrived.
    refusals: u32,
    /// How many of the first lines had been begun when a connection broke, so that each may be why.
    suspects: usize,
    /// While there are suspects, how many lines may be on the way: first one alone, so that no other is
    /// blamed, then twice as many each time that all have arrived.
    ahead: usize,
    /// Why the connection failed after it had taken some lines: a socket tells that only once.
    failure: Option<io::Error>,
    frame: Vec<u8>,
}

impl Window {
    pub(super) fn new(framing: Framing) -> Window {
        Window {
            framing,
            bytes: VecDeque::new(),
            lines: VecDeque::new(),
            sent: 0,
            refusals: 0,
            suspects: 0,
            ahead: 0,
            failure: None,
            frame: Vec::new(),
        }
    }

    pub(super) fn set_framing(&mut self, framing: Framing) {
        self.framing = framing;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Lines not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.bytes.len()
    }

    /// Sends everything again on the next connection, except a first line on which three have broken.
    pub(super) fn begin_again(&mut self, fates: &mut Fates) {
        if self.sent > 0 {
            self.refusals += 1;
            self.suspects = self.suspects.max(self.begun());
            self.ahead = 1;
        }
        self.sent = 0;
        self.failure = None;
        if self.refusals >= CONNECTIONS_PER_LINE {
            self.refusals = 0;
            self.suspects = self.suspects.saturating_sub(1);
            if let Some((len, _)) = self.lines.pop_front() {
                self.bytes.drain(..len);
                fates.lost(1, "three connections in a row broke on it");
            }
        }
    }

    /// How many lines the system has begun to take.
    fn begun(&self) -> usize {
        let mut before = 0;
        let is_begun = |(len, _): &&(usize, bool)| {
            let is_begun = before < self.sent;
            before += len;
            is_begun
        };
        self.lines.iter().take_while(is_begun).count()
    }

    /// The connection is left for good: what the system has taken counts as arrived, the rest is lost.
    pub(super) fn end(&mut self, fates: &mut Fates) {
        while let Some((len, _)) = self.lines.pop_front() {
            if self.sent >= len {
                self.sent -= len;
                fates.sent(1);
            } else {
                self.sent = 0;
                fates.lost(1, "it was not sent before the end");
            }
        }
        self.bytes.clear();
    }

    /// Sends what is left; succeeds when that is all.
    pub(super) fn prepare(&mut self, wire: &mut dyn Wire, fates: &mut Fates) -> io::Result<()> {
        self.forget_arrived(wire, fates)?;
        wire.check_open()?;
        self.send(wire)?;
        if self.has_unsent() || self.suspects > 0 { Err(waits("takes nothing now")) } else { Ok(()) }
    }

    /// Sends what is left, and forgets what has arrived. Returns whether nothing is left to send.
    pub(super) fn tend(&mut self, wire: &mut dyn Wire, fates: &mut Fates) -> io::Result<bool> {
        self.send(wire)?;
        self.forget_arrived(wire, fates)?;
        wire.check_open()?;
        Ok(!self.has_unsent())
    }

    /// Takes whole lines from the start of `lines`: those that the system has taken, and the one it has
    /// begun.
    pub(super) fn write(
        &mut self,
        wire: &mut dyn Wire,
        lines: &[u8],
        message: &mut Message,
        fates: &mut Fates,
    ) -> io::Result<usize> {
        let count = self.lines.len();
        let mut taken = Vec::new();
        let mut at = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            self.add(line, message);
            taken.push(at);
            if at >= STEP_BYTES {
                break;
            }
        }
        let outcome = self.send(wire);
        self.leave_unbegun(count);
        if self.lines.len() == count {
            outcome?;
        } else {
            // Lines that were begun are suspects, so they stay here.
            self.failure = outcome.err();
        }
        fates.bytes += self.lines.iter().skip(count).map(|(len, _)| *len as u64).sum::<u64>();
        fates.cut += self.lines.iter().skip(count).filter(|(_, is_cut)| *is_cut).count() as u64;
        match self.lines.len() - count {
            0 => Err(waits("takes nothing now")),
            kept => {
                self.bound(fates);
                Ok(taken[kept - 1])
            }
        }
    }

    /// Leaves lines behind the first `count` with the caller, if they have not been begun.
    fn leave_unbegun(&mut self, count: usize) {
        while self.lines.len() > count {
            let len = self.lines[self.lines.len() - 1].0;
            if self.bytes.len() - len < self.sent {
                break;
            }
            self.lines.pop_back();
            self.bytes.truncate(self.bytes.len() - len);
        }
    }

    fn add(&mut self, line: &[u8], message: &mut Message) {
        let before = self.bytes.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        self.frame.clear();
        let is_cut = message.push(line, usize::MAX, &mut self.frame);
        match self.framing {
            Framing::Lines => {
                self.bytes.extend(&self.frame);
                self.bytes.push_back(b'\n');
            }
            Framing::Counted => {
                self.bytes.extend(itoa::Buffer::new().format(self.frame.len()).as_bytes());
                self.bytes.push_back(b' ');
                self.bytes.extend(&self.frame);
            }
        }
        self.lines.push_back((self.bytes.len() - before, is_cut));
    }

    /// Gives the system what it takes now.
    fn send(&mut self, wire: &mut dyn Wire) -> io::Result<()> {
        let until = match self.suspects {
            0 => self.bytes.len(),
            _ => self.lines.iter().take(self.ahead).map(|(len, _)| len).sum(),
        };
        while self.sent < until {
            let (first, second) = self.bytes.as_slices();
            let rest = if self.sent < first.len() {
                &first[self.sent..]
            } else {
                &second[self.sent - first.len()..]
            };
            let rest = &rest[..rest.len().min(until - self.sent)];
            match wire.send(rest) {
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
    fn forget_arrived(&mut self, wire: &mut dyn Wire, fates: &mut Fates) -> io::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let on_the_way = wire.unacknowledged();
        // After the question: a connection that was reset meanwhile may have answered that nothing is.
        if let Some(problem) = wire.take_error()? {
            return Err(problem);
        }
        let mut arrived = self.sent.saturating_sub(on_the_way);
        while self.lines.front().is_some_and(|(len, _)| *len <= arrived) {
            arrived -= self.forget_first(fates);
            if self.sent == 0 {
                self.ahead = self.ahead.saturating_mul(2);
            }
        }
        Ok(())
    }

    fn bound(&mut self, fates: &mut Fates) {
        while self.bytes.len() > MOST_KEPT_BYTES
            && self.lines.front().is_some_and(|(len, _)| *len <= self.sent)
        {
            self.forget_first(fates);
        }
    }

    fn forget_first(&mut self, fates: &mut Fates) -> usize {
        let (len, _) = self.lines.pop_front().unwrap_or_default();
        self.bytes.drain(..len);
        self.sent -= len;
        self.refusals = 0;
        self.suspects = self.suspects.saturating_sub(1);
        fates.sent(1);
        len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;

    /// A wire whose other side acknowledges when it is told to, and that takes so many bytes on one
    /// connection.
    #[derive(Default)]
    struct Slow {
        taken: Vec<u8>,
        acknowledged: usize,
        most: usize,
    }

    impl Wire for Slow {
        fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match bytes.len().min(self.most - self.taken.len()) {
                0 => Err(waits("full")),
                count => {
                    self.taken.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
            }
        }

        fn unacknowledged(&mut self) -> usize {
            self.taken.len() - self.acknowledged
        }

        fn take_error(&mut self) -> io::Result<Option<io::Error>> {
            Ok(None)
        }

        fn check_open(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn is_ready(&self) -> bool {
            self.taken.len() < self.most
        }

        fn close(&mut self) {}
    }

    fn window_with(lines: &[u8], wire: &mut Slow, fates: &mut Fates) -> Window {
        let mut window = Window::new(Framing::Lines);
        let mut message = Message::new(&Format::Text { datefmt: None }, false, false);
        assert_eq!(window.write(wire, lines, &mut message, fates).unwrap(), lines.len());
        window
    }

    #[test]
    fn a_line_is_kept_until_its_wire_says_that_it_has_arrived() {
        let (mut wire, mut fates) = (Slow { most: 100, ..Slow::default() }, Fates::default());
        let mut window = window_with(b"one\ntwo\n", &mut wire, &mut fates);
        for (acknowledged, kept) in [(0, 2), (3, 2), (4, 1), (7, 1), (8, 0)] {
            wire.acknowledged = acknowledged;
            assert!(window.tend(&mut wire, &mut fates).unwrap());
            assert_eq!(window.len(), kept, "{acknowledged}");
        }
        assert_eq!(fates.lines.iter().map(|fate| fate.lines).sum::<usize>(), 2);
    }

    #[test]
    fn what_a_wire_has_not_acknowledged_goes_over_the_next_one_whole() {
        let (mut wire, mut fates) = (Slow { most: 6, ..Slow::default() }, Fates::default());
        let mut window = window_with(b"one\ntwo\n", &mut wire, &mut fates);
        wire.acknowledged = 5;
        assert!(!window.tend(&mut wire, &mut fates).unwrap(), "half of the second line is left");
        window.begin_again(&mut fates);
        let mut next = Slow { most: 100, ..Slow::default() };
        window.tend(&mut next, &mut fates).unwrap();
        assert_eq!(next.taken, b"two\n");
    }
}
