//! An open destination of any kind, and what a sink asks of it. Each kind has a file or a folder of its own.

use std::io;
use std::sync::Arc;

use crate::config::{Destination, SinkConfig};
use crate::error::Error;
use crate::platform::disk::{Disk, FileId};

pub(super) mod console;
pub(super) mod file;
pub(super) mod socket;

use console::Console;
use file::{Change, LogFile, Opener};
use socket::{Remote, Service};

/// A write that is interrupted this often in a row counts as failed, so that it holds up no other sink.
const MOST_INTERRUPTIONS: u32 = 100;

/// What a pipe takes at once or not at all, so that several processes tear no line of each other's (POSIX
/// `PIPE_BUF`).
const ATOMIC_BYTES: usize = 4096;

/// How many of the first `bytes` are to be written at once: whole lines, as many as a pipe takes in one
/// piece, or one line that is longer.
fn at_once(bytes: &[u8]) -> usize {
    if bytes.len() <= ATOMIC_BYTES {
        return bytes.len();
    }
    let within = memchr::memrchr(b'\n', &bytes[..ATOMIC_BYTES]);
    within.or_else(|| memchr::memchr(b'\n', bytes)).map_or(bytes.len(), |at| at + 1)
}

/// An open destination.
pub(super) enum Target {
    Console(Console),
    File(Box<LogFile>),
    Socket(Box<Remote>),
}

impl Target {
    pub(super) fn open(config: &SinkConfig, disk: &Arc<dyn Disk>, opener: Opener) -> Result<Target, Error> {
        let format = &config.format;
        Ok(match &config.destination {
            Destination::Console(console) => Target::Console(Console::new(console.stream)),
            Destination::File(file) => {
                Target::File(Box::new(LogFile::open(file, format, Arc::clone(disk), opener)?))
            }
            Destination::Syslog(socket) => {
                Target::Socket(Box::new(Remote::open(socket, Service::Syslog, format)))
            }
            Destination::Tcp(socket) | Destination::Udp(socket) => {
                Target::Socket(Box::new(Remote::open(socket, Service::Lines, format)))
            }
        })
    }

    /// The log file, if it is one.
    pub(super) fn file_mut(&mut self) -> Option<&mut LogFile> {
        match self {
            Target::File(file) => Some(file),
            _ => None,
        }
    }

    /// Writes `bytes`, as many as go. Returns how many those were.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> (u64, io::Result<()>) {
        let (mut done, mut interruptions) = (0, 0);
        let outcome = loop {
            if done == bytes.len() {
                break Ok(());
            }
            let piece = if self.is_rewritable() || self.is_remote() {
                bytes.len()
            } else {
                done + at_once(&bytes[done..])
            };
            match self.write(&bytes[done..piece]) {
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
            Target::Socket(network) => network.write(bytes),
        }
    }

    /// What went wrong beside the writing since the last call.
    pub(super) fn take_problem(&mut self) -> Option<String> {
        match self {
            Target::Console(console) => console.take_problem().map(str::to_owned),
            Target::File(file) => file.take_problem(),
            _ => None,
        }
    }

    /// Why the file could not be rotated: lines go on into it until that is tried again.
    pub(super) fn rotation_problem(&self) -> Option<&str> {
        match self {
            Target::File(file) => file.rotation_problem.as_deref(),
            _ => None,
        }
    }

    pub(super) fn set_rotation_problem(&mut self, problem: Option<String>) {
        if let Target::File(file) = self {
            file.rotation_problem = problem;
        }
    }

    /// Looks what others have done to the file, if it is one.
    pub(super) fn look(&mut self) -> io::Result<Change> {
        match self {
            Target::File(file) => file.look(),
            _ => Ok(Change::None),
        }
    }

    /// How long the file is, and which; nothing of what is none.
    pub(super) fn end(&self) -> (u64, FileId) {
        match self {
            Target::File(file) => (file.size(), file.identity()),
            _ => (0, FileId::default()),
        }
    }

    /// Whether nobody has ever read it, nor will.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Target::Console(console) if console.is_absent())
    }

    /// Whether nobody will ever read it again.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Target::Console(console) if console.is_closed())
    }

    /// Whether it is a file that can be gone back in: no console, pipe or device.
    pub(super) fn is_rewritable(&self) -> bool {
        matches!(self, Target::File(file) if file.is_rewritable())
    }

    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Target::Socket(_))
    }

    /// Whether lines that it has taken are still to be given to the system, or given once more.
    pub(super) fn has_unsent(&self) -> bool {
        matches!(self, Target::Socket(network) if network.has_unsent())
    }

    /// How many lines a connection has taken that its other end has not acknowledged.
    pub(super) fn unacknowledged(&self) -> usize {
        match self {
            Target::Socket(network) => network.unacknowledged(),
            _ => 0,
        }
    }

    /// What to call the handler `name` in a message.
    pub(super) fn describe(&self, name: &str) -> String {
        match self {
            Target::Console(_) => format!("handler {name}"),
            Target::File(file) => format!("handler {name} ({})", file.path().display()),
            Target::Socket(network) => format!("handler {name} ({})", network.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_at_once_ends_with_a_line_and_fits_a_pipe() {
        let line = |len: usize| [vec![b'x'; len - 1], vec![b'\n']].concat();
        for (lens, expected) in [
            (&[100, 200][..], 300),
            (&[4000, 97], 4000),
            (&[4096, 1], 4096),
            (&[5000, 1], 5000),
            (&[1, 5000], 1),
        ] {
            let bytes: Vec<u8> = lens.iter().flat_map(|len| line(*len)).collect();
            assert_eq!(at_once(&bytes), expected, "{lens:?}");
        }
        assert_eq!(at_once(&[b'x'; 5000]), 5000);
    }
}
