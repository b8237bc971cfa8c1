//! OTLP as JSON, one request per line, as the Collector's `otlpjsonfile` receiver reads it
//! (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>).

use crate::encode::include::Include;
use crate::encode::members::Node;
use crate::encode::structured::{
    Names, push_comma, push_member, push_name, push_quoted, push_text, trace_ids,
};
use crate::frame::Value;
use crate::line::decimal::push_unsigned;
use crate::ring::decoded::DecodedRecord;

/// Containers deeper than this stay JSON: each level takes four of the hundred that protobuf's parsers allow.
const MOST_DEPTH: usize = 16;
/// Our own attributes, whose names follow the semantic conventions where they have one.
const RESERVED: [&str; 12] = [
    "category",
    "code.file.path",
    "code.function.name",
    "code.line.number",
    "code.stacktrace",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "process.pid",
    "run_id",
    "seq",
    "thread.id",
];

/// Writes records as OTLP in JSON.
pub struct OtelEncoder {
    include: Include,
    names: Names,
}

impl OtelEncoder {
    /// An encoder that adds what `include` names.
    pub fn new(include: &Include) -> Self {
        OtelEncoder { include: include.clone(), names: Names::default() }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{");
        push_member("name", record.logger.raw, out);
        out.extend_from_slice(b"},\"logRecords\":[{");
        // 0 means that the time is not known.
        let time = u64::try_from(record.timestamp_ns).unwrap_or_default().max(1);
        for name in ["timeUnixNano", "observedTimeUnixNano"] {
            push_name(name.as_bytes(), out);
            push_quoted(time, out);
        }
        push_name(b"severityNumber", out);
        push_unsigned(severity(record.level), out);
        record.with_level_name(|name| push_member("severityText", name, out));
        push_name(b"body", out);
        push_any(Value::Str(record.message), MOST_DEPTH, out);
        push_name(b"attributes", out);
        out.push(b'[');
        self.push_fields(record, out);
        self.push_own(record, out);
        out.push(b']');
        let (trace, span) = trace_ids(record);
        for (name, id) in [("traceId", trace), ("spanId", span)] {
            if let Some(id) = id {
                push_member(name, id, out);
            }
        }
        out.extend_from_slice(b"}]}]}]}\n");
    }

    fn push_fields(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let names = &mut self.names;
        names.clear();
        record.fields.for_each(|key, value| {
            let is_reserved = |name: &[u8]| RESERVED.iter().any(|reserved| reserved.as_bytes() == name);
            push_attribute(&names.distinct(&key.raw, is_reserved), value, MOST_DEPTH, out);
        });
    }

    fn push_own(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let mut text = |name: &str, text: &[u8]| push_attribute(name.as_bytes(), Value::Str(text), 0, out);
        if let Some(category) = record.category {
            text("category", category.raw);
        }
        if let Some(exception) = record.exception {
            text("exception.type", exception.kind);
            text("exception.message", exception.message);
            text("exception.stacktrace", exception.stacktrace);
        }
        if let Some(stack) = record.stack {
            text("code.stacktrace", stack);
        }
        if let Some(run_id) = &self.include.run_id {
            text("run_id", run_id.as_bytes());
        }
        let caller = record.caller.filter(|_| self.include.caller);
        if let Some(caller) = caller {
            text("code.file.path", caller.file);
            text("code.function.name", caller.function);
        }
        let mut number = |name: &str, number| push_attribute(name.as_bytes(), Value::U64(number), 0, out);
        if let Some(caller) = caller {
            number("code.line.number", caller.line.into());
        }
        if let (true, Some(thread)) = (self.include.thread_id, record.thread) {
            number("thread.id", thread.ident);
        }
        if let Some(id) = self.include.process_id {
            number("process.pid", id.into());
        }
        number("seq", record.seq);
    }
}

const LEVELS_PER_NAME: i32 = 10;
const NUMBERS_PER_NAME: i32 = 4;
/// FATAL, the number of the first of its four.
const FATAL: i32 = 21;

/// The `SeverityNumber` of a level: each ten levels have the four numbers of one name, from TRACE (1) below
/// DEBUG to FATAL (21) from CRITICAL on.
fn severity(level: i32) -> u64 {
    let level = level.clamp(0, 59);
    let (name, rest) = (level / LEVELS_PER_NAME, level % LEVELS_PER_NAME);
    let number = 1 + name * NUMBERS_PER_NAME + rest * NUMBERS_PER_NAME / LEVELS_PER_NAME;
    number.clamp(1, FATAL + NUMBERS_PER_NAME - 1).unsigned_abs().into()
}

/// Appends a `KeyValue`.
fn push_attribute(name: &[u8], value: Value<'_>, depth: usize, out: &mut Vec<u8>) {
    push_comma(out);
    out.push(b'{');
    push_member_key(name, out);
    push_name(b"value", out);
    push_any(value, depth, out);
    out.push(b'}');
}

fn push_member_key(name: &[u8], out: &mut Vec<u8>) {
    push_name(b"key", out);
    push_text(name, out);
}

/// Appends an `AnyValue`; containers are taken apart down to `depth`.
fn push_any(value: Value<'_>, depth: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    match value {
        Value::Null => (),
        Value::Bool(is_true) => {
            out.extend_from_slice(if is_true { b"\"boolValue\":true" } else { b"\"boolValue\":false" });
        }
        Value::I64(number) => push_member("intValue", itoa::Buffer::new().format(number).as_bytes(), out),
        Value::U64(number) => {
            let kind = if i64::try_from(number).is_ok() { "intValue" } else { "stringValue" };
            push_member(kind, itoa::Buffer::new().format(number).as_bytes(), out);
        }
        Value::F64(number) => push_double(number, out),
        Value::Str(text) => push_member("stringValue", text, out),
        Value::Json(json) => push_json(json, depth, out),
    }
    out.push(b'}');
}

