//! A frame with its names looked up: what encoders and routes see.

use crate::frame::{Frame, FrameError, NO_ID, SectionRef, Sections};
use crate::level::Level;
use crate::ring::dictionary::Dictionary;
use crate::ring::fields::{Fields, Segment};
use crate::ring::lexicon::{Lexicon, Name, SetIds};

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

/// One record with its names.
#[derive(Clone, Copy)]
pub struct DecodedRecord<'a> {
    /// Number in its process, from 1.
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

impl<'a> DecodedRecord<'a> {
    /// Reads the record frame in `bytes`, learning names from `dictionary` as they first appear.
    pub fn decode(
        bytes: &'a [u8],
        dictionary: Dictionary<'_>,
        lexicon: &'a mut Lexicon,
    ) -> Result<DecodedRecord<'a>, FrameError> {
        let frame = Frame::parse(bytes)?;
        let mut record = DecodedRecord::bare(&frame);
        record.fill(&frame, dictionary, lexicon)?;
        Ok(record)
    }

    /// Calls `visit` with the record of `frame`, which stays where it was made: it is too large to be handed
    /// around.
    #[inline(always)]
    pub(crate) fn visit(
        frame: &Frame<'a>,
        dictionary: Dictionary<'_>,
        lexicon: &'a mut Lexicon,
        visit: impl FnOnce(&DecodedRecord<'a>),
    ) -> Result<(), FrameError> {
        let mut record = DecodedRecord::bare(frame);
        record.fill(frame, dictionary, lexicon)?;
        visit(&record);
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
    fn bare(frame: &Frame<'a>) -> DecodedRecord<'a> {
        DecodedRecord {
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
