//! The parts of an exception's `str()` and `repr()`, for classes whose texts the interpreter itself makes.

use pyo3::exceptions::{PyBaseException, PyBaseExceptionGroup, PyKeyError, PyOSError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::PyTuple;

use crate::values::repr::slots::{has_str_of, with_repr_of};

/// What `str()` of an exception shows.
pub(crate) enum ExceptionStr<'py> {
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

impl<'py> ExceptionStr<'py> {
    /// What `str(object)` shows; `None` for another object, and for a class with a `__str__` of its own.
    pub(crate) fn of(object: &Bound<'py, PyAny>) -> Option<Self> {
        let exception = object.cast::<PyBaseException>().ok()?;
        if has_str_of::<PyOSError>(object) {
            return system(object).or_else(|| by_arguments(exception));
        }
        if has_str_of::<PyKeyError>(object) {
            return match by_arguments(exception)? {
                ExceptionStr::Argument(key) => Some(ExceptionStr::Key(key)),
                other => Some(other),
            };
        }
        if has_str_of::<PyBaseExceptionGroup>(object) {
            return group(object);
        }
        if has_str_of::<PyBaseException>(object) { by_arguments(exception) } else { None }
    }

    /// The values whose texts are parts of it.
    pub(crate) fn parts(&self) -> Vec<&Bound<'py, PyAny>> {
        match self {
            ExceptionStr::Nothing => Vec::new(),
            ExceptionStr::Argument(value) | ExceptionStr::Key(value) | ExceptionStr::Group(value, _) => {
                vec![value]
            }
            ExceptionStr::Arguments(tuple) => vec![tuple.as_any()],
            ExceptionStr::System { number, reason, files } => {
                [number, reason].into_iter().chain(files).collect()
            }
        }
    }
}

/// The arguments that `repr(object)` shows behind the name of its class; `None` for another object, and for a
/// class with a `__repr__` of its own.
pub(crate) fn repr_arguments<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTuple>> {
    arguments(with_repr_of::<PyBaseException>(object)?)
}

fn by_arguments<'py>(exception: &Bound<'py, PyBaseException>) -> Option<ExceptionStr<'py>> {
    let arguments = arguments(exception)?;
    Some(match arguments.len() {
        0 => ExceptionStr::Nothing,
        1 => ExceptionStr::Argument(arguments.get_item(0).ok()?),
        _ => ExceptionStr::Arguments(arguments),
    })
}

fn arguments<'py>(exception: &Bound<'py, PyBaseException>) -> Option<Bound<'py, PyTuple>> {
    own::<PyBaseException>(exception, intern!(exception.py(), "args"))?.cast_into().ok()
}

fn group<'py>(object: &Bound<'py, PyAny>) -> Option<ExceptionStr<'py>> {
    let own = |name| own::<PyBaseExceptionGroup>(object, name);
    let py = object.py();
    let exceptions = own(intern!(py, "exceptions"))?.cast_into::<PyTuple>().ok()?;
    Some(ExceptionStr::Group(own(intern!(py, "message"))?, exceptions.len()))
}

/// `None` if the exception has no number and reason: its text is that of any other.
fn system<'py>(object: &Bound<'py, PyAny>) -> Option<ExceptionStr<'py>> {
    let py = object.py();
    let given = |name| own::<PyOSError>(object, name).filter(|value| !value.is_none());
    let (number, reason) = (given(intern!(py, "errno")), given(intern!(py, "strerror")));
    let files: Vec<_> =
        [given(intern!(py, "filename")), given(intern!(py, "filename2"))].into_iter().flatten().collect();
    if files.is_empty() && (number.is_none() || reason.is_none()) {
        return None;
    }
    let none = || py.None().into_bound(py);
    Some(ExceptionStr::System {
        number: number.unwrap_or_else(none),
        reason: reason.unwrap_or_else(none),
        files,
    })
}

/// The attribute `name` of every `T`, past whatever a subclass has in its place.
fn own<'py, T: PyTypeInfo>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> Option<Bound<'py, PyAny>> {
    let py = object.py();
    let descriptor = py.get_type::<T>().getattr(name).ok()?;
    descriptor.call_method1(intern!(py, "__get__"), (object,)).ok()
}
