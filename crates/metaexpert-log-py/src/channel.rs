//! A logger's way into the pipeline, and the signs by which its fast path knows that it still may be used.

use metaexpert_log::pipeline::Pipeline;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::fields::Fields;
use crate::method;
use crate::state::{GilValue, KnownId};
use crate::submit::{Call, submit};

/// A list that must stay as it is: empty, or holding one known item.
struct Watched {
    list: Py<PyList>,
    item: Option<Py<PyAny>>,
}

/// One logger's name, bound fields and watched lists.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Channel {
    name: Vec<u8>,
    id: GilValue<KnownId>,
    bound: Option<Py<Fields>>,
    watched: Vec<Watched>,
    /// The logger has found out that something changed and no longer uses the channel.
    closed: GilValue<bool>,
}

#[pymethods]
impl Channel {
    /// A channel for the logger `name`. `empty` are lists that must be empty and `single` pairs of a list
    /// and the one item it must hold; when one changes, calls take the slow way.
    #[new]
    #[pyo3(signature = (name, bound, empty, single))]
    fn new(
        name: &str,
        bound: Option<Py<Fields>>,
        empty: Vec<Py<PyList>>,
        single: Vec<(Py<PyList>, Py<PyAny>)>,
    ) -> Self {
        let watched = empty
            .into_iter()
            .map(|list| Watched { list, item: None })
            .chain(single.into_iter().map(|(list, item)| Watched { list, item: Some(item) }))
            .collect();
        Channel {
            name: name.as_bytes().to_vec(),
            id: GilValue::new(KnownId::default()),
            bound,
            watched,
            closed: GilValue::new(false),
        }
    }

    /// A builtin that logs at `level`, or does nothing while the channel is open if it is not `enabled`;
    /// calls it can't serve go to `slow`.
    #[pyo3(signature = (level, category, slow, enabled=true))]
    fn method<'py>(
        slf: &Bound<'py, Self>,
        level: i32,
        category: Option<String>,
        slow: Py<PyAny>,
        enabled: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !enabled {
            return method::silent_builtin(slf, slow);
        }
        method::builtin(slf, Some(level), i32::MIN, category, slow)
    }

    /// A builtin like `Logger.log`, whose first argument is the level; below `threshold` it does nothing.
    fn log_method<'py>(
        slf: &Bound<'py, Self>,
        threshold: i32,
        slow: Py<PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        method::builtin(slf, None, threshold, None, slow)
    }

    /// Sends every later call of the channel's builtins to their `slow`.
    fn close(&self, py: Python<'_>) {
        self.closed.set(py, true);
    }

    /// Submits a record that the Python side has prepared.
    #[pyo3(signature = (level, level_name, category, message, arguments, fields, exception, stack, caller))]
    #[allow(clippy::too_many_arguments)]
    fn submit(
        slf: &Bound<'_, Self>,
        level: i32,
        level_name: Option<String>,
        category: Option<String>,
        message: &Bound<'_, PyAny>,
        arguments: &Bound<'_, PyTuple>,
        fields: Option<&Bound<'_, PyDict>>,
        exception: Option<(String, String, String)>,
        stack: Option<String>,
        caller: Option<(String, u32, String)>,
    ) -> PyResult<()> {
        let mut call = Call::new(level, message.clone(), arguments.clone());
        call.level_name = level_name;
        call.category = category;
        call.exception = exception;
        call.stack = stack;
        call.caller = caller;
        call.bound = slf.get().bound.as_ref();
        if let Some(fields) = fields {
            call.fields = fields.iter().collect();
        }
        submit(slf.py(), &slf.get().name, call)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for watched in &self.watched {
            visit.call(&watched.list)?;
            if let Some(item) = &watched.item {
                visit.call(item)?;
            }
        }
        if let Some(bound) = &self.bound {
            visit.call(bound)?;
        }
        Ok(())
    }
}

impl Channel {
    /// Whether the channel was not closed.
    #[inline]
    pub(crate) fn is_open(&self, gil: Python<'_>) -> bool {
        !self.closed.get(gil)
    }

    /// Whether it is open and every watched list is as it should be.
    #[inline]
    pub(crate) fn is_undisturbed(&self, gil: Python<'_>) -> bool {
        if !self.is_open(gil) {
            return false;
        }
        self.watched.iter().all(|watched| {
            let list = watched.list.as_ptr();
            // SAFETY: the GIL is held and the list alive; item 0 is read only when the list has one item.
            unsafe {
                let len = ffi::PyList_GET_SIZE(list);
                match &watched.item {
                    None => len == 0,
                    Some(item) => len == 1 && ffi::PyList_GET_ITEM(list, 0) == item.as_ptr(),
                }
            }
        })
    }

    /// The logger's id in the running pipeline.
    #[inline]
    pub(crate) fn id(&self, py: Python<'_>, pipeline: &mut Pipeline, generation: u32) -> Option<u32> {
        let known = self.id.get(py);
        if known.generation == generation {
            return Some(known.id);
        }
        let id = pipeline.logger_id(&self.name)?;
        self.id.set(py, KnownId { generation, id });
        Some(id)
    }

    #[inline]
    pub(crate) fn bound(&self) -> Option<&Py<Fields>> {
        self.bound.as_ref()
    }

    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }
}
