//! The binary form of one record between capture and encoding.
//!
//! A frame is a fixed header, the message, then sections; all little-endian, its length a multiple
//! of eight. Names that repeat (logger, category, field keys) are ids of definitions in the ring's
//! dictionary. Values keep their type, so nothing is formatted on the calling thread.
//!
//! ```text
//! 0  len u32 · kind u8 · sections u8 · reserved u16
//! 8  seq u64 · timestamp_ns i64
//! 24 level i32 · logger u32 · category u32 · message_len u32
//! 40 check u32 · reserved u32
//! 48 message · sections…
//! ```

use std::fmt;

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 48;
/// Frames start and end at multiples of this.
pub const ALIGN: usize = 8;
/// No frame is longer than this, whatever the ring's size.
pub const MAX_LEN: usize = 4 << 20;
/// The id of "no definition": an absent category.
pub const NO_ID: u32 = 0;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// One log record.
    Record = 1,
    /// Unused room before the ring's end.
    Padding = 2,
    /// From here on the configuration with this number (in `seq`) is in force.
    Switch = 3,
}

mod tag {
    pub const FIELDS: u8 = 1;
    pub const EXCEPTION: u8 = 2;
    pub const STACK: u8 = 3;
    pub const CALLER: u8 = 4;
    pub const THREAD: u8 = 5;
    pub const LEVEL_NAME: u8 = 6;
    pub const TASK: u8 = 7;
    pub const LOGGER: u8 = 8;
    pub const CATEGORY: u8 = 9;
    pub const INLINE: u8 = 10;

    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const I64: u8 = 3;
    pub const U64: u8 = 4;
    pub const F64: u8 = 5;
    pub const STR: u8 = 6;
    pub const JSON: u8 = 7;
}

/// One field's value. Text is UTF-8; `Json` is a finished JSON fragment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// JSON's null.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of up to 64 bits, signed.
    I64(i64),
    /// An integer above `i64::MAX`.
    U64(u64),
    /// A binary float; NaN and infinities are written as null.
    F64(f64),
    /// Text, not yet escaped.
    Str(&'a [u8]),
    /// A JSON text made on the calling thread, copied as it is.
    Json(&'a [u8]),
}

impl Value<'_> {
    /// Bytes that [`Value::write`] takes.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) => 1,
            Value::I64(_) | Value::U64(_) | Value::F64(_) => 9,
            Value::Str(text) | Value::Json(text) => 5 + text.len(),
        }
    }

    #[inline]
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
    /// A `Fields` section that [`Section::write_to`] wrote earlier: a bound context.
    Encoded(&'a [u8]),
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

impl Section<'_> {
    /// Bytes that [`Section::write_to`] takes.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        match self {
            Section::Fields { values, .. } => 5 + values.iter().map(Value::encoded_len).sum::<usize>(),
            Section::Encoded(bytes) => bytes.len(),
            Section::Exception { kind, message, stacktrace } => {
                13 + kind.len() + message.len() + stacktrace.len()
            }
            Section::Stack(text)
            | Section::LevelName(text)
            | Section::Task(text)
            | Section::Logger(text)
            | Section::Category(text) => 5 + text.len(),
            Section::Inline(fields) => {
                5 + fields.iter().map(|(key, value)| 4 + key.len() + value.encoded_len()).sum::<usize>()
            }
            Section::Caller { file, function, .. } => 13 + file.len() + function.len(),
            Section::Thread { name, .. } => 13 + name.len(),
        }
    }

    /// The section's bytes, for reuse as [`Section::Encoded`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.encoded_len()];
        self.write(&mut Cursor::new(&mut bytes));
        bytes
    }

    #[inline]
    fn write(&self, out: &mut Cursor<'_>) {
        match *self {
            Section::Fields { keys, values } => {
                out.u8(tag::FIELDS);
                out.bytes(&keys.to_le_bytes());
                for value in values {
                    value.write(out);
                }
            }
            Section::Encoded(bytes) => out.bytes(bytes),
            Section::Exception { kind, message, stacktrace } => {
                out.u8(tag::EXCEPTION);
                out.text(kind);
                out.text(message);
                out.text(stacktrace);
            }
            Section::Stack(text) => out.tagged(tag::STACK, text),
            Section::Caller { file, line, function } => {
                out.u8(tag::CALLER);
                out.bytes(&line.to_le_bytes());
                out.text(file);
                out.text(function);
            }
            Section::Thread { ident, name } => {
                out.u8(tag::THREAD);
                out.bytes(&ident.to_le_bytes());
                out.text(name);
            }
            Section::LevelName(text) => out.tagged(tag::LEVEL_NAME, text),
            Section::Task(text) => out.tagged(tag::TASK, text),
            Section::Logger(text) => out.tagged(tag::LOGGER, text),
            Section::Category(text) => out.tagged(tag::CATEGORY, text),
            Section::Inline(fields) => {
                out.u8(tag::INLINE);
                out.bytes(&(fields.len() as u32).to_le_bytes());
                for (key, value) in fields {
                    out.text(key);
                    value.write(out);
                }
            }
        }
    }
}

