//! A value that was copied out of Python.

use metaexpert_log::frame::Value;

use crate::values::text::escaped_cost;

/// A number takes at most this many bytes in a JSON line.
const NUMBER_BYTES: usize = 24;

/// A value that owns what it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Captured {
    /// A number, a truth value or null.
    Number(Value<'static>),
    Text(Vec<u8>),
    /// A container, as finished JSON.
    Json(Vec<u8>),
}

impl Captured {
    /// Bytes it takes in a JSON line, at most.
    pub(crate) fn len(&self) -> usize {
        cost_of(self.value())
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Captured::Number(value) => *value,
            Captured::Text(text) => Value::Str(text),
            Captured::Json(text) => Value::Json(text),
        }
    }
}

/// Bytes that `value` takes in a JSON line, at most.
pub(crate) fn cost_of(value: Value<'_>) -> usize {
    match value {
        Value::Str(text) => escaped_cost(text),
        Value::Json(json) => json.len(),
        _ => NUMBER_BYTES,
    }
}
