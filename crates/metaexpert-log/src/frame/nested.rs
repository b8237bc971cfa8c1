//! Nested values: lists and mappings of any depth, typed as fields are, whose text the backend makes.
//!
//! ```text
//! LIST   len u32 · values…
//! MAP    len u32 · (name_len u32 · name · value)…
//! FLOATS len u32 · f64…
//! ```
//!
//! Inside of them short integers are short. [`NestedWriter`] writes them on the calling thread, and
//! [`push_json`] reads them.

use super::header::FrameError;
use super::layout::{FIELDS_LEN, Value, section, tag};
use super::read::{Input, Visitor};
use crate::line::decimal::{push_finite, push_signed, push_unsigned};
use crate::line::escape::escape_json;

/// Lists and mappings inside of each other; deeper ones are text from the start, or damage.
pub const MOST_DEPTH: usize = 64;

/// A section of bound fields is usually no longer.
const USUAL_SECTION_BYTES: usize = 128;

/// Writes values one behind the other, each of which is a field's, or inside of a container that was begun.
/// What its user must see to: a container is ended, a mapping's values have names, no two of them the same,
/// and containers are no deeper than [`MOST_DEPTH`].
pub struct NestedWriter<'a> {
    out: &'a mut Vec<u8>,
    has_nested: bool,
}

/// A container that was begun.
#[must_use]
pub struct Begun(usize);

impl<'a> NestedWriter<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        NestedWriter { out, has_nested: false }
    }

    /// Whether a list or mapping was among the values.
    pub fn has_nested(&self) -> bool {
        self.has_nested
    }

    /// Bytes written so far, with those that were there before.
    #[inline]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written, nor was there anything before.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Appends a value that is no container.
    #[inline(always)]
    pub fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.out.push(tag::NULL),
            Value::Bool(false) => self.out.push(tag::FALSE),
            Value::Bool(true) => self.out.push(tag::TRUE),
            Value::I64(number) => self.word(tag::I64, number as u64),
            Value::U64(number) => self.word(tag::U64, number),
            Value::F64(number) => self.word(tag::F64, number.to_bits()),
            Value::Str(text) => self.text(tag::STR, text),
            Value::Json(text) => self.text(tag::JSON, text),
        }
    }

    /// Appends a nested value that another writer has written.
    pub fn nested(&mut self, value: &[u8]) {
        self.has_nested = true;
        self.out.extend_from_slice(value);
    }

    /// Appends an integer inside of a container.
    #[inline]
    pub fn inner_integer(&mut self, number: i64) {
        if let Ok(short) = i8::try_from(number) {
            self.out.extend_from_slice(&[tag::I8, short as u8]);
        } else if let Ok(short) = i32::try_from(number) {
            let bytes = short.to_le_bytes();
            self.out.extend_from_slice(&[tag::I32, bytes[0], bytes[1], bytes[2], bytes[3]]);
        } else {
            self.word(tag::I64, number as u64);
        }
    }

    /// Begins a list, whose elements come next.
    #[inline]
    pub fn begin_list(&mut self) -> Begun {
        self.begin(tag::LIST)
    }

    /// Begins a mapping, whose names and values come next.
    #[inline]
    pub fn begin_map(&mut self) -> Begun {
        self.begin(tag::MAP)
    }

    /// Appends the name of the mapping's next value.
    #[inline(always)]
    pub fn name(&mut self, name: &[u8]) {
        self.out.extend_from_slice(&(name.len() as u32).to_le_bytes());
        self.out.extend_from_slice(name);
    }

    /// Ends the innermost container, which `begun` is.
    #[inline]
    pub fn end(&mut self, begun: Begun) {
        let len = (self.out.len() - begun.0) as u32;
        self.out[begun.0 - size_of::<u32>()..begun.0].copy_from_slice(&len.to_le_bytes());
    }

    /// Appends a list of floats.
    pub fn floats(&mut self, floats: impl Iterator<Item = f64>) {
        let begun = self.begin(tag::FLOATS);
        for float in floats {
            self.out.extend_from_slice(&float.to_bits().to_le_bytes());
        }
        self.end(begun);
    }

    #[inline]
    fn begin(&mut self, tag: u8) -> Begun {
        self.has_nested = true;
        self.out.extend_from_slice(&[tag, 0, 0, 0, 0]);
        Begun(self.out.len())
    }

    #[inline(always)]
    fn word(&mut self, tag: u8, word: u64) {
        let mut bytes = [tag; 1 + size_of::<u64>()];
        bytes[1..].copy_from_slice(&word.to_le_bytes());
        self.out.extend_from_slice(&bytes);
    }

    #[inline(always)]
    fn text(&mut self, tag: u8, text: &[u8]) {
        let len = (text.len() as u32).to_le_bytes();
        self.out.extend_from_slice(&[tag, len[0], len[1], len[2], len[3]]);
        self.out.extend_from_slice(text);
    }
}