/// One record, ready to be written into the ring.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Severity.
    pub level: i32,
    /// Dictionary id of the logger's name.
    pub logger: u32,
    /// Dictionary id of the category, or [`NO_ID`].
    pub category: u32,
    /// When the call was made.
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
        let mut out = Cursor::new(slot);
        out.bytes(&len.to_le_bytes());
        out.bytes(&[Kind::Record as u8, self.sections.len() as u8, 0, 0]);
        out.bytes(&seq.to_le_bytes());
        out.bytes(&self.timestamp_ns.to_le_bytes());
        out.bytes(&self.level.to_le_bytes());
        out.bytes(&self.logger.to_le_bytes());
        out.bytes(&self.category.to_le_bytes());
        out.bytes(&(self.message.len() as u32).to_le_bytes());
        out.bytes(&check(len, seq, self.timestamp_ns).to_le_bytes());
        out.bytes(&[0; 4]);
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
    slot[40..44].copy_from_slice(&check(len, epoch, 0).to_le_bytes());
}

/// Ties a header's parts together, so that a damaged frame is noticed.
#[inline]
fn check(len: u32, seq: u64, timestamp_ns: i64) -> u32 {
    let mixed = (seq ^ (timestamp_ns as u64).rotate_left(32) ^ u64::from(len) << 17)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
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
    fn text(&mut self, text: &[u8]) {
        self.bytes(&(text.len() as u32).to_le_bytes());
        self.bytes(text);
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        let (here, rest) = std::mem::take(&mut self.rest).split_at_mut(bytes.len());
        here.copy_from_slice(bytes);
        self.rest = rest;
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Fewer bytes than the frame says it has.
    Truncated,
    /// The header contradicts itself.
    Header,
    /// A section or value tag that does not exist.
    Tag(u8),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Truncated => write!(f, "frame ends before its content does"),
            FrameError::Header => write!(f, "frame header is damaged"),
            FrameError::Tag(tag) => write!(f, "frame holds an unknown tag {tag}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Length and kind of the frame at the start of `bytes`.
#[inline]
pub fn peek(bytes: &[u8]) -> Result<(usize, Kind), FrameError> {
    let head = bytes.first_chunk::<8>().ok_or(FrameError::Truncated)?;
    let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let kind = match head[4] {
        1 => Kind::Record,
        2 => Kind::Padding,
        3 => Kind::Switch,
        _ => return Err(FrameError::Header),
    };
    let least = if kind == Kind::Padding { ALIGN } else { HEADER_LEN };
    if len < least || len % ALIGN != 0 {
        return Err(FrameError::Header);
    }
    if len > bytes.len() {
        return Err(FrameError::Truncated);
    }
    Ok((len, kind))
}

/// The epoch number of a switch frame.
pub fn switch_epoch(frame: &[u8]) -> Result<u64, FrameError> {
    let mut input = Input { rest: frame.get(8..).ok_or(FrameError::Truncated)? };
    input.u64()
}

/// A record's frame, its header read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Position of the record in its run, from 1.
    pub seq: u64,
    /// When the call was made.
    pub timestamp_ns: i64,
    /// Severity.
    pub level: i32,
    /// Dictionary id of the logger's name.
    pub logger: u32,
    /// Dictionary id of the category, or [`NO_ID`].
    pub category: u32,
    /// The message.
    pub message: &'a [u8],
    section_count: u8,
    body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the header of the record frame that fills `bytes`.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let (len, kind) = peek(bytes)?;
        if kind != Kind::Record {
            return Err(FrameError::Header);
        }
        let mut input = Input { rest: &bytes[8..len] };
        let (seq, timestamp_ns) = (input.u64()?, input.u64()? as i64);
        let (level, logger, category) = (input.u32()? as i32, input.u32()?, input.u32()?);
        let message_len = input.u32()? as usize;
        if input.u32()? != check(len as u32, seq, timestamp_ns) {
            return Err(FrameError::Header);
        }
        input.u32()?;
        let message = input.take(message_len)?;
        Ok(Frame {
            seq,
            timestamp_ns,
            level,
            logger,
            category,
            message,
            section_count: bytes[5],
            body: input.rest,
        })
    }

    /// The sections in order. `key_count` tells how many values a key set's section holds.
    #[inline]
    pub fn sections<F: Fn(u32) -> Option<usize>>(&self, key_count: F) -> Sections<'a, F> {
        Sections { left: self.section_count, input: Input { rest: self.body }, key_count }
    }
}

