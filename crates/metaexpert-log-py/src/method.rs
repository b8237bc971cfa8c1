//! The builtin behind `log.info(…)`: **capture** at its shortest.
//!
//! It serves a message of type `str` with fields of plain types from a known call site; everything else
//! goes on to [`crate::submit`], and what only `logging` can do to the Python side. Fast calls run no
//! Python code at all.

use std::mem::MaybeUninit;
use std::sync::Mutex;

use metaexpert_log::clock::now_ns;
use metaexpert_log::frame::{NO_ID, Record, Section, Value};
use metaexpert_log::pipeline::{Needs, Pipeline, Refused};
use metaexpert_log::stats::Loss;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::channel::Channel;
use crate::context::current_context;
use crate::convert::{plain_text, plain_value};
use crate::exit::Inside;
use crate::fields::Fields;
use crate::state::{GilValue, KnownId, STATE, State};
use crate::submit::{Call, submit};
use crate::times::{TIME_LEN, plain_time_argument};

/// More fields than this take the general way.
const FAST_FIELDS: usize = 32;

/// And more times among them.
const FAST_TIMES: usize = 4;

/// A byte takes at most this many in a JSON string, with something to spare for punctuation.
const WORST_ESCAPE: usize = 8;

/// Words that keep the meaning `logging` gives them.
const RESERVED: [&str; 4] = ["exc_info", "stack_info", "stacklevel", "extra"];

/// What one builtin knows; its `self`.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Method {
    channel: Py<Channel>,
    /// `None`: the level is the first argument.
    level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    category_id: GilValue<KnownId>,
    slow: Mutex<Option<Py<PyAny>>>,
}

#[pymethods]
impl Method {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.channel)?;
        if let Ok(slow) = self.slow.try_lock() {
            if let Some(slow) = slow.as_ref() {
                visit.call(slow)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let slow = self.slow.try_lock().ok().and_then(|mut slow| slow.take());
        drop(slow);
    }
}

/// A call's arguments as the interpreter passes them; alive until the call returns.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) positional: &'a [*mut ffi::PyObject],
    pub(crate) named: &'a [*mut ffi::PyObject],
    /// The tuple of names, or null.
    pub(crate) names: *mut ffi::PyObject,
}

/// A call of nothing but plain values.
struct PlainCall<'a> {
    level: i32,
    message: &'a [u8],
    values: &'a [Value<'a>],
    names: *mut ffi::PyObject,
    context: Option<&'a Fields>,
}

impl PlainCall<'_> {
    /// Whether it can't grow beyond `limit` bytes, however much is escaped; what can is measured and cut.
    #[inline]
    fn is_small(&self, limit: u32) -> bool {
        let size = self.message.len() + self.values.iter().map(Value::encoded_len).sum::<usize>();
        size <= limit as usize / WORST_ESCAPE
    }
}

/// Definitions that a call's frame refers to.
struct Ids {
    keys: u32,
    logger: u32,
    category: u32,
}

enum Fast {
    Done,
    /// Too much for the fast path, but nothing `logging` need see.
    General,
    /// Something foreign listens, or nothing runs.
    Slow,
}

impl Method {
    pub(crate) fn new(
        channel: Py<Channel>,
        level: Option<i32>,
        threshold: i32,
        category: Option<String>,
        slow: Py<PyAny>,
    ) -> Self {
        Method {
            channel,
            level,
            threshold,
            category,
            category_id: GilValue::new(KnownId::default()),
            slow: Mutex::new(Some(slow)),
        }
    }

    /// Gives back its references now: dropped where PyO3 does not know that the GIL is held, they would wait.
    pub(crate) fn release(self, py: Python<'_>) {
        self.channel.drop_ref(py);
        if let Ok(Some(slow)) = self.slow.into_inner() {
            slow.drop_ref(py);
        }
    }

    /// Whether calls need not go the slow way.
    #[inline]
    pub(crate) fn is_undisturbed(&self, py: Python<'_>) -> bool {
        self.channel.bind(py).get().is_undisturbed(py)
    }

    #[inline]
    pub(crate) fn call(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.try_fast(py, arguments) {
            Fast::Done => Ok(None),
            Fast::General => {
                let _inside = Inside::enter(py);
                self.call_general(py, arguments)
            }
            Fast::Slow => {
                let _inside = Inside::enter(py);
                self.call_slow(py, arguments)
            }
        }
    }

