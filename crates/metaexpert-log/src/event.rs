//! A frame with its names looked up: what encoders and routes see.

use std::collections::HashMap;

use crate::encode::escape::escape_json;
use crate::frame::{Frame, FrameError, InlineFields, SectionRef, Value, Values};
use crate::level::Level;
use crate::ring::dictionary::{Definition, Dictionary, keys_of};

/// Keys of a record that no field may take; a field of such a name gets a trailing underscore.
pub const CORE_KEYS: [&str; 12] = [
    "timestamp",
    "level",
    "module",
    "message",
    "category",
    "exception",
    "stack_info",
    "seq",
    "run_id",
    "thread_id",
    "process_id",
    "caller",
];

/// No record has more sections with fields: context, bound, call and their overflow.
const MAX_SEGMENTS: usize = 4;

/// A logger's or category's name.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// As the program gave it.
    pub raw: &'a [u8],
    /// Quoted and escaped for JSON, if it was prepared.
    pub json: Option<&'a [u8]>,
}

impl Name<'_> {
    /// Appends the name as a JSON string.
    #[inline]
    pub fn push_json(&self, out: &mut Vec<u8>) {
        match self.json {
            Some(json) => out.extend_from_slice(json),
            None => push_quoted(self.raw, out),
        }
    }
}

/// A field's name.
#[derive(Debug)]
pub struct Key {
    /// As the program gave it.
    pub raw: Box<[u8]>,
    /// `,"name":` with the name free of collisions with core keys.
    pub flat: Box<[u8]>,
    /// `,"name":` with the name as it is.
    pub nested: Box<[u8]>,
}

impl Key {
    fn new(raw: &[u8], flat_name: &[u8]) -> Key {
        let member = |name: &[u8]| {
            let mut text = vec![b','];
            push_quoted(name, &mut text);
            text.push(b':');
            text.into_boxed_slice()
        };
        Key { raw: raw.into(), flat: member(flat_name), nested: member(raw) }
    }
}

fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape_json(text, out);
    out.push(b'"');
}

/// The names of one key set, each distinct in the record.
fn keys_without_collisions(names: &[&[u8]]) -> Box<[Key]> {
    let mut taken: Vec<Vec<u8>> = Vec::with_capacity(names.len());
    for name in names {
        let mut flat = name.to_vec();
        let is_core = CORE_KEYS.iter().any(|core| core.as_bytes() == *name);
        if is_core {
            flat.push(b'_');
        }
        while taken.contains(&flat) || (is_core && names.contains(&flat.as_slice())) {
            flat.push(b'_');
        }
        taken.push(flat);
    }
    names.iter().zip(&taken).map(|(raw, flat)| Key::new(raw, flat)).collect()
}

struct PreparedName {
    raw: Box<[u8]>,
    json: Box<[u8]>,
}

/// Definitions as the backend needs them, prepared at first sight.
#[derive(Default)]
pub struct Lexicon {
    names: Vec<Option<PreparedName>>,
    keys: Vec<Option<Box<[Key]>>>,
    // (earlier set, later set) → which keys of the earlier one the later one replaces.
    replaced: HashMap<(u32, u32), Option<Box<[bool]>>>,
}

impl Lexicon {
    /// Whether `frame` is of the simplest kind, one set of fields at most, and names nothing new.
    #[inline]
    fn knows(&self, frame: &Frame<'_>) -> bool {
        let mut sections = frame.sections();
        (frame.logger == 0 || self.name(frame.logger).is_some())
            && (frame.category == 0 || self.name(frame.category).is_some())
            && match sections.next() {
                None => true,
                Some(Ok(SectionRef::Fields { keys, .. })) => {
                    self.key_set(keys).is_some() && sections.next().is_none()
                }
                Some(_) => false,
            }
    }

    fn learn_name(
        &mut self,
        dictionary: Dictionary<'_>,
        id: u32,
        kind: Definition,
    ) -> Result<(), FrameError> {
        let index = id as usize;
        if matches!(self.names.get(index), Some(Some(_))) {
            return Ok(());
        }
        let raw = match dictionary.get(id) {
            Some((found, raw)) if found == kind => raw,
            _ => return Err(FrameError::Header),
        };
        let mut json = Vec::with_capacity(raw.len() + 2);
        push_quoted(raw, &mut json);
        if self.names.len() <= index {
            self.names.resize_with(index + 1, || None);
        }
        self.names[index] = Some(PreparedName { raw: raw.into(), json: json.into() });
        Ok(())
    }

    fn learn_keys(&mut self, dictionary: Dictionary<'_>, id: u32) -> Result<(), FrameError> {
        let index = id as usize;
        if matches!(self.keys.get(index), Some(Some(_))) {
            return Ok(());
        }
        let names = match dictionary.get(id) {
            Some((Definition::Keys, payload)) => keys_of(payload).ok_or(FrameError::Header)?,
            _ => return Err(FrameError::Header),
        };
        if self.keys.len() <= index {
            self.keys.resize_with(index + 1, || None);
        }
        self.keys[index] = Some(keys_without_collisions(&names));
        Ok(())
    }

