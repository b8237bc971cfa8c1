//! A logger's way into the pipeline.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use metaexpert_log::pipeline::Pipeline;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::fast::premises::Premises;
use crate::fast::watched_logger::Expected;
use crate::general::call::Call;
use crate::general::fields::Fields;
use crate::general::submit::submit;
use crate::process::exit::Inside;
use crate::process::guarded::{KnownId, KnownIdCell};
use crate::process::state::STATE;
use crate::values::text::Excerpt;

/// The conditions under which a channel is open.
enum Basis {
    Own(Premises),
    /// A bound logger's: those of its unbound logger, and that its own list of handlers is empty, if it has
    /// one.
    Bound {
        unbound: Py<Channel>,
        handlers: Option<Py<PyList>>,
    },
}

/// Whether the builtin for one kind of calls does something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Unknown,
    Closed,
    Open,
}

/// The gates of the five levels, and of the records with a category.
#[derive(Default)]
struct Gates {
    known: AtomicU8,
    open: AtomicU8,
}

impl Gates {
    /// The bit of a level, or of the records with a category; 0 for a level whose gate is not remembered.
    fn bit(level: i32, has_category: bool) -> u8 {
        match level {
            _ if has_category => 1,
            10 | 20 | 30 | 40 | 50 => 1 << (level / 10),
            _ => 0,
        }
    }

    fn set(&self, bit: u8, is_open: bool) {
        match is_open {
            true => self.open.fetch_or(bit, Ordering::Relaxed),
            false => self.open.fetch_and(!bit, Ordering::Relaxed),
        };
        // Release: a thread that finds it known also sees whether it is open.
        self.known.fetch_or(bit, Ordering::Release);
    }

    fn get(&self, bit: u8) -> Gate {
        match (self.known.load(Ordering::Acquire) & bit != 0, self.open.load(Ordering::Relaxed) & bit != 0) {
            (false, _) => Gate::Unknown,
            (true, false) => Gate::Closed,
            (true, true) => Gate::Open,
        }
    }
}

/// The present era. A change that may concern any logger ends it, and closes every channel that was opened in
/// it: one store, however many loggers there are.
static ERA: AtomicU64 = AtomicU64::new(FIRST_ERA);
const FIRST_ERA: u64 = 1;
/// The era of a channel that was closed by itself.
const NO_ERA: u64 = 0;

/// Sends every later call of the builtins of all channels to their `slow`.
#[pyfunction]
pub(crate) fn close_channels() {
    // Release: a thread that opens a channel in the new era sees what was changed before it.
    ERA.fetch_add(1, Ordering::Release);
}

fn present_era() -> AtomicU64 {
    AtomicU64::new(ERA.load(Ordering::Acquire))
}

/// A logger's way into the pipeline: its name (a bound logger has that of its unbound logger), its bound
/// fields, and the conditions under which its builtins serve calls.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Channel {
    name: Vec<u8>,
    id: KnownIdCell,
    bound: Option<Py<Fields>>,
    basis: Basis,
    /// The logger whose handlers get the records, if others than ours are among them.
    listened: Option<Py<PyAny>>,
    /// The era in which it is open; [`NO_ERA`] once its logger has found out that something changed.
    era: AtomicU64,
    /// Which of its builtins do something, and which are silent.
    gates: Gates,
    /// It was made together with a bound logger, which has logged nothing yet.
    is_fresh: AtomicBool,
    /// Its logger is known to be an unbound one.
    is_of_unbound: AtomicBool,
}

#[pymethods]
impl Channel {
    /// A channel for the logger `name`. Its builtins serve calls while the `empty` lists are empty, each of
    /// the `single` pairs is a list and the one item it holds, nobody has changed the `classes`, and each of
    /// the `loggers` has the attributes that stand beside it.
    #[new]
    #[pyo3(signature = (name, bound, empty, single, classes=Vec::new(), loggers=Vec::new()))]
    fn new(
        py: Python<'_>,
        name: Excerpt,
        bound: Option<Py<Fields>>,
        empty: Vec<Py<PyList>>,
        single: Vec<(Py<PyList>, Py<PyAny>)>,
        classes: Vec<Py<PyType>>,
        loggers: Vec<Expected>,
    ) -> PyResult<Self> {
        Ok(Channel::own(name.text, bound, Premises::new(py, empty, single, classes, loggers)?))
    }

