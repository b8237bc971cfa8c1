//! RFC 3164, as `syslog(3)` writes it: text alone, so fields follow the message.
//!
//! ```text
//! <14>Jan 31 23:59:59 app[4711]: Filled module=bot seq=7 timestamp=2026-01-31T23:59:59.1234Z price=50000.5
//! ```

use super::draft::{Draft, Parameter};
use super::names::OWN_NAMES;
use super::sender::{FACILITY, HOSTNAME_BYTES, Sender, escaped_value, push_name, severity};
use crate::encode::people::push_word;

/// RFC 3164, 4.1.3.
const TAG_BYTES: usize = 32;

/// Appends everything before the message. `time` is local, as it is there.
pub(super) fn push_head(
    draft: &Draft<'_>,
    sender: &Sender,
    time: &[u8],
    names_host: bool,
    out: &mut Vec<u8>,
) {
    let priority = FACILITY * 8 + severity(draft.level);
    out.extend_from_slice(format!("<{priority}>").as_bytes());
    out.extend_from_slice(time);
    out.push(b' ');
    if names_host {
        push_name(sender.host.as_bytes(), HOSTNAME_BYTES, out);
        out.push(b' ');
    }
    // What ends a tag must not be in it.
    let mut tag = Vec::new();
    push_name(sender.app_name.as_bytes(), TAG_BYTES, &mut tag);
    out.extend(tag.iter().map(|byte| if matches!(byte, b'[' | b']' | b':') { b'_' } else { *byte }));
    out.extend_from_slice(format!("[{}]: ", sender.process).as_bytes());
}

/// Appends ` name=value`, in quotes where its end would not be seen.
pub(super) fn push_parameter(parameter: &Parameter<'_>, out: &mut Vec<u8>) {
    out.push(b' ');
    let name = &*parameter.name;
    let end = name.iter().rposition(|byte| *byte != b'_').map_or(0, |last| last + 1);
    if !parameter.is_own && OWN_NAMES.contains(&&name[..end]) {
        push_word(&[name, b"_"].concat(), out);
    } else {
        push_word(name, out);
    }
    out.push(b'=');
    if parameter.caller().is_some() {
        push_word(&escaped_value(parameter), out);
    } else {
        push_word(&parameter.value, out);
    }
}
