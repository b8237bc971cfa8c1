//! The way of a `logging.LogRecord` of any logger into the pipeline.

use metaexpert_log::clock::{now_ns, stamp_of};
use metaexpert_log::frame::{NO_ID, Record, Section, Value};
use metaexpert_log::level::Level;
use metaexpert_log::pipeline::Needs;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use crate::general::call::Call;
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::exit::Inside;
use crate::process::state::{STATE, State};
use crate::values::plain::{plain_text, plain_value};
use crate::values::text::{Excerpt, WORST_ESCAPE_BYTES};

/// Attributes of a LogRecord that are read here, by their places in [`NAMES`].
#[derive(Clone, Copy)]
enum Attribute {
    Name,
    Message,
    Arguments,
    LevelName,
    Level,
    Path,
    Stack = 10,
    Line,
    Function,
    Created,
    Thread = 16,
    ThreadName,
    Task = 20,
    Category,
}

/// Attributes of a LogRecord that are no fields, in the order in which `logging` sets them.
const NAMES: [&str; 24] = [
    "name",
    "msg",
    "args",
    "levelname",
    "levelno",
    "pathname",
    "filename",
    "module",
    "exc_info",
    "exc_text",
    "stack_info",
    "lineno",
    "funcName",
    "created",
    "msecs",
    "relativeCreated",
    "thread",
    "threadName",
    "processName",
    "process",
    "taskName",
    "category",
    "message",
    "asctime",
];

/// A LogRecord with more fields, or a longer name of one, takes the general way.
const MOST_PLAIN_FIELDS: usize = 32;
const MOST_PLAIN_NAME_BYTES: usize = 256;

/// Two times that are less apart are of one clock, read twice; others are of two clocks.
const SAME_CLOCK_NS: u64 = 1_000_000_000;

/// A LogRecord taken apart.
struct Parts<'py> {
    standard: [Option<Bound<'py, PyAny>>; NAMES.len()],
    fields: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    timestamp_ns: Option<i64>,
}

/// Submits the LogRecord `record`. Returns false if no engine runs.
///
/// `message` replaces the record's own formatting. `exception` is (type, message, stacktrace). `fields` are
/// its fields under the names that were used in the call; `attributes` then has the names of the record's
/// attributes that hold them. `bound` are the fields of its logger. With `is_complete` there are no others,
/// such as those of the running context.
#[pyfunction]
#[pyo3(signature = (record, message, exception, fields, attributes, bound=None, is_complete=false))]
pub(crate) fn submit_record(
    record: &Bound<'_, PyAny>,
    message: Option<Bound<'_, PyAny>>,
    exception: Option<(Excerpt, Excerpt, Excerpt)>,
    fields: Option<&Bound<'_, PyDict>>,
    attributes: Option<&Bound<'_, PyAny>>,
    bound: Option<Py<Fields>>,
    is_complete: bool,
) -> PyResult<bool> {
    let py = record.py();
    let _inside = Inside::enter(py);
    let data = record.getattr("__dict__")?.cast_into::<PyDict>()?;
    let mut parts = with_critical_section(&data, || Parts::of(&data));
    parts.timestamp_ns = parts.made_at_ns(py);
    if let Some(attributes) = attributes {
        parts.fields.retain(|(name, _)| !attributes.contains(name).unwrap_or(false));
    }
    if let Some(fields) = fields {
        parts.fields.extend(fields.iter());
    }
    let is_bare = message.is_none() && exception.is_none() && !is_complete;
    if is_bare && submit_plain(py, &parts, bound.as_ref()) {
        return Ok(true);
    }
    let needs = STATE.with(py, |state| state.needs);
    let mut call = parts.call(py, message, needs)?;
    call.exception = exception;
    call.bound = bound.as_ref();
    call.is_complete = is_complete;
    let name = parts.text(Attribute::Name).unwrap_or_default();
    call.fields = parts.fields;
    submit(py, &name.text, call)
}

impl<'py> Parts<'py> {
    /// Sorts the attributes in `data`. Runs no Python code.
    fn of(data: &Bound<'py, PyDict>) -> Self {
        let mut parts = Parts {
            standard: [const { None }; NAMES.len()],
            fields: Vec::with_capacity(8),
            timestamp_ns: None,
        };
        let mut expected = 0;
        for (key, value) in data.iter() {
            match attribute(&key, expected) {
                Some(index) => {
                    expected = index + 1;
                    parts.standard[index] = Some(value);
                }
                None => parts.fields.push((key, value)),
            }
        }
        if parts.get(Attribute::Category).is_some_and(|category| category.cast::<PyString>().is_err()) {
            parts.make_field(Attribute::Category);
        }
        parts
    }

    fn make_field(&mut self, attribute: Attribute) {
        if let Some(value) = self.standard[attribute as usize].take() {
            let name = PyString::intern(value.py(), NAMES[attribute as usize]).into_any();
            self.fields.push((name, value));
        }
    }