    fn learn_replaced(&mut self, earlier: u32, later: u32) {
        if self.replaced.contains_key(&(earlier, later)) {
            return;
        }
        let (Some(first), Some(second)) = (self.key_set(earlier), self.key_set(later)) else { return };
        let marks: Box<[bool]> =
            first.iter().map(|key| second.iter().any(|other| other.flat == key.flat)).collect();
        let marks = marks.contains(&true).then_some(marks);
        self.replaced.insert((earlier, later), marks);
    }

    #[inline]
    fn name(&self, id: u32) -> Option<Name<'_>> {
        let prepared = self.names.get(id as usize)?.as_ref()?;
        Some(Name { raw: &prepared.raw, json: Some(&prepared.json) })
    }

    #[inline]
    fn key_set(&self, id: u32) -> Option<&[Key]> {
        self.keys.get(id as usize)?.as_deref()
    }
}

/// An exception with its traceback.
#[derive(Clone, Copy, Debug)]
pub struct Exception<'a> {
    /// The class's qualified name.
    pub kind: &'a [u8],
    /// The exception's text.
    pub message: &'a [u8],
    /// The formatted traceback.
    pub stacktrace: &'a [u8],
}

/// Where a call was made.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Path of the source file.
    pub file: &'a [u8],
    /// Line number from 1.
    pub line: u32,
    /// Name of the function.
    pub function: &'a [u8],
}

/// Who made a call.
#[derive(Clone, Copy, Debug)]
pub struct Thread<'a> {
    /// The thread's identifier.
    pub ident: u64,
    /// The thread's name.
    pub name: &'a [u8],
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Keyed { keys: &'a [Key], values: Values<'a>, replaced: [Option<&'a [bool]>; MAX_SEGMENTS - 1] },
    Inline(InlineFields<'a>),
}

/// The name of a field while iterating.
#[derive(Clone, Copy)]
pub enum FieldName<'a> {
    /// A prepared name.
    Key(&'a Key),
    /// A name from an overflowing key set, as the program gave it.
    Raw(&'a [u8]),
}

impl<'a> FieldName<'a> {
    /// As the program gave it.
    #[inline]
    pub fn raw(self) -> &'a [u8] {
        match self {
            FieldName::Key(key) => &key.raw,
            FieldName::Raw(raw) => raw,
        }
    }
}

/// All fields of a record: context first, then bound, then the call's own; a later one of the same
/// name replaces an earlier one.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    segments: [Option<Segment<'a>>; MAX_SEGMENTS],
}

impl<'a> Fields<'a> {
    /// Calls `visit` with every field that counts, in order.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(FieldName<'a>, Value<'a>)) {
        for segment in self.segments.iter().map_while(Option::as_ref) {
            match segment {
                Segment::Keyed { keys, values, replaced } => {
                    for (index, (key, value)) in keys.iter().zip(*values).enumerate() {
                        if !replaced.iter().flatten().any(|marks| marks[index]) {
                            visit(FieldName::Key(key), value);
                        }
                    }
                }
                Segment::Inline(fields) => {
                    for (raw, value) in *fields {
                        if !self.has_keyed(raw) {
                            visit(FieldName::Raw(raw), value);
                        }
                    }
                }
            }
        }
    }

    /// The value of the field `name`.
    pub fn get(&self, name: &[u8]) -> Option<Value<'a>> {
        let mut found = None;
        self.for_each(|field, value| {
            if field.raw() == name {
                found = Some(value);
            }
        });
        found
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        let mut empty = true;
        self.for_each(|_, _| empty = false);
        empty
    }

    // Overflowing sets have no prepared names to compare, so one that repeats a prepared name gives way.
    fn has_keyed(&self, raw: &[u8]) -> bool {
        self.segments.iter().flatten().any(|segment| match segment {
            Segment::Keyed { keys, .. } => keys.iter().any(|key| *key.raw == *raw),
            Segment::Inline(_) => false,
        })
    }
}

