//! One datagram per line; delivery is not confirmed.

use std::io;

use super::fates::Fates;
use super::message::Message;
use super::wire::{Wire, waits};

/// The longest packet, in bytes; a little less than what UDP over IPv4 carries.
const MOST_BYTES: usize = 65_000;
/// Where not even so much is taken, a packet is given up.
const LEAST_BYTES: usize = 480;
/// Refusals of earlier packets that one packet may meet.
const REFUSALS_PER_PACKET: u32 = 3;
const REFUSED: &str = "nobody listens there";
const TOO_LARGE: &str = "the system takes no packet of its size";

/// Sends each line as a packet.
pub(super) struct Datagrams {
    /// Over UDP a refusal concerns a packet that is lost; a Unix socket says that nobody is there.
    is_udp: bool,
    /// What the system has taken at once so far.
    most: usize,
    packet: Vec<u8>,
    /// Why the last packet is known to be lost, if it is; `None` once its fate has been told.
    last: Option<Option<&'static str>>,
}

impl Datagrams {
    pub(super) fn new(is_udp: bool) -> Datagrams {
        Datagrams { is_udp, most: MOST_BYTES, packet: Vec::new(), last: None }
    }

    /// Sends lines from the start of `lines` until the system takes no more, and returns how many bytes those
    /// were. Packets that were refused or too large are lost, and not sent again.
    pub(super) fn write(
        &mut self,
        wire: &mut dyn Wire,
        lines: &[u8],
        message: &mut Message,
        fates: &mut Fates,
    ) -> io::Result<usize> {
        let mut taken = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            match self.send(wire, line.strip_suffix(b"\n").unwrap_or(line), message, fates) {
                Ok(()) => taken += line.len(),
                Err(_) if taken > 0 => break,
                Err(problem) => return Err(problem),
            }
        }
        Ok(taken)
    }

    fn send(
        &mut self,
        wire: &mut dyn Wire,
        line: &[u8],
        message: &mut Message,
        fates: &mut Fates,
    ) -> io::Result<()> {
        let (mut refusals, mut loss) = (0, None);
        loop {
            self.packet.clear();
            let is_cut = message.push(line, self.most, &mut self.packet);
            let Err(problem) = wire.send(&self.packet) else {
                fates.bytes += self.packet.len() as u64;
                fates.cut += u64::from(is_cut);
                break;
            };
            match problem.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::ENOBUFS) => return Err(waits("takes nothing now")),
                Some(libc::EMSGSIZE) if self.packet.len() / 2 >= LEAST_BYTES => {
                    self.most = self.packet.len() / 2;
                }
                Some(libc::EMSGSIZE) => {
                    fates.errors += 1;
                    loss = Some(TOO_LARGE);
                    break;
                }
                // What the system tells so is the fate of an earlier packet; this one was not sent.
                Some(libc::ECONNREFUSED) if self.is_udp && refusals < REFUSALS_PER_PACKET => {
                    fates.errors += 1;
                    refusals += 1;
                    // The earlier packet has counted as sent already. This one is charged instead, so the
                    // number of losses is right.
                    loss = Some(REFUSED);
                }
                Some(libc::ECONNREFUSED) if self.is_udp => break,
                _ => return Err(problem),
            }
        }
        self.close_last(fates);
        self.last = Some(loss);
        self.ask(wire, fates)
    }

    /// Asks what has become of the last packet. A port of this machine refuses it before `send` returns.
    fn ask(&mut self, wire: &mut dyn Wire, fates: &mut Fates) -> io::Result<()> {
        if !self.is_udp {
            return Ok(());
        }
        if wire.take_error()?.is_some() {
            fates.errors += 1;
            self.last = Some(Some(REFUSED));
        }
        Ok(())
    }

    /// Tells the fate of the last packet.
    pub(super) fn tend(&mut self, wire: &mut dyn Wire, fates: &mut Fates) -> io::Result<()> {
        if self.last.is_some() {
            self.ask(wire, fates)?;
            self.close_last(fates);
        }
        Ok(())
    }

    pub(super) fn close_last(&mut self, fates: &mut Fates) {
        match self.last.take() {
            Some(Some(why)) => fates.lost(1, why),
            Some(None) => fates.sent(1),
            None => {}
        }
    }
}
