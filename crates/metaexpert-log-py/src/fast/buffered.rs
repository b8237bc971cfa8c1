//! Calls that a look at the types does not settle, but which still need no Python code: `%`-arguments, lists
//! and mappings, decimals, enumerations, dataclasses. They are captured into a buffer first, and copied to
//! the ring when all of them are known to fit.

use std::cell::Cell;
use std::ptr;

use metaexpert_log::clock::stamp;
use metaexpert_log::config::Limits;
use metaexpert_log::frame::{Head, NO_ID, Record, Section};
use metaexpert_log::pipeline::{Pipeline, Refused};
use metaexpert_log::stats::Loss;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::arguments::Arguments;
use crate::fast::method::{Fast, Ids, Method, PlainCall, with_section};
use crate::fast::percent;
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::general::lost::counted;
use crate::process::call_sites::{Site, Way};
use crate::process::key_sets::{KeySets, items};
use crate::process::state::{STATE, State};
use crate::values::dict_items::DictItems;
use crate::values::native::writer::NativeWriter;
use crate::values::plain::plain_text;
use crate::values::text::WORST_ESCAPE_BYTES;

/// A larger buffer is not kept for the next call.
const MOST_KEPT_BYTES: usize = 64 << 10;

thread_local! {
    /// Reused by the thread's calls. A call inside of another, as a finaliser makes, finds none.
    static BUFFERS: Cell<Buffers> = const { Cell::new(Buffers { message: Vec::new(), values: Vec::new() }) };
}

#[derive(Default)]
struct Buffers {
    message: Vec<u8>,
    values: Vec<u8>,
}

/// What is captured of a call.
struct Captured<'a> {
    level: i32,
    stamp: i64,
    message: &'a [u8],
    values: &'a [u8],
    has_nested: bool,
    generation: u32,
}

impl Method {
    /// Serves the call if it needs no Python code.
    pub(super) fn try_buffered(&self, py: Python<'_>, arguments: &Arguments<'_>) -> Fast {
        match self.level {
            Some(level) => self.try_buffered_at(py, level, stamp(), arguments),
            None => Fast::General,
        }
    }

    /// The same for a call of this level, made at `stamp`.
    pub(super) fn try_buffered_at(
        &self,
        py: Python<'_>,
        level: i32,
        stamp: i64,
        arguments: &Arguments<'_>,
    ) -> Fast {
        counted(
            py,
            || level,
            Fast::Done,
            || {
                let mut buffers = BUFFERS.take();
                let outcome = self.capture_into(py, (level, stamp), arguments, &mut buffers);
                if buffers.values.capacity() + buffers.message.capacity() <= MOST_KEPT_BYTES {
                    BUFFERS.set(buffers);
                }
                outcome
            },
        )
    }

    fn capture_into(
        &self,
        py: Python<'_>,
        (level, stamp): (i32, i64),
        arguments: &Arguments<'_>,
        buffers: &mut Buffers,
    ) -> Fast {
        let [message, positional @ ..] = arguments.positional else { return Fast::General };
        if self.is_about_exception {
            return Fast::General;
        }
        // SAFETY: the arguments live until the call returns.
        let Some(fields) = (unsafe { OwnFields::of(py, arguments) }) else { return Fast::General };
        // Dropped outside of the state's borrow: freeing an object may run Python code.
        let context = current_context(py);
        let context = context.as_ref().map(Bound::get).filter(|fields| !fields.is_empty());
        let known = STATE.with(py, |state| self.known_call(py, state, &fields, arguments.names));
        let Some((ids, generation, limits)) = known else { return Fast::General };
        // Other calls have tried that.
        if fields.extra.is_some() && positional.is_empty() {
            let values = fields.values(arguments).iter().copied();
            let call = PlainCall { level, stamp, message: *message, values };
            if let Fast::Done = STATE.with(py, |state| self.compose(py, state, call, &ids, context)) {
                note_site(
                    py,
                    arguments,
                    &fields,
                    Site { keys: ids.keys, generation, way: fields.plain_way(arguments) },
                );
                return Fast::Done;
            }
        }
        let most = limits.bytes as usize / WORST_ESCAPE_BYTES;
        let Buffers { message: room, values } = buffers;
        room.clear();
        values.clear();
        // SAFETY: the arguments live until the call returns.
        let Some(message) = (unsafe { message_of(*message, positional, most, room) }) else {
            return Fast::General;
        };
        let writer = NativeWriter::new(py, &limits, message.len(), values);
        // SAFETY: as above.
        let Some((has_nested, way)) = (unsafe { fields.write(arguments, writer) }) else {
            return Fast::General;
        };
        let captured = Captured { level, stamp, message, values, has_nested, generation };
        let outcome = STATE.with(py, |state| self.submit_captured(py, state, &captured, &ids, context, most));
        note_site(py, arguments, &fields, Site { keys: ids.keys, generation, way });
        outcome
    }

