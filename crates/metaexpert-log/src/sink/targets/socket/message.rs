//! The message that is sent for a line.

use crate::config::{Format, Protocol};
use crate::encode::syslog::{Dialect, Speaker};
use crate::line::cut::{cut_bytes_mark, prefix_that};

use super::record::shortened;

/// Makes what is sent.
pub(super) enum Message {
    /// The line itself.
    Line,
    /// The line itself, which is a JSON record.
    Json,
    /// The message that the line is a draft of, in at most so many bytes.
    Syslog { speaker: Box<Speaker>, max_bytes: usize },
}

impl Message {
    /// What `format` asks for where the connection leads to a Unix socket, and where that is systemd's
    /// journal's.
    pub(super) fn new(format: &Format, is_local: bool, is_journal: bool) -> Message {
        match format {
            Format::Json => Message::Json,
            Format::Syslog { app_name, protocol, max_bytes } => {
                let dialect = dialect(*protocol, is_local, is_journal);
                Message::Syslog { speaker: Box::new(Speaker::new(dialect, app_name)), max_bytes: *max_bytes }
            }
            _ => Message::Line,
        }
    }

    /// Appends what is sent for `line`, which is without its line break, in at most `most` bytes. Returns
    /// whether something was left out.
    pub(super) fn push(&mut self, line: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        if let Message::Syslog { speaker, max_bytes } = self {
            return speaker.speak(line, most.min(*max_bytes), out);
        }
        if line.len() <= most {
            out.extend_from_slice(line);
            return false;
        }
        match self {
            Message::Json => match shortened(line, most) {
                Some(short) => out.extend_from_slice(&short),
                None => push_start(line, most, out),
            },
            _ => push_start(line, most, out),
        }
        true
    }
}

fn dialect(protocol: Protocol, is_local: bool, is_journal: bool) -> Dialect {
    match protocol {
        Protocol::Rfc5424 => Dialect::Rfc5424,
        Protocol::Journald => Dialect::Journal,
        Protocol::Auto if is_journal => Dialect::Journal,
        Protocol::Auto if !is_local => Dialect::Rfc5424,
        // No daemon's own socket reads anything newer unless told to.
        Protocol::Auto | Protocol::Rfc3164 if is_local => Dialect::Local,
        Protocol::Auto | Protocol::Rfc3164 => Dialect::Rfc3164,
    }
}

/// The start of a line, and a mark.
fn push_start(line: &[u8], most: usize, out: &mut Vec<u8>) {
    let longest_mark = cut_bytes_mark(line.len()).len();
    let end = prefix_that(line, most.saturating_sub(longest_mark), |_| true);
    out.extend_from_slice(&line[..end]);
    out.extend_from_slice(cut_bytes_mark(line.len() - end).as_bytes());
}
