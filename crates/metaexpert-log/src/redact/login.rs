//! Requests to log in whose arguments have no names: `{"op": "auth", "args": ["KEY", 17, "SIGN"]}`.

use memchr::memmem;

use super::extent::{skip, unquoted_end};
use crate::frame::Value;

/// A request names itself within so many bytes before its arguments, or behind them.
const MOST_OF_REQUEST: usize = 64;
/// The arguments of a request to log in are no longer.
const MOST_OF_ARGUMENTS: usize = 256;
/// What the requests are called.
const REQUESTS: [&str; 4] = ["auth", "login", "authenticate", "server.sign"];

/// The names of the fields that say what is asked for.
const ASKING: [&str; 9] = ["op", "method", "event", "action", "cmd", "command", "type", "request", "req"];

/// Whether a field or a member of a mapping with this name may have the arguments of a request.
pub(super) fn is_of_arguments(name: &[u8]) -> bool {
    name == b"args" || name == b"params"
}

/// Whether the arguments at `start`, a list in brackets, are those of a request to log in.
pub(super) fn is_login(text: &[u8], start: usize) -> bool {
    if !is_list(&text[start..]) {
        return false;
    }
    let end = unquoted_end(&text[..text.len().min(start + MOST_OF_ARGUMENTS)], start);
    let [before, after] = [&text[start.saturating_sub(MOST_OF_REQUEST)..start], &text[end..]];
    let after = &after[..after.len().min(MOST_OF_REQUEST)];
    REQUESTS.iter().any(|request| has(before, request) || has(after, request))
}

/// Whether a list begins here that has more than mappings, in which names tell.
fn is_list(text: &[u8]) -> bool {
    let first = text.get(skip(text, 1.min(text.len()), u8::is_ascii_whitespace));
    text.first().is_some_and(|byte| b"[(".contains(byte))
        && first.is_some_and(|byte| !b"[{(]})".contains(byte))
}

/// Whether `text` has `request` in quotes, behind a name with its sign.
fn has(text: &[u8], request: &str) -> bool {
    let is_quoted = |at: usize| {
        let behind = text.get(at + request.len()).is_some_and(|byte| b"\"'\\".contains(byte));
        let before = text[..at].strip_suffix(b"\"").or_else(|| text[..at].strip_suffix(b"'"));
        let sign = before.and_then(|text| text.iter().rev().find(|byte| !b" \\bu".contains(byte)));
        behind && sign.is_some_and(|byte| b":=".contains(byte))
    };
    memmem::find_iter(text, request).any(is_quoted)
}

/// A request to log in that is one record's fields: `op="auth", args=["KEY", 17, "SIGN"]`.
#[derive(Default)]
pub(super) struct Login {
    is_asked_for: bool,
    /// Where the arguments stand among the fields.
    arguments: Option<usize>,
}

impl Login {
    pub(super) fn see(&mut self, ordinal: usize, name: &[u8], value: Value<'_>) {
        match value {
            Value::Str(text) if REQUESTS.iter().any(|request| text == request.as_bytes()) => {
                self.is_asked_for |= ASKING.iter().any(|asking| name == asking.as_bytes());
            }
            Value::Json(json) if is_of_arguments(name) && is_list(json) => self.arguments = Some(ordinal),
            _ => {}
        }
    }

    /// Which field has the arguments, if there are any.
    pub(super) fn arguments(&self) -> Option<usize> {
        self.arguments.filter(|_| self.is_asked_for)
    }
}
