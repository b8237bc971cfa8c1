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
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

use crate::fast::arguments::Arguments;
use crate::fast::channel::Channel;
use crate::fast::keywords;
use crate::general::call::Call;
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::call_sites::{Site, Way};
use crate::process::exit::Inside;
use crate::process::guarded::{KnownId, KnownIdCell};
use crate::process::key_sets::items;
use crate::process::reentry;
use crate::process::state::{STATE, State};
use crate::values::dict_items::{DictItems, Row};
use crate::values::plain::{push_plain, push_text};
use crate::values::text::{Excerpt, WORST_ESCAPE_BYTES};

/// The method that logs the exception that is being handled.
const ABOUT_EXCEPTION: &str = "exception";

/// One builtin's own data: its `self`.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Method {
    pub(super) channel: Py<Channel>,
    /// `None`: the level is the first argument.
    pub(crate) level: Option<i32>,
    threshold: i32,
    pub(super) category: Option<String>,
    category_id: KnownIdCell,
    slow: Py<PyAny>,
    /// As in `Logger.exception`: without `exc_info` a record has the exception that is being handled.
    pub(crate) is_about_exception: bool,
}

#[pymethods]
impl Method {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.channel)?;
        visit.call(&self.slow)
    }
}

/// Definitions that a call's frame refers to.
pub(super) struct Ids {
    pub(super) keys: u32,
    pub(super) logger: u32,
    pub(super) category: u32,
}

/// A call whose parts may all be plain; they live until it returns.
pub(super) struct PlainCall<V> {
    pub(super) level: i32,
    pub(super) stamp: i64,
    pub(super) message: *mut ffi::PyObject,
    pub(super) values: V,
}

pub(super) enum Fast {
    Done,
    /// The call's values need a closer look, but maybe no Python code.
    Buffered,
    /// The call needs Python code, but nothing that only `logging` does.
    General,
    /// Something foreign listens, or no engine runs.
    Slow,
}

