//! The `LogRecord` of a call.

use metaexpert_log::level::Level;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFrozenSet, PyString, PyType};

use crate::fast::listened::caller::{Caller, running_caller};
use crate::fast::listened::usual;
use crate::general::call::Call;
use crate::general::log_record::CATEGORY;

/// Names that an attribute of a record gets later.
const LATER: [&str; 2] = ["message", "asctime"];

/// A record as it was made.
pub(crate) struct Made<'py> {
    pub(crate) record: Bound<'py, PyAny>,
    pub(crate) attributes: Bound<'py, PyDict>,
    pub(crate) caller: Caller<'py>,
    /// By the class that `logging` has for records itself, not by a factory of the program's, and with the
    /// usual name of its level.
    pub(crate) is_usual: bool,
}

/// Makes the record of a call by the factory that `logging` has. `None` if that fails, or makes something
/// without a dict.
pub(crate) fn make<'py>(py: Python<'py>, name: &[u8], call: &Call<'_, 'py>) -> PyResult<Option<Made<'py>>> {
    let caller = running_caller(py)?;
    let globals = globals(py)?;
    let Some(factory) = globals.get_item(pyo3::intern!(py, "_logRecordFactory"))? else {
        return Ok(None);
    };
    let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
    let name = PyString::new(py, name);
    let class = globals.get_item(pyo3::intern!(py, "LogRecord"))?;
    let usual = match factory.cast::<PyType>() {
        // A channel is listened to only while nobody has changed this class.
        Ok(usual) if class.is_some_and(|class| class.is(&factory)) => {
            usual::make(globals, usual, &name, call, &caller).unwrap_or_default()
        }
        _ => None,
    };
    let none = py.None().into_bound(py);
    let given = (
        &name,
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
    let Ok(record) = usual.map_or_else(|| factory.call1(given), Ok) else { return Ok(None) };
    let attributes = record.getattr(pyo3::intern!(py, "__dict__"))?.cast_into_exact::<PyDict>();
    let Ok(attributes) = attributes else { return Ok(None) };
    let is_usual = record.get_type().is(&factory) && has_usual_name(&attributes, call.level);
    Ok(Some(Made { record, attributes, caller, is_usual }))
}

impl<'py> Made<'py> {
    /// Sets the category and `fields` as attributes. False, with none of the fields set, if a name is taken,
    /// or if the record is none of the usual.
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
