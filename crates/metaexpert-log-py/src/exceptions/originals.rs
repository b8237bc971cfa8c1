//! `traceback` and `linecache` as Python has them: a program that replaces a part of them wants to see what
//! its own part makes of an exception.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFunction, PyMappingProxy, PyString, PyType};

use crate::process::class_version::{NO_VERSION, class_version};

/// Names in `traceback` and in `linecache` that must be what they were.
const OF_TRACEBACK: [&str; 5] =
    ["format_exception", "TracebackException", "StackSummary", "FrameSummary", "linecache"];
const OF_LINECACHE: [&str; 6] = ["cache", "getline", "getlines", "checkcache", "lazycache", "updatecache"];
/// The classes among them, whose methods must be what they were.
const CLASSES: [&str; 3] = ["TracebackException", "StackSummary", "FrameSummary"];

pub(crate) struct Originals {
    globals: [Globals; 2],
    classes: Vec<Class>,
    /// Of `sys`, where a limit of frames may be set.
    system: Py<PyDict>,
    cache: Py<PyDict>,
}

struct Globals {
    names: Py<PyDict>,
    values: Vec<(Py<PyString>, Py<PyAny>)>,
}

struct Class {
    class: Py<PyType>,
    version: u32,
    attributes: Py<PyDict>,
}

impl Originals {
    /// Those of this process. `None` if they were replaced before anybody asked, or are replaced now, and if
    /// the program limits how many frames are shown. Runs nobody's code.
    pub(crate) fn in_force(py: Python<'_>) -> Option<&'static Self> {
        static ORIGINALS: PyOnceLock<Option<Originals>> = PyOnceLock::new();
        let originals = ORIGINALS.get_or_init(py, || Self::look(py).ok().flatten()).as_ref()?;
        originals.hold(py).then_some(originals)
    }

    /// What `linecache` has read.
    pub(crate) fn cache<'py>(&self, py: Python<'py>) -> &Bound<'py, PyDict> {
        self.cache.bind(py)
    }

    fn look(py: Python<'_>) -> PyResult<Option<Self>> {
        let traceback = py.import("traceback")?.dict();
        let linecache = py.import("linecache")?.dict();
        let globals = [Globals::look(&traceback, &OF_TRACEBACK)?, Globals::look(&linecache, &OF_LINECACHE)?];
        let mut classes = Vec::with_capacity(CLASSES.len());
        for name in CLASSES {
            let class = traceback.as_any().get_item(name)?.cast_into::<PyType>()?;
            classes.push(Class::look(&class, &traceback)?);
        }
        let [Some(first), Some(second)] = globals else { return Ok(None) };
        let Some(classes) = classes.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let cache = linecache.as_any().get_item("cache")?.cast_into::<PyDict>()?.unbind();
        let system = py.import("sys")?.dict().unbind();
        Ok(Some(Originals { globals: [first, second], classes, system, cache }))
    }

    fn hold(&self, py: Python<'_>) -> bool {
        let limit = pyo3::intern!(py, "tracebacklimit");
        self.globals.iter().all(|globals| globals.hold(py))
            && self.classes.iter().all(|class| class.holds(py))
            && held(self.system.bind(py), limit).is_null()
    }
}

impl Globals {
    /// `None` if a function is of another module.
    fn look(names: &Bound<'_, PyDict>, wanted: &[&str]) -> PyResult<Option<Self>> {
        let mut values = Vec::with_capacity(wanted.len());
        for name in wanted {
            let value = names.as_any().get_item(name)?;
            if !is_of(&value, names) {
                return Ok(None);
            }
            values.push((PyString::intern(names.py(), name).unbind(), value.unbind()));
        }
        Ok(Some(Globals { names: names.clone().unbind(), values }))
    }

    fn hold(&self, py: Python<'_>) -> bool {
        let names = self.names.bind(py);
        self.values.iter().all(|(name, value)| held(names, name.bind(py)) == value.as_ptr())
    }
}

impl Class {
    /// `None` if a method is of another module.
    fn look(class: &Bound<'_, PyType>, module: &Bound<'_, PyDict>) -> PyResult<Option<Self>> {
        let attributes = attributes_of(class)?;
        let is_genuine = attributes.values().iter().all(|value| is_of(&value, module));
        let attributes = attributes.unbind();
        let class = Class { class: class.clone().unbind(), version: version_of(class), attributes };
        Ok(is_genuine.then_some(class))
    }

    fn holds(&self, py: Python<'_>) -> bool {
        let class = self.class.bind(py);
        (self.version != NO_VERSION && class_version(class) == self.version) || self.is_as_it_was(class)
    }

    /// Whether a class that changed has its old attributes again.
    #[cold]
    fn is_as_it_was(&self, class: &Bound<'_, PyType>) -> bool {
        let attributes = self.attributes.bind(class.py());
        attributes_of(class).is_ok_and(|now| {
            now.len() == attributes.len()
                && now.iter().all(|(name, value)| {
                    attributes.get_item(name).is_ok_and(|was| was.is_some_and(|was| was.is(&value)))
                })
        })
    }
}

/// A copy of the attributes of a class.
fn attributes_of<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyDict>> {
    let attributes = class.getattr("__dict__")?.cast_into::<PyMappingProxy>()?;
    Ok(attributes.call_method0("copy")?.cast_into::<PyDict>()?)
}

fn version_of(class: &Bound<'_, PyType>) -> u32 {
    // Looking up a method makes the interpreter give a class a version.
    let _ = class.getattr("format");
    class_version(class)
}

/// Whether it is no function, or one that the module with these globals defines.
fn is_of(value: &Bound<'_, PyAny>, globals: &Bound<'_, PyDict>) -> bool {
    !value.is_instance_of::<PyFunction>()
        || value.getattr("__globals__").is_ok_and(|its_globals| its_globals.is(globals))
}

/// The object under `name`, only to be compared; null if there is none.
fn held(names: &Bound<'_, PyDict>, name: &Bound<'_, PyString>) -> *mut ffi::PyObject {
    // SAFETY: the GIL is held and both are alive; a borrowed reference, or null, maybe with an exception.
    let value = unsafe { ffi::PyDict_GetItemWithError(names.as_ptr(), name.as_ptr()) };
    if value.is_null() {
        // SAFETY: the GIL is held.
        unsafe { ffi::PyErr_Clear() };
    }
    value
}
