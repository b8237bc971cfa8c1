//! Syslog messages: the encoder drafts them, the connection puts them into words.
//!
//! Only a connection shows which protocol a Unix socket's owner reads, and only the transport knows how many bytes
//! fit. So [`SyslogEncoder`] writes a draft, which is complete and belongs to no protocol, and [`Speaker`] makes
//! the message of it.

mod draft;
mod fit;
mod journal;
mod names;
mod rfc3164;
mod rfc5424;
mod speaker;
#[cfg(test)]
mod tests;

pub use draft::SyslogEncoder;
pub use speaker::Speaker;

/// What a message is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 5424: fields are structured data.
    Rfc5424,
    /// RFC 3164 to another machine, which wants to know the sender's name; fields follow the text.
    Rfc3164,
    /// RFC 3164 without a host name, as `syslog(3)` writes it into the machine's own socket.
    Local,
    /// The native protocol of systemd's journal: fields are variables.
    Journal,
}

/// A parameter of ours, in any dialect. A field of such a name gets a trailing underscore.
const OWN_NAMES: [&[u8]; 17] = [
    b"module",
    b"category",
    b"level",
    b"seq",
    b"timestamp",
    b"exception_type",
    b"exception_message",
    b"stacktrace",
    b"stack_info",
    b"run_id",
    b"thread_id",
    b"process_id",
    b"caller",
    b"message",
    b"priority",
    b"fields_left_out",
    b"cut_bytes",
];
