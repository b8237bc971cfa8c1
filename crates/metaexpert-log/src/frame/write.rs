//! Frames onto the ring: lengths first, then nothing but copying.

use super::layout::{
    ALIGN, FIELDS_LEN, FLAGS_OFFSET, HEADER_LEN, Kind, NESTED, Value, check, section, sections, tag,
};

impl Value<'_> {
    /// Bytes it takes in a frame.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) => 1,
            Value::I64(_) | Value::U64(_) | Value::F64(_) => 9,
            Value::Str(text) | Value::Json(text) => 5 + text.len(),
        }
    }

    #[inline(always)]
    fn write(&self, out: &mut Cursor<'_>) {
        match *self {
            Value::Null => out.u8(tag::NULL),
            Value::Bool(false) => out.u8(tag::FALSE),
            Value::Bool(true) => out.u8(tag::TRUE),
            Value::I64(number) => {
                out.u8(tag::I64);
                out.bytes(&number.to_le_bytes());
            }
            Value::U64(number) => {
                out.u8(tag::U64);
                out.bytes(&number.to_le_bytes());
            }
            Value::F64(number) => {
                out.u8(tag::F64);
                out.bytes(&number.to_bits().to_le_bytes());
            }
            Value::Str(text) => out.tagged(tag::STR, text),
            Value::Json(text) => out.tagged(tag::JSON, text),
        }
    }
}

