//! A `logging.LogRecord` of any logger into the pipeline.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString, PyTuple};

use crate::fields::Fields;
use crate::submit::{Call, submit};

/// Attributes that every LogRecord has; the others are fields.
const STANDARD: [&str; 24] = [
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
    "message",
    "asctime",
    "fields",
];

/// Submits `record`. `message` replaces its own formatting if given; `exception` is (type, message,
/// stacktrace); `fields`, if given, are its fields under the names that were used in the call, which then
/// lie in `attributes` (a container of names) as attributes of the record; `bound` are those of its logger.
#[pyfunction]
#[pyo3(signature = (record, message, exception, fields, attributes, bound=None))]
pub(crate) fn submit_record(
    record: &Bound<'_, PyAny>,
    message: Option<Bound<'_, PyAny>>,
    exception: Option<(String, String, String)>,
    fields: Option<&Bound<'_, PyDict>>,
    attributes: Option<&Bound<'_, PyAny>>,
    bound: Option<Py<Fields>>,
) -> PyResult<bool> {
    let py = record.py();
    let data = record.getattr("__dict__")?.cast_into::<PyDict>()?;
    let get = |name: &str| data.get_item(name).ok().flatten();
    let level = get("levelno").and_then(|level| level.extract::<i32>().ok()).unwrap_or(0);
    let (text, arguments) = match message {
        Some(message) => (message, PyTuple::empty(py)),
        None => {
            (get("msg").unwrap_or_else(|| PyString::new(py, "").into_any()), arguments_of(py, get("args"))?)
        }
    };
    let mut call = Call::new(level, text, arguments);
    let text_of = |name: &str| get(name).and_then(|value| value.extract::<String>().ok());
    call.level_name =
        text_of("levelname").filter(|name| metaexpert_log::level::Level(level).name() != Some(name.as_str()));
    call.category = text_of("category");
    call.exception = exception;
    call.stack = text_of("stack_info");
    let line = get("lineno").and_then(|line| line.extract::<u32>().ok()).unwrap_or(0);
    call.caller = text_of("pathname").map(|file| (file, line, text_of("funcName").unwrap_or_default()));
    let ident = get("thread").and_then(|ident| ident.extract::<u64>().ok());
    call.thread = ident.map(|ident| (ident, text_of("threadName").unwrap_or_default()));
    call.task = text_of("taskName");
    call.timestamp_ns = get("created").and_then(|time| time.extract::<f64>().ok()).map(nanoseconds);
    let has_category = call.category.is_some();
    for (key, value) in data.iter() {
        let word = key.extract::<std::borrow::Cow<'_, str>>().unwrap_or_default();
        let is_field = match &*word {
            "category" => !has_category,
            "fields" => fields.is_none(),
            word => !STANDARD.contains(&word),
        };
        if is_field && !attributes.is_some_and(|names| names.contains(&key).unwrap_or(false)) {
            call.fields.push((key, value));
        }
    }
    if let Some(fields) = fields {
        call.fields.extend(fields.iter());
    }
    call.bound = bound.as_ref();
    let name = text_of("name").unwrap_or_default();
    submit(py, name.as_bytes(), call)
}

/// `created` is in seconds with the clock's full precision as far as a float has it: microseconds.
fn nanoseconds(created: f64) -> i64 {
    (created * 1e6).round() as i64 * 1000
}

/// A record keeps a single mapping argument bare; formatting expects it in a tuple.
fn arguments_of<'py>(py: Python<'py>, args: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
    match args {
        Some(args) if args.cast::<PyTuple>().is_ok() => Ok(args.cast_into::<PyTuple>()?),
        Some(args) if args.cast::<PyMapping>().is_ok() => PyTuple::new(py, [args]),
        _ => Ok(PyTuple::empty(py)),
    }
}
