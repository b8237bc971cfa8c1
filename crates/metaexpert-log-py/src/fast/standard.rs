//! The builtin in place of `_log` in a logger of the class `logging.Logger` itself.
//!
//! The logger keeps its class and its logging methods, which look at levels as ever and then call `_log`. The
//! builtin submits the call's own parts, so that nobody makes a `LogRecord` that only the pipeline would
//! read. Calls that it cannot serve go to the `_log` that the class has then.

use metaexpert_log::clock::stamp;
use metaexpert_log::level::Level;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFrozenSet, PyInt, PyString, PyTuple};

use crate::fast::arguments::Arguments;
use crate::fast::builtin::{level_of, result_of};
use crate::fast::channel::Channel;
use crate::fast::method::{Fast, Method};
use crate::fast::taken::{class_method, method_of, new_taken};
use crate::general::call::Call;
use crate::general::log_record;
use crate::general::lost::counted;
use crate::process::exit::Inside;
use crate::process::reentry;
use crate::process::state::STATE;
use crate::values::text::Excerpt;

/// The builtin in place of `_log`, of the logger whose bound method `own` is.
#[pyfunction]
pub(crate) fn plain_logger_builtin<'py>(
    channel: &Bound<'py, Channel>,
    own: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let method = Method::new(channel.clone().unbind(), None, i32::MIN, None, own);
    new_taken(Bound::new(channel.py(), method)?, "_log", serve_log)
}

unsafe extern "C" fn serve_log(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes these by the vectorcall protocol, with the GIL held; `slf` is what
    // `plain_logger_builtin` made.
    let (py, slf, method, arguments) = unsafe {
        let py = Python::assume_attached();
        (py, Borrowed::from_ptr(py, slf), method_of(slf), Arguments::new(args, count, names))
    };
    let level = || level_of(py, method, &arguments);
    result_of(py, counted(py, level, Ok(None), || serve(&slf, method, &arguments)))
}

fn serve(slf: &Bound<'_, PyAny>, method: &Method, arguments: &Arguments<'_>) -> PyResult<Option<Py<PyAny>>> {
    let py = slf.py();
    if method.is_undisturbed(py)
        && let Some(given) = Given::of(py, arguments)
    {
        if given.is_message_alone() && method.submit_message(py, given.level, &given.message) {
            return Ok(None);
        }
        let _inside = Inside::enter(py);
        if given.submit_natively(py, method) {
            return Ok(None);
        }
        if let Some(call) = given.call(py)?
            && method.submit_call(py, call)?
        {
            return Ok(None);
        }
    }
    let _inside = Inside::enter(py);
    reentry::refuse_if_exhausted()?;
    let own = class_method(slf)?;
    // SAFETY: the arguments are passed on exactly as the interpreter passed them.
    unsafe {
        let all = arguments.positional.as_ptr();
        let count = arguments.positional.len();
        let result = ffi::PyObject_Vectorcall(own.as_ptr(), all, count, arguments.names);
        Bound::from_owned_ptr_or_err(py, result).map(|result| Some(result.unbind()))
    }
}

/// The arguments of a `_log` whose record the pipeline can make of them.
struct Given<'py> {
    level: i32,
    message: Bound<'py, PyAny>,
    arguments: Bound<'py, PyTuple>,
    extra: Option<Bound<'py, PyDict>>,
    exc_info: Option<Bound<'py, PyAny>>,
}

impl<'py> Given<'py> {
    /// `None` for a call that only `logging` serves: a level of another name, a stack, or arguments that are
    /// wrong.
    fn of(py: Python<'py>, arguments: &Arguments<'_>) -> Option<Self> {
        let [level, message, args] = arguments.positional else { return None };
        // SAFETY: the arguments live until the call returns; the references are counted.
        let (level, message, args) = unsafe {
            let given = |object: &*mut ffi::PyObject| Bound::from_borrowed_ptr(py, *object);
            (given(level), given(message), given(args))
        };
        let number = level.cast_exact::<PyInt>().ok()?.extract::<i32>().ok()?;
        if !has_usual_name(&level, number) {
            return None;
        }
        let arguments_given = args.cast_into_exact::<PyTuple>().ok()?;
        let mut given =
            Given { level: number, message, arguments: arguments_given, extra: None, exc_info: None };
        if arguments.names.is_null() {
            return Some(given);
        }
        // SAFETY: as above.
        let names = unsafe { Bound::from_borrowed_ptr(py, arguments.names).cast_into_unchecked::<PyTuple>() };
        for (name, argument) in names.iter().zip(arguments.named) {
            // SAFETY: as above.
            let value = unsafe { Bound::from_borrowed_ptr(py, *argument) };
            given.take(name.cast::<PyString>().ok()?.to_str().ok()?, value)?;
        }
        Some(given)
    }

