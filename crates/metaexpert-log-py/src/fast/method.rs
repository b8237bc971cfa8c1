//! The builtin behind `log.info(…)`: **capture** at its shortest.
//!
//! It serves a message of type `str` with fields of plain types from a known call site, and runs no Python
//! code at all. Other calls go the general way ([`crate::general`]), and those that only `logging` can serve
//! go the slow way, to the Python side.

use metaexpert_log::clock::stamp;
use metaexpert_log::frame::{Head, NO_ID};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::stats::Loss;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::fast::channel::Channel;
use crate::general::call::Call;
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::exit::Inside;
use crate::process::guarded::{KnownId, KnownIdCell};
use crate::process::key_sets::items;
use crate::process::reentry;
use crate::process::state::{STATE, State};
use crate::values::plain::{plain_text, push_plain, push_text};
use crate::values::text::Excerpt;

/// A byte of text takes at most this many bytes in a JSON string, with some to spare for punctuation.
const WORST_ESCAPE_BYTES: usize = 8;

/// Keywords that mean what they mean in `logging`.
const RESERVED: [&str; 4] = ["exc_info", "stack_info", "stacklevel", "extra"];

/// A longer keyword is certainly the name of a field.
const LONGEST_WORD: isize = 16;

/// One builtin's own data: its `self`.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Method {
    channel: Py<Channel>,
    /// `None`: the level is the first argument.
    pub(crate) level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    category_id: KnownIdCell,
    slow: Py<PyAny>,
}

#[pymethods]
impl Method {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.channel)?;
        visit.call(&self.slow)
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

/// Definitions that a call's frame refers to.
struct Ids {
    keys: u32,
    logger: u32,
    category: u32,
}