    /// The ids of a call whose names are known, and what holds for all calls.
    fn known_call(
        &self,
        py: Python<'_>,
        state: &mut State,
        fields: &OwnFields,
        names: *mut ffi::PyObject,
    ) -> Option<(Ids, u32, Limits)> {
        if !state.is_simple {
            return None;
        }
        let keys = match fields.extra.is_some() {
            false => self.site(state, names)?.keys,
            true => state.extra_sets.find(fields.names(), state.generation)?,
        };
        Some((self.ids(py, state, keys)?, state.generation, state.limits))
    }

    fn submit_captured(
        &self,
        py: Python<'_>,
        state: &mut State,
        captured: &Captured<'_>,
        ids: &Ids,
        context: Option<&Fields>,
        most: usize,
    ) -> Fast {
        let State { pipeline: Some(pipeline), generation, .. } = state else { return Fast::General };
        if *generation != captured.generation {
            return Fast::General;
        }
        let generation = *generation;
        let bound = self.channel.bind(py).get().bound().map(|bound| bound.bind(py).get());
        let level = captured.level;
        let protected = pipeline.protects(level, self.category.as_deref().map(str::as_bytes));
        let Captured { stamp, message, values, has_nested, .. } = *captured;
        with_section(py, context, pipeline, generation, |pipeline, context| {
            with_section(py, bound, pipeline, generation, |pipeline, bound| {
                if message.len() + values.len() > most {
                    return Fast::General;
                }
                let head = Head { level, logger: ids.logger, category: ids.category, stamp };
                let is_in = pipeline.compose(&head, protected, |composer| {
                    composer.message(message)?;
                    for encoded in [context, bound].into_iter().filter(|encoded| !encoded.is_empty()) {
                        composer.section(encoded)?;
                    }
                    if ids.keys != NO_ID {
                        composer.fields(ids.keys)?;
                        composer.written(values, has_nested)?;
                    }
                    Some(())
                });
                if is_in {
                    return Fast::Done;
                }
                // Too long for that, or there is little room.
                submit_at_length(pipeline, captured, ids, &[context, bound], protected)
            })
        })
    }
}

/// Submits a record of any length; `inherited` are the sections that its context and logger have.
fn submit_at_length(
    pipeline: &mut Pipeline,
    captured: &Captured<'_>,
    ids: &Ids,
    inherited: &[&[u8]],
    protected: bool,
) -> Fast {
    let Captured { level, stamp, message, values, has_nested, .. } = *captured;
    let inherited = inherited.iter().filter(|encoded| !encoded.is_empty());
    let mut sections: Vec<Section<'_>> = inherited.map(|encoded| Section::Encoded(encoded)).collect();
    if ids.keys != NO_ID {
        sections.push(Section::Written { keys: ids.keys, values, has_nested });
    }
    let Ids { logger, category, .. } = *ids;
    let record = Record { level, logger, category, timestamp_ns: stamp, message, sections: &sections };
    match pipeline.submit(&record, protected) {
        Ok(()) => Fast::Done,
        Err(Refused::Full) if !protected => {
            pipeline.give_up(level, Loss::QueueFull);
            Fast::Done
        }
        Err(Refused::Full | Refused::TooLarge) => Fast::General,
    }
}

/// Has the next call with this tuple of names go the same way. One with `extra` is not known yet.
#[inline]
fn note_site(py: Python<'_>, arguments: &Arguments<'_>, fields: &OwnFields, site: Site) {
    // Dropped outside of the state's borrow.
    let _made_room = STATE.with(py, |state| {
        let names = arguments.names;
        if names.is_null() || state.sites.note(names, site) || fields.extra.is_none() {
            return None;
        }
        // SAFETY: the interpreter passes keyword names in a tuple, alive until the call returns.
        let names = unsafe { Bound::from_borrowed_ptr(py, names) };
        state.sites.remember(&names, site)
    });
}

/// The most names of a call with `extra=` that are remembered.
const MOST_NAMES: usize = 32;

/// The fields of a call.
struct OwnFields {
    extra: Option<WithExtra>,
}