    #[inline]
    fn try_fast(&self, py: Python<'_>, arguments: &Arguments<'_>) -> Fast {
        if !self.is_undisturbed(py) {
            return Fast::Slow;
        }
        let (Some(level), [message]) = (self.level, arguments.positional) else { return Fast::General };
        // SAFETY: the GIL is held; the argument lives until the call returns.
        let message = unsafe {
            if ffi::Py_TYPE(*message) != &raw mut ffi::PyUnicode_Type {
                return Fast::General;
            }
            match plain_text(*message) {
                Some(text) => text,
                None => return Fast::General,
            }
        };
        let mut values = [const { MaybeUninit::<Value<'_>>::uninit() }; FAST_FIELDS];
        if arguments.named.len() > FAST_FIELDS {
            return Fast::General;
        }
        let mut times = [[0; TIME_LEN]; FAST_TIMES];
        let mut free_times = times.iter_mut();
        for (slot, argument) in values.iter_mut().zip(arguments.named) {
            // SAFETY: as above.
            let value = unsafe { plain_value(*argument) };
            let time = || {
                // SAFETY: as above.
                unsafe { plain_time_argument(py, *argument, free_times.next()?) }.map(Value::Str)
            };
            match value.or_else(time) {
                Some(value) => slot.write(value),
                None => return Fast::General,
            };
        }
        // SAFETY: the loop has written one value for each named argument.
        let values: &[Value<'_>] =
            unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), arguments.named.len()) };
        // Fetched and dropped outside of the state's borrow: freeing an object may run Python code.
        let context = current_context(py);
        let context = context.as_ref().map(Bound::get).filter(|fields| !fields.is_empty());
        let call = PlainCall { level, message, values, names: arguments.names, context };
        STATE.with(py, |state| self.submit_plain(py, state, &call))
    }

    #[inline]
    fn submit_plain(&self, py: Python<'_>, state: &mut State, call: &PlainCall<'_>) -> Fast {
        if state.pipeline.is_none() {
            return Fast::Slow;
        }
        if state.needs != Needs::default() || state.synchronous || !call.is_small(state.limits.bytes) {
            return Fast::General;
        }
        let Some(ids) = self.ids(py, state, call.names) else { return Fast::General };
        let State { pipeline: Some(pipeline), generation, .. } = state else { return Fast::Slow };
        let protected = pipeline.protects(call.level) || self.category.is_some();
        let own = [Section::Fields { keys: ids.keys, values: call.values }];
        let own = if ids.keys == NO_ID { &own[..0] } else { &own[..] };
        let record = Record {
            level: call.level,
            logger: ids.logger,
            category: ids.category,
            timestamp_ns: now_ns(),
            message: call.message,
            sections: own,
        };
        let bound = self.channel.bind(py).get().bound();
        let submitted = if call.context.is_none() && bound.is_none() {
            pipeline.submit(&record, protected)
        } else {
            let bound = bound.map(|bound| bound.bind(py).get());
            with_section(py, call.context, pipeline, *generation, |pipeline, context| {
                with_section(py, bound, pipeline, *generation, |pipeline, bound| {
                    let (mut sections, mut count) = ([Section::Encoded(&[]); 3], 0);
                    for encoded in [context, bound].into_iter().filter(|encoded| !encoded.is_empty()) {
                        sections[count] = Section::Encoded(encoded);
                        count += 1;
                    }
                    sections[count..count + own.len()].copy_from_slice(own);
                    count += own.len();
                    pipeline.submit(&Record { sections: &sections[..count], ..record }, protected)
                })
            })
        };
        match submitted {
            Ok(()) => Fast::Done,
            Err(Refused::Full) if !protected => {
                pipeline.give_up(call.level, Loss::QueueFull);
                Fast::Done
            }
            Err(_) => Fast::General,
        }
    }

    /// The dictionary's ids for this call, if they are known or easily made so.
    #[inline]
    fn ids(&self, py: Python<'_>, state: &mut State, names: *mut ffi::PyObject) -> Option<Ids> {
        let State { pipeline: Some(pipeline), generation, sites, .. } = state else { return None };
        let generation = *generation;
        let keys = if names.is_null() { NO_ID } else { sites.find(names, generation)?.keys };
        let logger = self.channel.bind(py).get().id(py, pipeline, generation)?;
        let category = match &self.category {
            None => NO_ID,
            Some(name) => {
                let known = self.category_id.get(py);
                if known.generation == generation {
                    known.id
                } else {
                    let id = pipeline.category_id(name.as_bytes())?;
                    self.category_id.set(py, KnownId { generation, id });
                    id
                }
            }
        };
        Some(Ids { keys, logger, category })
    }

