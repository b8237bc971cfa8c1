//! Structured logs of Google Cloud Logging, as its agents read them from a file or from stdout
//! (<https://cloud.google.com/logging/docs/structured-logging>).

use crate::clock::Rfc3339;
use crate::config::Layout;
use crate::encode::include::Include;
use crate::encode::structured::{Names, push_exact, push_member, push_name, push_quoted, trace_ids};
use crate::line::decimal::push_unsigned;
use crate::ring::decoded::DecodedRecord;

/// Cloud Logging keeps numbers as doubles, which are exact up to here.
const MOST: u64 = 1 << 53;

/// What the agents or Error Reporting give a meaning, and our own names.
const RESERVED: [&str; 21] = [
    "@type",
    "category",
    "context",
    "eventTime",
    "exception",
    "httpRequest",
    "level",
    "logger",
    "message",
    "seq",
    "serviceContext",
    "severity",
    "stack_info",
    "stack_trace",
    "textPayload",
    "time",
    "timestamp",
    "timestampNanos",
    "timestampSeconds",
    "log",
    "error",
];
const RESERVED_PREFIX: &[u8] = b"logging.googleapis.com/";

/// Writes records for Google Cloud Logging.
pub struct GcpEncoder {
    timestamps: Rfc3339,
    layout: Layout,
    include: Include,
    names: Names,
}

impl GcpEncoder {
    /// An encoder for `layout` that adds what `include` names.
    pub fn new(layout: Layout, include: &Include) -> Self {
        GcpEncoder {
            timestamps: Rfc3339::default(),
            layout,
            include: include.clone(),
            names: Names::default(),
        }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        push_member("severity", severity(record.level).as_bytes(), out);
        push_member("time", &self.timestamps.format(record.timestamp_ns), out);
        push_member("message", record.message, out);
        push_member("logger", record.logger.raw, out);
        record.with_level_name(|name| push_member("level", name, out));
        if let Some(category) = record.category {
            push_member("category", category.raw, out);
        }
        self.push_fields(record, out);
        push_trouble(record, out);
        push_name(b"seq", out);
        push_unsigned(record.seq, out);
        self.push_included(record, out);
        push_trace(record, out);
        out.extend_from_slice(b"}\n");
    }

    fn push_fields(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let is_nested = self.layout == Layout::Nested;
        if is_nested {
            push_name(b"context", out);
            out.push(b'{');
        }
        self.names.clear();
        record.fields.for_each(|key, value| {
            let name = self.names.distinct(&key.raw, |name| !is_nested && is_reserved(name));
            push_name(&name, out);
            push_exact(value, MOST, out);
        });
        if is_nested {
            out.push(b'}');
        }
    }

    fn push_included(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        if let (true, Some(caller)) = (self.include.caller, record.caller) {
            push_name(b"logging.googleapis.com/sourceLocation", out);
            out.push(b'{');
            push_member("file", caller.file, out);
            push_name(b"line", out);
            push_quoted(caller.line.into(), out);
            push_member("function", caller.function, out);
            out.push(b'}');
        }
        let thread = record.thread.filter(|_| self.include.thread_id);
        if self.include.run_id.is_none() && self.include.process_id.is_none() && thread.is_none() {
            return;
        }
        push_name(b"logging.googleapis.com/labels", out);
        out.push(b'{');
        if let Some(run_id) = &self.include.run_id {
            push_member("run_id", run_id.as_bytes(), out);
        }
        if let Some(thread) = thread {
            push_name(b"thread_id", out);
            push_quoted(thread.ident, out);
        }
        if let Some(id) = self.include.process_id {
            push_name(b"process_id", out);
            push_quoted(id.into(), out);
        }
        out.push(b'}');
    }
}

fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(RESERVED_PREFIX) || RESERVED.iter().any(|reserved| reserved.as_bytes() == name)
}

/// The `LogSeverity` of a level: of its nine names, the nearest that is not above it.
fn severity(level: i32) -> &'static str {
    match level {
        i32::MIN..=19 => "DEBUG",
        20..=24 => "INFO",
        25..=29 => "NOTICE",
        30..=39 => "WARNING",
        40..=49 => "ERROR",
        _ => "CRITICAL",
    }
}

/// `stack_trace` is what Error Reporting reads.
fn push_trouble(record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
    if let Some(exception) = record.exception {
        push_name(b"exception", out);
        out.push(b'{');
        push_member("type", exception.kind, out);
        push_member("message", exception.message, out);
        out.push(b'}');
        push_member("stack_trace", exception.stacktrace, out);
    }
    if let Some(stack) = record.stack {
        push_member("stack_info", stack, out);
    }
}

fn push_trace(record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
    let (trace, span) = trace_ids(record);
    for (name, id) in [("logging.googleapis.com/trace", trace), ("logging.googleapis.com/spanId", span)] {
        if let Some(id) = id {
            push_member(name, id, out);
        }
    }
}