/// A section as read back from a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SectionRef<'a> {
    /// Fields, their values still encoded; see [`Values`].
    Fields {
        /// Id of the key set.
        keys: u32,
        /// The values' bytes.
        values: Values<'a>,
    },
    /// See [`Section::Exception`].
    Exception {
        /// The class's name.
        kind: &'a [u8],
        /// The exception's text.
        message: &'a [u8],
        /// The formatted traceback.
        stacktrace: &'a [u8],
    },
    /// See [`Section::Stack`].
    Stack(&'a [u8]),
    /// See [`Section::Caller`].
    Caller {
        /// Path of the source file.
        file: &'a [u8],
        /// Line number from 1.
        line: u32,
        /// Name of the function.
        function: &'a [u8],
    },
    /// See [`Section::Thread`].
    Thread {
        /// The thread's identifier.
        ident: u64,
        /// The thread's name.
        name: &'a [u8],
    },
    /// See [`Section::LevelName`].
    LevelName(&'a [u8]),
    /// See [`Section::Task`].
    Task(&'a [u8]),
    /// See [`Section::Logger`].
    Logger(&'a [u8]),
    /// See [`Section::Category`].
    Category(&'a [u8]),
    /// See [`Section::Inline`].
    Inline(InlineFields<'a>),
}

/// Iterates over a frame's sections; stops after the first error.
pub struct Sections<'a, F> {
    left: u8,
    input: Input<'a>,
    key_count: F,
}

impl<'a, F: Fn(u32) -> Option<usize>> Sections<'a, F> {
    #[inline]
    fn read(&mut self) -> Result<SectionRef<'a>, FrameError> {
        let input = &mut self.input;
        Ok(match input.u8()? {
            tag::FIELDS => {
                let keys = input.u32()?;
                let count = (self.key_count)(keys).ok_or(FrameError::Header)?;
                let start = input.rest;
                for _ in 0..count {
                    input.value()?;
                }
                let used = start.len() - input.rest.len();
                SectionRef::Fields { keys, values: Values { input: Input { rest: &start[..used] } } }
            }
            tag::EXCEPTION => SectionRef::Exception {
                kind: input.text()?,
                message: input.text()?,
                stacktrace: input.text()?,
            },
            tag::STACK => SectionRef::Stack(input.text()?),
            tag::CALLER => {
                let line = input.u32()?;
                SectionRef::Caller { file: input.text()?, line, function: input.text()? }
            }
            tag::THREAD => SectionRef::Thread { ident: input.u64()?, name: input.text()? },
            tag::LEVEL_NAME => SectionRef::LevelName(input.text()?),
            tag::TASK => SectionRef::Task(input.text()?),
            tag::LOGGER => SectionRef::Logger(input.text()?),
            tag::CATEGORY => SectionRef::Category(input.text()?),
            tag::INLINE => {
                let count = input.u32()?;
                let start = input.rest;
                for _ in 0..count {
                    input.text()?;
                    input.value()?;
                }
                let used = start.len() - input.rest.len();
                SectionRef::Inline(InlineFields { input: Input { rest: &start[..used] } })
            }
            other => return Err(FrameError::Tag(other)),
        })
    }
}

impl<'a, F: Fn(u32) -> Option<usize>> Iterator for Sections<'a, F> {
    type Item = Result<SectionRef<'a>, FrameError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let section = self.read();
        if section.is_err() {
            self.left = 0;
        }
        Some(section)
    }
}

/// The values of one `Fields` section; checked when the section was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values<'a> {
    input: Input<'a>,
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        if self.input.rest.is_empty() {
            return None;
        }
        self.input.value().ok()
    }
}

/// The keys and values of one `Inline` section; checked when the section was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InlineFields<'a> {
    input: Input<'a>,
}

