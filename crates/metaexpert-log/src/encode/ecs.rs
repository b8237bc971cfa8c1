//! Elastic Common Schema as JSON Lines
//! (<https://www.elastic.co/docs/reference/ecs/logging/intro>).
//!
//! A record's fields stand under `metaexpert.fields`, so that none can collide with a field of the schema.

use crate::clock::Rfc3339;
use crate::encode::include::Include;
use crate::encode::structured::{Names, push_exact, push_member, push_name, push_text, trace_ids};
use crate::line::decimal::push_unsigned;
use crate::ring::decoded::DecodedRecord;

/// The version of the schema whose fields these are.
pub const VERSION: &str = "8.11.0";
/// Elasticsearch's `long` has no greater integers.
const MOST: u64 = i64::MAX as u64;

/// Writes records in Elastic Common Schema.
pub struct EcsEncoder {
    timestamps: Rfc3339,
    include: Include,
    names: Names,
}

impl EcsEncoder {
    /// An encoder that adds what `include` names.
    pub fn new(include: &Include) -> Self {
        EcsEncoder { timestamps: Rfc3339::default(), include: include.clone(), names: Names::default() }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        push_member("@timestamp", &self.timestamps.format(record.timestamp_ns), out);
        record.with_level_name(|name| push_member("log.level", name, out));
        push_member("message", record.message, out);
        push_member("ecs.version", VERSION.as_bytes(), out);
        self.push_log(record, out);
        out.extend_from_slice(b",\"event\":{\"sequence\":");
        push_unsigned(record.seq, out);
        out.push(b'}');
        if let Some(category) = record.category {
            out.extend_from_slice(b",\"tags\":[");
            push_text(category.raw, out);
            out.push(b']');
        }
        push_error(record, out);
        self.push_process(record, out);
        push_trace(record, out);
        self.push_fields(record, out);
        out.extend_from_slice(b"}\n");
    }

    fn push_log(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"log\":{");
        push_member("logger", record.logger.raw, out);
        if let (true, Some(caller)) = (self.include.caller, record.caller) {
            out.extend_from_slice(b",\"origin\":{\"file\":{");
            push_member("name", caller.file, out);
            push_name(b"line", out);
            push_unsigned(caller.line.into(), out);
            out.push(b'}');
            push_member("function", caller.function, out);
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn push_process(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let thread = record.thread.filter(|_| self.include.thread_id);
        if self.include.process_id.is_none() && thread.is_none() {
            return;
        }
        out.extend_from_slice(b",\"process\":{");
        if let Some(id) = self.include.process_id {
            push_name(b"pid", out);
            push_unsigned(id.into(), out);
        }
        if let Some(thread) = thread {
            push_name(b"thread", out);
            out.extend_from_slice(b"{\"id\":");
            push_unsigned(thread.ident, out);
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn push_fields(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"metaexpert\":{");
        if let Some(run_id) = &self.include.run_id {
            push_member("run_id", run_id.as_bytes(), out);
        }
        if let Some(stack) = record.stack {
            push_member("stack_info", stack, out);
        }
        push_name(b"fields", out);
        out.push(b'{');
        self.names.clear();
        record.fields.for_each(|key, value| {
            push_name(&self.names.distinct(&key.raw, |_| false), out);
            push_exact(value, MOST, out);
        });
        out.extend_from_slice(b"}}");
    }
}

fn push_error(record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
    if let Some(exception) = record.exception {
        out.extend_from_slice(b",\"error\":{");
        push_member("type", exception.kind, out);
        push_member("message", exception.message, out);
        push_member("stack_trace", exception.stacktrace, out);
        out.push(b'}');
    }
}

fn push_trace(record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
    let (trace, span) = trace_ids(record);
    for (name, id) in [("trace", trace), ("span", span)] {
        if let Some(id) = id {
            push_name(name.as_bytes(), out);
            out.push(b'{');
            push_member("id", id, out);
            out.push(b'}');
        }
    }
}