enum Fast {
    Done,
    /// The call needs Python code, but nothing that only `logging` does.
    General,
    /// Something foreign listens, or no engine runs.
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
        Method { channel, level, threshold, category, category_id: KnownIdCell::default(), slow }
    }

    /// The logger: the `slow` callable is a method of it, or a `partial` of one with the method's name.
    pub(crate) fn logger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let slow = self.slow.bind(py);
        let method = slow.getattr_opt("func")?;
        method.as_ref().unwrap_or(slow).getattr("__self__")
    }

    /// Gives back its references now. PyO3, which does not know that the GIL is held, would keep them for
    /// later.
    pub(crate) fn release(self, py: Python<'_>) {
        self.channel.drop_ref(py);
        self.slow.drop_ref(py);
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
        // Fetched and dropped outside of the state's borrow: freeing an object may run Python code.
        let context = current_context(py);
        let context = context.as_ref().map(Bound::get).filter(|fields| !fields.is_empty());
        STATE.with(py, |state| self.submit_plain(py, state, level, *message, arguments, context))
    }

    #[inline]
    fn submit_plain(
        &self,
        py: Python<'_>,
        state: &mut State,
        level: i32,
        message: *mut ffi::PyObject,
        arguments: &Arguments<'_>,
        context: Option<&Fields>,
    ) -> Fast {
        if state.pipeline.is_none() {
            return Fast::Slow;
        }
        if !state.is_simple {
            return Fast::General;
        }
        let Some(ids) = self.ids(py, state, arguments.names) else { return Fast::General };
        let State { pipeline: Some(pipeline), generation, limits, .. } = state else { return Fast::Slow };
        let protected = pipeline.protects(level, self.category.as_deref().map(str::as_bytes));
        let Ids { keys, logger, category } = ids;
        let head = Head { level, logger, category, stamp: stamp() };
        let bound = self.channel.bind(py).get().bound().map(|bound| bound.bind(py).get());
        // A record that escaping could make longer than the limits allow is measured and cut on the general
        // way.
        let most = limits.bytes as usize / WORST_ESCAPE_BYTES;
        let is_in = with_section(py, context, pipeline, *generation, |pipeline, context| {
            with_section(py, bound, pipeline, *generation, |pipeline, bound| {
                pipeline.compose(&head, protected, |composer| {
                    // SAFETY: the GIL is held; message and arguments live until the call returns.
                    unsafe { push_text(message, |text| composer.message(text))? };
                    for encoded in [context, bound].into_iter().filter(|encoded| !encoded.is_empty()) {
                        composer.section(encoded)?;
                    }
                    let inherited = context.len() + bound.len();
                    if keys != NO_ID {
                        composer.fields(keys)?;
                        for argument in arguments.named {
                            // SAFETY: as above.
                            unsafe { push_plain(py, *argument, composer)? };
                        }
                    }
                    (composer.len() - inherited <= most).then_some(())
                })
            })
        });
        match is_in {
            true => Fast::Done,
            false if !protected && pipeline.is_full() => {
                pipeline.give_up(level, Loss::QueueFull);
                Fast::Done
            }
            false => Fast::General,
        }
    }

    /// The dictionary's ids for this call; `None` for a new call site, or if the dictionary is full.
    #[inline]
    fn ids(&self, py: Python<'_>, state: &mut State, names: *mut ffi::PyObject) -> Option<Ids> {
        let State { pipeline: Some(pipeline), generation, sites, key_sets, .. } = state else { return None };
        let generation = *generation;
        let keys = match (names.is_null(), sites.find(names, generation)) {
            (true, _) => NO_ID,
            (false, Some(site)) => site.keys,
            // SAFETY: the interpreter passes keyword names in a tuple, alive until the call returns.
            (false, None) => key_sets.find(unsafe { items(names) }, generation)?,
        };
        let logger = self.channel.bind(py).get().id(pipeline, generation)?;
        let category = match &self.category {
            None => NO_ID,
            Some(name) => {
                let known = self.category_id.get();
                if known.generation == generation {
                    known.id
                } else {
                    let id = pipeline.category_id(name.as_bytes())?;
                    self.category_id.set(KnownId { generation, id });
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
        call.category = self.category.clone().map(Excerpt::from);
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

    /// Gathers the fields of `extra` and the keywords. False if there is a keyword that only `logging`
    /// serves.
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
            // SAFETY: keyword names are `str`s, which live until the call returns.
            let word = unsafe { known_word(name.as_ptr()) };
            if word == "extra" && (value.is_none() || value.cast_exact::<PyDict>().is_ok()) {
                extra = value.cast_into::<PyDict>().ok();
                call.names = std::ptr::null_mut();
            } else if RESERVED.contains(&word) {
                if !is_default(word, &value) {
                    return Ok(false);
                }
                call.names = std::ptr::null_mut();
            } else if word == "category" && call.category.is_none() && value.cast_exact::<PyString>().is_ok()
            {
                call.category = value.extract().ok();
                call.names = std::ptr::null_mut();
            } else {
                call.fields.push((name, value));
            }
        }
        if let Some(extra) = extra {
            if call.category.is_none() {
                // Looking it up may run a key's own code, which may fail.
                let category = extra.get_item("category").ok().flatten();
                call.category =
                    category.and_then(|category| category.cast_exact::<PyString>().ok()?.extract().ok());
                category_of_extra = call.category.is_some();
            }
            // Keywords win over `extra`, which comes first in the record.
            let most = STATE.with(py, |state| state.limits.items as usize);
            let mut fields = Vec::with_capacity(extra.len().min(most) + call.fields.len());
            // Taken first: comparing a key may run its own code.
            let pairs = with_critical_section(&extra, || extra.iter().take(most).collect::<Vec<_>>());
            call.fields_left = extra.len() - pairs.len();
            for (key, value) in pairs {
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

    /// The callable for the calls that the builtin cannot serve.
    pub(crate) fn slow(&self) -> *mut ffi::PyObject {
        self.slow.as_ptr()
    }

    #[cold]
    fn call_slow(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
        reentry::refuse_if_exhausted()?;
        let all = arguments.positional.as_ptr();
        // SAFETY: the arguments are passed on exactly as the interpreter passed them.
        unsafe {
            let result =
                ffi::PyObject_Vectorcall(self.slow(), all, arguments.positional.len(), arguments.names);
            Bound::from_owned_ptr_or_err(py, result).map(|result| Some(result.unbind()))
        }
    }
}

/// A keyword, if it may be one that is no field; else an empty text.
///
/// # Safety
/// As [`plain_text`].
unsafe fn known_word<'a>(name: *mut ffi::PyObject) -> &'a str {
    // SAFETY: by this function's contract.
    let text = unsafe {
        let is_short = ffi::PyUnicode_GetLength(name) <= LONGEST_WORD;
        if is_short { plain_text(name) } else { None }
    };
    text.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}

/// Whether a reserved keyword has its default: `exc_info=None`, `stack_info=False`, `stacklevel=1`.
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
