//! JSON Lines: the machine format, in the key order that `docs/data-model.md` lists.

use crate::clock::{FRACTION_LEN, Rfc3339};
use crate::config::Layout;
use crate::encode::include::Include;
use crate::frame::{Value, Visitor};
use crate::level::{LEVEL_SLOTS, Level};
use crate::line::buffer::{Line, push_line};
use crate::line::decimal::{push_finite, push_signed, push_unsigned};
use crate::line::escape::escape_json;
use crate::line::output::Output;
use crate::line::piece::Piece;
use crate::ring::decoded::DecodedRecord;
use crate::ring::fields::Set;
use crate::ring::lexicon::Key;

/// A usual line is no longer.
const USUAL_BYTES: usize = 1 << 10;

/// Writes records as one JSON object per line.
pub struct JsonEncoder {
    timestamps: Rfc3339,
    layout: Layout,
    thread_id: bool,
    caller: bool,
    /// Something may follow the number.
    has_rest: bool,
    /// What follows the time at each standard level, by its slot.
    level_members: Box<[(Level, Piece); LEVEL_SLOTS.len()]>,
    run_member: Vec<u8>,
    process_member: Vec<u8>,
}

const STANDARD: [Level; LEVEL_SLOTS.len()] =
    [Level::DEBUG, Level::INFO, Level::WARNING, Level::ERROR, Level::CRITICAL];

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
            timestamps: Rfc3339::default(),
            layout,
            thread_id: include.thread_id,
            caller: include.caller,
            has_rest: include.run_id.is_some()
                || include.process_id.is_some()
                || include.thread_id
                || include.caller,
            level_members: Box::new(STANDARD.map(|level| {
                let name = level.name().unwrap_or_default();
                (level, Piece::new(format!("\",\"level\":\"{name}\",\"module\":").as_bytes()))
            })),
            run_member,
            process_member: process_member.into_bytes(),
        }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        push_line(out, USUAL_BYTES, |line| self.write(record, line));
    }

    #[inline(always)]
    fn write<'l>(&mut self, record: &DecodedRecord<'_>, mut line: Line<'l>) -> Line<'l> {
        line.put_all(b"{\"timestamp\":\"");
        let (second, fraction) = self.timestamps.parts(record.timestamp_ns);
        line.put_all(second);
        line.put_block(&fraction, FRACTION_LEN);
        let (level, member) = &self.level_members[Level(record.level).slot()];
        if record.level_name.is_none() && level.0 == record.level {
            member.push(&mut line);
        } else {
            line.then(|line| push_other_level(record, line));
        }
        record.logger.push_json(&mut line);
        line.put_all(b",\"message\":\"");
        escape_json(record.message, &mut line);
        line.put_all(b"\"");
        if let Some(category) = record.category {
            line.put_all(b",\"category\":");
            category.push_json(&mut line);
        }
        match record.fields.prepared() {
            Some(sets) if self.layout == Layout::Flat => {
                sets.for_each(|set| push_set(&set, &mut line));
            }
            _ => line.then(|line| push_fields(record, self.layout, line)),
        }
        if record.exception.is_some() || record.stack.is_some() {
            line.then(|line| push_trouble(record, line));
        }
        line.put_all(b",\"seq\":");
        push_unsigned(record.seq, &mut line);
        if self.has_rest {
            line.then(|line| self.push_rest(record, line));
        }
        line.put_all(b"}\n");
        line
    }

    #[cold]
    fn push_rest<'l>(&self, record: &DecodedRecord<'_>, mut line: Line<'l>) -> Line<'l> {
        line.put(&self.run_member);
        if let (true, Some(thread)) = (self.thread_id, record.thread) {
            line.put(b",\"thread_id\":");
            push_value(Value::U64(thread.ident), &mut line);
        }
        line.put(&self.process_member);
        if let (true, Some(caller)) = (self.caller, record.caller) {
            line.put(b",\"caller\":{\"file\":");
            push_string(caller.file, &mut line);
            line.put(b",\"line\":");
            push_value(Value::U64(caller.line.into()), &mut line);
            line.put(b",\"function\":");
            push_string(caller.function, &mut line);
            line.put(b"}");
        }
        line
    }
}

/// One set of fields, but for those that are replaced.
#[inline(always)]
fn push_set(set: &Set<'_>, line: &mut Line<'_>) {
    let mut values = set.values;
    for (index, key) in set.keys.iter().enumerate() {
        let is_replaced = set.replaced.is_some_and(|replaced| replaced[index]);
        if values.visit_next(Member { key, is_replaced, line }).is_none() {
            break;
        }
    }
}

/// Where a value is to be written.
struct Member<'m, 'l> {
    key: &'m Key,
    is_replaced: bool,
    line: &'m mut Line<'l>,
}

impl<'a> Visitor<'a> for Member<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn visit(self, value: Value<'a>) {
        if !self.is_replaced {
            self.key.flat.push(self.line);
            write_value(value, self.line);
        }
    }
}

#[inline(never)]
fn push_fields<'l>(record: &DecodedRecord<'_>, layout: Layout, mut line: Line<'l>) -> Line<'l> {
    if layout == Layout::Flat {
        record.fields.for_each(|key, value| {
            key.flat.push(&mut line);
            push_value(value, &mut line);
        });
        return line;
    }
    line.put(b",\"context\":{");
    let mut is_first = true;
    record.fields.for_each(|key, value| {
        let skipped = usize::from(std::mem::replace(&mut is_first, false));
        // But for the first member's comma.
        line.put(&key.nested[skipped..]);
        push_value(value, &mut line);
    });
    line.put(b"}");
    line
}

#[cold]
fn push_trouble<'l>(record: &DecodedRecord<'_>, mut line: Line<'l>) -> Line<'l> {
    if let Some(exception) = record.exception {
        line.put(b",\"exception\":{\"type\":");
        push_string(exception.kind, &mut line);
        line.put(b",\"message\":");
        push_string(exception.message, &mut line);
        line.put(b",\"stacktrace\":");
        push_string(exception.stacktrace, &mut line);
        line.put(b"}");
    }
    if let Some(stack) = record.stack {
        line.put(b",\"stack_info\":");
        push_string(stack, &mut line);
    }
    line
}

/// As [`JsonEncoder::level_members`], for a level with a name of its own.
#[cold]
fn push_other_level<'l>(record: &DecodedRecord<'_>, mut line: Line<'l>) -> Line<'l> {
    line.put(b"\",\"level\":\"");
    record.with_level_name(|name| escape_json(name, &mut line));
    line.put(b"\",\"module\":");
    line
}

#[inline(always)]
fn push_string<O: Output>(text: &[u8], out: &mut O) {
    out.put_block(b"\"", 1);
    escape_json(text, out);
    out.put_block(b"\"", 1);
}

/// Appends `value` as JSON: floats in the shortest form that reads back exactly.
pub fn push_value<O: Output>(value: Value<'_>, out: &mut O) {
    write_value(value, out);
}

#[inline(always)]
fn write_value<O: Output>(value: Value<'_>, out: &mut O) {
    match value {
        Value::Null => out.put_block(b"null", 4),
        Value::Bool(true) => out.put_block(b"true", 4),
        Value::Bool(false) => out.put_block(b"false", 5),
        Value::I64(number) => push_signed(number, out),
        Value::U64(number) => push_unsigned(number, out),
        Value::F64(number) if number.is_finite() => push_finite(number, out),
        Value::F64(_) => out.put_block(b"null", 4),
        Value::Str(text) => push_string(text, out),
        Value::Json(text) => out.put(text),
    }
}
