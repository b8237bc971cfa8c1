//! The builtin behind `log.info(…)`: **capture** at its shortest.
//!
//! It serves a message of type `str` with fields of plain types from a known call site; everything else
//! goes on to [`crate::submit`], and what only `logging` can do to the Python side. Fast calls run no
//! Python code at all.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use metaexpert_log::clock::now_ns;
use metaexpert_log::frame::{NO_ID, Record, Section, Value};
use metaexpert_log::pipeline::Refused;
use metaexpert_log::stats::Loss;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::channel::Channel;
use crate::convert::{plain_text, plain_value};
use crate::fields::Fields;
use crate::state::{GilValue, KnownId, STATE, State};
use crate::submit::{Call, submit};

/// More fields than this take the general way.
const FAST_FIELDS: usize = 32;

/// A byte takes at most this many in a JSON string, with something to spare for punctuation.
const WORST_ESCAPE: usize = 8;

/// Words that keep the meaning `logging` gives them.
const RESERVED: [&str; 4] = ["exc_info", "stack_info", "stacklevel", "extra"];
pub(crate) const TRADE: &str = "trade";

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

struct StaticMethod(ffi::PyMethodDef);
// SAFETY: the definitions are never written and their strings are 'static.
unsafe impl Sync for StaticMethod {}

static LOG: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"log".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: log },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Log a message with fields.".as_ptr(),
});

static SILENT: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"silent".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: silent },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Do nothing while the level is off.".as_ptr(),
});

static NOTHING: StaticMethod = StaticMethod(ffi::PyMethodDef {
    ml_name: c"nothing".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: ignore },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"Accept any arguments and do nothing: a level that is off.".as_ptr(),
});

/// Makes the builtin of `channel` for one level, or for `Logger.log` when `level` is `None`.
pub(crate) fn builtin<'py>(
    channel: &Bound<'py, Channel>,
    level: Option<i32>,
    threshold: i32,
    category: Option<String>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = channel.py();
    let method = Method {
        channel: channel.clone().unbind(),
        level,
        threshold,
        category,
        category_id: GilValue::new(KnownId::default()),
        slow: Mutex::new(Some(slow)),
    };
    new_builtin(py, &LOG, Some(Bound::new(py, method)?.into_any()))
}

/// Makes the builtin for a level that is off: it does nothing until the channel is closed.
pub(crate) fn silent_builtin<'py>(
    channel: &Bound<'py, Channel>,
    slow: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = channel.py();
    let method = Method {
        channel: channel.clone().unbind(),
        level: None,
        threshold: i32::MAX,
        category: None,
        category_id: GilValue::new(KnownId::default()),
        slow: Mutex::new(Some(slow)),
    };
    new_builtin(py, &SILENT, Some(Bound::new(py, method)?.into_any()))
}

/// A builtin that accepts any arguments and does nothing: what a call costs at least.
#[pyfunction]
pub(crate) fn nothing(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    new_builtin(py, &NOTHING, None)
}

fn new_builtin<'py>(
    py: Python<'py>,
    definition: &'static StaticMethod,
    receiver: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let receiver = receiver.as_ref().map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the definition lives for ever and CPython never writes to it; the builtin takes its own
    // reference to the receiver.
    unsafe {
        let function =
            ffi::PyCFunction_NewEx((&raw const definition.0).cast_mut(), receiver, std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, function)
    }
}

unsafe extern "C" fn ignore(
    _slf: *mut ffi::PyObject,
    _args: *const *mut ffi::PyObject,
    _nargs: ffi::Py_ssize_t,
    _names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

/// A call's arguments as the interpreter passes them; alive until the call returns.
#[derive(Clone, Copy)]
struct Arguments<'a> {
    positional: &'a [*mut ffi::PyObject],
    named: &'a [*mut ffi::PyObject],
    /// The tuple of names, or null.
    names: *mut ffi::PyObject,
}

unsafe extern "C" fn silent(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which holds the GIL, with the `Method` that `silent_builtin` gave;
    // the arguments are passed on as they came.
    unsafe {
        let py = Python::assume_attached();
        let method = Borrowed::from_ptr(py, slf).cast_unchecked::<Method>().get();
        if method.channel.bind(py).get().is_open(py) {
            return ffi::Py_NewRef(ffi::Py_None());
        }
        match method.slow(py) {
            Some(slow) => ffi::PyObject_Vectorcall(slow.as_ptr(), args, nargs as usize, names),
            None => ffi::Py_NewRef(ffi::Py_None()),
        }
    }
}

unsafe extern "C" fn log(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with the GIL held, with `nargs` positional arguments followed by one
    // for each name; `slf` is the `Method` that `builtin` gave it.
    let (py, method, arguments) = unsafe {
        let named = if names.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(names) as usize };
        let positional = nargs as usize;
        let all: &[*mut ffi::PyObject] =
            if positional + named == 0 { &[] } else { std::slice::from_raw_parts(args, positional + named) };
        let (positional, named) = all.split_at(positional);
        let py = Python::assume_attached();
        (
            py,
            Borrowed::from_ptr(py, slf).cast_unchecked::<Method>().get(),
            Arguments { positional, named, names },
        )
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| method.call(py, &arguments)));
    match outcome {
        // SAFETY: the GIL is held.
        Ok(Ok(None)) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
        Ok(Ok(Some(result))) => result.into_ptr(),
        Ok(Err(interrupt)) => {
            interrupt.restore(py);
            std::ptr::null_mut()
        }
        // A bug here must not reach the trading code; the panic's message went to standard error.
        // SAFETY: the GIL is held.
        Err(_) => unsafe { ffi::Py_NewRef(ffi::Py_None()) },
    }
}