    fn get(&self, attribute: Attribute) -> Option<&Bound<'py, PyAny>> {
        self.standard[attribute as usize].as_ref()
    }

    fn text(&self, attribute: Attribute) -> Option<Excerpt> {
        self.get(attribute)?.extract().ok()
    }

    fn level(&self) -> i32 {
        // Python allows levels of more than 32 bits: they count as the highest or lowest of 32.
        let level = self.get(Attribute::Level).and_then(|level| {
            let is_low = || level.lt(0).unwrap_or(false);
            level.cast::<PyInt>().ok()?;
            Some(level.extract().unwrap_or_else(|_| if is_low() { i32::MIN } else { i32::MAX }))
        });
        level.unwrap_or(0)
    }

    /// When the record was made. `created` is in seconds, with the microseconds that a float has room for.
    fn made_at_ns(&self, py: Python<'py>) -> Option<i64> {
        let created = self.get(Attribute::Created)?.extract::<f64>().ok()?;
        Some(stamp_of(by_the_system(py, ns_of(created))))
    }

    /// The record as a call, with what some format shows of it; `message` replaces the record's own.
    fn call<'a>(
        &self,
        py: Python<'py>,
        message: Option<Bound<'py, PyAny>>,
        needs: Needs,
    ) -> PyResult<Call<'a, 'py>> {
        let (text, arguments) = match message {
            Some(message) => (message, PyTuple::empty(py)),
            None => {
                let text = self.get(Attribute::Message).cloned();
                let text = text.unwrap_or_else(|| PyString::new(py, "").into_any());
                (text, arguments_of(py, self.get(Attribute::Arguments))?)
            }
        };
        let level = self.level();
        let mut call = Call::new(level, text, arguments);
        call.level_name = self
            .text(Attribute::LevelName)
            .filter(|name| Level(level).name().is_none_or(|usual| usual.as_bytes() != name.text));
        call.category = self.text(Attribute::Category);
        call.stack = self.text(Attribute::Stack);
        if needs.caller {
            let line = self.get(Attribute::Line).and_then(|line| line.extract().ok()).unwrap_or(0);
            let function = self.text(Attribute::Function).unwrap_or_default();
            call.caller = self.text(Attribute::Path).map(|file| (file, line, function));
        }
        if needs.thread {
            let ident = self.get(Attribute::Thread).and_then(|ident| ident.extract::<u64>().ok());
            let name = self.text(Attribute::ThreadName).unwrap_or_default();
            call.thread = ident.map(|ident| (ident, name));
        }
        if needs.task {
            call.task = self.text(Attribute::Task);
        }
        call.timestamp_ns = self.timestamp_ns;
        Ok(call)
    }
}

fn ns_of(seconds: f64) -> i64 {
    ((seconds * 1e6).round() as i64).saturating_mul(1000)
}

/// A time of Python's clock by the system's clock, by which other records have theirs: tests replace or
/// freeze Python's. A record that really is as old as it says, because a queue held it, keeps its time.
fn by_the_system(py: Python<'_>, created_ns: i64) -> i64 {
    let now = now_ns();
    if now.abs_diff(created_ns) < SAME_CLOCK_NS {
        return created_ns;
    }
    let shown = py.import("time").and_then(|time| time.call_method0("time")?.extract::<f64>());
    match shown.map(ns_of) {
        Ok(shown) if now.abs_diff(shown) >= SAME_CLOCK_NS => {
            created_ns.saturating_add(now.saturating_sub(shown))
        }
        _ => created_ns,
    }
}

/// The index in [`NAMES`] of an attribute's name. The one after the previous attribute's is likely:
/// `expected`.
#[inline]
fn attribute(key: &Bound<'_, PyAny>, expected: usize) -> Option<usize> {
    static INTERNED: PyOnceLock<Vec<Py<PyString>>> = PyOnceLock::new();
    let py = key.py();
    let interned =
        INTERNED.get_or_init(py, || NAMES.iter().map(|name| PyString::intern(py, name).unbind()).collect());
    let is_key = |name: &Py<PyString>| name.as_ptr() == key.as_ptr();
    if interned.get(expected).is_some_and(is_key) {
        return Some(expected);
    }
    interned.iter().position(is_key).or_else(|| {
        // A name that was made at run time, as by unpickling, is another object.
        let text = key.cast_exact::<PyString>().ok()?.to_str().ok()?;
        NAMES.iter().position(|name| *name == text)
    })
}

/// Submits a record of plain values of which no format shows more. False if it is none, or was not taken.
/// Runs no Python code.
fn submit_plain(py: Python<'_>, parts: &Parts<'_>, bound: Option<&Py<Fields>>) -> bool {
    let Some(plain) = PlainRecord::of(parts) else { return false };
    let context = current_context(py);
    let inherited = [context.as_ref().map(Bound::get), bound.map(|bound| bound.bind(py).get())];
    STATE.with(py, |state| plain.submit(py, state, inherited).is_some())
}

