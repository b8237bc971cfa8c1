//! RFC 5424: fields as structured data.
//!
//! ```text
//! <14>1 2026-01-31T23:59:59.123456Z host app 4711 trade [fields@32473 module="bot" price="50000.5"] Filled
//! ```

use super::draft::{Draft, Parameter};
use super::names::NameRules;
use super::sender::{FACILITY, HOSTNAME_BYTES, Sender, escaped_value, push_name, severity};
use crate::clock::RFC3339_LEN;

/// Under the number that is reserved for examples (RFC 5612), since the project has none of its own.
const STRUCTURE: &[u8] = b"fields@32473";
// The longest that RFC 5424, 6, allows, beside `HOSTNAME_BYTES`.
const APP_NAME_BYTES: usize = 48;
const MSGID_BYTES: usize = 32;
const PARAM_NAME_BYTES: usize = 32;
const MICROSECONDS_LEN: usize = "2026-01-31T23:59:59.123456".len();

pub(super) const RULES: NameRules = NameRules {
    most: PARAM_NAME_BYTES,
    exact: |byte| is_allowed(byte).then_some(byte),
    similar: |byte| if is_allowed(byte) { byte } else { b'_' },
    may_begin_with: |_| true,
    reserved: &[],
};

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"')
}

/// Appends everything before the parameters.
pub(super) fn push_head(draft: &Draft<'_>, sender: &Sender, time: &[u8; RFC3339_LEN], out: &mut Vec<u8>) {
    let priority = FACILITY * 8 + severity(draft.level);
    out.extend_from_slice(format!("<{priority}>1 ").as_bytes());
    // No more digits are allowed; the parameter `timestamp` has all of them.
    out.extend_from_slice(&time[..MICROSECONDS_LEN]);
    out.extend_from_slice(b"Z ");
    push_name(sender.host.as_bytes(), HOSTNAME_BYTES, out);
    out.push(b' ');
    push_name(sender.app_name.as_bytes(), APP_NAME_BYTES, out);
    out.extend_from_slice(format!(" {} ", sender.process).as_bytes());
    push_name(&draft.category, MSGID_BYTES, out);
    out.extend_from_slice(b" [");
    out.extend_from_slice(STRUCTURE);
}

/// Appends ` name="value"`: text without control characters, `"`, `\` and `]` escaped (RFC 5424, 6.3.3).
pub(super) fn push_parameter(name: &[u8], parameter: &Parameter<'_>, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name);
    out.extend_from_slice(b"=\"");
    for byte in escaped_value(parameter) {
        if matches!(byte, b'"' | b'\\' | b']') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}