enum Fast {
    Done,
    /// Too much for the fast path, but nothing `logging` need see.
    General,
    /// Something foreign listens, or nothing runs.
    Slow,
}

impl Method {
    #[inline]
    fn call(&self, py: Python<'_>, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.try_fast(py, arguments) {
            Fast::Done => Ok(None),
            Fast::General => self.call_general(py, arguments),
            Fast::Slow => self.call_slow(py, arguments),
        }
    }

    #[inline]
    fn try_fast(&self, py: Python<'_>, arguments: &Arguments<'_>) -> Fast {
        let channel = self.channel.bind(py).get();
        if !channel.is_undisturbed(py) {
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
        for (slot, argument) in values.iter_mut().zip(arguments.named) {
            // SAFETY: as above.
            match unsafe { plain_value(*argument) } {
                Some(value) => slot.write(value),
                None => return Fast::General,
            };
        }
        // SAFETY: the loop has written one value for each named argument.
        let values: &[Value<'_>] =
            unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), arguments.named.len()) };
        STATE.with(py, |state| self.submit_fast(py, state, level, message, values, arguments.names))
    }

    #[inline]
    fn submit_fast(
        &self,
        py: Python<'_>,
        state: &mut State,
        level: i32,
        message: &[u8],
        values: &[Value<'_>],
        names: *mut ffi::PyObject,
    ) -> Fast {
        let State { pipeline: Some(pipeline), generation, sites, context, needs, synchronous, .. } = state
        else {
            return Fast::Slow;
        };
        if needs.caller || needs.thread || needs.task || *synchronous {
            return Fast::General;
        }
        let generation = *generation;
        let keys = if names.is_null() {
            NO_ID
        } else {
            match sites.find(names, generation) {
                Some(site) => site.keys,
                None => return Fast::General,
            }
        };
        // What is small can't grow beyond the limit when it is escaped; the rest is measured.
        let size = message.len() + values.iter().map(Value::encoded_len).sum::<usize>();
        if size > state.limits.bytes as usize / WORST_ESCAPE {
            return Fast::General;
        }
        let channel = self.channel.bind(py).get();
        let Some(logger) = channel.id(py, pipeline, generation) else { return Fast::General };
        let category = match &self.category {
            None => NO_ID,
            Some(name) => {
                let known = self.category_id.get(py);
                if known.generation == generation {
                    known.id
                } else {
                    let Some(id) = pipeline.category_id(name.as_bytes()) else { return Fast::General };
                    self.category_id.set(py, KnownId { generation, id });
                    id
                }
            }
        };
        let context = match context {
            Some(variable) => current_context(py, variable),
            None => None,
        };
        let own = Section::Fields { keys, values };
        let record = Record { level, logger, category, timestamp_ns: now_ns(), message, sections: &[] };
        let protected = pipeline.protects(level) || self.category.is_some();
        let submitted = match (context.as_ref().filter(|fields| !fields.get().is_empty()), channel.bound()) {
            (None, None) if keys == NO_ID => pipeline.submit(&record, protected),
            (None, None) => pipeline.submit(&Record { sections: &[own], ..record }, protected),
            (context, bound) => {
                let context = context.map(Bound::get);
                let bound = bound.map(|bound| bound.bind(py).get());
                with_section(py, context, pipeline, generation, |pipeline, context| {
                    with_section(py, bound, pipeline, generation, |pipeline, bound| {
                        let sections = [Section::Encoded(context), Section::Encoded(bound), own];
                        let first = usize::from(context.is_empty());
                        // An empty bound section lies between two that are not: it is moved to the front.
                        if bound.is_empty() {
                            let sections = [sections[0], own];
                            let count = if keys == NO_ID { 1 } else { 2 };
                            return pipeline
                                .submit(&Record { sections: &sections[..count], ..record }, protected);
                        }
                        let end = if keys == NO_ID { 2 } else { 3 };
                        pipeline.submit(&Record { sections: &sections[first..end], ..record }, protected)
                    })
                })
            }
        };
        match submitted {
            Ok(()) => Fast::Done,
            Err(Refused::Full) if !protected => {
                pipeline.give_up(level, Loss::QueueFull);
                Fast::Done
            }
            Err(_) => Fast::General,
        }
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
        submit(py, channel.name(), call).map(|()| None)
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
    fn slow(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.slow.lock().ok().and_then(|slow| slow.as_ref().map(|slow| slow.clone_ref(py)))
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
    pipeline: &mut metaexpert_log::pipeline::Pipeline,
    generation: u32,
    body: impl FnOnce(&mut metaexpert_log::pipeline::Pipeline, &[u8]) -> R,
) -> R {
    match fields {
        Some(fields) => fields.with_section(py, pipeline, generation, body),
        None => body(pipeline, &[]),
    }
}

/// The fields of the innermost `log_context` here. Runs no Python code: looking up a contextvar compares
/// addresses.
#[inline]
pub(crate) fn current_context<'py>(py: Python<'py>, variable: &Py<PyAny>) -> Option<Bound<'py, Fields>> {
    let mut value = std::ptr::null_mut();
    // SAFETY: the GIL is held and `variable` is a ContextVar; `value` becomes a new reference or null.
    unsafe {
        if ffi::PyContextVar_Get(variable.as_ptr(), std::ptr::null_mut(), &mut value) < 0 {
            ffi::PyErr_Clear();
            return None;
        }
        Bound::from_owned_ptr_or_opt(py, value)?.cast_into::<Fields>().ok()
    }
}