/// One record with its names.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// Position in the run, from 1.
    pub seq: u64,
    /// When the call was made.
    pub timestamp_ns: i64,
    /// Severity.
    pub level: i32,
    /// The name of a level that is not a standard one.
    pub level_name: Option<&'a [u8]>,
    /// The logger's id, for routing.
    pub logger_id: u32,
    /// The logger's name.
    pub logger: Name<'a>,
    /// The category's id, for routing.
    pub category_id: u32,
    /// The category, if there is one.
    pub category: Option<Name<'a>>,
    /// The message.
    pub message: &'a [u8],
    /// Context, bound and own fields.
    pub fields: Fields<'a>,
    /// The exception, if there is one.
    pub exception: Option<Exception<'a>>,
    /// The stack at the call, if it was asked for.
    pub stack: Option<&'a [u8]>,
    /// Where the call was made, if it was asked for.
    pub caller: Option<Caller<'a>>,
    /// The calling thread, if it was asked for.
    pub thread: Option<Thread<'a>>,
    /// The running task, if it was asked for.
    pub task: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// Reads the record frame in `bytes`, learning names from `dictionary` as they first appear.
    pub fn decode(
        bytes: &'a [u8],
        dictionary: Dictionary<'_>,
        lexicon: &'a mut Lexicon,
    ) -> Result<Event<'a>, FrameError> {
        let frame = Frame::parse(bytes)?;
        if !lexicon.knows(&frame) {
            learn(&frame, dictionary, lexicon)?;
        }
        let lexicon: &'a Lexicon = lexicon;
        let mut event = Event::bare(&frame, lexicon);
        let mut ids = [0u32; MAX_SEGMENTS];
        let mut count = 0;
        for section in frame.sections() {
            match section? {
                SectionRef::Fields { keys: id, values } => {
                    let slot = event.fields.segments.get_mut(count).ok_or(FrameError::Header)?;
                    let keys = lexicon.key_set(id).ok_or(FrameError::Header)?;
                    *slot = Some(Segment::Keyed { keys, values, replaced: [None; MAX_SEGMENTS - 1] });
                    ids[count] = id;
                    count += 1;
                }
                SectionRef::Inline(fields) => {
                    *event.fields.segments.get_mut(count).ok_or(FrameError::Header)? =
                        Some(Segment::Inline(fields));
                    count += 1;
                }
                other => event.set(other),
            }
        }
        if count > 1 {
            event.fields.mark_replaced(&ids[..count], lexicon);
        }
        Ok(event)
    }

    fn bare(frame: &Frame<'a>, lexicon: &'a Lexicon) -> Event<'a> {
        Event {
            seq: frame.seq,
            timestamp_ns: frame.timestamp_ns,
            level: frame.level,
            level_name: None,
            logger_id: frame.logger,
            logger: lexicon.name(frame.logger).unwrap_or(Name { raw: b"", json: None }),
            category_id: frame.category,
            category: lexicon.name(frame.category),
            message: frame.message,
            fields: Fields { segments: [None; MAX_SEGMENTS] },
            exception: None,
            stack: None,
            caller: None,
            thread: None,
            task: None,
        }
    }

    fn set(&mut self, section: SectionRef<'a>) {
        match section {
            SectionRef::Exception { kind, message, stacktrace } => {
                self.exception = Some(Exception { kind, message, stacktrace });
            }
            SectionRef::Stack(text) => self.stack = Some(text),
            SectionRef::Caller { file, line, function } => {
                self.caller = Some(Caller { file, line, function });
            }
            SectionRef::Thread { ident, name } => self.thread = Some(Thread { ident, name }),
            SectionRef::LevelName(text) => self.level_name = Some(text),
            SectionRef::Task(text) => self.task = Some(text),
            SectionRef::Logger(raw) => self.logger = Name { raw, json: None },
            SectionRef::Category(raw) => self.category = Some(Name { raw, json: None }),
            SectionRef::Fields { .. } | SectionRef::Inline(_) => {}
        }
    }

    /// Calls `push` with the level's name: the given one, the standard one, or `Level N`.
    #[inline]
    pub fn with_level_name<R>(&self, push: impl FnOnce(&[u8]) -> R) -> R {
        match (self.level_name, Level(self.level).name()) {
            (Some(name), _) => push(name),
            (None, Some(name)) => push(name.as_bytes()),
            (None, None) => push(format!("Level {}", self.level).as_bytes()),
        }
    }
}

impl<'a> Fields<'a> {
    fn mark_replaced(&mut self, ids: &[u32], lexicon: &'a Lexicon) {
        for earlier in 0..ids.len() {
            let Some(Segment::Keyed { replaced, .. }) = &mut self.segments[earlier] else { continue };
            let mut marks = replaced.iter_mut();
            for later in &ids[earlier + 1..] {
                if let (Some(Some(found)), Some(slot)) =
                    (lexicon.replaced.get(&(ids[earlier], *later)), marks.next())
                {
                    *slot = Some(found);
                }
            }
        }
    }
}

/// Makes sure that every definition `frame` names is in the lexicon.
#[inline]
fn learn(frame: &Frame<'_>, dictionary: Dictionary<'_>, lexicon: &mut Lexicon) -> Result<(), FrameError> {
    if frame.logger != 0 {
        lexicon.learn_name(dictionary, frame.logger, Definition::Logger)?;
    }
    if frame.category != 0 {
        lexicon.learn_name(dictionary, frame.category, Definition::Category)?;
    }
    let mut seen = [0u32; MAX_SEGMENTS];
    let mut count = 0;
    for section in frame.sections() {
        if let SectionRef::Fields { keys, .. } = section? {
            lexicon.learn_keys(dictionary, keys)?;
            for earlier in &seen[..count] {
                lexicon.learn_replaced(*earlier, keys);
            }
            if count < MAX_SEGMENTS {
                seen[count] = keys;
                count += 1;
            }
        }
    }
    Ok(())
}
