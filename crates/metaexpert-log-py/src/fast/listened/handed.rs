//! The parts of a call whose record is being handed to handlers.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::fast::arguments::Arguments;
use crate::fast::channel::Channel;
use crate::fast::listened::noted;
use crate::fast::listened::record::Made;
use crate::fast::method::{Fast, Method};
use crate::general::call::Call;
use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::exit::Inside;
use crate::process::forks::forks;
use crate::process::state::STATE;
use crate::values::text::Excerpt;

type Field = (Py<PyAny>, Py<PyAny>);

/// A call, and its record as it was made.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Handed {
    /// The record's address: whoever looks for it has the record.
    record: usize,
    channel: Py<Channel>,
    level: i32,
    category: Option<Vec<u8>>,
    message: Py<PyAny>,
    arguments: Py<PyTuple>,
    at: Option<i64>,
    caller: (Py<PyAny>, i32, Py<PyAny>),
    own: Vec<Field>,
    given: Given,
    /// All fields, with those of logger and context.
    fields: Vec<Field>,
    bound: Option<Py<Fields>>,
    context: Option<Py<Fields>>,
    /// Attributes that are compared by identity, in the order of [`COMPARED`].
    attributes: [Option<Py<PyAny>>; COMPARED.len()],
    count: usize,
    version: u64,
    /// The mark of the pipeline that has the record; 0 if none has it.
    taken_by: AtomicU64,
}

/// The arguments of the call, as they were passed.
struct Given {
    method: Py<Method>,
    /// The positional ones, then those with a name.
    all: Vec<Py<PyAny>>,
    positional: usize,
    names: Option<Py<PyAny>>,
    /// The names are those of the fields.
    are_names_known: bool,
    is_all_of_extra: bool,
}

/// Attributes that a line shows, beside the fields.
const COMPARED: [&str; 10] = [
    "name",
    "msg",
    "args",
    "levelname",
    "levelno",
    "exc_info",
    "exc_text",
    "stack_info",
    "created",
    "category",
];

thread_local! {
    /// The calls of this thread that are handing records out. Not pointers into their frames, because a
    /// library that switches stacks may have moved those away.
    static HANDED: RefCell<Vec<Py<Handed>>> = const { RefCell::new(Vec::new()) };
}

/// Takes a call out of [`HANDED`] at its end, also after a panic.
struct Ended<'a, 'py>(&'a Bound<'py, Handed>);

impl Drop for Ended<'_, '_> {
    fn drop(&mut self) {
        let found = HANDED.with_borrow_mut(|handed| {
            let at = handed.iter().rposition(|each| each.is(self.0));
            at.map(|at| handed.remove(at))
        });
        if let Some(found) = found {
            found.drop_ref(self.0.py());
        }
    }
}

/// Calls `body`, in which this thread hands the record out.
pub(crate) fn during<R>(handed: &Bound<'_, Handed>, body: impl FnOnce() -> R) -> R {
    HANDED.with_borrow_mut(|all| all.push(handed.clone().unbind()));
    let _ended = Ended(handed);
    body()
}

/// The call of this thread that is handing `record` out, or the one that is noted.
fn of_record<'py>(record: &Bound<'py, PyAny>) -> Option<Bound<'py, Handed>> {
    let (py, address) = (record.py(), record.as_ptr() as usize);
    let present = HANDED.with_borrow(|handed| {
        let found = handed.iter().rev().find(|each| each.get().record == address);
        found.map(|found| found.bind(py).clone())
    });
    present.or_else(|| noted::of_record(record)?.cast_into_exact().ok())
}