/// What the arguments of a call mean. It is taken apart where it was made, so its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Parsed<'a, 'py> {
    /// Its level is off.
    Off,
    Call(Call<'a, 'py>),
    /// Only `logging` can serve it.
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
        let category_id = KnownIdCell::default();
        Method { channel, level, threshold, category, category_id, slow, is_about_exception: false }
    }

    /// The same for a method of this name: that of `exception` logs the exception that is being handled.
    pub(crate) fn named(self, name: &str) -> Self {
        Method { is_about_exception: name == ABOUT_EXCEPTION, ..self }
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

    pub(crate) fn channel<'py>(&self, py: Python<'py>) -> &Bound<'py, Channel> {
        self.channel.bind(py)
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
            other => self.call_on(py, arguments, other),
        }
    }

    /// Serves the call if it needs neither Python code nor `slow`. Returns whether it did.
    pub(crate) fn try_native(&self, py: Python<'_>, arguments: &Arguments<'_>) -> bool {
        match self.try_fast(py, arguments) {
            Fast::Done => true,
            Fast::Buffered => {
                let _inside = Inside::enter(py);
                matches!(self.try_buffered(py, arguments), Fast::Done)
            }
            Fast::General | Fast::Slow => false,
        }
    }

    /// Goes on where [`Method::try_fast`] could not serve the call.
    #[inline(never)]
    fn call_on(&self, py: Python<'_>, arguments: &Arguments<'_>, next: Fast) -> PyResult<Option<Py<PyAny>>> {
        let _inside = Inside::enter(py);
        let next = if matches!(next, Fast::Buffered) { self.try_buffered(py, arguments) } else { next };
        match next {
            Fast::Done => Ok(None),
            Fast::Buffered | Fast::General => self.call_general(py, arguments),
            Fast::Slow => self.call_slow(py, arguments),
        }
    }

    #[inline]
    fn try_fast(&self, py: Python<'_>, arguments: &Arguments<'_>) -> Fast {
        if !self.is_undisturbed(py) {
            return Fast::Slow;
        }
        let (Some(level), [message]) = (self.level, arguments.positional) else { return Fast::Buffered };
        // Fetched and dropped outside of the state's borrow: freeing an object may run Python code.
        let context = current_context(py);
        let context = context.as_ref().map(Bound::get).filter(|fields| !fields.is_empty());
        STATE.with(py, |state| self.submit_plain(py, state, level, *message, arguments, context))
    }

    /// Submits a message without arguments or fields. False if it needs the general way.
    pub(crate) fn submit_message(&self, py: Python<'_>, level: i32, message: &Bound<'_, PyAny>) -> bool {
        let context = current_context(py);
        let context = context.as_ref().map(Bound::get).filter(|fields| !fields.is_empty());
        let alone = Arguments { positional: &[], named: &[], names: std::ptr::null_mut() };
        let outcome =
            STATE.with(py, |state| self.submit_plain(py, state, level, message.as_ptr(), &alone, context));
        matches!(outcome, Fast::Done)
    }

    /// Submits `call` the general way. False if no engine runs.
    pub(crate) fn submit_call(&self, py: Python<'_>, call: Call<'_, '_>) -> PyResult<bool> {
        submit(py, self.channel.bind(py).get().name(), call)
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
        if !state.is_simple || self.is_about_exception {
            return Fast::General;
        }
        let Some(site) = self.site(state, arguments.names) else { return Fast::Buffered };
        match site.way {
            Way::Plain => {
                let Some(ids) = self.ids(py, state, site.keys) else { return Fast::General };
                let values = arguments.named.iter().copied();
                let call = PlainCall { level, stamp: stamp(), message, values };
                self.compose(py, state, call, &ids, context)
            }
            Way::Buffered => Fast::Buffered,
            Way::Extra(slot) => {
                // SAFETY: the arguments live until the call returns.
                let values = unsafe { values_of_extra(state, site, slot, arguments) };
                self.submit_extra(py, state, (level, site), message, values, context)
            }
        }
    }

    /// Submits a call with the values of its `extra`, if they are known.
    #[inline(never)]
    fn submit_extra(
        &self,
        py: Python<'_>,
        state: &mut State,
        (level, site): (i32, Site),
        message: *mut ffi::PyObject,
        values: Option<Row<'_>>,
        context: Option<&Fields>,
    ) -> Fast {
        let Some(values) = values else { return Fast::Buffered };
        let Some(ids) = self.ids(py, state, site.keys) else { return Fast::General };
        let call = PlainCall { level, stamp: stamp(), message, values };
        self.compose(py, state, call, &ids, context)
    }

    /// Writes a record straight into the ring, if its message is a `str` and its values are plain: those of
    /// the key set in `ids`.
    #[inline]
    pub(super) fn compose(
        &self,
        py: Python<'_>,
        state: &mut State,
        call: PlainCall<impl Iterator<Item = *mut ffi::PyObject>>,
        ids: &Ids,
        context: Option<&Fields>,
    ) -> Fast {
        let PlainCall { level, stamp, message, values } = call;
        let State { pipeline: Some(pipeline), generation, limits, .. } = state else { return Fast::Slow };
        let protected = pipeline.protects(level, self.category.as_deref().map(str::as_bytes));
        let Ids { keys, logger, category } = *ids;
        let head = Head { level, logger, category, stamp };
        let bound = self.channel.bind(py).get().bound().map(|bound| bound.bind(py).get());
        // A record that escaping could make longer than the limits allow is measured and cut on the general
        // way.
        let most = limits.bytes as usize / WORST_ESCAPE_BYTES;
        let is_in = with_section(py, context, pipeline, *generation, |pipeline, context| {
            with_section(py, bound, pipeline, *generation, |pipeline, bound| {
                pipeline.compose(&head, protected, |composer| {
                    // SAFETY: the GIL is held; message and values live until the call returns.
                    unsafe { push_text(message, |text| composer.message(text))? };
                    for encoded in [context, bound].into_iter().filter(|encoded| !encoded.is_empty()) {
                        composer.section(encoded)?;
                    }
                    let inherited = context.len() + bound.len();
                    if keys != NO_ID {
                        composer.fields(keys)?;
                        for value in values {
                            // SAFETY: as above.
                            unsafe { push_plain(py, value, composer)? };
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
            false => Fast::Buffered,
        }
    }

    /// What is known of a call with these keywords; `None` for a new call site.
    #[inline]
    pub(super) fn site(&self, state: &State, names: *mut ffi::PyObject) -> Option<Site> {
        let generation = state.generation;
        if names.is_null() {
            return Some(Site { keys: NO_ID, generation, way: Way::Plain });
        }
        state.sites.find(names, generation).or_else(|| {
            // SAFETY: the interpreter passes keyword names in a tuple, alive until the call returns.
            let keys = state.key_sets.find(unsafe { items(names) }, generation)?;
            Some(Site { keys, generation, way: Way::Plain })
        })
    }

    /// The dictionary's ids for a call with this key set; `None` if the dictionary is full.
    #[inline]
    pub(super) fn ids(&self, py: Python<'_>, state: &mut State, keys: u32) -> Option<Ids> {
        let State { pipeline: Some(pipeline), generation, .. } = state else { return None };
        let generation = *generation;
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
        match self.parse(py, arguments)? {
            Parsed::Off => Ok(None),
            Parsed::Slow => self.call_slow(py, arguments),
            Parsed::Call(call) => match self.submit_call(py, call)? {
                true => Ok(None),
                // Stopped meanwhile: the slow way starts it again.
                false => self.call_slow(py, arguments),
            },
        }
    }

    /// The call that `arguments` make.
    pub(crate) fn parse<'py>(&self, py: Python<'py>, arguments: &Arguments<'_>) -> PyResult<Parsed<'_, 'py>> {
        let (level, positional) = match (self.level, arguments.positional) {
            (Some(level), positional) => (level, positional),
            (None, [level, rest @ ..]) => {
                // SAFETY: the argument lives until the call returns.
                let level = unsafe { Bound::from_borrowed_ptr(py, *level) };
                match level.extract::<i32>() {
                    Ok(level) => (level, rest),
                    Err(_) => return Ok(Parsed::Slow),
                }
            }
            (None, []) => return Ok(Parsed::Slow),
        };
        if level < self.threshold {
            return Ok(Parsed::Off);
        }
        let [message, args @ ..] = positional else { return Ok(Parsed::Slow) };
        let running = STATE.with(py, |state| state.pipeline.is_some());
        if !running || level_is_named(level) {
            return Ok(Parsed::Slow);
        }
        // SAFETY: the arguments live until the call returns; the references are counted.
        let (message, args) = unsafe {
            let args: Vec<_> = args.iter().map(|arg| Bound::from_borrowed_ptr(py, *arg)).collect();
            (Bound::from_borrowed_ptr(py, *message), PyTuple::new(py, args)?)
        };
        let mut call = Call::new(level, message, args);
        call.category = self.category.clone().map(Excerpt::from);
        call.names = arguments.names;
        if !keywords::collect(py, arguments, self.is_about_exception, &mut call)? {
            return Ok(Parsed::Slow);
        }
        call.bound = self.channel.get().bound();
        call.caller_is_current_frame = true;
        Ok(Parsed::Call(call))
    }

    /// The callable for the calls that the builtin cannot serve.
    pub(crate) fn slow(&self) -> *mut ffi::PyObject {
        self.slow.as_ptr()
    }

    #[cold]
    pub(crate) fn call_slow(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
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

/// The values of the `extra` that is the only keyword of a call, if its names are those of the last one.
///
/// # Safety
/// The arguments live as long as what is returned.
#[inline(never)]
unsafe fn values_of_extra<'v>(
    state: &State,
    site: Site,
    slot: u8,
    arguments: &Arguments<'v>,
) -> Option<Row<'v>> {
    let [extra] = arguments.named else { return None };
    let names = state.extra_sets.names_in(slot, site.keys, site.generation)?;
    // SAFETY: by this function's contract; nothing changes the dict, because no Python code runs.
    unsafe {
        if ffi::Py_TYPE(*extra) != &raw mut ffi::PyDict_Type {
            return None;
        }
        DictItems::values_of(*extra, names)
    }
}

fn level_is_named(level: i32) -> bool {
    metaexpert_log::level::Level(level).name().is_none()
}

#[inline]
pub(super) fn with_section<R>(
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
