//! Records read back from their frames, in the ring or in the remains of one: a damaged one is an error,
//! never a panic.

use super::header::{FrameError, long, peek, word};
use super::layout::{HEADER_LEN, Kind, STAMP_OFFSET, Value, section, sections, tag};

/// A record's frame, its header read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number of the record in its process, from 1.
    pub seq: u64,
    /// When the call was made.
    pub timestamp_ns: i64,
    /// Severity.
    pub level: i32,
    /// Dictionary id of the logger's name.
    pub logger: u32,
    /// Dictionary id of the category, or [`NO_ID`](super::NO_ID).
    pub category: u32,
    /// The message.
    pub message: &'a [u8],
    pub(super) section_count: u8,
    pub(super) body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the header of the record frame that fills `bytes`.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let (len, kind) = peek(bytes)?;
        if kind != Kind::Record {
            return Err(FrameError::Header);
        }
        Frame::peeked(&bytes[..len])
    }

    /// As [`Frame::parse`], for bytes that [`peek`] has said to be a record's.
    #[inline]
    pub fn peeked(bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let (head, body) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::Truncated)?;
        let seq = long(head, 8);
        let timestamp_ns = long(head, STAMP_OFFSET) as i64;
        let (level, logger, category) = (word(head, 24) as i32, word(head, 28), word(head, 32));
        let message_len = word(head, 36) as usize;
        let (message, body) = body.split_at_checked(message_len).ok_or(FrameError::Truncated)?;
        Ok(Frame { seq, timestamp_ns, level, logger, category, message, section_count: head[5], body })
    }

    /// The sections in order.
    #[inline]
    pub fn sections(&self) -> Sections<'a> {
        Sections { left: self.section_count, input: Input { rest: self.body } }
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
    /// See [`super::Section::Exception`].
    Exception {
        /// The class's name.
        kind: &'a [u8],
        /// The exception's text.
        message: &'a [u8],
        /// The formatted traceback.
        stacktrace: &'a [u8],
    },
    /// See [`super::Section::Stack`].
    Stack(&'a [u8]),
    /// See [`super::Section::Caller`].
    Caller {
        /// Path of the source file.
        file: &'a [u8],
        /// Line number from 1.
        line: u32,
        /// Name of the function.
        function: &'a [u8],
    },
    /// See [`super::Section::Thread`].
    Thread {
        /// The thread's identifier.
        ident: u64,
        /// The thread's name.
        name: &'a [u8],
    },
    /// See [`super::Section::LevelName`].
    LevelName(&'a [u8]),
    /// See [`super::Section::Task`].
    Task(&'a [u8]),
    /// See [`super::Section::Logger`].
    Logger(&'a [u8]),
    /// See [`super::Section::Category`].
    Category(&'a [u8]),
    /// See [`super::Section::Inline`].
    Inline(InlineFields<'a>),
}

/// Iterates over a frame's sections; stops after the first error.
pub struct Sections<'a> {
    left: u8,
    input: Input<'a>,
}

impl<'a> Sections<'a> {
    /// The fields that come next, if there are any and they are whole.
    #[inline]
    pub(crate) fn leading_fields(&mut self) -> Option<(u32, Values<'a>)> {
        if self.left == 0 || self.input.rest.first() != Some(&section::FIELDS) {
            return None;
        }
        let mut input = Input { rest: &self.input.rest[1..] };
        let (keys, values) = (input.u32().ok()?, input.values().ok()?);
        self.left -= 1;
        self.input = input;
        Some((keys, values))
    }

    /// Whether none is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<SectionRef<'a>, FrameError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let section = self.input.section();
        if section.is_err() {
            self.left = 0;
        }
        Some(section)
    }
}

/// Takes a value. Where it is told to be inlined, the place where a type is found out has only what that type
/// needs; a closure can't be told.
pub(crate) trait Visitor<'a> {
    type Output;

    fn visit(self, value: Value<'a>) -> Self::Output;
}

struct Itself;

impl<'a> Visitor<'a> for Itself {
    type Output = Value<'a>;

    #[inline(always)]
    fn visit(self, value: Value<'a>) -> Value<'a> {
        value
    }
}

/// The values of one `Fields` section; ends early at a damaged one.
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

impl<'a> Values<'a> {
    /// Hands the next value to `visitor`. Returns `None` if there is none.
    #[inline(always)]
    pub(crate) fn visit_next<V: Visitor<'a>>(&mut self, visitor: V) -> Option<V::Output> {
        if self.input.rest.is_empty() {
            return None;
        }
        self.input.visit_value(visitor).ok()
    }

    /// Those that are text or JSON, without a look at the others.
    #[inline]
    pub(crate) fn texts(mut self) -> impl Iterator<Item = Value<'a>> {
        std::iter::from_fn(move || {
            loop {
                self.input.rest = match self.input.rest {
                    [tag::NULL | tag::FALSE | tag::TRUE, rest @ ..] => rest,
                    [tag::I64 | tag::U64 | tag::F64, rest @ ..] => rest.get(size_of::<u64>()..)?,
                    _ => return self.next(),
                }
            }
        })
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
pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Input<'a> {
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (here, rest) = self.rest.split_at_checked(len).ok_or(FrameError::Truncated)?;
        self.rest = rest;
        Ok(here)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (here, rest) = self.rest.split_first_chunk::<N>().ok_or(FrameError::Truncated)?;
        self.rest = rest;
        Ok(*here)
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, FrameError> {
        self.array::<1>().map(|bytes| bytes[0])
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a [u8], FrameError> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    /// What is inside of the container that comes next.
    pub(super) fn container(&mut self) -> Result<Input<'a>, FrameError> {
        self.u8()?;
        Ok(Input { rest: self.text()? })
    }

    #[inline]
    fn values(&mut self) -> Result<Values<'a>, FrameError> {
        Ok(Values { input: Input { rest: self.text()? } })
    }

    /// Names with their values, all of which are checked.
    fn fields(&mut self) -> Result<InlineFields<'a>, FrameError> {
        let count = self.u32()?;
        let start = self.rest;
        for _ in 0..count {
            self.text()?;
            self.value()?;
        }
        let used = start.len() - self.rest.len();
        Ok(InlineFields { input: Input { rest: &start[..used] } })
    }

    #[inline]
    pub(super) fn value(&mut self) -> Result<Value<'a>, FrameError> {
        self.visit_value(Itself)
    }

    #[inline(always)]
    pub(super) fn visit_value<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Output, FrameError> {
        Ok(match self.u8()? {
            tag::NULL => visitor.visit(Value::Null),
            tag::FALSE => visitor.visit(Value::Bool(false)),
            tag::TRUE => visitor.visit(Value::Bool(true)),
            tag::I64 => visitor.visit(Value::I64(self.u64()? as i64)),
            tag::U64 => visitor.visit(Value::U64(self.u64()?)),
            tag::F64 => visitor.visit(Value::F64(f64::from_bits(self.u64()?))),
            tag::STR => visitor.visit(Value::Str(self.text()?)),
            tag::JSON => visitor.visit(Value::Json(self.text()?)),
            other => return Err(FrameError::Tag(other)),
        })
    }
}

macro_rules! read {
    ($($tag:ident = $number:literal, $name:ident $(($one:ident))? $({ $($part:ident: $kind:ident),+ })?;)+) => {
        impl<'a> Input<'a> {
            #[inline]
            pub(super) fn section(&mut self) -> Result<SectionRef<'a>, FrameError> {
                Ok(match self.u8()? {
                    $(section::$tag => {
                        SectionRef::$name $((self.$one()?))? $({ $($part: self.$kind()?),+ })?
                    })+
                    other => return Err(FrameError::Tag(other)),
                })
            }
        }
    };
}
sections!(read);
