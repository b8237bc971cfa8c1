//! The native protocol of systemd's journal (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>): fields as
//! variables.
//!
//! ```text
//! PRIORITY=6
//! SYSLOG_IDENTIFIER=app
//! MESSAGE=Filled
//! PRICE=50000.5
//! ```

use super::draft::{Draft, Parameter};
use super::names::NameRules;
use super::sender::{FACILITY, Sender, severity};
use crate::line::escape::escape_controls;

/// Names are no longer (systemd, `journal_field_valid`).
const NAME_BYTES: usize = 64;

pub(super) const RULES: NameRules = NameRules {
    most: NAME_BYTES,
    exact: |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_').then_some(byte.to_ascii_uppercase()),
    similar: |byte| {
        if byte.is_ascii_alphanumeric() { byte.to_ascii_uppercase() } else { b'_' }
    },
    // With an underscore begin those that the journal alone may set.
    may_begin_with: |byte| byte.is_ascii_uppercase(),
    // systemd.journal-fields(7)
    reserved: &[
        "message_id",
        "code_file",
        "code_line",
        "code_func",
        "errno",
        "invocation_id",
        "user_invocation_id",
        "syslog_facility",
        "syslog_identifier",
        "syslog_pid",
        "syslog_timestamp",
        "syslog_raw",
        "documentation",
        "tid",
        "unit",
        "user_unit",
        "object_pid",
        "coredump_unit",
        "coredump_user_unit",
    ],
};

/// Appends everything before the message and the parameters.
pub(super) fn push_head(draft: &Draft<'_>, sender: &Sender, out: &mut Vec<u8>) {
    push_variable(b"PRIORITY", severity(draft.level).to_string().as_bytes(), out);
    push_variable(b"SYSLOG_FACILITY", FACILITY.to_string().as_bytes(), out);
    push_variable(b"SYSLOG_IDENTIFIER", &escaped(sender.app_name.as_bytes()), out);
    push_variable(b"SYSLOG_PID", sender.process.to_string().as_bytes(), out);
    if !draft.category.is_empty() {
        push_variable(b"CATEGORY", &escaped(&draft.category), out);
    }
}

/// Appends the message, on one line.
pub(super) fn push_message(message: &[u8], out: &mut Vec<u8>) {
    push_variable(b"MESSAGE", &escaped(message), out);
}

/// Appends a variable; tracebacks and stacks keep their lines.
pub(super) fn push_parameter(name: &[u8], parameter: &Parameter<'_>, out: &mut Vec<u8>) {
    if let Some([file, line, function]) = parameter.caller() {
        push_variable(b"CODE_FILE", &escaped(file), out);
        push_variable(b"CODE_LINE", &escaped(line), out);
        push_variable(b"CODE_FUNC", &escaped(function), out);
    } else if parameter.is("stacktrace") || parameter.is("stack_info") {
        let lines: Vec<Vec<u8>> = parameter.value.split(|byte| *byte == b'\n').map(escaped).collect();
        push_variable(name, &lines.join(&b'\n'), out);
    } else {
        push_variable(name, &escaped(&parameter.value), out);
    }
}

/// `NAME=value` on a line, or, where the value has several, its name, its length and itself.
fn push_variable(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    if value.contains(&b'\n') {
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        out.push(b'=');
    }
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    escape_controls(text, &mut out);
    out
}
