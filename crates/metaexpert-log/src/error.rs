//! Errors outside the record path. Record paths count their losses instead of failing.

use std::{fmt, io, path::PathBuf};

/// An error at start, reconfiguration or shutdown; never from submitting a record.
#[derive(Debug)]
pub enum Error {
    /// The configuration document could not be understood.
    Configuration(String),
    /// A file or directory could not be prepared.
    Io {
        /// What was attempted, as a verb phrase: "open log file".
        action: &'static str,
        /// The file or directory concerned.
        path: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// The backend thread could not be started.
    Thread(io::Error),
    /// The ring's memory could not be had.
    Memory(io::Error),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Configuration(problem) => write!(f, "{problem}"),
            Error::Io { action, path, source } => {
                write!(f, "could not {action} {}: {source}", path.display())
            }
            Error::Thread(source) => write!(f, "could not start the logging thread: {source}"),
            Error::Memory(source) => write!(f, "could not reserve memory for the log queue: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Configuration(_) => None,
            Error::Io { source, .. } | Error::Thread(source) | Error::Memory(source) => Some(source),
        }
    }
}
