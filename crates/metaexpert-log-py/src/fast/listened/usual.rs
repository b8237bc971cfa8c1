//! A `logging.LogRecord` made without running its `__init__`, which costs more than all else in a call.
//!
//! It has the same attributes in the same order, from the same sources: the time, the thread and the process
//! come from the functions that the modules have then, which tests replace. For anything unusual the class is
//! called.

use std::collections::HashMap;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

use crate::fast::listened::caller::Caller;
use crate::general::call::Call;
use crate::process::guarded::Guarded;

/// The attributes that are set here, in the order of `LogRecord.__init__`. The others are None.
const ATTRIBUTES: [&str; 20] = [
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
];
/// With one more from Python 3.12 on.
const TASK: &str = "taskName";
/// So many files have their parts remembered.
const MOST_FILES: usize = 512;

/// Of a file's path: its name, and that without what follows the last dot.
type FileParts<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// By the address of a path: the path, which keeps the address from being used again, and its parts.
pub(crate) static FILES: Guarded<Option<HashMap<usize, [Py<PyAny>; 3]>>> = Guarded::new(None);

/// Makes the record of a call as `class`, which is `logging.LogRecord` as it came, with what is the same in
/// all of them. `None` for an unusual call or an interpreter whose records are others.
pub(crate) fn make<'py>(
    globals: &Bound<'py, PyDict>,
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
    call: &Call<'_, 'py>,
    caller: &Caller<'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = globals.py();
    let Some(template) = template(class) else { return Ok(None) };
    let Some(circumstances) = Circumstances::of_now(globals)? else { return Ok(None) };
    let (Some(arguments), Some(level_name)) = (operand(&call.arguments), level_name(globals, call.level)?)
    else {
        return Ok(None);
    };
    let Some((file, module)) = parts_of(&caller.file)? else { return Ok(None) };
    let attributes = template.bind(py).copy()?;
    let set = |name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>| attributes.set_item(name, value);
    set(pyo3::intern!(py, "name"), name.as_any())?;
    set(pyo3::intern!(py, "msg"), &call.message)?;
    set(pyo3::intern!(py, "args"), &arguments)?;
    set(pyo3::intern!(py, "levelname"), &level_name)?;
    set(pyo3::intern!(py, "levelno"), call.level.into_pyobject(py)?.as_any())?;
    set(pyo3::intern!(py, "pathname"), &caller.file)?;
    set(pyo3::intern!(py, "filename"), &file)?;
    set(pyo3::intern!(py, "module"), &module)?;
    set(pyo3::intern!(py, "lineno"), caller.line.into_pyobject(py)?.as_any())?;
    set(pyo3::intern!(py, "funcName"), &caller.function)?;
    circumstances.set(set)?;
    // SAFETY: the class has a dict and no way of its own to make an instance; a new reference.
    let record =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_type_ptr(), 0))? };
    let dict = pyo3::intern!(py, "__dict__");
    // Not `PyObject_GenericSetDict`: up to CPython 3.13.3 attributes are looked for elsewhere after it.
    // SAFETY: the GIL is held and the three objects are alive; the instance takes a reference of its own.
    match unsafe { ffi::PyObject_GenericSetAttr(record.as_ptr(), dict.as_ptr(), attributes.as_ptr()) } {
        0 => Ok(Some(record)),
        _ => Err(PyErr::fetch(py)),
    }
}

/// The attributes of a record with those that are None in all. `None` where the class makes other ones.
fn template<'a>(class: &Bound<'a, PyType>) -> Option<&'a Py<PyDict>> {
    static TEMPLATE: PyOnceLock<Option<Py<PyDict>>> = PyOnceLock::new();
    let py = class.py();
    let made = TEMPLATE.get_or_init(py, || {
        // From 3.13 on the times are made of nanoseconds, and rounded in more than one way.
        if cfg!(Py_3_13) {
            return None;
        }
        let none = py.None();
        let record = class.call1(("", 20, "", 0, "", PyTuple::empty(py), &none, &none, &none)).ok()?;
        let made = record.getattr("__dict__").ok()?.cast_into::<PyDict>().ok()?;
        let names = made.keys().extract::<Vec<String>>().ok()?;
        let expected = ATTRIBUTES.into_iter().chain(cfg!(Py_3_12).then_some(TASK));
        expected.eq(names.iter().map(String::as_str)).then_some(())?;
        if cfg!(Py_3_12) {
            made.set_item(TASK, &none).ok()?;
        }
        Some(made.unbind())
    });
    made.as_ref()
}

