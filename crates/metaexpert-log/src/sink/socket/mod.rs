//! A destination on the network: lines over TCP, UDP or a Unix socket.
//!
//! Nothing here waits: what would, fails with [`io::ErrorKind::WouldBlock`] and is tried again soon, so that a
//! destination that is away, stalls or reads slowly holds up no other sink.

mod datagram;
mod dial;
mod fates;
mod message;
mod record;
mod stream;

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::AsRawFd;

use socket2::Socket;

use crate::config::{Format, Protocol, SocketConfig};
use crate::platform::disk::FileId;
use crate::platform::holdings::{Holding, register};
use datagram::Datagrams;
use dial::{Dialer, Search};
pub(in crate::sink) use fates::{Fate, Fates};
use message::Message;
use stream::{Framing, Window};

/// A connection, which a forked child closes at its side.
struct Connection {
    // Dropped first: the place in the table is given up before the descriptor is.
    _holding: Holding,
    socket: Socket,
}

impl Connection {
    fn new(socket: Socket) -> Connection {
        // No file is on such a device.
        let nothing = FileId { dev: u64::MAX, ino: u64::MAX };
        Connection { _holding: register(socket.as_raw_fd(), nothing, None), socket }
    }
}

/// How lines become what is sent.
enum Transport {
    /// A connection that keeps their order: what it has not acknowledged is sent again on the next.
    Stream(Window),
    /// One datagram per line; delivery is not confirmed.
    Datagrams(Datagrams),
}

/// What the program at the other end reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Lines, or a packet for each.
    Lines,
    /// Syslog messages.
    Syslog,
}

/// A network destination.
pub(super) struct Remote {
    name: String,
    dialer: Dialer,
    connection: Option<Connection>,
    transport: Transport,
    message: Message,
    service: Service,
    format: Format,
    connections: u64,
    fates: Fates,
}

impl Remote {
    /// Begins to connect.
    pub(super) fn open(config: &SocketConfig, service: Service, format: &Format) -> Remote {
        let dialer = Dialer::new(config.endpoint.clone(), search(service, format));
        let mut network = Remote {
            name: dialer.endpoint().to_string(),
            transport: Transport::Stream(Window::new(Framing::Lines)),
            message: Message::new(format, config.endpoint.is_unix(), false),
            dialer,
            connection: None,
            service,
            format: format.clone(),
            connections: 0,
            fates: Fates::default(),
        };
        // What fails now is told when there is something to send.
        let _ = network.connect();
        network
    }

    /// The destination's URL.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes whole lines from the start of `lines`, and returns how many bytes those were.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.prepare()?;
        let Some(Connection { socket, .. }) = &self.connection else { return Err(waits("not connected")) };
        let outcome = match &mut self.transport {
            Transport::Stream(window) => window.write(socket, lines, &mut self.message, &mut self.fates),
            Transport::Datagrams(datagrams) => {
                datagrams.write(socket, lines, &mut self.message, &mut self.fates)
            }
        };
        self.without_broken(outcome)
    }

    /// Makes the connection if there is none, and sends what is left of earlier lines. Succeeds once new lines
    /// can be taken.
    pub(super) fn prepare(&mut self) -> io::Result<()> {
        self.connect()?;
        let Some(Connection { socket, .. }) = &self.connection else { return Err(waits("not connected")) };
        if let Transport::Stream(window) = &mut self.transport {
            let outcome = window.prepare(socket, &mut self.fates);
            self.without_broken(outcome)?;
        }
        match &self.connection {
            Some(Connection { socket, .. }) if is_writable(socket) => Ok(()),
            _ => Err(waits("takes nothing now")),
        }
    }

    /// Sends what is left of lines that were taken, and lets go of what has arrived. Returns whether
    /// nothing is left to send.
    pub(super) fn tend(&mut self) -> io::Result<bool> {
        let outcome = match (&mut self.transport, &self.connection) {
            (Transport::Stream(window), _) if window.is_empty() => return Ok(true),
            (Transport::Stream(_), None) => return Err(waits("not connected")),
            (Transport::Stream(window), Some(Connection { socket, .. })) => {
                window.tend(socket, &mut self.fates)
            }
            (Transport::Datagrams(_), None) => return Ok(true),
            (Transport::Datagrams(datagrams), Some(Connection { socket, .. })) => {
                datagrams.tend(socket, &mut self.fates).map(|()| true)
            }
        };
        self.without_broken(outcome)
    }

    /// Ends: what is not known to be lost counts as sent.
    pub(super) fn end(&mut self) {
        match &mut self.transport {
            Transport::Stream(window) => window.end(&mut self.fates),
            Transport::Datagrams(datagrams) => datagrams.close_last(&mut self.fates),
        }
    }

    /// Whether lines that were taken are still to be sent, on this connection or again on the next.
    pub(super) fn has_unsent(&self) -> bool {
        matches!(&self.transport, Transport::Stream(window) if window.has_unsent())
    }

    /// How many lines have not been acknowledged by the destination's system.
    pub(super) fn unacknowledged(&self) -> usize {
        match &self.transport {
            Transport::Stream(window) => window.len(),
            Transport::Datagrams(_) => 0,
        }
    }

    /// Hands out what has happened.
    pub(super) fn take_fates(&mut self) -> Fates {
        std::mem::take(&mut self.fates)
    }

    fn connect(&mut self) -> io::Result<()> {
        if self.connection.is_some() {
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
        self.connection = Some(Connection::new(socket));
        self.fates.reconnects += u64::from(self.connections > 0);
        self.connections += 1;
        Ok(())
    }

    /// Leaves a connection that has failed: what it had not acknowledged is sent on the next.
    fn without_broken<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        let is_broken = matches!(&outcome, Err(problem) if problem.kind() != io::ErrorKind::WouldBlock);
        if is_broken {
            if let Some(connection) = self.connection.take() {
                let _ = connection.socket.shutdown(Shutdown::Both);
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

/// The failure of something that will go on by itself.
fn waits(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, why)
}

/// Fails if the other side has closed the connection. What it says is of no interest.
fn check_open(mut socket: &Socket) -> io::Result<()> {
    if let Some(problem) = socket.take_error()? {
        return Err(problem);
    }
    let mut said = [0; 4096];
    loop {
        match socket.read(&mut said) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed by the other side")),
            Ok(_) => {}
            Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => return Err(problem),
        }
    }
}

/// Whether it takes bytes, or has something to tell about why it does not.
fn is_writable(socket: &Socket) -> bool {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid pollfd, exclusively borrowed; with no time to wait.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}
