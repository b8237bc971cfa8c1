//! logfmt: `key=value` pairs on one line, as go-logfmt and Loki parse them
//! (<https://pkg.go.dev/github.com/go-logfmt/logfmt>).

use crate::clock::Rfc3339;
use crate::config::Layout;
use crate::encode::include::Include;
use crate::encode::members::Node;
use crate::encode::people::{push_value, push_word};
use crate::encode::structured::Names;
use crate::frame::Value;
use crate::ring::decoded::DecodedRecord;
use crate::ring::lexicon::CORE_KEYS;

/// Containers deeper than this stay JSON.
const MOST_DEPTH: usize = 16;

/// Writes records in logfmt.
pub struct LogfmtEncoder {
    timestamps: Rfc3339,
    layout: Layout,
    include: Include,
    names: Names,
}

impl LogfmtEncoder {
    /// An encoder for `layout` that adds what `include` names.
    pub fn new(layout: Layout, include: &Include) -> Self {
        LogfmtEncoder {
            timestamps: Rfc3339::default(),
            layout,
            include: include.clone(),
            names: Names::default(),
        }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"timestamp=");
        out.extend_from_slice(&self.timestamps.format(record.timestamp_ns));
        record.with_level_name(|name| push_pair("level", Value::Str(name), out));
        push_pair("module", Value::Str(record.logger.raw), out);
        push_pair("message", Value::Str(record.message), out);
        if let Some(category) = record.category {
            push_pair("category", Value::Str(category.raw), out);
        }
        self.push_fields(record, out);
        if let Some(exception) = record.exception {
            push_pair("exception.type", Value::Str(exception.kind), out);
            push_pair("exception.message", Value::Str(exception.message), out);
            push_pair("exception.stacktrace", Value::Str(exception.stacktrace), out);
        }
        if let Some(stack) = record.stack {
            push_pair("stack_info", Value::Str(stack), out);
        }
        push_pair("seq", Value::U64(record.seq), out);
        self.push_included(record, out);
        out.push(b'\n');
    }

    fn push_fields(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let LogfmtEncoder { names, layout, .. } = self;
        let before: &[u8] = if *layout == Layout::Nested { b"context." } else { b"" };
        names.clear();
        record.fields.for_each(|key, value| {
            let name = [before, &*word(&key.raw)].concat();
            push_field(&name, value, names, MOST_DEPTH, out);
        });
    }

    fn push_included(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        if let Some(run_id) = &self.include.run_id {
            push_pair("run_id", Value::Str(run_id.as_bytes()), out);
        }
        if let (true, Some(thread)) = (self.include.thread_id, record.thread) {
            push_pair("thread_id", Value::U64(thread.ident), out);
        }
        if let Some(id) = self.include.process_id {
            push_pair("process_id", Value::U64(id.into()), out);
        }
        if let (true, Some(caller)) = (self.include.caller, record.caller) {
            push_pair("caller.file", Value::Str(caller.file), out);
            push_pair("caller.line", Value::U64(caller.line.into()), out);
            push_pair("caller.function", Value::Str(caller.function), out);
        }
    }
}

fn push_pair(name: &str, value: Value<'_>, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    push_value(value, out);
}

/// Appends a field; an object's members have its name and a dot before theirs.
fn push_field(name: &[u8], value: Value<'_>, names: &mut Names, depth: usize, out: &mut Vec<u8>) {
    let Value::Json(json) = value else {
        push_distinct(name, names, out);
        return push_value(value, out);
    };
    match Node::of(json) {
        Node::Members(members) if depth > 0 && !members.is_empty() => {
            for (member, value) in members {
                let name = [name, b".", &*word(member.as_bytes())].concat();
                push_field(&name, Value::Json(value.get().as_bytes()), names, depth - 1, out);
            }
        }
        Node::Text(text) => {
            push_distinct(name, names, out);
            push_word(text.as_bytes(), out);
        }
        _ => {
            push_distinct(name, names, out);
            push_word(json, out);
        }
    }
}

fn push_distinct(name: &[u8], names: &mut Names, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(&names.distinct(name, is_reserved));
    out.push(b'=');
}

fn is_reserved(name: &[u8]) -> bool {
    let first = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    // What has members of our own may have none of a field's.
    let has_ours = matches!(first, b"exception" | b"caller");
    CORE_KEYS.iter().any(|key| key.as_bytes() == name || (has_ours && key.as_bytes() == first))
}

/// `name` as a key may be: without spaces, quotes, equals signs and what the formats for people escape.
fn word(name: &[u8]) -> Vec<u8> {
    let is_allowed = |character: char| {
        let mut quoted = Vec::new();
        push_word(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut quoted);
        character != char::REPLACEMENT_CHARACTER && !character.is_whitespace() && quoted[0] != b'"'
    };
    if !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    {
        return name.to_vec();
    }
    let text = String::from_utf8_lossy(name);
    let mut word: String = text.chars().map(|each| if is_allowed(each) { each } else { '_' }).collect();
    if word.is_empty() {
        word.push('_');
    }
    word.into_bytes()
}
