//! The layout of frames: fixed places, the table of sections, the tags of values.

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 48;
/// Frames start and end at multiples of this.
pub const ALIGN: usize = 8;
/// Where its stamp lies in a frame.
pub const STAMP_OFFSET: usize = 16;
/// No frame is longer than this, whatever the ring's size.
pub const MAX_LEN: usize = 4 << 20;
/// The id of "no definition": an absent category.
pub const NO_ID: u32 = 0;

/// Bytes before the values of a `Fields` section: its tag, the key set's id, and how many bytes of values
/// follow.
pub(super) const FIELDS_LEN: usize = size_of::<u8>() + 2 * size_of::<u32>();

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

/// Hands the sections of a frame to a macro: each with its tag, and its parts in the order in which they lie
/// there, by their kinds. Writing, reading and measuring are made from this table.
macro_rules! sections {
    ($made:ident) => {
        $made! {
            FIELDS = 1, Fields { keys: u32, values: values };
            EXCEPTION = 2, Exception { kind: text, message: text, stacktrace: text };
            STACK = 3, Stack(text);
            CALLER = 4, Caller { line: u32, file: text, function: text };
            THREAD = 5, Thread { ident: u64, name: text };
            LEVEL_NAME = 6, LevelName(text);
            TASK = 7, Task(text);
            LOGGER = 8, Logger(text);
            CATEGORY = 9, Category(text);
            INLINE = 10, Inline(fields);
        }
    };
}
pub(super) use sections;

macro_rules! tags {
    ($($tag:ident = $number:literal, $name:ident $(($($one:tt)*))? $({ $($parts:tt)* })?;)+) => {
        /// What a section begins with.
        pub(super) mod section {
            $(pub const $tag: u8 = $number;)+
        }
    };
}
sections!(tags);

/// What a value begins with.
pub(super) mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const I64: u8 = 3;
    pub const U64: u8 = 4;
    pub const F64: u8 = 5;
    pub const STR: u8 = 6;
    pub const JSON: u8 = 7;
    // Nested values, which only `expand` reads.
    pub const LIST: u8 = 8;
    pub const MAP: u8 = 9;
    pub const FLOATS: u8 = 10;
    // Inside of nested values alone.
    pub const I8: u8 = 11;
    pub const I32: u8 = 12;
}

/// A flag in a frame's header: some value is nested.
pub(super) const NESTED: u16 = 1;
/// Where the flags lie in a frame.
pub(super) const FLAGS_OFFSET: usize = 6;

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

/// Ties a header's parts together, so that a damaged frame is noticed. Not the time: the backend replaces it
/// in one store, which a kill cannot cut in two.
#[inline]
pub(super) fn check(len: u32, seq: u64) -> u32 {
    let mixed = (seq ^ u64::from(len) << 17).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}
