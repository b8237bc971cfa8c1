//! A LogRecord taken apart.

use metaexpert_log::clock::{now_ns, stamp_of};
use metaexpert_log::level::Level;
use metaexpert_log::pipeline::Needs;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use crate::general::call::Call;
use crate::values::text::Excerpt;

/// Attributes of a LogRecord that are read here, by their places in [`NAMES`].
#[derive(Clone, Copy)]
pub(crate) enum Attribute {
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
pub(crate) const NAMES: [&str; 24] = [
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

/// Two times that are less apart are of one clock, read twice; others are of two clocks.
const SAME_CLOCK_NS: u64 = 1_000_000_000;

/// The attributes of a LogRecord.
pub(crate) struct Parts<'py> {
    standard: [Option<Bound<'py, PyAny>>; NAMES.len()],
    pub(crate) fields: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    /// When the record was made, by the system's clock.
    pub(crate) timestamp_ns: Option<i64>,
}

impl<'py> Parts<'py> {
    /// Sorts the attributes in `data`. Runs no Python code.
    pub(crate) fn of(data: &Bound<'py, PyDict>) -> Self {
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

    pub(crate) fn get(&self, attribute: Attribute) -> Option<&Bound<'py, PyAny>> {
        self.standard[attribute as usize].as_ref()
    }

    pub(crate) fn text(&self, attribute: Attribute) -> Option<Excerpt> {
        self.get(attribute)?.extract().ok()
    }

    pub(crate) fn level(&self) -> i32 {
        // Python allows levels of more than 32 bits: they count as the highest or lowest of 32.
        let level = self.get(Attribute::Level).and_then(|level| {
            let is_low = || level.lt(0).unwrap_or(false);
            level.cast::<PyInt>().ok()?;
            Some(level.extract().unwrap_or_else(|_| if is_low() { i32::MIN } else { i32::MAX }))
        });
        level.unwrap_or(0)
    }

    /// When the record was made. `created` is in seconds, with the microseconds that a float has room for.
    pub(crate) fn made_at_ns(&self, py: Python<'py>) -> Option<i64> {
        let created = self.get(Attribute::Created)?.extract::<f64>().ok()?;
        Some(stamp_of(by_the_system(py, ns_of(created))))
    }

    /// The record as a call, with what some format shows of it; `message` replaces the record's own.
    pub(crate) fn call<'a>(
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

/// The arguments as a tuple, which formatting expects: a LogRecord holds a single mapping bare.
fn arguments_of<'py>(py: Python<'py>, args: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
    match args {
        Some(args) if args.cast::<PyTuple>().is_ok() => Ok(args.clone().cast_into::<PyTuple>()?),
        // A false value stands for no arguments; `%` takes any other value for the only one.
        Some(args) if args.is_truthy().unwrap_or(true) => PyTuple::new(py, [args]),
        _ => Ok(PyTuple::empty(py)),
    }
}
