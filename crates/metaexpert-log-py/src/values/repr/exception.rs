//! The parts of an exception's text, for classes whose text the interpreter itself makes.

use pyo3::exceptions::{PyBaseException, PyBaseExceptionGroup, PyKeyError, PyOSError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::PyTuple;

use crate::values::repr::inherited::{is_told_as, shown_as};

/// What `str()` of an exception shows.
pub(crate) enum Told<'py> {
    Nothing,
    /// `str()` of its only argument.
    Argument(Bound<'py, PyAny>),
    /// `repr()` of its only argument.
    Key(Bound<'py, PyAny>),
    Arguments(Bound<'py, PyTuple>),
    /// Of a group: its message, and how many it holds.
    Group(Bound<'py, PyAny>, usize),
    /// `[Errno number] reason: file -> file`.
    System {
        number: Bound<'py, PyAny>,
        reason: Bound<'py, PyAny>,
        files: Vec<Bound<'py, PyAny>>,
    },
}

impl<'py> Told<'py> {
    /// What `str(object)` shows; `None` for what is no exception, or has a text of its own.
    pub(crate) fn of(object: &Bound<'py, PyAny>) -> Option<Self> {
        let exception = object.cast::<PyBaseException>().ok()?;
        if is_told_as::<PyOSError>(object) {
            return system(object).or_else(|| plain(exception));
        }
        if is_told_as::<PyKeyError>(object) {
            return match plain(exception)? {
                Told::Argument(key) => Some(Told::Key(key)),
                told => Some(told),
            };
        }
        if is_told_as::<PyBaseExceptionGroup>(object) {
            return group(object);
        }
        if is_told_as::<PyBaseException>(object) { plain(exception) } else { None }
    }

    /// The values whose texts are parts of it.
    pub(crate) fn parts(&self) -> Vec<&Bound<'py, PyAny>> {
        match self {
            Told::Nothing => Vec::new(),
            Told::Argument(value) | Told::Key(value) | Told::Group(value, _) => vec![value],
            Told::Arguments(tuple) => vec![tuple.as_any()],
            Told::System { number, reason, files } => [number, reason].into_iter().chain(files).collect(),
        }
    }
}

/// The arguments that `repr(object)` shows behind its class's name; `None` for what is shown otherwise.
pub(crate) fn shown_arguments<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTuple>> {
    arguments(shown_as::<PyBaseException>(object)?)
}

fn plain<'py>(exception: &Bound<'py, PyBaseException>) -> Option<Told<'py>> {
    let arguments = arguments(exception)?;
    Some(match arguments.len() {
        0 => Told::Nothing,
        1 => Told::Argument(arguments.get_item(0).ok()?),
        _ => Told::Arguments(arguments),
    })
}

fn arguments<'py>(exception: &Bound<'py, PyBaseException>) -> Option<Bound<'py, PyTuple>> {
    own::<PyBaseException>(exception, intern!(exception.py(), "args"))?.cast_into().ok()
}

fn group<'py>(object: &Bound<'py, PyAny>) -> Option<Told<'py>> {
    let own = |name| own::<PyBaseExceptionGroup>(object, name);
    let py = object.py();
    let exceptions = own(intern!(py, "exceptions"))?.cast_into::<PyTuple>().ok()?;
    Some(Told::Group(own(intern!(py, "message"))?, exceptions.len()))
}

/// `None` if the exception has no number and reason: it is shown as any other.
fn system<'py>(object: &Bound<'py, PyAny>) -> Option<Told<'py>> {
    let py = object.py();
    let given = |name| own::<PyOSError>(object, name).filter(|value| !value.is_none());
    let (number, reason) = (given(intern!(py, "errno")), given(intern!(py, "strerror")));
    let files: Vec<_> =
        [given(intern!(py, "filename")), given(intern!(py, "filename2"))].into_iter().flatten().collect();
    if files.is_empty() && (number.is_none() || reason.is_none()) {
        return None;
    }
    let none = || py.None().into_bound(py);
    Some(Told::System { number: number.unwrap_or_else(none), reason: reason.unwrap_or_else(none), files })
}

/// What every `T` has under `name`, past whatever a subclass has in its place.
fn own<'py, T: PyTypeInfo>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> Option<Bound<'py, PyAny>> {
    let py = object.py();
    let descriptor = py.get_type::<T>().getattr(name).ok()?;
    descriptor.call_method1(intern!(py, "__get__"), (object,)).ok()
}
