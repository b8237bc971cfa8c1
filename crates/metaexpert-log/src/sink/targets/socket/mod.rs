//! A destination on the network: lines over TCP, UDP or a Unix socket.
//!
//! Nothing here waits: what would, fails with [`std::io::ErrorKind::WouldBlock`] and is tried again soon, so
//! that a destination that is away, stalls or reads slowly holds up no other sink.

mod datagram;
mod dial;
mod fates;
mod message;
mod record;
mod remote;
mod stream;
mod wire;

pub(in crate::sink) use fates::Fate;
pub(super) use remote::{Remote, Service};
