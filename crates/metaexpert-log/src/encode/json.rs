//! JSON Lines: the machine format, in the key order that `docs/data-model.md` lists.

use crate::clock::Rfc3339;
use crate::config::Layout;
use crate::encode::Include;
use crate::encode::escape::escape_json;
use crate::event::Event;
use crate::frame::Value;

/// Writes events as one JSON object a line.
pub struct JsonEncoder {
    clock: Rfc3339,
    layout: Layout,
    thread_id: bool,
    caller: bool,
    run_member: Vec<u8>,
    process_member: Vec<u8>,
}

impl JsonEncoder {
    /// An encoder for `layout` that adds what `include` names.
    pub fn new(layout: Layout, include: &Include) -> Self {
        let mut run_member = Vec::new();
        if let Some(id) = &include.run_id {
            run_member.extend_from_slice(b",\"run_id\":");
            push_string(id.as_bytes(), &mut run_member);
        }
        let process_member = include.process_id.map(|id| format!(",\"process_id\":{id}")).unwrap_or_default();
        JsonEncoder {
            clock: Rfc3339::default(),
            layout,
            thread_id: include.thread_id,
            caller: include.caller,
            run_member,
            process_member: process_member.into_bytes(),
        }
    }

    /// Appends `event` as one line.
    #[inline]
    pub fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.reserve(256 + event.message.len());
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(self.clock.format(event.timestamp_ns));
        out.extend_from_slice(b"\",\"level\":\"");
        match event.level_name {
            None => event.with_level_name(|name| out.extend_from_slice(name)),
            Some(name) => escape_json(name, out),
        }
        out.extend_from_slice(b"\",\"module\":");
        event.logger.push_json(out);
        out.extend_from_slice(b",\"message\":\"");
        escape_json(event.message, out);
        out.push(b'"');
        if let Some(category) = event.category {
            out.extend_from_slice(b",\"category\":");
            category.push_json(out);
        }
        self.push_fields(event, out);
        self.push_trouble(event, out);
        self.push_origin(event, out);
        out.extend_from_slice(b"}\n");
    }

    #[inline]
    fn push_fields(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.layout == Layout::Flat {
            event.fields.for_each(|key, value| {
                out.extend_from_slice(&key.flat);
                push_value(value, out);
            });
            return;
        }
        out.extend_from_slice(b",\"context\":{");
        let start = out.len();
        event.fields.for_each(|key, value| {
            out.extend_from_slice(&key.nested);
            push_value(value, out);
        });
        if out.len() > start {
            out.remove(start); // the first member's comma
        }
        out.push(b'}');
    }

    #[inline]
    fn push_trouble(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Some(exception) = event.exception {
            out.extend_from_slice(b",\"exception\":{\"type\":");
            push_string(exception.kind, out);
            out.extend_from_slice(b",\"message\":");
            push_string(exception.message, out);
            out.extend_from_slice(b",\"stacktrace\":");
            push_string(exception.stacktrace, out);
            out.push(b'}');
        }
        if let Some(stack) = event.stack {
            out.extend_from_slice(b",\"stack_info\":");
            push_string(stack, out);
        }
    }

    #[inline]
    fn push_origin(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"seq\":");
        out.extend_from_slice(itoa::Buffer::new().format(event.seq).as_bytes());
        out.extend_from_slice(&self.run_member);
        if let (true, Some(thread)) = (self.thread_id, event.thread) {
            out.extend_from_slice(b",\"thread_id\":");
            out.extend_from_slice(itoa::Buffer::new().format(thread.ident).as_bytes());
        }
        out.extend_from_slice(&self.process_member);
        if let (true, Some(caller)) = (self.caller, event.caller) {
            out.extend_from_slice(b",\"caller\":{\"file\":");
            push_string(caller.file, out);
            out.extend_from_slice(b",\"line\":");
            out.extend_from_slice(itoa::Buffer::new().format(caller.line).as_bytes());
            out.extend_from_slice(b",\"function\":");
            push_string(caller.function, out);
            out.push(b'}');
        }
    }
}

#[inline]
fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}

/// Appends `value` as JSON: floats in the shortest form that reads back exactly.
#[inline]
pub fn push_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::I64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::U64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::F64(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
        Value::F64(_) => out.extend_from_slice(b"null"),
        Value::Str(text) => push_string(text, out),
        Value::Json(text) => out.extend_from_slice(text),
    }
}
