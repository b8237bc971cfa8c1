//! A frame with its names looked up: what encoders and routes see.

use std::collections::HashMap;

use crate::frame::{Frame, FrameError, InlineFields, NO_ID, SectionRef, Sections, Value, Values};
use crate::level::Level;
use crate::redact::Replaced;
use crate::ring::dictionary::Dictionary;
use crate::ring::lexicon::{Key, Lexicon, MAX_SEGMENTS, Name, Overlap, SetIds, keys_without_collisions};

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
    Keyed { id: u32, keys: &'a [Key], values: Values<'a> },
    Inline(InlineFields<'a>),
}

/// All fields of a record: context first, then bound, then the call's own; a later one of the same
/// name replaces an earlier one.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    segments: [Option<Segment<'a>>; MAX_SEGMENTS],
    has_inline: bool,
    /// What later segments replace of earlier ones, if there are several.
    overlap: Option<&'a Overlap>,
    /// What stands in the place of some values, by the fields' order.
    masked: &'a [Replaced],
}

/// Where a field's name stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Which of the record's sets the field is of, from the context's to the call's own.
    pub(crate) at: usize,
    /// The set's id and the name's index, unless it is a set for this record alone.
    pub(crate) set: Option<(u32, usize)>,
    /// The names of the set, and which it is.
    pub(crate) keys: &'a [Key],
    pub(crate) index: usize,
}

/// A set of names with its values.
pub(crate) struct Set<'a> {
    pub(crate) keys: &'a [Key],
    pub(crate) values: Values<'a>,
    /// Which of them later sets replace, if they do any.
    pub(crate) replaced: Option<&'a [bool]>,
}