fn push_double(number: f64, out: &mut Vec<u8>) {
    let special: &[u8] = match number {
        _ if number.is_nan() => b"NaN",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => {
            push_name(b"doubleValue", out);
            return super::json::push_value(Value::F64(number), out);
        }
    };
    push_member("doubleValue", special, out);
}

/// Appends the one member of the `AnyValue` of a JSON text.
fn push_json(json: &[u8], depth: usize, out: &mut Vec<u8>) {
    match Node::of(json) {
        Node::Text(text) => push_member("stringValue", text.as_bytes(), out),
        Node::Members(members) if depth > 0 => {
            out.extend_from_slice(b"\"kvlistValue\":{\"values\":[");
            for (name, value) in members {
                push_attribute(name.as_bytes(), Value::Json(value.get().as_bytes()), depth - 1, out);
            }
            out.extend_from_slice(b"]}");
        }
        Node::Items(items) if depth > 0 => {
            out.extend_from_slice(b"\"arrayValue\":{\"values\":[");
            for value in items {
                push_comma(out);
                push_any(Value::Json(value.get().as_bytes()), depth - 1, out);
            }
            out.extend_from_slice(b"]}");
        }
        _ => push_scalar(json, out),
    }
}

fn push_scalar(json: &[u8], out: &mut Vec<u8>) {
    match json {
        b"null" => (),
        b"true" | b"false" => {
            push_name(b"boolValue", out);
            out.extend_from_slice(json);
        }
        _ if is_int64(json) => push_member("intValue", json, out),
        _ if is_float(json) => {
            push_name(b"doubleValue", out);
            out.extend_from_slice(json);
        }
        _ => push_member("stringValue", json, out),
    }
}

fn is_int64(json: &[u8]) -> bool {
    json.first() != Some(&b'+') && std::str::from_utf8(json).is_ok_and(|text| text.parse::<i64>().is_ok())
}

fn is_float(json: &[u8]) -> bool {
    let has_sign_of_one = json.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    has_sign_of_one && serde_json::from_slice::<f64>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_severity_number() {
        let numbers = [i32::MIN, 0, 5, 10, 15, 20, 25, 30, 40, 50, i32::MAX].map(severity);
        assert_eq!(numbers, [1, 1, 3, 5, 7, 9, 11, 13, 17, 21, 24]);
    }
}
