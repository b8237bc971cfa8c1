//! Where lines go: what is asked of every kind of destination.

use std::io;
use std::sync::Arc;

use super::console::Console;
use super::file::{Change, LogFile, Opener};
use super::network::Network;
use crate::config::{SinkConfig, SinkKind};
use crate::disk::{Disk, FileId};
use crate::error::Error;

/// A write that is interrupted this often in a row counts as failed, so that it holds up no other sink.
const MOST_INTERRUPTIONS: u32 = 100;

/// An open destination.
pub(super) enum Target {
    Console(Console),
    File(Box<LogFile>),
    Network(Box<Network>),
}

impl Target {
    pub(super) fn open(config: &SinkConfig, disk: &Arc<dyn Disk>, opener: Opener) -> Result<Target, Error> {
        Ok(match config.kind {
            SinkKind::Console => Target::Console(Console::new(config.stream)),
            SinkKind::File => Target::File(Box::new(LogFile::open(config, Arc::clone(disk), opener)?)),
            SinkKind::Syslog | SinkKind::Tcp | SinkKind::Udp => {
                Target::Network(Box::new(Network::open(config)?))
            }
        })
    }

    /// The log file, if it is one.
    pub(super) fn file_mut(&mut self) -> Option<&mut LogFile> {
        match self {
            Target::Console(_) | Target::Network(_) => None,
            Target::File(file) => Some(file),
        }
    }

    /// Writes `bytes`, as many as go. Returns how many those were.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> (u64, io::Result<()>) {
        let (mut done, mut interruptions) = (0, 0);
        let outcome = loop {
            if done == bytes.len() {
                break Ok(());
            }
            match self.write(&bytes[done..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => (done, interruptions) = (done + count, 0),
                Err(problem)
                    if problem.kind() == io::ErrorKind::Interrupted && interruptions < MOST_INTERRUPTIONS =>
                {
                    interruptions += 1;
                }
                Err(problem) => break Err(problem),
            }
        };
        (done as u64, outcome)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Console(console) => console.write(bytes),
            Target::File(file) => file.write(bytes),
            Target::Network(network) => network.write(bytes),
        }
    }

    /// What went wrong beside the writing since the last call.
    pub(super) fn take_problem(&mut self) -> Option<String> {
        match self {
            Target::Console(console) => console.take_problem().map(str::to_owned),
            Target::File(file) => file.take_problem(),
            Target::Network(_) => None,
        }
    }

    /// Looks what others have done to the file, if it is one.
    pub(super) fn look(&mut self) -> io::Result<Change> {
        match self {
            Target::Console(_) | Target::Network(_) => Ok(Change::None),
            Target::File(file) => file.look(),
        }
    }

    /// How long the file is, and which; nothing of what is none.
    pub(super) fn end(&self) -> (u64, FileId) {
        match self {
            Target::Console(_) | Target::Network(_) => (0, FileId::default()),
            Target::File(file) => (file.size(), file.identity()),
        }
    }

    /// Whether nobody will ever read it again.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Target::Console(console) if console.is_closed())
    }

    /// Whether it is a file that can be gone back in: no console, pipe or device.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Target::File(file) if file.is_plain())
    }

    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Target::Network(_))
    }

    /// Whether lines that it has taken are still to be given to the system, or given once more.
    pub(super) fn has_unsent(&self) -> bool {
        matches!(self, Target::Network(network) if network.has_unsent())
    }

    /// How many lines a connection has taken that its other end has not acknowledged.
    pub(super) fn unacknowledged(&self) -> usize {
        match self {
            Target::Network(network) => network.unacknowledged(),
            Target::Console(_) | Target::File(_) => 0,
        }
    }

    /// What to call the handler `name` in a message.
    pub(super) fn describe(&self, name: &str) -> String {
        match self {
            Target::Console(_) => format!("handler {name}"),
            Target::File(file) => format!("handler {name} ({})", file.path().display()),
            Target::Network(network) => format!("handler {name} ({})", network.name()),
        }
    }
}
