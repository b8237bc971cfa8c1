//! A destination on the network: lines over TCP, UDP or a Unix socket.
//!
//! Nothing here waits: what would, fails with [`io::ErrorKind::WouldBlock`] and is tried again soon, so that a
//! destination that is away, stalls or reads slowly holds up no other sink.

mod datagram;
mod dial;
mod stream;

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::AsRawFd;

use socket2::Socket;

use crate::config::{Endpoint, Format, SinkConfig, SinkKind};
use crate::disk::FileId;
use crate::error::Error;
use crate::holdings::{Holding, register};
use datagram::Datagrams;
use dial::Dialer;
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
    /// One packet a line, of which nobody knows what becomes.
    Datagrams(Datagrams),
}

/// A network destination.
pub(super) struct Network {
    name: String,
    dialer: Dialer,
    connection: Option<Connection>,
    transport: Transport,
    is_syslog: bool,
    is_json: bool,
    connections: u64,
    events: Events,
}

/// What has happened since it was asked last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events {
    /// Packets that the destination has refused, or that were too large.
    pub(super) errors: u64,
    /// Connections made after the first.
    pub(super) reconnects: u64,
}

impl Network {
    /// Begins to connect. Fails if the configuration names no destination.
    pub(super) fn open(config: &SinkConfig) -> Result<Network, Error> {
        let Some(endpoint) = config.endpoint.clone() else {
            let problem = format!("handlers.{}.url: must be given", config.name);
            return Err(Error::Configuration(problem));
        };
        let is_syslog = config.kind == SinkKind::Syslog;
        let dialer = Dialer::new(endpoint, is_syslog);
        let mut network = Network {
            name: dialer.endpoint().to_string(),
            transport: Transport::Stream(Window::new(Framing::Lines)),
            dialer,
            connection: None,
            is_syslog,
            is_json: config.format == Format::Json,
            connections: 0,
            events: Events::default(),
        };
        // What fails now is told when there is something to send.
        let _ = network.connect();
        Ok(network)
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
            Transport::Stream(window) => window.write(socket, lines),
            Transport::Datagrams(datagrams) => datagrams.write(socket, lines, &mut self.events.errors),
        };
        self.without_broken(outcome)
    }

    /// Makes the connection if there is none, and sends what is left of earlier lines. Succeeds once new lines
    /// can be taken.
    pub(super) fn prepare(&mut self) -> io::Result<()> {
        self.connect()?;
        let Some(Connection { socket, .. }) = &self.connection else { return Err(waits("not connected")) };
        if let Transport::Stream(window) = &mut self.transport {
            let outcome = window.prepare(socket);
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
        let Transport::Stream(window) = &mut self.transport else { return Ok(true) };
        if window.is_empty() {
            return Ok(true);
        }
        let Some(Connection { socket, .. }) = &self.connection else { return Err(waits("not connected")) };
        let outcome = window.tend(socket);
        self.without_broken(outcome)
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
    pub(super) fn take_events(&mut self) -> Events {
        std::mem::take(&mut self.events)
    }

    fn connect(&mut self) -> io::Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        let Some(socket) = self.dialer.step()? else { return Ok(()) };
        let is_stream = socket.r#type()? == socket2::Type::STREAM;
        match (&mut self.transport, is_stream) {
            (Transport::Stream(window), true) => {
                let is_counted = self.is_syslog && !self.dialer.endpoint().is_unix();
                window.set_framing(if is_counted { Framing::Counted } else { Framing::Lines });
            }
            (Transport::Datagrams(_), false) => {}
            (transport, true) => *transport = Transport::Stream(Window::new(Framing::Lines)),
            (transport, false) => {
                *transport = Transport::Datagrams(Datagrams::new(
                    self.is_json,
                    matches!(self.dialer.endpoint(), Endpoint::Udp { .. }),
                ));
            }
        }
        self.connection = Some(Connection::new(socket));
        self.events.reconnects += u64::from(self.connections > 0);
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
            if let Transport::Stream(window) = &mut self.transport {
                window.begin_again();
            }
        }
        outcome
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