/// The fields of a call with `extra=`: those come first, and then the other keywords.
struct WithExtra {
    names: [*mut ffi::PyObject; MOST_NAMES],
    values: [*mut ffi::PyObject; MOST_NAMES],
    count: usize,
}

impl WithExtra {
    fn add(&mut self, name: *mut ffi::PyObject, value: *mut ffi::PyObject) -> Option<()> {
        *self.names.get_mut(self.count)? = name;
        self.values[self.count] = value;
        self.count += 1;
        Some(())
    }
}

impl OwnFields {
    /// `None` for an `extra` that is no exact `dict`, or has too many names.
    ///
    /// # Safety
    /// The arguments are alive.
    #[inline]
    unsafe fn of(py: Python<'_>, arguments: &Arguments<'_>) -> Option<Self> {
        if arguments.names.is_null() {
            return Some(OwnFields { extra: None });
        }
        // Names of keywords are interned.
        let word = intern!(py, "extra").as_ptr();
        // SAFETY: the interpreter passes keyword names in a tuple.
        let words = unsafe { items(arguments.names) };
        match words.iter().position(|name| *name == word) {
            None => Some(OwnFields { extra: None }),
            // SAFETY: by this function's contract.
            Some(index) => unsafe { Self::with_extra(arguments, words, index) },
        }
    }

    /// # Safety
    /// As [`OwnFields::of`], and `extra` is the word at `index`.
    #[inline(never)]
    unsafe fn with_extra(
        arguments: &Arguments<'_>,
        words: &[*mut ffi::PyObject],
        index: usize,
    ) -> Option<Self> {
        let extra = arguments.named[index];
        let none = [ptr::null_mut(); MOST_NAMES];
        let mut fields = WithExtra { names: none, values: none, count: 0 };
        // SAFETY: by this function's contract; the dict keeps its items alive, and nothing changes it.
        unsafe {
            if ffi::Py_TYPE(extra) != &raw mut ffi::PyDict_Type || cfg!(Py_GIL_DISABLED) {
                return None;
            }
            for (name, value) in DictItems::of(extra) {
                fields.add(name, value)?;
            }
        }
        let others = words.iter().zip(arguments.named).enumerate().filter(|(at, _)| *at != index);
        for (_, (name, value)) in others {
            fields.add(*name, *value)?;
        }
        Some(OwnFields { extra: Some(fields) })
    }

    fn names(&self) -> &[*mut ffi::PyObject] {
        self.extra.as_ref().map_or(&[], |extra| &extra.names[..extra.count])
    }

    /// Writes the values. Returns whether some are nested, and the next call's way; `None` if one has to go
    /// the general way.
    ///
    /// # Safety
    /// As [`OwnFields::of`], with the same arguments.
    unsafe fn write(
        &self,
        arguments: &Arguments<'_>,
        mut writer: NativeWriter<'_, '_>,
    ) -> Option<(bool, Way)> {
        for value in self.values(arguments) {
            // SAFETY: by this function's contract; an exact dict keeps its values alive.
            unsafe { writer.field(*value)? };
        }
        let way = if writer.is_plain() { self.plain_way(arguments) } else { Way::Buffered };
        Some((writer.has_nested(), way))
    }

    /// The way of the next call, if its values are plain.
    fn plain_way(&self, arguments: &Arguments<'_>) -> Way {
        match (&self.extra, arguments.named.len()) {
            (None, _) => Way::Plain,
            (Some(_), 1) => Way::Extra(KeySets::slot_of(self.names())),
            (Some(_), _) => Way::Buffered,
        }
    }

    /// The values, in the order of the names.
    fn values<'a>(&'a self, arguments: &Arguments<'a>) -> &'a [*mut ffi::PyObject] {
        self.extra.as_ref().map_or(arguments.named, |extra| &extra.values[..extra.count])
    }
}

/// The finished message, in `room` if it has arguments; `None` if it needs Python code, or is too long.
///
/// # Safety
/// The objects live as long as the message.
unsafe fn message_of<'a>(
    message: *mut ffi::PyObject,
    arguments: &[*mut ffi::PyObject],
    most: usize,
    room: &'a mut Vec<u8>,
) -> Option<&'a [u8]> {
    // SAFETY: by this function's contract; an exact str is asked for its text.
    let text = unsafe {
        if ffi::Py_TYPE(message) != &raw mut ffi::PyUnicode_Type {
            return None;
        }
        plain_text(message)?
    };
    if arguments.is_empty() {
        return (text.len() <= most).then_some(text);
    }
    // SAFETY: as above.
    unsafe { percent::format(text, arguments, most, room)? };
    Some(room)
}
