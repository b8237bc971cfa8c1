//! A logger's way into the pipeline.

use metaexpert_log::pipeline::Pipeline;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::builtin::{builtin, silent_builtin};
use crate::exit::Inside;
use crate::fields::Fields;
use crate::premises::Premises;
use crate::state::{GilValue, KnownId};
use crate::submit::{Call, submit};

/// What a channel depends on.
enum Basis {
    Own(Premises),
    /// A bound logger's: everything its origin depends on, and handlers of its own, of which there are none.
    Derived {
        origin: Py<Channel>,
        handlers: Py<PyList>,
    },
}

/// One logger's name and bound fields, and what its builtins depend on.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Channel {
    name: Vec<u8>,
    id: GilValue<KnownId>,
    bound: Option<Py<Fields>>,
    basis: Basis,
    /// The logger has found out that something changed and no longer uses the channel.
    closed: GilValue<bool>,
}

#[pymethods]
impl Channel {
    /// A channel for the logger `name`. Its builtins serve calls while the `empty` lists are empty, each of
    /// the `single` pairs is a list and the one item it holds, and nobody has changed the `classes`.
    #[new]
    #[pyo3(signature = (name, bound, empty, single, classes=Vec::new()))]
    fn new(
        py: Python<'_>,
        name: &str,
        bound: Option<Py<Fields>>,
        empty: Vec<Py<PyList>>,
        single: Vec<(Py<PyList>, Py<PyAny>)>,
        classes: Vec<Py<PyType>>,
    ) -> PyResult<Self> {
        Ok(Channel {
            name: name.as_bytes().to_vec(),
            id: GilValue::new(KnownId::default()),
            bound,
            basis: Basis::Own(Premises::new(py, empty, single, classes)?),
            closed: GilValue::new(false),
        })
    }

    /// A channel with other bound fields, which also depends on `handlers` being empty.
    fn derive(slf: &Bound<'_, Self>, bound: Option<Py<Fields>>, handlers: Py<PyList>) -> Self {
        let origin = slf.get();
        Channel {
            name: origin.name.clone(),
            id: GilValue::new(origin.id.get(slf.py())),
            bound,
            basis: Basis::Derived { origin: slf.clone().unbind(), handlers },
            closed: GilValue::new(false),
        }
    }

    /// Whether its builtins serve calls now.
    fn is_open(&self, py: Python<'_>) -> bool {
        self.is_undisturbed(py)
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
            return silent_builtin(slf, slow);
        }
        builtin(slf, Some(level), i32::MIN, category, slow)
    }

    /// A builtin like `Logger.log`, whose first argument is the level; below `threshold` it does nothing.
    fn log_method<'py>(
        slf: &Bound<'py, Self>,
        threshold: i32,
        slow: Py<PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        builtin(slf, None, threshold, None, slow)
    }

    /// Sends every later call of the channel's builtins to their `slow`.
    fn close(&self, py: Python<'_>) {
        self.closed.set(py, true);
    }

    /// Submits a record that the Python side has prepared. False if no engine runs.
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
    ) -> PyResult<bool> {
        let _inside = Inside::enter(slf.py());
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
        match &self.basis {
            Basis::Own(premises) => premises.traverse(&visit)?,
            Basis::Derived { origin, handlers } => {
                visit.call(origin)?;
                visit.call(handlers)?;
            }
        }
        if let Some(bound) = &self.bound {
            visit.call(bound)?;
        }
        Ok(())
    }
}

impl Channel {
    /// Whether it was not closed, and everything is as it was when it was made.
    #[inline]
    pub(crate) fn is_undisturbed(&self, py: Python<'_>) -> bool {
        !self.closed.get(py)
            && match &self.basis {
                Basis::Own(premises) => premises.hold(py),
                Basis::Derived { origin, handlers } => {
                    handlers.bind(py).is_empty() && origin.bind(py).get().is_undisturbed(py)
                }
            }
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