impl Handed {
    pub(crate) fn new<'py>(
        method: &Bound<'py, Method>,
        arguments: &Arguments<'_>,
        call: &Call<'_, 'py>,
        made: &Made<'py>,
        fields: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        context: Option<Bound<'py, Fields>>,
    ) -> Self {
        let py = made.record.py();
        let unbound = |(name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>)| (name.unbind(), value.unbind());
        Handed {
            record: made.record.as_ptr() as usize,
            channel: method.get().channel(py).clone().unbind(),
            level: call.level,
            category: call.category.as_ref().map(|category| category.text.clone()),
            message: call.message.clone().unbind(),
            arguments: call.arguments.clone().unbind(),
            at: call.timestamp_ns,
            caller: (
                made.caller.file.clone().unbind(),
                made.caller.line,
                made.caller.function.clone().unbind(),
            ),
            own: call.fields.iter().cloned().map(unbound).collect(),
            fields: fields.into_iter().map(unbound).collect(),
            given: Given::new(method, arguments, call),
            bound: call.bound.map(|bound| bound.clone_ref(py)),
            context: context.map(Bound::unbind),
            attributes: compared(&made.attributes).map(|value| value.map(Bound::unbind)),
            count: made.attributes.len(),
            version: version_of(&made.attributes),
            taken_by: AtomicU64::new(0),
        }
    }

    /// Whether a line of the record would be that of the call.
    fn is_unchanged(&self, record: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = record.py();
        let attributes = record.getattr(pyo3::intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
        let version = version_of(&attributes);
        if version != 0 && version == self.version {
            return Ok(true);
        }
        // Formatters set these two, and no line shows them.
        let later = [pyo3::intern!(py, "message"), pyo3::intern!(py, "asctime")];
        let later = later.iter().filter(|name| attributes.contains(name).unwrap_or(false)).count();
        let shows_more = STATE.with(py, |state| state.needs.caller || state.needs.thread || state.needs.task);
        let is_same = |value: Option<Bound<'_, PyAny>>, before: Option<&Py<PyAny>>| {
            value.as_ref().map(Bound::as_ptr) == before.map(Py::as_ptr)
        };
        Ok(!shows_more
            && attributes.len() == self.count + later
            && compared(&attributes)
                .into_iter()
                .zip(&self.attributes)
                .all(|(value, before)| is_same(value, before.as_ref()))
            && self
                .fields
                .iter()
                .all(|(name, value)| is_same(attributes.get_item(name).ok().flatten(), Some(value))))
    }

    /// Submits the call. False if no engine runs.
    fn submit(&self, py: Python<'_>) -> PyResult<bool> {
        if self.given.submit(py, self.at) {
            return Ok(true);
        }
        let mut call = Call::new(self.level, self.message.bind(py).clone(), self.arguments.bind(py).clone());
        call.category = self.category.clone().map(Excerpt::from);
        call.timestamp_ns = self.at;
        call.bound = self.bound.as_ref();
        call.fields =
            self.own.iter().map(|(name, value)| (name.bind(py).clone(), value.bind(py).clone())).collect();
        if self.given.are_names_known
            && let Some(names) = &self.given.names
        {
            call.names = names.as_ptr();
        }
        call.is_all_of_extra = self.given.is_all_of_extra;
        if STATE.with(py, |state| state.needs.caller) {
            let (file, line, function) = &self.caller;
            let line = u32::try_from(*line).unwrap_or(0);
            call.caller = Some((file.extract::<Excerpt>(py)?, line, function.extract::<Excerpt>(py)?));
        }
        submit(py, self.channel.bind(py).get().name(), call)
    }

    fn is_taken(&self, py: Python<'_>) -> bool {
        let taken_by = self.taken_by.load(Ordering::Relaxed);
        taken_by != 0 && taken_by == mark_of_pipeline(py)
    }
}

impl Given {
    fn new<'py>(method: &Bound<'py, Method>, arguments: &Arguments<'_>, call: &Call<'_, 'py>) -> Self {
        let py = method.py();
        let all = arguments.positional.iter().chain(arguments.named);
        // SAFETY: the arguments live until the call returns; the references are counted.
        let all = all.map(|object| unsafe { Bound::from_borrowed_ptr(py, *object) }.unbind());
        // SAFETY: as above.
        let names = unsafe { Bound::from_borrowed_ptr_or_opt(py, arguments.names) };
        Given {
            method: method.clone().unbind(),
            all: all.collect(),
            positional: arguments.positional.len(),
            names: names.map(Bound::unbind),
            are_names_known: !call.names.is_null(),
            is_all_of_extra: call.is_all_of_extra,
        }
    }

    /// Submits the call if it needs no Python code.
    fn submit(&self, py: Python<'_>, at: Option<i64>) -> bool {
        let method = self.method.bind(py).get();
        let (Some(level), Some(at)) = (method.level, at) else { return false };
        let all: Vec<_> = self.all.iter().map(Py::as_ptr).collect();
        let (positional, named) = all.split_at(self.positional);
        let names = self.names.as_ref().map_or(std::ptr::null_mut(), Py::as_ptr);
        let arguments = Arguments { positional, named, names };
        matches!(method.try_buffered_at(py, level, at, &arguments), Fast::Done)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.method)?;
        self.all.iter().chain(&self.names).try_for_each(|each| visit.call(each))
    }
}