    /// Serves what needs Python code: arguments, `extra`, other types, a new call site, a full ring.
    #[cold]
    fn call_general(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
        let (level, positional) = match (self.level, arguments.positional) {
            (Some(level), positional) => (level, positional),
            (None, [level, rest @ ..]) => {
                // SAFETY: the argument lives until the call returns.
                let level = unsafe { Bound::from_borrowed_ptr(py, *level) };
                match level.extract::<i32>() {
                    Ok(level) => (level, rest),
                    Err(_) => return self.call_slow(py, arguments),
                }
            }
            (None, []) => return self.call_slow(py, arguments),
        };
        if level < self.threshold {
            return Ok(None);
        }
        let [message, args @ ..] = positional else { return self.call_slow(py, arguments) };
        let running = STATE.with(py, |state| state.pipeline.is_some());
        if !running || level_is_named(level) {
            return self.call_slow(py, arguments);
        }
        // SAFETY: the arguments live until the call returns; the references are counted.
        let (message, args) = unsafe {
            let args: Vec<_> = args.iter().map(|arg| Bound::from_borrowed_ptr(py, *arg)).collect();
            (Bound::from_borrowed_ptr(py, *message), PyTuple::new(py, args)?)
        };
        let mut call = Call::new(level, message, args);
        call.category.clone_from(&self.category);
        call.names = arguments.names;
        if !self.collect(py, arguments, &mut call)? {
            return self.call_slow(py, arguments);
        }
        let channel = self.channel.bind(py).get();
        call.bound = channel.bound();
        call.caller_is_current_frame = true;
        match submit(py, channel.name(), call)? {
            true => Ok(None),
            // Stopped meanwhile: the slow way starts it again.
            false => self.call_slow(py, arguments),
        }
    }

    /// Gathers the fields of `extra` and the keywords. False if a word is there that only `logging` serves.
    fn collect<'py>(
        &self,
        py: Python<'py>,
        arguments: &Arguments<'_>,
        call: &mut Call<'_, 'py>,
    ) -> PyResult<bool> {
        if arguments.names.is_null() {
            return Ok(true);
        }
        // SAFETY: names and arguments live until the call returns; the references are counted.
        let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
        let (mut extra, mut category_of_extra) = (None, false);
        for (name, argument) in names.iter().zip(arguments.named) {
            // SAFETY: as above.
            let value = unsafe { Bound::from_borrowed_ptr(py, *argument) };
            let word = name.extract::<std::borrow::Cow<'_, str>>().unwrap_or_default();
            if word == "extra" && (value.is_none() || value.cast_exact::<PyDict>().is_ok()) {
                extra = value.cast_into::<PyDict>().ok();
                call.names = std::ptr::null_mut();
            } else if RESERVED.contains(&&*word) {
                if !is_default(&word, &value) {
                    return Ok(false);
                }
                call.names = std::ptr::null_mut();
            } else if word == "category" && call.category.is_none() && value.cast_exact::<PyString>().is_ok()
            {
                call.category = Some(value.extract::<String>().unwrap_or_default());
                call.names = std::ptr::null_mut();
            } else {
                call.fields.push((name, value));
            }
        }
        if let Some(extra) = extra {
            if call.category.is_none() {
                call.category = extra
                    .get_item("category")?
                    .and_then(|category| category.cast_exact::<PyString>().ok()?.extract().ok());
                category_of_extra = call.category.is_some();
            }
            // Keywords win over `extra`, which comes first in the record.
            let mut fields = Vec::with_capacity(extra.len() + call.fields.len());
            for (key, value) in extra.iter() {
                let is_category = category_of_extra && key.eq("category").unwrap_or(false);
                if !is_category && !call.fields.iter().any(|(name, _)| name.eq(&key).unwrap_or(false)) {
                    fields.push((key, value));
                }
            }
            fields.append(&mut call.fields);
            call.fields = fields;
        }
        Ok(true)
    }

    /// What serves the calls that the builtin can't; nothing once it is being collected.
    pub(crate) fn slow<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.slow.lock().ok().and_then(|slow| slow.as_ref().map(|slow| slow.bind(py).clone()))
    }

    #[cold]
    fn call_slow(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
        let Some(slow) = self.slow(py) else { return Ok(None) };
        let all = arguments.positional.as_ptr();
        // SAFETY: the arguments are passed on exactly as the interpreter passed them.
        unsafe {
            let result =
                ffi::PyObject_Vectorcall(slow.as_ptr(), all, arguments.positional.len(), arguments.names);
            Bound::from_owned_ptr_or_err(py, result).map(|result| Some(result.unbind()))
        }
    }
}

/// Whether a reserved word says nothing: `exc_info=None`, `stack_info=False`, `stacklevel=1`.
fn is_default(word: &str, value: &Bound<'_, PyAny>) -> bool {
    match word {
        "stacklevel" => value.extract::<i64>().is_ok_and(|level| level == 1),
        "extra" => value.is_none(),
        _ => value.is_none() || value.extract::<bool>().is_ok_and(|truth| !truth),
    }
}

fn level_is_named(level: i32) -> bool {
    metaexpert_log::level::Level(level).name().is_none()
}

#[inline]
fn with_section<R>(
    py: Python<'_>,
    fields: Option<&Fields>,
    pipeline: &mut Pipeline,
    generation: u32,
    body: impl FnOnce(&mut Pipeline, &[u8]) -> R,
) -> R {
    match fields {
        Some(fields) => fields.with_section(py, pipeline, generation, body),
        None => body(pipeline, &[]),
    }
}