    /// A channel for a logger whose records foreign handlers get as well, by its `callHandlers`. Its builtins
    /// serve calls while the `sized` lists have so many items, and nobody has changed the `classes`.
    #[staticmethod]
    fn listened_to(
        py: Python<'_>,
        logger: Py<PyAny>,
        name: Excerpt,
        bound: Option<Py<Fields>>,
        sized: Vec<(Py<PyList>, usize)>,
        classes: Vec<Py<PyType>>,
    ) -> PyResult<Self> {
        let premises = Premises::with_sizes(py, sized, classes)?;
        let channel = Channel::own(name.text, bound, premises);
        Ok(Channel { listened: Some(logger), ..channel })
    }

    /// Whether foreign handlers get the records as well.
    #[getter(is_listened)]
    fn is_listened_to(&self) -> bool {
        self.is_listened()
    }

    /// The fields of its bound logger.
    #[getter(bound)]
    fn bound_fields(&self, py: Python<'_>) -> Option<Py<Fields>> {
        self.bound.as_ref().map(|bound| bound.clone_ref(py))
    }

    /// A channel with other bound fields, which also depends on `handlers` being empty.
    fn derive(slf: &Bound<'_, Self>, bound: Option<Py<Fields>>, handlers: Py<PyList>) -> Self {
        Self::bound_to(slf, bound, Some(handlers))
    }

    /// Whether its builtins serve calls now.
    fn is_open(&self, py: Python<'_>) -> bool {
        self.is_undisturbed(py)
    }

    /// Sends every later call of the channel's builtins to their `slow`.
    fn close(&self) {
        self.era.store(NO_ERA, Ordering::Release);
    }

    /// Submits a record that the Python side has prepared. False if no engine runs.
    #[pyo3(signature = (level, level_name, category, message, arguments, fields, exception, stack, caller))]
    #[allow(clippy::too_many_arguments)]
    fn submit(
        slf: &Bound<'_, Self>,
        level: i32,
        level_name: Option<Excerpt>,
        category: Option<Excerpt>,
        message: &Bound<'_, PyAny>,
        arguments: &Bound<'_, PyTuple>,
        fields: Option<&Bound<'_, PyDict>>,
        exception: Option<(Excerpt, Excerpt, Excerpt)>,
        stack: Option<Excerpt>,
        caller: Option<(Excerpt, u32, Excerpt)>,
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
            let most = STATE.with(slf.py(), |state| state.limits.items as usize);
            call.fields = with_critical_section(fields, || fields.iter().take(most).collect());
            call.fields_left = fields.len().saturating_sub(most);
        }
        submit(slf.py(), slf.get().name(), call)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.basis {
            Basis::Own(premises) => premises.traverse(&visit)?,
            Basis::Bound { unbound, handlers } => {
                visit.call(unbound)?;
                if let Some(handlers) = handlers {
                    visit.call(handlers)?;
                }
            }
        }
        if let Some(bound) = &self.bound {
            visit.call(bound)?;
        }
        if let Some(logger) = &self.listened {
            visit.call(logger)?;
        }
        Ok(())
    }
}

impl Channel {
    fn own(name: Vec<u8>, bound: Option<Py<Fields>>, premises: Premises) -> Self {
        Channel {
            name,
            id: KnownIdCell::default(),
            bound,
            basis: Basis::Own(premises),
            listened: None,
            era: present_era(),
            gates: Gates::default(),
            is_fresh: AtomicBool::new(false),
            is_of_unbound: AtomicBool::new(false),
        }
    }

    /// Whether foreign handlers get the records as well.
    pub(crate) fn is_listened(&self) -> bool {
        match &self.basis {
            Basis::Bound { unbound, .. } => unbound.get().is_listened(),
            Basis::Own(_) => self.listened.is_some(),
        }
    }

    /// The logger whose handlers get the records, if others than ours are among them.
    pub(crate) fn listened<'a>(&'a self, py: Python<'a>) -> Option<&'a Py<PyAny>> {
        match &self.basis {
            Basis::Bound { unbound, .. } => unbound.bind(py).get().listened(py),
            Basis::Own(_) => self.listened.as_ref(),
        }
    }