impl<'a> Fields<'a> {
    /// Calls `visit` with every field that counts, in order; each key is distinct.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&Key, Value<'a>)) {
        if !self.masked.is_empty() {
            return self.for_each_masked(&mut |place, value| visit(&place.keys[place.index], value));
        }
        self.for_each_placed(|place, value| visit(&place.keys[place.index], value));
    }

    /// As [`Fields::for_each`], by where each name stands.
    pub(crate) fn for_each_shown(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        if self.masked.is_empty() { self.for_each_placed(visit) } else { self.for_each_masked(visit) }
    }

    #[cold]
    fn for_each_masked(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        let mut masked = self.masked.iter().peekable();
        let mut ordinal = 0;
        self.for_each_placed(|place, value| {
            let instead = masked.next_if(|replaced| replaced.ordinal == ordinal);
            visit(place, instead.map_or(value, Replaced::value));
            ordinal += 1;
        });
    }

    /// Puts `masked`, in the order of the fields, in the place of some values.
    pub(crate) fn replace(&mut self, masked: &'a [Replaced]) {
        self.masked = masked;
    }

    /// As [`Fields::for_each`], by where each name stands; values are those that were logged.
    #[inline]
    pub(crate) fn for_each_placed(&self, mut visit: impl FnMut(Place<'_>, Value<'a>)) {
        if self.has_inline {
            return self.for_each_unprepared(&mut visit);
        }
        for (at, segment) in self.segments.iter().map_while(Option::as_ref).enumerate() {
            let Segment::Keyed { id, keys, values } = segment else { continue };
            let replaced = self.overlap.and_then(|overlap| overlap[at].as_deref());
            for (index, value) in (0..keys.len()).zip(*values) {
                if replaced.is_none_or(|replaced| !replaced[index]) {
                    visit(Place { at, set: Some((*id, index)), keys, index }, value);
                }
            }
        }
    }

    /// Each set of names; `None` if values are masked or a set is for
    /// this record alone.
    #[inline(always)]
    pub(crate) fn plain(&self) -> Option<impl Iterator<Item = Set<'a>>> {
        let overlap = self.overlap;
        let segments = self.segments.iter().map_while(Option::as_ref).enumerate();
        let keyed = move |(at, segment): (usize, &Segment<'a>)| match segment {
            Segment::Keyed { keys, values, .. } => {
                let replaced = overlap.and_then(|overlap| overlap[at].as_deref());
                Some(Set { keys, values: *values, replaced })
            }
            Segment::Inline(_) => None,
        };
        (!self.has_inline && self.masked.is_empty()).then(|| segments.filter_map(keyed))
    }

    /// The sets of names with their values, also those that are replaced; `None` if one is for this record alone.
    #[inline]
    pub(crate) fn sets(&self) -> Option<impl Iterator<Item = (u32, Values<'a>)>> {
        let keyed = |segment: &Segment<'a>| match segment {
            Segment::Keyed { id, values, .. } => Some((*id, *values)),
            Segment::Inline(_) => None,
        };
        (!self.has_inline).then(|| self.segments.iter().map_while(Option::as_ref).filter_map(keyed))
    }

    /// A set that the dictionary had no room for has no prepared keys: they are made for this record.
    #[cold]
    fn for_each_unprepared(&self, visit: &mut dyn FnMut(Place<'_>, Value<'a>)) {
        let mut members: Vec<Option<(&[u8], Value<'a>)>> = Vec::new();
        let mut latest: HashMap<&[u8], usize> = HashMap::new();
        let mut add = |name, value| {
            if let Some(earlier) = latest.insert(name, members.len()) {
                members[earlier] = None;
            }
            members.push(Some((name, value)));
        };
        for segment in self.segments.iter().map_while(Option::as_ref) {
            match segment {
                Segment::Keyed { keys, values, .. } => {
                    keys.iter().zip(*values).for_each(|(key, value)| add(&key.raw, value));
                }
                Segment::Inline(fields) => fields.into_iter().for_each(|(name, value)| add(name, value)),
            }
        }
        let (names, values): (Vec<&[u8]>, Vec<Value<'a>>) = members.into_iter().flatten().unzip();
        let keys = keys_without_collisions(&names);
        for (index, value) in values.into_iter().enumerate() {
            visit(Place { at: 0, set: None, keys: &keys, index }, value);
        }
    }

    /// The value of the field `name`.
    pub fn get(&self, name: &[u8]) -> Option<Value<'a>> {
        let mut found = None;
        self.for_each(|key, value| {
            if *key.raw == *name {
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
        let mut event = Event::bare(&frame);
        event.fill(&frame, dictionary, lexicon)?;
        Ok(event)
    }

    /// Calls `visit` with the event of `frame`, which stays where it was made: it is too large to be handed around.
    #[inline(always)]
    pub(crate) fn visit(
        frame: &Frame<'a>,
        dictionary: Dictionary<'_>,
        lexicon: &'a mut Lexicon,
        visit: impl FnOnce(&Event<'a>),
    ) -> Result<(), FrameError> {
        let mut event = Event::bare(frame);
        event.fill(frame, dictionary, lexicon)?;
        visit(&event);
        Ok(())
    }

    #[inline]
    fn fill(
        &mut self,
        frame: &Frame<'a>,
        dictionary: Dictionary<'_>,
        lexicon: &'a mut Lexicon,
    ) -> Result<(), FrameError> {
        self.read_sections(frame.sections())?;
        lexicon.learn(frame.logger, frame.category, dictionary)?;
        let ids = self.fields.learn(dictionary, lexicon)?;
        self.name(&ids, lexicon);
        Ok(())
    }

    /// Without what sections or the lexicon say.
    #[inline(always)]
    fn bare(frame: &Frame<'a>) -> Event<'a> {
        Event {
            seq: frame.seq,
            timestamp_ns: frame.timestamp_ns,
            level: frame.level,
            level_name: None,
            logger_id: frame.logger,
            logger: Name { raw: b"", json: None },
            category_id: frame.category,
            category: None,
            message: frame.message,
            fields: Fields {
                // Written out, because `[None; 4]` takes a call that fills memory.
                segments: [None, None, None, None],
                has_inline: false,
                overlap: None,
                masked: &[],
            },
            exception: None,
            stack: None,
            caller: None,
            thread: None,
            task: None,
        }
    }

    #[inline]
    fn read_sections(&mut self, mut sections: Sections<'a>) -> Result<(), FrameError> {
        let mut count = 0;
        while let Some((id, values)) = sections.leading_fields() {
            let slot = self.fields.segments.get_mut(count).ok_or(FrameError::Header)?;
            *slot = Some(Segment::Keyed { id, keys: &[], values });
            count += 1;
        }
        if sections.is_empty() { Ok(()) } else { self.read_others(sections, count) }
    }

    fn read_others(&mut self, sections: Sections<'a>, mut count: usize) -> Result<(), FrameError> {
        for section in sections {
            let segment = match section? {
                SectionRef::Fields { keys: id, values } => Segment::Keyed { id, keys: &[], values },
                SectionRef::Inline(fields) => Segment::Inline(fields),
                other => {
                    self.set(other);
                    continue;
                }
            };
            self.fields.has_inline |= matches!(segment, Segment::Inline(_));
            *self.fields.segments.get_mut(count).ok_or(FrameError::Header)? = Some(segment);
            count += 1;
        }
        Ok(())
    }

    /// Looks up what was learnt.
    #[inline]
    fn name(&mut self, ids: &SetIds, lexicon: &'a Lexicon) {
        // A section may have given them already.
        if self.logger.raw.is_empty() {
            self.logger = lexicon.name(self.logger_id).unwrap_or(self.logger);
        }
        if self.category.is_none() {
            self.category = lexicon.name(self.category_id);
        }
        for segment in self.fields.segments.iter_mut().map_while(Option::as_mut) {
            if let Segment::Keyed { id, keys, .. } = segment {
                *keys = lexicon.key_set(*id).unwrap_or_default();
            }
        }
        if ids[1] != NO_ID {
            self.fields.overlap = lexicon.latest_overlap();
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
    /// Makes sure that all names are known. Returns the ids of the sets, without those of this record alone.
    #[inline]
    fn learn(&self, dictionary: Dictionary<'_>, lexicon: &mut Lexicon) -> Result<SetIds, FrameError> {
        let mut ids = [NO_ID; MAX_SEGMENTS];
        for (slot, segment) in ids.iter_mut().zip(self.segments.iter().map_while(Option::as_ref)) {
            if let Segment::Keyed { id, values, .. } = segment {
                lexicon.learn_set(*id, *values, dictionary)?;
                *slot = *id;
            }
        }
        if ids[1] != NO_ID {
            lexicon.learn_overlap(ids);
        }
        Ok(ids)
    }
}