/// A part of a record beside its message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Section<'a> {
    /// Fields: a key set's id and one value for each of its keys.
    Fields {
        /// Id of the key set in the dictionary.
        keys: u32,
        /// One value a key, in the key set's order.
        values: &'a [Value<'a>],
    },
    /// A `Fields` section that [`Section::to_bytes`] wrote earlier: a bound context.
    Encoded(&'a [u8]),
    /// Fields whose values a [`NestedWriter`](super::NestedWriter) has written.
    Written {
        /// Id of the key set in the dictionary.
        keys: u32,
        /// One value a key, in the key set's order.
        values: &'a [u8],
        /// Whether some of them are nested.
        has_nested: bool,
    },
    /// An exception with its traceback.
    Exception {
        /// The class's qualified name.
        kind: &'a [u8],
        /// `str()` of the exception.
        message: &'a [u8],
        /// The formatted traceback, lines separated by `\n`.
        stacktrace: &'a [u8],
    },
    /// The stack at the call (`stack_info`).
    Stack(&'a [u8]),
    /// Where the call was made.
    Caller {
        /// Path of the source file.
        file: &'a [u8],
        /// Line number from 1.
        line: u32,
        /// Name of the function.
        function: &'a [u8],
    },
    /// The calling thread.
    Thread {
        /// The thread's identifier.
        ident: u64,
        /// The thread's name.
        name: &'a [u8],
    },
    /// Name of a level that has no standard name.
    LevelName(&'a [u8]),
    /// Name of the running asyncio task.
    Task(&'a [u8]),
    /// Name of a logger that the full dictionary had no room for.
    Logger(&'a [u8]),
    /// Name of a category that the full dictionary had no room for.
    Category(&'a [u8]),
    /// Fields whose key set the full dictionary had no room for.
    Inline(&'a [(&'a [u8], Value<'a>)]),
}

/// Bytes that the parts of a section take.
mod len {
    use crate::frame::layout::Value;

    pub(super) fn u32(_: u32) -> usize {
        size_of::<u32>()
    }

    pub(super) fn u64(_: u64) -> usize {
        size_of::<u64>()
    }

    #[inline]
    pub(super) fn text(text: &[u8]) -> usize {
        size_of::<u32>() + text.len()
    }

    #[inline]
    pub(super) fn values(values: &[Value<'_>]) -> usize {
        size_of::<u32>() + values.iter().map(Value::encoded_len).sum::<usize>()
    }

    #[inline]
    pub(super) fn fields(fields: &[(&[u8], Value<'_>)]) -> usize {
        size_of::<u32>() + fields.iter().map(|(key, value)| text(key) + value.encoded_len()).sum::<usize>()
    }
}

macro_rules! written {
    ($($tag:ident = $number:literal, $name:ident $(($one:ident))? $({ $($part:ident: $kind:ident),+ })?;)+) => {
        impl Section<'_> {
            /// Bytes it takes in a frame.
            #[inline]
            pub fn encoded_len(&self) -> usize {
                match *self {
                    Section::Encoded(bytes) => bytes.len(),
                    Section::Written { values, .. } => FIELDS_LEN + values.len(),
                    $(Section::$name $(($one))? $({ $($part),+ })? => {
                        1 $(+ len::$one($one))? $($(+ len::$kind($part))+)?
                    })+
                }
            }

            #[inline]
            fn write(&self, out: &mut Cursor<'_>) {
                match *self {
                    Section::Encoded(bytes) => out.bytes(bytes),
                    Section::Written { keys, values, .. } => {
                        out.u8(section::FIELDS);
                        out.u32(keys);
                        out.text(values);
                    }
                    $(Section::$name $(($one))? $({ $($part),+ })? => {
                        out.u8(section::$tag);
                        $(out.$one($one);)?
                        $($(out.$kind($part);)+)?
                    })+
                }
            }
        }
    };
}
sections!(written);

impl Section<'_> {
    /// The section's bytes, for reuse as [`Section::Encoded`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.encoded_len()];
        self.write(&mut Cursor::new(&mut bytes));
        bytes
    }
}

/// One record, ready to be written into the ring.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Severity.
    pub level: i32,
    /// Dictionary id of the logger's name.
    pub logger: u32,
    /// Dictionary id of the category, or [`NO_ID`](super::NO_ID).
    pub category: u32,
    /// When the call was made, in nanoseconds since the Unix epoch or as [`crate::clock::stamp`] has it.
    pub timestamp_ns: i64,
    /// The finished message.
    pub message: &'a [u8],
    /// Everything else, at most 255 sections.
    pub sections: &'a [Section<'a>],
}

impl Record<'_> {
    /// Bytes the frame takes, padding included.
    #[inline]
    pub fn frame_len(&self) -> usize {
        let body: usize = self.sections.iter().map(Section::encoded_len).sum();
        (HEADER_LEN + self.message.len() + body).next_multiple_of(ALIGN)
    }

    /// Writes the frame over the whole of `slot`, whose length must be [`Record::frame_len`].
    #[inline]
    pub fn write(&self, slot: &mut [u8], seq: u64) {
        let len = slot.len() as u32;
        let mut header = [0; HEADER_LEN];
        header[0..4].copy_from_slice(&len.to_le_bytes());
        header[4] = Kind::Record as u8;
        header[5] = self.sections.len() as u8;
        let is_nested = |section: &Section<'_>| matches!(section, Section::Written { has_nested: true, .. });
        if self.sections.iter().any(is_nested) {
            header[FLAGS_OFFSET..FLAGS_OFFSET + 2].copy_from_slice(&NESTED.to_le_bytes());
        }
        header[8..16].copy_from_slice(&seq.to_le_bytes());
        header[16..24].copy_from_slice(&self.timestamp_ns.to_le_bytes());
        header[24..28].copy_from_slice(&self.level.to_le_bytes());
        header[28..32].copy_from_slice(&self.logger.to_le_bytes());
        header[32..36].copy_from_slice(&self.category.to_le_bytes());
        header[36..40].copy_from_slice(&(self.message.len() as u32).to_le_bytes());
        header[40..44].copy_from_slice(&check(len, seq).to_le_bytes());
        let mut out = Cursor::new(slot);
        out.bytes(&header);
        out.bytes(self.message);
        for section in self.sections {
            section.write(&mut out);
        }
    }
}

/// Writes a padding frame of `slot.len()` bytes; only its first eight are touched.
#[inline]
pub fn write_padding(slot: &mut [u8]) {
    let len = slot.len() as u32;
    slot[..4].copy_from_slice(&len.to_le_bytes());
    slot[4..8].copy_from_slice(&[Kind::Padding as u8, 0, 0, 0]);
}

/// Writes a switch frame: from here on the configuration `epoch` is in force.
pub fn write_switch(slot: &mut [u8], epoch: u64) {
    let len = slot.len() as u32;
    slot.fill(0);
    slot[..4].copy_from_slice(&len.to_le_bytes());
    slot[4] = Kind::Switch as u8;
    slot[8..16].copy_from_slice(&epoch.to_le_bytes());
    slot[40..44].copy_from_slice(&check(len, epoch).to_le_bytes());
}

/// Writes front to back. Every write is bounds-checked, so a wrong length can only panic here,
/// never damage a neighbouring frame.
struct Cursor<'a> {
    rest: &'a mut [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    fn new(out: &'a mut [u8]) -> Self {
        Cursor { rest: out }
    }

    #[inline]
    fn u8(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    #[inline]
    fn tagged(&mut self, tag: u8, text: &[u8]) {
        self.u8(tag);
        self.text(text);
    }

    #[inline]
    fn u32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    #[inline]
    fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.u32(text.len() as u32);
        self.bytes(text);
    }

    #[inline]
    fn values(&mut self, values: &[Value<'_>]) {
        let len: usize = values.iter().map(Value::encoded_len).sum();
        self.u32(len as u32);
        for value in values {
            value.write(self);
        }
    }

    #[inline]
    fn fields(&mut self, fields: &[(&[u8], Value<'_>)]) {
        self.u32(fields.len() as u32);
        for (key, value) in fields {
            self.text(key);
            value.write(self);
        }
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        let (here, rest) = std::mem::take(&mut self.rest).split_at_mut(bytes.len());
        copy(here, bytes);
        self.rest = rest;
    }
}

/// Copies `from` over `to`, of equal length. Most texts of a record are short, and for those two
/// overlapping words beat the call of a general routine.
#[inline(always)]
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        8..=16 => copy_ends::<8>(to, from),
        4..=7 => copy_ends::<4>(to, from),
        2..=3 => copy_ends::<2>(to, from),
        17..=32 => copy_ends::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last `N` bytes, which together are all.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        if let Some(start) = to.first_chunk_mut::<N>() {
            *start = *first;
        }
        if let Some(end) = to.last_chunk_mut::<N>() {
            *end = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_copied_whole() {
        let from: Vec<u8> = (1..=40).collect();
        for len in 0..=from.len() {
            let mut to = vec![0; len];
            copy(&mut to, &from[..len]);
            assert_eq!(to, from[..len]);
        }
    }
}
