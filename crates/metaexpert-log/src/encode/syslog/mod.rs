//! Syslog messages: the encoder drafts them, the connection puts them into words.
//!
//! Only a connection shows which protocol a Unix socket's owner reads, and only the transport knows how many
//! bytes fit. So [`SyslogEncoder`] writes a draft, which is complete and belongs to no protocol, and
//! [`Speaker`] makes the message of it.

mod dialect;
mod draft;
mod fit;
mod journal;
mod names;
mod rfc3164;
mod rfc5424;
mod sender;
mod speaker;
#[cfg(test)]
mod tests;
mod wording;

pub use dialect::Dialect;
pub use draft::SyslogEncoder;
pub use speaker::Speaker;