/// When and where a record was made.
struct Circumstances<'py> {
    created: f64,
    relative: f64,
    thread: Bound<'py, PyAny>,
    thread_name: Bound<'py, PyAny>,
    process_name: Bound<'py, PyAny>,
    process: Bound<'py, PyAny>,
    task: Option<Bound<'py, PyAny>>,
}

impl<'py> Circumstances<'py> {
    /// `None` if `logging` is told to leave something out, or a clock shows what is no time.
    fn of_now(globals: &Bound<'py, PyDict>) -> PyResult<Option<Self>> {
        let py = globals.py();
        let module = |name: &Bound<'py, PyString>| {
            globals.get_item(name)?.ok_or_else(|| pyo3::exceptions::PyKeyError::new_err("a module"))
        };
        for flag in [
            pyo3::intern!(py, "logThreads"),
            pyo3::intern!(py, "logMultiprocessing"),
            pyo3::intern!(py, "logProcesses"),
        ] {
            let is_on = globals.get_item(flag)?.is_some_and(|flag| is_true(&flag));
            if !is_on {
                return Ok(None);
            }
        }
        let created = module(pyo3::intern!(py, "time"))?.call_method0(pyo3::intern!(py, "time"))?;
        let start = globals.get_item(pyo3::intern!(py, "_startTime"))?;
        let start = start.and_then(|start| start.cast_into_exact::<PyFloat>().ok());
        let (Ok(created), Some(start)) = (created.cast_into_exact::<PyFloat>(), start) else {
            return Ok(None);
        };
        let threading = module(pyo3::intern!(py, "threading"))?;
        let thread = threading.call_method0(pyo3::intern!(py, "current_thread"))?;
        let os = module(pyo3::intern!(py, "os"))?;
        let created = created.value();
        if !created.is_finite() {
            return Ok(None);
        }
        Ok(Some(Circumstances {
            created,
            relative: (created - start.value()) * 1000.0,
            thread: threading.call_method0(pyo3::intern!(py, "get_ident"))?,
            thread_name: thread.getattr(pyo3::intern!(py, "name"))?,
            process_name: process_name(py),
            process: os.call_method0(pyo3::intern!(py, "getpid"))?,
            task: if cfg!(Py_3_12) { task_name(globals) } else { None },
        }))
    }

    fn set(&self, set: impl Fn(&Bound<'py, PyString>, &Bound<'py, PyAny>) -> PyResult<()>) -> PyResult<()> {
        let py = self.thread.py();
        // As in `int((ct - int(ct)) * 1000) + 0.0`.
        let msecs = ((self.created - self.created.trunc()) * 1000.0).trunc() + 0.0;
        set(pyo3::intern!(py, "created"), PyFloat::new(py, self.created).as_any())?;
        set(pyo3::intern!(py, "msecs"), PyFloat::new(py, msecs).as_any())?;
        set(pyo3::intern!(py, "relativeCreated"), PyFloat::new(py, self.relative).as_any())?;
        set(pyo3::intern!(py, "thread"), &self.thread)?;
        set(pyo3::intern!(py, "threadName"), &self.thread_name)?;
        set(pyo3::intern!(py, "processName"), &self.process_name)?;
        set(pyo3::intern!(py, "process"), &self.process)?;
        match &self.task {
            Some(task) => set(pyo3::intern!(py, "taskName"), task),
            None => Ok(()),
        }
    }
}

fn is_true(value: &Bound<'_, PyAny>) -> bool {
    value.cast_exact::<PyBool>().is_ok_and(|value| value.is_true())
}

/// A module that the program has imported.
fn imported<'py>(name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    let py = name.py();
    // SAFETY: the GIL is held; a reference to `sys.modules` is borrowed.
    let modules = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyImport_GetModuleDict())? };
    modules.cast::<PyDict>().ok()?.get_item(name).ok().flatten().filter(|module| !module.is_none())
}