#[pymethods]
impl Handed {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.channel)?;
        self.given.traverse(&visit)?;
        visit.call(&self.message)?;
        visit.call(&self.arguments)?;
        for (name, value) in self.own.iter().chain(&self.fields) {
            visit.call(name)?;
            visit.call(value)?;
        }
        for each in [&self.bound, &self.context].into_iter().flatten() {
            visit.call(each)?;
        }
        self.attributes.iter().flatten().try_for_each(|value| visit.call(value))
    }
}

/// Submits `record` if this thread is handing it out and nobody has changed it. True if the pipeline has it
/// now, or had it before; then its class is `copied` in place of `usual`.
#[pyfunction]
pub(crate) fn submit_handed(
    record: &Bound<'_, PyAny>,
    usual: &Bound<'_, PyType>,
    copied: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = record.py();
    let Some(handed) = of_record(record) else { return Ok(false) };
    let handed = handed.get();
    if handed.is_taken(py) {
        return Ok(true);
    }
    if !record.get_type().is(usual) || !handed.is_unchanged(record)? {
        return Ok(false);
    }
    let _inside = Inside::enter(py);
    if !handed.submit(py)? {
        return Ok(false);
    }
    handed.taken_by.store(mark_of_pipeline(py), Ordering::Relaxed);
    let class = pyo3::intern!(py, "__class__");
    // SAFETY: the GIL is held and the three objects are alive; the record takes a reference of its own.
    match unsafe { ffi::PyObject_GenericSetAttr(record.as_ptr(), class.as_ptr(), copied.as_ptr()) } {
        0 => Ok(true),
        _ => Err(PyErr::fetch(py)),
    }
}

/// What is known of a record: see [`known_of`].
type KnownParts<'py> = (Bound<'py, PyDict>, Option<Py<Fields>>, Option<Py<Fields>>, bool);

/// What is known about a record that the native engine has made: the call's fields, those that were bound,
/// those of the context, and whether this pipeline has it. None for any other record.
#[pyfunction]
pub(crate) fn known_of<'py>(record: &Bound<'py, PyAny>) -> PyResult<Option<KnownParts<'py>>> {
    let py = record.py();
    let Some(handed) = of_record(record) else { return Ok(None) };
    let handed = handed.get();
    let own = PyDict::new(py);
    for (name, value) in &handed.own {
        own.set_item(name, value)?;
    }
    let reference = |fields: &Option<Py<Fields>>| fields.as_ref().map(|fields| fields.clone_ref(py));
    Ok(Some((own, reference(&handed.bound), reference(&handed.context), handed.is_taken(py))))
}

/// Tells this pipeline from others of the process, and from those of its parents. Never 0 once it has begun.
fn mark_of_pipeline(py: Python<'_>) -> u64 {
    u64::from(forks()) << 32 | u64::from(STATE.with(py, |state| state.generation))
}

fn compared<'py>(attributes: &Bound<'py, PyDict>) -> [Option<Bound<'py, PyAny>>; COMPARED.len()] {
    static NAMES: PyOnceLock<[Py<PyString>; COMPARED.len()]> = PyOnceLock::new();
    let py = attributes.py();
    let names = NAMES.get_or_init(py, || COMPARED.map(|name| PyString::intern(py, name).unbind()));
    names.each_ref().map(|name| attributes.get_item(name).ok().flatten())
}

#[cfg(not(Py_3_13))]
#[allow(deprecated)] // in 3.12
fn version_of(attributes: &Bound<'_, PyDict>) -> u64 {
    // SAFETY: the GIL is held and the dict alive.
    unsafe { (*attributes.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag }
}

/// None: see `watched_logger`.
#[cfg(Py_3_13)]
fn version_of(_attributes: &Bound<'_, PyDict>) -> u64 {
    0
}
