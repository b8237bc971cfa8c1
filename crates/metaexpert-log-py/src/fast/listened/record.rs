//! The `LogRecord` of a call.

use metaexpert_log::level::Level;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFrozenSet, PyString};

use crate::general::call::Call;
use crate::general::log_record::CATEGORY;

/// Names that an attribute of a record gets later.
const LATER: [&str; 2] = ["message", "asctime"];

/// A record as it was made.
pub(crate) struct Made<'py> {
    pub(crate) record: Bound<'py, PyAny>,
    pub(crate) attributes: Bound<'py, PyDict>,
    pub(crate) caller: Caller<'py>,
    /// By the class that `logging` has for records itself, not by a factory of the program's, and with the usual
    /// name of its level.
    pub(crate) is_usual: bool,
}

/// Where a call was made.
pub(crate) struct Caller<'py> {
    pub(crate) file: Bound<'py, PyAny>,
    pub(crate) line: i32,
    pub(crate) function: Bound<'py, PyAny>,
}

/// Makes the record of a call by the factory that `logging` has. `None` if that fails, or makes something
/// without a dict.
pub(crate) fn make<'py>(py: Python<'py>, name: &[u8], call: &Call<'_, 'py>) -> PyResult<Option<Made<'py>>> {
    let caller = running_caller(py)?;
    let Some(factory) = globals(py)?.get_item(pyo3::intern!(py, "_logRecordFactory"))? else {
        return Ok(None);
    };
    let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
    let none = py.None();
    let given = (
        PyString::new(py, name),
        call.level,
        &caller.file,
        caller.line,
        &call.message,
        &call.arguments,
        &none,
        &caller.function,
        &none,
    );
    // `logging` makes another attempt, and says what is wrong.
    let Ok(record) = factory.call1(given) else { return Ok(None) };
    let attributes = record.getattr(pyo3::intern!(py, "__dict__"))?.cast_into_exact::<PyDict>();
    let Ok(attributes) = attributes else { return Ok(None) };
    let is_usual = record.get_type().is(&factory) && has_usual_name(&attributes, call.level);
    Ok(Some(Made { record, attributes, caller, is_usual }))
}

impl<'py> Made<'py> {
    /// Sets the category and `fields` as attributes. False, with none of the fields set, if a name is taken, or
    /// if the record is none of the usual.
    pub(crate) fn attach(
        &self,
        call: &Call<'_, 'py>,
        fields: &[(Bound<'py, PyAny>, Bound<'py, PyAny>)],
    ) -> PyResult<bool> {
        let py = self.record.py();
        if let Some(category) = &call.category {
            let category = String::from_utf8_lossy(&category.text);
            self.attributes.set_item(pyo3::intern!(py, "category"), category)?;
        }
        if !self.is_usual {
            return Ok(false);
        }
        for (name, _) in fields {
            if later(py).contains(name)? || self.attributes.contains(name)? {
                return Ok(false);
            }
        }
        for (name, value) in fields {
            self.attributes.set_item(name, value)?;
        }
        Ok(true)
    }
}

/// Whether the level has the name that the engine writes, and no other by `logging.addLevelName`.
fn has_usual_name(attributes: &Bound<'_, PyDict>, level: i32) -> bool {
    let name = attributes.get_item(pyo3::intern!(attributes.py(), "levelname")).ok().flatten();
    let name = name.and_then(|name| name.cast_into_exact::<PyString>().ok());
    name.is_some_and(|name| name.to_str().is_ok_and(|name| Level(level).name() == Some(name)))
}

fn later(py: Python<'_>) -> &Bound<'_, PyFrozenSet> {
    static NAMES: PyOnceLock<Py<PyFrozenSet>> = PyOnceLock::new();
    let names = NAMES.get_or_init(py, || {
        let names = LATER.into_iter().chain([CATEGORY]).map(|name| PyString::intern(py, name));
        PyFrozenSet::new(py, names).expect("texts are hashable").unbind()
    });
    names.bind(py)
}

/// The globals of `logging`.
fn globals(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static GLOBALS: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let globals = GLOBALS.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("logging")?.getattr("__dict__")?.cast_into::<PyDict>()?.unbind())
    })?;
    Ok(globals.bind(py))
}

/// The innermost frame outside of what `logging` passes over.
fn running_caller(py: Python<'_>) -> PyResult<Caller<'_>> {
    // SAFETY: the GIL is held; the frame is borrowed from the running thread, and becomes a new reference.
    let mut next = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast()) };
    while let Some(frame) = next {
        let raw = frame.as_ptr().cast();
        // SAFETY: the GIL is held and the frame alive; each returns a new reference.
        let (code, globals) = unsafe {
            (
                Bound::from_owned_ptr(py, ffi::PyFrame_GetCode(raw).cast()),
                Bound::from_owned_ptr(py, ffi::PyFrame_GetGlobals(raw)),
            )
        };
        let file = code.getattr(pyo3::intern!(py, "co_filename"))?;
        if !is_passed_over(&globals, &file)? {
            let function = code.getattr(pyo3::intern!(py, "co_name"))?;
            // SAFETY: as above.
            let line = unsafe { ffi::PyFrame_GetLineNumber(raw) };
            return Ok(Caller { file, line, function });
        }
        // SAFETY: as above; null for the outermost frame.
        next = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetBack(raw).cast()) };
    }
    Ok(Caller {
        file: pyo3::intern!(py, "(unknown file)").clone().into_any(),
        line: 0,
        function: pyo3::intern!(py, "(unknown function)").clone().into_any(),
    })
}

/// Whether a frame is one of `logging`, of ours or of an import: see `calls.CALLING_MODULES`.
fn is_passed_over(globals: &Bound<'_, PyAny>, file: &Bound<'_, PyAny>) -> PyResult<bool> {
    static MODULES: PyOnceLock<Py<PyFrozenSet>> = PyOnceLock::new();
    let py = globals.py();
    let modules = MODULES.get_or_try_init(py, || {
        let modules = py.import("metaexpert.logger.capture.calls")?.getattr("CALLING_MODULES")?;
        Ok::<_, PyErr>(modules.cast_into::<PyFrozenSet>()?.unbind())
    })?;
    let name = globals.cast::<PyDict>()?.get_item(pyo3::intern!(py, "__name__"))?;
    if let Some(name) = name.and_then(|name| name.cast_into_exact::<PyString>().ok())
        && modules.bind(py).contains(name)?
    {
        return Ok(true);
    }
    let file = file.cast::<PyString>()?.to_string_lossy();
    Ok(file.contains("importlib") && file.contains("_bootstrap"))
}