fn process_name(py: Python<'_>) -> Bound<'_, PyAny> {
    let name = imported(pyo3::intern!(py, "multiprocessing")).and_then(|multiprocessing| {
        let process = multiprocessing.call_method0(pyo3::intern!(py, "current_process")).ok()?;
        process.getattr(pyo3::intern!(py, "name")).ok()
    });
    name.unwrap_or_else(|| pyo3::intern!(py, "MainProcess").clone().into_any())
}

fn task_name<'py>(globals: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
    let py = globals.py();
    let is_asked = globals.get_item(pyo3::intern!(py, "logAsyncioTasks")).ok().flatten();
    is_asked.filter(|asked| asked.is_truthy().unwrap_or(false))?;
    let asyncio = imported(pyo3::intern!(py, "asyncio"))?;
    let task = asyncio.call_method0(pyo3::intern!(py, "current_task")).ok()?;
    task.call_method0(pyo3::intern!(py, "get_name")).ok()
}

/// What the record has as `args`. `None` if only the class can tell whether the argument is a mapping.
fn operand<'py>(arguments: &Bound<'py, PyTuple>) -> Option<Bound<'py, PyAny>> {
    let whole = || Some(arguments.clone().into_any());
    if arguments.len() != 1 {
        return whole();
    }
    let only = arguments.get_item(0).ok()?;
    if let Ok(mapping) = only.cast_exact::<PyDict>() {
        return if mapping.is_empty() { whole() } else { Some(only) };
    }
    let is_plain = only.is_none()
        || only.cast_exact::<PyString>().is_ok()
        || only.cast_exact::<PyInt>().is_ok()
        || only.cast_exact::<PyFloat>().is_ok()
        || only.cast_exact::<PyBool>().is_ok()
        || only.cast_exact::<PyTuple>().is_ok()
        || only.cast_exact::<PyList>().is_ok();
    if is_plain { whole() } else { None }
}

/// The name that `logging` has for a level; `None` if it has to be asked.
fn level_name<'py>(globals: &Bound<'py, PyDict>, level: i32) -> PyResult<Option<Bound<'py, PyAny>>> {
    static GET_LEVEL_NAME: PyOnceLock<Option<Py<PyAny>>> = PyOnceLock::new();
    let py = globals.py();
    let Some(asked) = globals.get_item(pyo3::intern!(py, "getLevelName"))? else { return Ok(None) };
    let usual = GET_LEVEL_NAME.get_or_init(py, || {
        let is_own = asked.getattr("__globals__").is_ok_and(|of_asked| of_asked.is(globals));
        is_own.then(|| asked.clone().unbind())
    });
    if usual.as_ref().is_none_or(|usual| !asked.is(usual)) {
        return Ok(None);
    }
    let names = globals.get_item(pyo3::intern!(py, "_levelToName"))?;
    match names.and_then(|names| names.cast_into_exact::<PyDict>().ok()) {
        Some(names) => names.get_item(level),
        None => Ok(None),
    }
}

/// The parts of a file's path, which are remembered by the address of the text.
fn parts_of<'py>(file: &Bound<'py, PyAny>) -> PyResult<Option<FileParts<'py>>> {
    let py = file.py();
    if file.cast_exact::<PyString>().is_err() {
        return Ok(None);
    }
    let address = file.as_ptr() as usize;
    let known = FILES.with(py, |files| {
        let [_, name, module] = files.as_ref()?.get(&address)?;
        Some((name.bind(py).clone(), module.bind(py).clone()))
    });
    if known.is_some() {
        return Ok(known);
    }
    let path = py.import("os.path")?;
    let name = path.call_method1("basename", (file,))?;
    let module = path.call_method1("splitext", (&name,))?.get_item(0)?;
    let entry = [file, &name, &module].map(|text| text.clone().unbind());
    FILES.with(py, |files| {
        let files = files.get_or_insert_default();
        // Texts, whose end runs nobody's code.
        if files.len() >= MOST_FILES {
            files.clear();
        }
        files.insert(address, entry);
    });
    Ok(Some((name, module)))
}
