//! The options of destinations on the network.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program that takes records over the network, or over a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SocketConfig {
    /// Where it listens.
    pub endpoint: Endpoint,
}

/// Where a network destination is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "transport", rename_all = "snake_case")]
pub enum Endpoint {
    /// A port that accepts connections.
    Tcp {
        /// A name or address.
        host: String,
        /// The port's number.
        port: u16,
    },
    /// A port that takes packets.
    Udp {
        /// A name or address.
        host: String,
        /// The port's number.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// Its absolute path.
        path: PathBuf,
    },
}

impl Endpoint {
    /// Whether it is on this machine alone.
    pub fn is_unix(&self) -> bool {
        matches!(self, Endpoint::Unix { .. })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Endpoint::Unix { path } => return write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port } => ("tcp", host, port),
            Endpoint::Udp { host, port } => ("udp", host, port),
        };
        match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}"),
            false => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}