impl<'a> Iterator for InlineFields<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.input.rest.is_empty() {
            return None;
        }
        Some((self.input.text().ok()?, self.input.value().ok()?))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (here, rest) = self.rest.split_at_checked(len).ok_or(FrameError::Truncated)?;
        self.rest = rest;
        Ok(here)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (here, rest) = self.rest.split_first_chunk::<N>().ok_or(FrameError::Truncated)?;
        self.rest = rest;
        Ok(*here)
    }

    #[inline]
    fn u8(&mut self) -> Result<u8, FrameError> {
        self.array::<1>().map(|bytes| bytes[0])
    }

    #[inline]
    fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    fn text(&mut self) -> Result<&'a [u8], FrameError> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    #[inline]
    fn value(&mut self) -> Result<Value<'a>, FrameError> {
        Ok(match self.u8()? {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::I64 => Value::I64(self.u64()? as i64),
            tag::U64 => Value::U64(self.u64()?),
            tag::F64 => Value::F64(f64::from_bits(self.u64()?)),
            tag::STR => Value::Str(self.text()?),
            tag::JSON => Value::Json(self.text()?),
            other => return Err(FrameError::Tag(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(record: &Record<'_>, seq: u64) -> Vec<u8> {
        let mut slot = vec![0xAA; record.frame_len()];
        record.write(&mut slot, seq);
        slot
    }

    fn record<'a>(message: &'a [u8], sections: &'a [Section<'a>]) -> Record<'a> {
        Record { level: 20, logger: 3, category: 9, timestamp_ns: -5, message, sections }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::I64(i64::MIN),
            Value::U64(u64::MAX),
            Value::F64(0.1),
            Value::Str("naïve".as_bytes()),
            Value::Json(b"[1]"),
        ];
        let bound = Section::Fields { keys: 2, values: &values[..2] }.to_bytes();
        let sections = [
            Section::Encoded(&bound),
            Section::Fields { keys: 7, values: &values },
            Section::Exception { kind: b"ValueError", message: b"m", stacktrace: b"t" },
            Section::Stack(b"stack"),
            Section::Caller { file: b"f.py", line: 12, function: b"g" },
            Section::Thread { ident: 77, name: b"Main" },
            Section::LevelName(b"NOTICE"),
            Section::Task(b"Task-1"),
        ];
        let bytes = written(&record(b"hello", &sections), 41);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!((frame.seq, frame.timestamp_ns, frame.level), (41, -5, 20));
        assert_eq!((frame.logger, frame.category, frame.message), (3, 9, &b"hello"[..]));
        let read: Vec<_> = frame.sections(|keys| Some(keys as usize)).map(Result::unwrap).collect();
        assert_eq!(read.len(), 8);
        let SectionRef::Fields { keys: 2, values: bound } = read[0] else { panic!("{:?}", read[0]) };
        assert_eq!(bound.collect::<Vec<_>>(), values[..2]);
        let SectionRef::Fields { keys: 7, values: fields } = read[1] else { panic!("{:?}", read[1]) };
        assert_eq!(fields.collect::<Vec<_>>(), values);
        assert_eq!(read[4], SectionRef::Caller { file: b"f.py", line: 12, function: b"g" });
        assert_eq!(read[7], SectionRef::Task(b"Task-1"));
    }

    #[test]
    fn padding_and_switch_frames_are_told_apart() {
        let mut slot = vec![0; 64];
        write_padding(&mut slot);
        assert_eq!(peek(&slot), Ok((64, Kind::Padding)));
        write_switch(&mut slot, 12);
        assert_eq!(peek(&slot), Ok((64, Kind::Switch)));
        assert_eq!(switch_epoch(&slot), Ok(12));
        assert!(Frame::parse(&slot).is_err());
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(
            message in proptest::collection::vec(any::<u8>(), 0..40),
            flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
        ) {
            let values = [Value::I64(1), Value::Str(b"abc"), Value::Json(b"{}")];
            let sections = [Section::Fields { keys: 3, values: &values }, Section::Stack(b"s")];
            let mut bytes = written(&record(&message, &sections), 7);
            for (at, with) in flips {
                let at = at % bytes.len();
                bytes[at] ^= with;
            }
            if let Ok(frame) = Frame::parse(&bytes) {
                for section in frame.sections(|keys| Some(keys as usize % 9)) {
                    if let Ok(SectionRef::Fields { values, .. }) = section {
                        values.count();
                    }
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(frame) = Frame::parse(&bytes) {
                frame.sections(|_| Some(2)).count();
            }
        }
    }
}
