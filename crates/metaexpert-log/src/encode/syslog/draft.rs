//! A message before it is put into the words of its receiver, and the encoder that writes it.

use std::borrow::Cow;

use crate::encode::include::Include;
use crate::encode::people::json_text;
use crate::frame::Value;
use crate::line::decimal::{push_signed, push_unsigned};
use crate::line::number::push_shortest;
use crate::ring::decoded::{Caller, DecodedRecord};

/// Stands between two parts; a part that contains it has it escaped.
const SEPARATOR: u8 = 0x1F;
const ESCAPE: u8 = 0x1B;
/// Turns a byte that must not occur into one that may.
const ESCAPED_BIT: u8 = 0x40;
/// Before the name of a parameter of ours, and of a field.
const OWN: u8 = b'o';
const FIELD: u8 = b'f';

/// Writes each record as one line, a draft.
pub struct SyslogEncoder {
    run_id: Option<String>,
    process_id: Option<u32>,
    thread_id: bool,
    caller: bool,
    scratch: Vec<u8>,
}

impl SyslogEncoder {
    /// An encoder that adds what `include` names.
    pub fn new(include: &Include) -> Self {
        SyslogEncoder {
            run_id: include.run_id.clone(),
            process_id: include.process_id,
            thread_id: include.thread_id,
            caller: include.caller,
            scratch: Vec::new(),
        }
    }

    /// Appends `record` as one line.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.reserve(256 + record.message.len());
        push_number(i64::from(record.level), out);
        out.push(SEPARATOR);
        push_number(record.timestamp_ns, out);
        out.push(SEPARATOR);
        push_part(record.message, out);
        out.push(SEPARATOR);
        push_part(record.category.map_or(&b""[..], |category| category.raw), out);
        self.push_parameters(record, out);
        out.push(b'\n');
    }

    fn push_parameters(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        push_own(b"module", record.logger.raw, out);
        if let Some(name) = record.level_name {
            push_own(b"level", name, out);
        }
        push_own(b"seq", itoa::Buffer::new().format(record.seq).as_bytes(), out);
        let scratch = &mut self.scratch;
        record.fields.for_each(|key, value| {
            out.extend_from_slice(&[SEPARATOR, FIELD]);
            push_part(&key.raw, out);
            out.push(SEPARATOR);
            push_part(text_of(value, scratch), out);
        });
        if let Some(exception) = &record.exception {
            push_own(b"exception_type", exception.kind, out);
            push_own(b"exception_message", exception.message, out);
            push_own(b"stacktrace", exception.stacktrace, out);
        }
        if let Some(stack) = record.stack {
            push_own(b"stack_info", stack, out);
        }
        self.push_included(record, out);
    }

    fn push_included(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        if let Some(run_id) = &self.run_id {
            push_own(b"run_id", run_id.as_bytes(), out);
        }
        if let (true, Some(thread)) = (self.thread_id, record.thread) {
            push_own(b"thread_id", itoa::Buffer::new().format(thread.ident).as_bytes(), out);
        }
        if let Some(id) = self.process_id {
            push_own(b"process_id", itoa::Buffer::new().format(id).as_bytes(), out);
        }
        if let (true, Some(Caller { file, line, function })) = (self.caller, record.caller) {
            let line = line.to_string();
            let parts = [file, &[SEPARATOR], line.as_bytes(), &[SEPARATOR], function].concat();
            push_own(b"caller", &parts, out);
        }
    }
}

fn push_number(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_own(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[SEPARATOR, OWN]);
    out.extend_from_slice(name);
    out.push(SEPARATOR);
    push_part(value, out);
}

fn push_part(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if matches!(byte, SEPARATOR | ESCAPE | b'\n') {
            out.extend_from_slice(&[ESCAPE, byte ^ ESCAPED_BIT]);
        } else {
            out.push(byte);
        }
    }
}

fn text_of<'v>(value: Value<'v>, scratch: &'v mut Vec<u8>) -> &'v [u8] {
    scratch.clear();
    match value {
        Value::Null => return b"null",
        Value::Bool(true) => return b"true",
        Value::Bool(false) => return b"false",
        Value::Str(text) => return text,
        Value::Json(json) => return json_text(json).unwrap_or(json),
        Value::I64(number) => push_signed(number, scratch),
        Value::U64(number) => push_unsigned(number, scratch),
        Value::F64(number) => push_shortest(number, scratch),
    }
    scratch
}

