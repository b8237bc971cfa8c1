//! A program at the other end: we connect to it, give it lines, and connect again after a failure.

use std::io;

use super::datagram::Datagrams;
use super::dial::{Dialer, Search};
use super::fates::Fates;
use super::message::Message;
use super::stream::{Framing, Window};
use super::wire::{Cleartext, Wire, waits};
use crate::config::{Format, Protocol, SocketConfig};

/// How lines become what is sent.
enum Transport {
    /// A connection that keeps their order: what it has not acknowledged is sent again on the next.
    Stream(Window),
    /// One datagram per line; delivery is not confirmed.
    Datagrams(Datagrams),
}

/// What the program at the other end reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sink) enum Service {
    /// Lines, or a packet for each.
    Lines,
    /// Syslog messages.
    Syslog,
}

/// A network destination.
pub(in crate::sink) struct Remote {
    name: String,
    dialer: Dialer,
    wire: Option<Box<dyn Wire>>,
    transport: Transport,
    message: Message,
    service: Service,
    format: Format,
    connections: u64,
    fates: Fates,
}

impl Remote {
    /// Begins to connect.
    pub(in crate::sink) fn open(config: &SocketConfig, service: Service, format: &Format) -> Remote {
        let dialer = Dialer::new(config.endpoint.clone(), search(service, format));
        let mut network = Remote {
            name: dialer.endpoint().to_string(),
            transport: Transport::Stream(Window::new(Framing::Lines)),
            message: Message::new(format, config.endpoint.is_unix(), false),
            dialer,
            wire: None,
            service,
            format: format.clone(),
            connections: 0,
            fates: Fates::default(),
        };
        // A failure now is reported when there is something to send.
        let _ = network.connect();
        network
    }

    /// The destination's URL.
    pub(in crate::sink) fn name(&self) -> &str {
        &self.name
    }

    /// Takes whole lines from the start of `lines`, and returns how many bytes those were.
    pub(in crate::sink) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.prepare()?;
        let Some(wire) = self.wire.as_deref_mut() else { return Err(waits("not connected")) };
        let outcome = match &mut self.transport {
            Transport::Stream(window) => window.write(wire, lines, &mut self.message, &mut self.fates),
            Transport::Datagrams(datagrams) => {
                datagrams.write(wire, lines, &mut self.message, &mut self.fates)
            }
        };
        self.without_broken(outcome)
    }

    /// Makes the connection if there is none, and sends what is left of earlier lines. Succeeds once new
    /// lines can be taken.
    pub(in crate::sink) fn prepare(&mut self) -> io::Result<()> {
        self.connect()?;
        let Some(wire) = self.wire.as_deref_mut() else { return Err(waits("not connected")) };
        if let Transport::Stream(window) = &mut self.transport {
            let outcome = window.prepare(wire, &mut self.fates);
            self.without_broken(outcome)?;
        }
        match &self.wire {
            Some(wire) if wire.is_ready() => Ok(()),
            _ => Err(waits("takes nothing now")),
        }
    }

    /// Sends what is left of lines that were taken, and lets go of what has arrived. Returns whether
    /// nothing is left to send.
    pub(in crate::sink) fn tend(&mut self) -> io::Result<bool> {
        let outcome = match (&mut self.transport, self.wire.as_deref_mut()) {
            (Transport::Stream(window), _) if window.is_empty() => return Ok(true),
            (Transport::Stream(_), None) => return Err(waits("not connected")),
            (Transport::Stream(window), Some(wire)) => window.tend(wire, &mut self.fates),
            (Transport::Datagrams(_), None) => return Ok(true),
            (Transport::Datagrams(datagrams), Some(wire)) => {
                datagrams.tend(wire, &mut self.fates).map(|()| true)
            }
        };
        self.without_broken(outcome)
    }

    /// Ends: what is not known to be lost counts as sent.
    pub(in crate::sink) fn end(&mut self) {
        match &mut self.transport {
            Transport::Stream(window) => window.end(&mut self.fates),
            Transport::Datagrams(datagrams) => datagrams.close_last(&mut self.fates),
        }
    }

    /// Whether lines that were taken are still to be sent, on this connection or again on the next.
    pub(in crate::sink) fn has_unsent(&self) -> bool {
        matches!(&self.transport, Transport::Stream(window) if window.has_unsent())
    }

    /// How many lines have not been acknowledged by the destination's system.
    pub(in crate::sink) fn unacknowledged(&self) -> usize {
        match &self.transport {
            Transport::Stream(window) => window.len(),
            Transport::Datagrams(_) => 0,
        }
    }

    /// Hands out what has happened.
    pub(in crate::sink) fn take_fates(&mut self) -> Fates {
        std::mem::take(&mut self.fates)
    }

    fn connect(&mut self) -> io::Result<()> {
        if self.wire.is_some() {
            return Ok(());
        }
        let Some(socket) = self.dialer.step()? else { return Ok(()) };
        let is_stream = socket.r#type()? == socket2::Type::STREAM;
        let is_unix = self.dialer.endpoint().is_unix();
        self.message = Message::new(&self.format, is_unix, self.dialer.has_found_journal());
        let framing = match self.service {
            Service::Syslog if !is_unix => Framing::Counted,
            _ => Framing::Lines,
        };
        match &mut self.transport {
            Transport::Stream(window) if is_stream => window.set_framing(framing),
            transport => {
                // What another kind of connection has taken cannot go on over this one.
                match transport {
                    Transport::Stream(window) => window.end(&mut self.fates),
                    Transport::Datagrams(datagrams) => datagrams.close_last(&mut self.fates),
                }
                *transport = match is_stream {
                    true => Transport::Stream(Window::new(framing)),
                    false => Transport::Datagrams(Datagrams::new(!is_unix)),
                };
            }
        }
        self.wire = Some(Box::new(Cleartext::new(socket)));
        self.fates.reconnects += u64::from(self.connections > 0);
        self.connections += 1;
        Ok(())
    }

    /// Leaves a connection that has failed: what it had not acknowledged is sent on the next.
    fn without_broken<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        let is_broken = matches!(&outcome, Err(problem) if problem.kind() != io::ErrorKind::WouldBlock);
        if is_broken {
            if let Some(mut wire) = self.wire.take() {
                wire.close();
            }
            match &mut self.transport {
                Transport::Stream(window) => window.begin_again(&mut self.fates),
                Transport::Datagrams(datagrams) => datagrams.close_last(&mut self.fates),
            }
        }
        outcome
    }
}

/// What a Unix socket may be.
fn search(service: Service, format: &Format) -> Search {
    match (service, format) {
        (Service::Lines, _) => Search::Stream,
        (Service::Syslog, Format::Syslog { protocol: Protocol::Auto, .. }) => Search::Anything,
        (Service::Syslog, Format::Syslog { protocol: Protocol::Journald, .. }) => Search::Journal,
        (Service::Syslog, _) => Search::Collector,
    }
}
