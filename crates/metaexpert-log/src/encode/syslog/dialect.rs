//! The protocols that a receiver may read.

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
