//! Dialling: the way to a connection, in steps that do not wait.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};

use super::wire::is_writable;
use crate::config::Endpoint;
use crate::platform::descriptor::above_standard;
use crate::platform::thread;

/// An address that does not answer for so long is passed over.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// A connection that is silent for so long is asked whether it lives, and then so often.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// A connection that acknowledges nothing for so long is given up.
#[cfg(target_os = "linux")]
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// Makes connections to one endpoint.
pub(super) struct Dialer {
    endpoint: Endpoint,
    search: Search,
    has_found_journal: bool,
    state: State,
}

/// What a Unix socket may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// One that takes connections.
    Stream,
    /// A collector's, for packets or, if it is of that kind, connections.
    Collector,
    /// That of systemd's journal, for packets.
    Journal,
    /// The journal's if it is beside the one that is named, else a collector's.
    Anything,
}

enum State {
    Idle,
    /// A thread asks for the addresses, since that may take long.
    Resolving(Receiver<io::Result<Vec<SocketAddr>>>),
    Connecting {
        socket: Socket,
        left: VecDeque<SocketAddr>,
        since: Instant,
    },
}

impl Dialer {
    pub(super) fn new(endpoint: Endpoint, search: Search) -> Dialer {
        Dialer { endpoint, search, has_found_journal: false, state: State::Idle }
    }

    /// Whether the last connection leads to systemd's journal.
    pub(super) fn has_found_journal(&self) -> bool {
        self.has_found_journal
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Takes the next step. Returns the connection once it is there, `None` while it is on its way; after an
    /// error the next step begins anew.
    pub(super) fn step(&mut self) -> io::Result<Option<Socket>> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => self.begin(),
            State::Resolving(answer) => match answer.try_recv() {
                Ok(addresses) => self.try_next(addresses?.into(), None),
                Err(TryRecvError::Empty) => {
                    self.state = State::Resolving(answer);
                    Ok(None)
                }
                Err(TryRecvError::Disconnected) => Err(io::Error::other("the name could not be looked up")),
            },
            State::Connecting { socket, left, since } => self.go_on(socket, left, since),
        }
    }

    fn begin(&mut self) -> io::Result<Option<Socket>> {
        let (host, port) = match &self.endpoint {
            Endpoint::Unix { path } => {
                let looks = matches!(self.search, Search::Journal | Search::Anything);
                let journal = if looks { journal_beside(path) } else { None };
                self.has_found_journal = journal.is_some();
                return connect_unix(journal.as_ref().unwrap_or(path), self.kinds());
            }
            Endpoint::Tcp { host, port } | Endpoint::Udp { host, port } => (host, *port),
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.try_next(VecDeque::from([SocketAddr::new(address, port)]), None);
        }
        self.state = State::Resolving(resolve(host.clone(), port)?);
        Ok(None)
    }

    fn kinds(&self) -> &'static [Type] {
        match self.search {
            Search::Stream => &[Type::STREAM],
            Search::Journal => &[Type::DGRAM],
            Search::Anything if self.has_found_journal => &[Type::DGRAM],
            Search::Collector | Search::Anything => &[Type::DGRAM, Type::STREAM],
        }
    }

    /// Tries addresses until one is on its way; `problem` is what the last one failed of.
    fn try_next(
        &mut self,
        mut left: VecDeque<SocketAddr>,
        mut problem: Option<io::Error>,
    ) -> io::Result<Option<Socket>> {
        while let Some(address) = left.pop_front() {
            match self.connect(address) {
                Ok((socket, true)) => return Ok(Some(socket)),
                Ok((socket, false)) => {
                    self.state = State::Connecting { socket, left, since: Instant::now() };
                    return Ok(None);
                }
                Err(failed) => problem = Some(failed),
            }
        }
        Err(problem.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address")))
    }

    /// A socket on its way to `address`, and whether it has arrived.
    fn connect(&self, address: SocketAddr) -> io::Result<(Socket, bool)> {
        let is_stream = matches!(self.endpoint, Endpoint::Tcp { .. });
        let kind = if is_stream { Type::STREAM } else { Type::DGRAM };
        let socket = above_standard(Socket::new(Domain::for_address(address), kind, None)?)?;
        socket.set_nonblocking(true)?;
        if is_stream {
            let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
            socket.set_tcp_keepalive(&keepalive)?;
            socket.set_tcp_nodelay(true)?;
            #[cfg(target_os = "linux")]
            socket.set_tcp_user_timeout(Some(SILENCE_LIMIT))?;
        }
        match socket.connect(&address.into()) {
            Ok(()) => checked(socket).map(|socket| (socket, true)),
            Err(problem) if is_on_its_way(&problem) => Ok((socket, false)),
            Err(problem) => Err(problem),
        }
    }

    fn go_on(
        &mut self,
        socket: Socket,
        left: VecDeque<SocketAddr>,
        since: Instant,
    ) -> io::Result<Option<Socket>> {
        if !is_writable(&socket) {
            if since.elapsed() >= CONNECT_LIMIT {
                let problem = io::Error::new(io::ErrorKind::TimedOut, "did not answer");
                return self.try_next(left, Some(problem));
            }
            self.state = State::Connecting { socket, left, since };
            return Ok(None);
        }
        let outcome = match socket.take_error()? {
            Some(problem) => Err(problem),
            None => checked(socket),
        };
        match outcome {
            Ok(socket) => Ok(Some(socket)),
            Err(problem) => self.try_next(left, Some(problem)),
        }
    }
}

