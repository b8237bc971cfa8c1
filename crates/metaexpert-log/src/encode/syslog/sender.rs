//! The sender of a message, and the spelling of severities, names and values that all dialects share.

use std::borrow::Cow;

use super::draft::Parameter;
use crate::level::Level;
use crate::line::escape::escape_controls;

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

impl Sender {
    /// This process, which sends as the program `app_name`.
    pub(super) fn this_process(app_name: &str) -> Sender {
        Sender { host: host_name(), app_name: app_name.to_owned(), process: std::process::id() }
    }
}

/// A parameter's value as text on one line.
pub(super) fn escaped_value(parameter: &Parameter<'_>) -> Vec<u8> {
    let value: Cow<'_, [u8]> = match parameter.caller() {
        Some([file, line, function]) => [file, b":", line, b" ", function].concat().into(),
        None => Cow::Borrowed(&*parameter.value),
    };
    let mut out = Vec::with_capacity(value.len());
    escape_controls(&value, &mut out);
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

/// Appends printable ASCII, with `_` for what is not, or `-` for nothing.
pub(super) fn push_name(name: &[u8], most: usize, out: &mut Vec<u8>) {
    if name.is_empty() {
        out.push(b'-');
    }
    out.extend(name.iter().take(most).map(|byte| if byte.is_ascii_graphic() { *byte } else { b'_' }));
}