    /// Takes a keyword. `None` if only `logging` serves it.
    fn take(&mut self, name: &str, value: Bound<'py, PyAny>) -> Option<()> {
        let is_off = value.is_none() || value.cast_exact::<PyBool>().is_ok_and(|truth| !truth.is_true());
        match name {
            "stack_info" if is_off => Some(()),
            "exc_info" => {
                self.exc_info = Some(value).filter(|_| !is_off);
                Some(())
            }
            "extra" if value.is_none() => Some(()),
            "extra" => {
                let extra = value.cast_into_exact::<PyDict>().ok()?;
                self.extra = Some(extra).filter(|extra| !extra.is_empty());
                Some(())
            }
            "stacklevel" => {
                let level = value.cast_exact::<PyInt>().ok()?.extract::<i64>().ok()?;
                let shows_caller = STATE.with(value.py(), |state| state.needs.caller);
                (level == 1 || !shows_caller).then_some(())
            }
            _ => None,
        }
    }

    /// Submits a call that needs no Python code. False for another one, and for an `extra` whose names are
    /// new or no fields.
    fn submit_natively(&self, py: Python<'py>, method: &Method) -> bool {
        static EXTRA: PyOnceLock<Py<PyTuple>> = PyOnceLock::new();
        if self.exc_info.is_some() {
            return false;
        }
        let mut positional = vec![self.message.as_ptr()];
        positional.extend(self.arguments.iter_borrowed().map(|argument| argument.as_ptr()));
        let (named, names) = match &self.extra {
            None => (vec![], std::ptr::null_mut()),
            Some(extra) => {
                let reserved = reserved_names(py);
                let is_field = |name: Bound<'py, PyAny>| {
                    name.cast_exact::<PyString>().is_ok_and(|name| {
                        *name != log_record::CATEGORY && !reserved.contains(name).unwrap_or(true)
                    })
                };
                if !extra.keys().iter().all(is_field) {
                    return false;
                }
                let names = EXTRA.get_or_init(py, || {
                    PyTuple::new(py, [pyo3::intern!(py, "extra")]).expect("one text").unbind()
                });
                (vec![extra.as_ptr()], names.as_ptr())
            }
        };
        let arguments = Arguments { positional: &positional, named: &named, names };
        matches!(method.try_buffered_at(py, self.level, stamp(), &arguments), Fast::Done)
    }

    fn is_message_alone(&self) -> bool {
        self.arguments.is_empty() && self.extra.is_none() && self.exc_info.is_none()
    }

    /// The call. `None` if only `logging` serves it, after all. Fails as [`Call::add_exception`] does.
    fn call(mut self, py: Python<'py>) -> PyResult<Option<Call<'static, 'py>>> {
        let exc_info = self.exc_info.take();
        let Some(mut call) = self.call_without_exception(py) else { return Ok(None) };
        // Last, because the exception's own code may run, which must not be done twice.
        let is_complete = exc_info.map_or(Ok(true), |exc_info| call.add_exception(&exc_info))?;
        Ok(is_complete.then_some(call))
    }

    /// `None` if `extra` has what no record takes as an attribute.
    fn call_without_exception(self, py: Python<'py>) -> Option<Call<'static, 'py>> {
        let mut call = Call::new(self.level, self.message, self.arguments);
        call.caller_is_current_frame = true;
        let Some(extra) = self.extra else { return Some(call) };
        let most = STATE.with(py, |state| state.limits.items as usize);
        let (pairs, count) =
            with_critical_section(&extra, || (extra.iter().take(most).collect::<Vec<_>>(), extra.len()));
        let reserved = reserved_names(py);
        call.fields.reserve(pairs.len());
        call.fields_left = count.saturating_sub(pairs.len());
        if call.fields_left > 0 {
            // Among the others may be one that no record takes.
            return None;
        }
        let mut has_category = false;
        for (key, value) in pairs {
            let name = key.cast_exact::<PyString>().ok()?;
            if reserved.contains(name).unwrap_or(true) {
                return None;
            }
            if name.to_str().is_ok_and(|name| name == log_record::CATEGORY) {
                has_category = true;
                if let Ok(category) = value.cast::<PyString>() {
                    call.category = Some(category.extract::<Excerpt>().ok()?);
                    continue;
                }
            }
            call.fields.push((key, value));
        }
        call.is_all_of_extra = !has_category;
        Some(call)
    }
}

/// Whether `logging` has the name for the level that the engine writes.
fn has_usual_name(level: &Bound<'_, PyAny>, number: i32) -> bool {
    static GLOBALS: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = level.py();
    let globals = GLOBALS.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("logging")?.getattr("__dict__")?.cast_into::<PyDict>()?.unbind())
    });
    let name = globals.ok().and_then(|globals| {
        let names = globals.bind(py).get_item(pyo3::intern!(py, "_levelToName")).ok().flatten()?;
        names.cast_exact::<PyDict>().ok()?.get_item(level).ok().flatten()
    });
    let (Some(name), Some(usual)) = (name, Level(number).name()) else { return false };
    name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| name == usual))
}

/// The attributes of a `LogRecord` that no `extra` may set, and those that mean something else in it.
fn reserved_names(py: Python<'_>) -> &Bound<'_, PyFrozenSet> {
    static NAMES: PyOnceLock<Py<PyFrozenSet>> = PyOnceLock::new();
    let names = NAMES.get_or_init(py, || {
        let names = log_record::NAMES.into_iter().filter(|name| *name != log_record::CATEGORY);
        let names = names.map(|name| PyString::intern(py, name));
        PyFrozenSet::new(py, names).expect("texts are hashable").unbind()
    });
    names.bind(py)
}