/// A connection to a free local port may meet itself, where nobody listens.
fn checked(socket: Socket) -> io::Result<Socket> {
    let meets_itself = match (socket.local_addr()?.as_socket(), socket.peer_addr()?.as_socket()) {
        (Some(local), Some(peer)) => local == peer,
        _ => false,
    };
    if meets_itself {
        return Err(io::Error::from_raw_os_error(libc::ECONNREFUSED));
    }
    Ok(socket)
}

fn is_on_its_way(problem: &io::Error) -> bool {
    problem.raw_os_error() == Some(libc::EINPROGRESS) || problem.kind() == io::ErrorKind::WouldBlock
}

/// Asks for the addresses of `host` on a thread of its own, which ends with the answer.
fn resolve(host: String, port: u16) -> io::Result<Receiver<io::Result<Vec<SocketAddr>>>> {
    let (answer, asked) = sync_channel(1);
    thread::spawn("metaexpert-log-resolve", move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody waits any more if the sink is gone.
        let _ = answer.send(found);
    })?;
    Ok(asked)
}

/// The socket for the journal's native protocol, if that at `path` is the journal's: it listens for
/// `syslog(3)` at `dev-log`, to which `/dev/log` is a link, and for its own protocol at `socket`, both in
/// `/run/systemd/journal`.
fn journal_beside(path: &Path) -> Option<PathBuf> {
    let found = path.canonicalize().ok()?;
    let folder = found.parent()?;
    let is_of_journal = folder.file_name()?.to_str()?.starts_with("journal");
    let native = match found.file_name()?.to_str()? {
        "dev-log" => folder.join("socket"),
        "socket" if is_of_journal => found,
        _ => return None,
    };
    let is_socket = native.metadata().is_ok_and(|status| status.file_type().is_socket());
    is_socket.then_some(native)
}

/// A connection to the socket at `path`, of the first of `kinds` that it is; `None` while its listener is
/// busy.
fn connect_unix(path: &Path, kinds: &[Type]) -> io::Result<Option<Socket>> {
    let address = SockAddr::unix(path)?;
    let mut problem = None;
    for kind in kinds {
        let socket = above_standard(Socket::new(Domain::UNIX, *kind, None)?)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address) {
            Ok(()) => return Ok(Some(socket)),
            Err(busy) if busy.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(other) => {
                let is_of_other_kind = other.raw_os_error() == Some(libc::EPROTOTYPE);
                problem = Some(other);
                if !is_of_other_kind {
                    break;
                }
            }
        }
    }
    Err(problem.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}
