//! Messages in the words of their receiver, no longer than it takes.

use std::borrow::Cow;

use super::draft::{Draft, Parameter};
use super::{Dialect, fit, journal, rfc3164, rfc5424};
use crate::clock::Rfc3339;
use crate::encode::local_time::{LocalTime, system_zone};
use crate::level::Level;
use crate::line::escape::escape_plain;

/// User-level messages (RFC 5424, 6.2.1): what a program is that is no part of the system.
pub(super) const FACILITY: i32 = 1;
/// The longest name of a host that RFC 5424, 6, allows, and RFC 1123 knows.
pub(super) const HOSTNAME_BYTES: usize = 255;

/// Who sends.
pub(super) struct Sender {
    pub(super) host: String,
    pub(super) app_name: String,
    pub(super) process: u32,
}

/// Puts drafts into the words of one dialect.
pub struct Speaker {
    dialect: Dialect,
    sender: Sender,
    clock: Rfc3339,
    local: Option<LocalTime>,
}

impl Speaker {
    /// A speaker of `dialect` for the program `app_name`.
    pub fn new(dialect: Dialect, app_name: &str) -> Speaker {
        let names_time = matches!(dialect, Dialect::Rfc3164 | Dialect::Local);
        Speaker {
            dialect,
            sender: Sender { host: host_name(), app_name: app_name.to_owned(), process: std::process::id() },
            clock: Rfc3339::default(),
            local: names_time.then(|| LocalTime::new("%b %e %H:%M:%S", system_zone())),
        }
    }

    /// Appends the message that the drafted `line` stands for, at most `most` bytes of it. Returns whether
    /// something was left out.
    pub fn speak(&mut self, line: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        let Some(mut draft) = Draft::parse(line) else { return false };
        let time = String::from_utf8_lossy(&self.clock.format(draft.timestamp_ns)).into_owned();
        let after = draft.parameters.iter().position(|each| each.is("seq")).map_or(0, |seq| seq + 1);
        draft.parameters.insert(after, Parameter::own("timestamp", time));
        let has_place = matches!(self.dialect, Dialect::Rfc5424 | Dialect::Journal);
        if !has_place && !draft.category.is_empty() {
            let category = String::from_utf8_lossy(&draft.category).into_owned();
            draft.parameters.insert(after, Parameter::own("category", category));
        }
        let start = out.len();
        self.push(&draft, out);
        if out.len() - start <= most {
            return false;
        }
        out.truncate(start);
        fit::push_shortened(self, &draft, most, out);
        true
    }

    /// Appends `draft`, all of it.
    pub(super) fn push(&mut self, draft: &Draft<'_>, out: &mut Vec<u8>) {
        self.push_head(draft, out);
        match self.dialect {
            Dialect::Rfc5424 => {
                self.push_parameters(&draft.parameters, out);
                out.extend_from_slice(b"] ");
                self.push_message(&draft.message, out);
            }
            Dialect::Rfc3164 | Dialect::Local | Dialect::Journal => {
                self.push_message(&draft.message, out);
                self.push_parameters(&draft.parameters, out);
            }
        }
    }

    fn push_head(&mut self, draft: &Draft<'_>, out: &mut Vec<u8>) {
        let names_host = self.dialect == Dialect::Rfc3164;
        match (self.dialect, &mut self.local) {
            (Dialect::Journal, _) => journal::push_head(draft, &self.sender, out),
            (Dialect::Rfc3164 | Dialect::Local, Some(local)) => {
                rfc3164::push_head(draft, &self.sender, local.text(draft.timestamp_ns), names_host, out);
            }
            _ => rfc5424::push_head(draft, &self.sender, &self.clock.format(draft.timestamp_ns), out),
        }
    }

    pub(super) fn push_message(&self, message: &[u8], out: &mut Vec<u8>) {
        match self.dialect {
            Dialect::Journal => journal::push_message(message, out),
            Dialect::Rfc5424 | Dialect::Rfc3164 | Dialect::Local => escape_plain(message, out),
        }
    }

    pub(super) fn push_parameters(&self, parameters: &[Parameter<'_>], out: &mut Vec<u8>) {
        match self.dialect {
            Dialect::Rfc3164 | Dialect::Local => {
                parameters.iter().for_each(|parameter| rfc3164::push_parameter(parameter, out));
            }
            Dialect::Rfc5424 => {
                for (name, parameter) in rfc5424::RULES.names(parameters).iter().zip(parameters) {
                    rfc5424::push_parameter(name, parameter, out);
                }
            }
            Dialect::Journal => {
                for (name, parameter) in journal::RULES.names(parameters).iter().zip(parameters) {
                    journal::push_parameter(name, parameter, out);
                }
            }
        }
    }
}

/// A parameter's value as text on one line.
pub(super) fn plain_value(parameter: &Parameter<'_>) -> Vec<u8> {
    let value: Cow<'_, [u8]> = match parameter.caller() {
        Some([file, line, function]) => [file, b":", line, b" ", function].concat().into(),
        None => Cow::Borrowed(&*parameter.value),
    };
    let mut out = Vec::with_capacity(value.len());
    escape_plain(&value, &mut out);
    out
}

/// The severity (RFC 5424, 6.2.1) that a level stands for.
pub(super) fn severity(level: i32) -> i32 {
    match Level(level).0 {
        50.. => 2,
        40..50 => 3,
        30..40 => 4,
        20..30 => 6,
        _ => 7,
    }
}

/// The machine's name; empty if it has none.
fn host_name() -> String {
    let mut name = [0u8; HOSTNAME_BYTES + 1];
    // SAFETY: the buffer is exclusively borrowed and as long as said.
    let outcome = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let len = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    if outcome == 0 { String::from_utf8_lossy(&name[..len]).into_owned() } else { String::new() }
}