/// What a message says, as it was logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft<'a> {
    pub(super) level: i32,
    pub(super) timestamp_ns: i64,
    pub(super) message: Cow<'a, [u8]>,
    pub(super) category: Cow<'a, [u8]>,
    pub(super) parameters: Vec<Parameter<'a>>,
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter<'a> {
    /// Whether it is ours, not a field.
    pub(super) is_own: bool,
    pub(super) name: Cow<'a, [u8]>,
    pub(super) value: Cow<'a, [u8]>,
}

impl Parameter<'_> {
    /// A parameter of ours.
    pub(super) fn own(name: &'static str, value: String) -> Parameter<'static> {
        Parameter {
            is_own: true,
            name: Cow::Borrowed(name.as_bytes()),
            value: Cow::Owned(value.into_bytes()),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.is_own && *self.name == *name.as_bytes()
    }

    /// File, line and function of the parameter `caller`.
    pub(super) fn caller(&self) -> Option<[&[u8]; 3]> {
        let mut parts = self.is("caller").then(|| self.value.split(|byte| *byte == SEPARATOR))?;
        Some([parts.next()?, parts.next()?, parts.next()?])
    }
}

impl<'a> Draft<'a> {
    /// Reads what an encoder has written, without the line break; `None` if it was not an encoder.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Draft<'a>> {
        let mut parts = line.split(|byte| *byte == SEPARATOR);
        let level = number(parts.next()?)? as i32;
        let timestamp_ns = number(parts.next()?)?;
        let message = unescaped(parts.next()?);
        let category = unescaped(parts.next()?);
        let mut parameters = Vec::with_capacity(16);
        while let Some(name) = parts.next() {
            let (kind, name) = name.split_first()?;
            let value = unescaped(parts.next()?);
            parameters.push(Parameter { is_own: *kind == OWN, name: unescaped(name), value });
        }
        Some(Draft { level, timestamp_ns, message, category, parameters })
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn unescaped(part: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(ESCAPE, part).is_none() {
        return Cow::Borrowed(part);
    }
    let mut text = Vec::with_capacity(part.len());
    let mut bytes = part.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            ESCAPE => text.extend(bytes.next().map(|escaped| escaped ^ ESCAPED_BIT)),
            _ => text.push(byte),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::frame::{NO_ID, Record, Section};
    use crate::ring::dictionary::Dictionary;
    use crate::ring::lexicon::Lexicon;
    use proptest::prelude::*;

    pub(in super::super) fn record<'a>(
        level: i32,
        message: &'a [u8],
        sections: &'a [Section<'a>],
    ) -> Record<'a> {
        let timestamp_ns = 1_643_587_199_123_456_789;
        Record { level, logger: NO_ID, category: NO_ID, timestamp_ns, message, sections }
    }

    /// The line that stands for `record`.
    pub(in super::super) fn drafted(record: &Record<'_>, include: &Include) -> Vec<u8> {
        let mut frame = vec![0; record.frame_len()];
        record.write(&mut frame, 7);
        let mut lexicon = Lexicon::default();
        let record = DecodedRecord::decode(&frame, Dictionary::empty(), &mut lexicon).unwrap();
        let mut out = Vec::new();
        SyslogEncoder::new(include).encode(&record, &mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(!out.contains(&b'\n'));
        out
    }

    proptest! {
        #[test]
        fn a_draft_reads_back_exactly(
            message in any::<String>(), name in any::<String>(), value in any::<String>(), category in any::<String>()
        ) {
            let fields: [(&[u8], Value<'_>); 1] = [(name.as_bytes(), Value::Str(value.as_bytes()))];
            let sections = [Section::Category(category.as_bytes()), Section::Inline(&fields)];
            let line = drafted(&record(30, message.as_bytes(), &sections), &Include::default());
            let draft = Draft::parse(&line).unwrap();
            prop_assert_eq!((draft.level, draft.timestamp_ns), (30, 1_643_587_199_123_456_789));
            prop_assert_eq!((&*draft.message, &*draft.category), (message.as_bytes(), category.as_bytes()));
            let field = draft.parameters.iter().find(|parameter| !parameter.is_own).unwrap();
            prop_assert_eq!((&*field.name, &*field.value), (name.as_bytes(), value.as_bytes()));
        }

        #[test]
        fn any_bytes_are_a_draft_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Draft::parse(&bytes);
        }
    }
}