/// The section of fields of a key set, for reuse as [`Section::Encoded`](super::Section::Encoded): `write`
/// writes the values and returns the key set's id, or `None` if there is none.
#[inline]
pub fn fields_section(write: impl FnOnce(&mut NestedWriter<'_>) -> Option<u32>) -> Option<Vec<u8>> {
    let mut section = Vec::with_capacity(USUAL_SECTION_BYTES);
    section.extend_from_slice(&[0; FIELDS_LEN]);
    let keys = write(&mut NestedWriter::new(&mut section))?;
    let len = (section.len() - FIELDS_LEN) as u32;
    section[0] = section::FIELDS;
    section[1..5].copy_from_slice(&keys.to_le_bytes());
    section[5..FIELDS_LEN].copy_from_slice(&len.to_le_bytes());
    Some(section)
}

/// The JSON of a nested value that a [`NestedWriter`] has written.
pub fn json_of(value: &[u8]) -> Result<Vec<u8>, FrameError> {
    let mut json = Vec::new();
    push_json(&mut Input { rest: value }, &mut json)?;
    Ok(json)
}

/// Whether a value that begins with this byte is nested.
#[inline]
pub(super) fn is_nested(first: u8) -> bool {
    matches!(first, tag::LIST | tag::MAP | tag::FLOATS)
}

/// Takes one nested value off `input` and appends its text to `out`.
pub(super) fn push_json(input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    push(input, 0, out)
}

fn push(input: &mut Input<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let first = *input.rest.first().ok_or(FrameError::Truncated)?;
    match first {
        tag::I8 => push_signed(i64::from(input.array::<2>()?[1] as i8), out),
        tag::I32 => {
            let [_, number @ ..] = input.array::<5>()?;
            push_signed(i64::from(i32::from_le_bytes(number)), out);
        }
        tag::LIST | tag::MAP | tag::FLOATS if depth == MOST_DEPTH => return Err(FrameError::Header),
        tag::LIST => {
            let mut inner = input.container()?;
            out.push(b'[');
            while !inner.rest.is_empty() {
                push(&mut inner, depth + 1, out)?;
                out.push(b',');
            }
            close(out, b']');
        }
        tag::MAP => {
            let mut inner = input.container()?;
            out.push(b'{');
            while !inner.rest.is_empty() {
                push_string(inner.text()?, out);
                out.push(b':');
                push(&mut inner, depth + 1, out)?;
                out.push(b',');
            }
            close(out, b'}');
        }
        tag::FLOATS => {
            let mut inner = input.container()?;
            out.push(b'[');
            while !inner.rest.is_empty() {
                push_leaf(Value::F64(f64::from_le_bytes(inner.array()?)), out);
                out.push(b',');
            }
            close(out, b']');
        }
        _ => input.visit_value(Leaf(out))?,
    }
    Ok(())
}

struct Leaf<'o>(&'o mut Vec<u8>);

impl<'a> Visitor<'a> for Leaf<'_> {
    type Output = ();

    #[inline(always)]
    fn visit(self, value: Value<'a>) {
        push_leaf(value, self.0);
    }
}

fn push_leaf(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::I64(number) => push_signed(number, out),
        Value::U64(number) => push_unsigned(number, out),
        Value::F64(number) if number.is_finite() => push_finite(number, out),
        Value::Null | Value::F64(_) => out.extend_from_slice(b"null"),
        Value::Str(text) => push_string(text, out),
        Value::Json(text) => out.extend_from_slice(text),
    }
}

fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}

fn close(out: &mut Vec<u8>, end: u8) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(end);
}