    fn bound_to(unbound: &Bound<'_, Self>, bound: Option<Py<Fields>>, handlers: Option<Py<PyList>>) -> Self {
        Channel {
            name: Vec::new(),
            id: KnownIdCell::new(unbound.get().id.get()),
            bound,
            basis: Basis::Bound { unbound: unbound.clone().unbind(), handlers },
            listened: None,
            era: present_era(),
            gates: Gates::default(),
            is_fresh: AtomicBool::new(false),
            is_of_unbound: AtomicBool::new(false),
        }
    }

    /// The channel of a logger that is just being bound, which has no list of handlers yet.
    pub(crate) fn fresh(unbound: &Bound<'_, Self>, bound: Py<Fields>) -> Self {
        let channel = Self::bound_to(unbound, Some(bound), None);
        channel.is_fresh.store(true, Ordering::Relaxed);
        channel
    }

    /// True once, for the first call on a bound logger.
    pub(crate) fn is_first_use(&self) -> bool {
        self.is_fresh.load(Ordering::Relaxed) && self.is_fresh.swap(false, Ordering::Relaxed)
    }

    /// The channel of the logger that this channel's logger is bound to; `None` if the channel does not
    /// depend on it.
    pub(crate) fn unbound(&self) -> Option<&Py<Channel>> {
        match &self.basis {
            Basis::Own(_) => None,
            Basis::Bound { unbound, .. } => Some(unbound),
        }
    }

    /// Whether its logger is an unbound one. A logger stays what it is, so once it is, nothing is looked up.
    pub(crate) fn is_of_unbound(&self, look_up: impl FnOnce() -> bool) -> bool {
        if !self.is_of_unbound.load(Ordering::Relaxed) && look_up() {
            self.is_of_unbound.store(true, Ordering::Relaxed);
        }
        self.is_of_unbound.load(Ordering::Relaxed)
    }

    /// Notes whether the logger's builtin for calls of this kind does something.
    pub(crate) fn set_gate(&self, level: i32, has_category: bool, is_open: bool) {
        self.gates.set(Gates::bit(level, has_category), is_open);
    }

    /// Whether calls of this kind do something, as far as builtins for them were made; a bound logger has the
    /// gates of its unbound logger.
    pub(crate) fn gate(&self, level: i32, has_category: bool) -> Gate {
        match &self.basis {
            Basis::Bound { unbound, .. } => unbound.get().gate(level, has_category),
            Basis::Own(_) => self.gates.get(Gates::bit(level, has_category)),
        }
    }

    /// Whether its builtins may serve a call: it was not closed, and its conditions hold.
    #[inline]
    pub(crate) fn is_undisturbed(&self, py: Python<'_>) -> bool {
        self.era.load(Ordering::Acquire) == ERA.load(Ordering::Acquire)
            && match &self.basis {
                Basis::Own(premises) => premises.hold(py),
                Basis::Bound { unbound, handlers } => {
                    handlers.as_ref().is_none_or(|handlers| handlers.bind(py).is_empty())
                        && unbound.bind(py).get().is_undisturbed(py)
                }
            }
    }

    /// The logger's id in the running pipeline.
    #[inline]
    pub(crate) fn id(&self, pipeline: &mut Pipeline, generation: u32) -> Option<u32> {
        let known = self.id.get();
        if known.generation == generation { Some(known.id) } else { self.look_up(pipeline, generation) }
    }

    #[cold]
    fn look_up(&self, pipeline: &mut Pipeline, generation: u32) -> Option<u32> {
        let id = match &self.basis {
            Basis::Own(_) => pipeline.logger_id(&self.name)?,
            // Known there for all loggers that are bound for one call.
            Basis::Bound { unbound, .. } => unbound.get().id(pipeline, generation)?,
        };
        self.id.set(KnownId { generation, id });
        Some(id)
    }

    #[inline]
    pub(crate) fn bound(&self) -> Option<&Py<Fields>> {
        self.bound.as_ref()
    }

    pub(crate) fn name(&self) -> &[u8] {
        match &self.basis {
            Basis::Own(_) => &self.name,
            Basis::Bound { unbound, .. } => unbound.get().name(),
        }
    }
}