/// A record of nothing but plain values, borrowed from its parts.
struct PlainRecord<'a> {
    level: i32,
    name: &'a [u8],
    category: Option<&'a [u8]>,
    message: &'a [u8],
    timestamp_ns: i64,
    keys: Vec<&'a [u8]>,
    values: Vec<Value<'a>>,
}

impl<'a> PlainRecord<'a> {
    fn of(parts: &'a Parts<'_>) -> Option<Self> {
        let is_none = |attribute| parts.get(attribute).is_none_or(|value| value.is_none());
        let has_arguments = parts.get(Attribute::Arguments).is_some_and(|args| {
            !args.is_none() && !args.cast_exact::<PyTuple>().is_ok_and(|args| args.is_empty())
        });
        if has_arguments || !is_none(Attribute::Stack) || parts.fields.len() > MOST_PLAIN_FIELDS {
            return None;
        }
        let level = parts.level();
        if Level(level).name()?.as_bytes() != text_of(parts.get(Attribute::LevelName)?)? {
            return None;
        }
        let mut keys = Vec::with_capacity(parts.fields.len());
        let mut values = Vec::with_capacity(parts.fields.len());
        for (key, value) in &parts.fields {
            keys.push(text_of(key).filter(|key| key.len() <= MOST_PLAIN_NAME_BYTES)?);
            // SAFETY: the GIL is held, and `parts` keeps the value alive for 'a.
            values.push(unsafe { plain_value(value.as_ptr()) }?);
        }
        Some(PlainRecord {
            level,
            name: text_of(parts.get(Attribute::Name)?)?,
            category: match parts.get(Attribute::Category) {
                Some(category) => Some(text_of(category)?),
                None => None,
            },
            message: text_of(parts.get(Attribute::Message)?)?,
            timestamp_ns: parts.timestamp_ns?,
            keys,
            values,
        })
    }

    /// Whether it stays within `limit` bytes, however much is escaped. Others are measured and cut on the
    /// general way.
    fn is_small(&self, limit: u32) -> bool {
        let names: usize = self.keys.iter().map(|key| key.len()).sum();
        let values: usize = self.values.iter().map(Value::encoded_len).sum();
        self.name.len() + self.message.len() + names + values <= limit as usize / WORST_ESCAPE_BYTES
    }

    /// Submits it with the fields of context and logger. `None` if it has to take the general way.
    fn submit(&self, py: Python<'_>, state: &mut State, inherited: [Option<&Fields>; 2]) -> Option<()> {
        let few = self.keys.len() <= state.limits.items as usize;
        if !state.is_simple || !few || !self.is_small(state.limits.bytes) {
            return None;
        }
        let State { pipeline: Some(pipeline), generation, .. } = state else { return None };
        let generation = *generation;
        let keys = if self.keys.is_empty() { NO_ID } else { pipeline.keys_id(&self.keys)? };
        let category = match self.category {
            Some(category) => pipeline.category_id(category)?,
            None => NO_ID,
        };
        let logger = pipeline.logger_id(self.name)?;
        let encoded = inherited.map(|fields| {
            let fields = fields.filter(|fields| !fields.is_empty())?;
            Some(fields.with_section(py, pipeline, generation, |_, section| section.to_vec()))
        });
        let mut sections = [Section::Encoded(&[]); 3];
        let mut count = 0;
        for section in encoded.iter().flatten() {
            sections[count] = Section::Encoded(section);
            count += 1;
        }
        if keys != NO_ID {
            sections[count] = Section::Fields { keys, values: &self.values };
            count += 1;
        }
        let record = Record {
            level: self.level,
            logger,
            category,
            timestamp_ns: self.timestamp_ns,
            message: self.message,
            sections: &sections[..count],
        };
        // A record that is refused goes the general way, which waits for room or counts it as lost.
        pipeline.submit(&record, false).ok()
    }
}

/// The UTF-8 text of an exact `str`.
#[inline]
fn text_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    let text = object.cast_exact::<PyString>().ok()?;
    // SAFETY: an exact str, alive for 'a; the GIL is held.
    unsafe { plain_text(text.as_ptr()) }
}

/// The arguments as a tuple, which formatting expects: a LogRecord holds a single mapping bare.
fn arguments_of<'py>(py: Python<'py>, args: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
    match args {
        Some(args) if args.cast::<PyTuple>().is_ok() => Ok(args.clone().cast_into::<PyTuple>()?),
        // A false value stands for no arguments; `%` takes any other value for the only one.
        Some(args) if args.is_truthy().unwrap_or(true) => PyTuple::new(py, [args]),
        _ => Ok(PyTuple::empty(py)),
    }
}
