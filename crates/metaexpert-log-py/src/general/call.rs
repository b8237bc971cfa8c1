//! One call, with everything that belongs to its record.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::exceptions::given::{Description, Given, described};
use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::values::text::Excerpt;

/// One call: what was passed to it, and what its record has beside that.
pub(crate) struct Call<'a, 'py> {
    pub(crate) level: i32,
    pub(crate) level_name: Option<Excerpt>,
    pub(crate) category: Option<Excerpt>,
    pub(crate) message: Bound<'py, PyAny>,
    pub(crate) arguments: Bound<'py, PyTuple>,
    pub(crate) fields: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    /// How many more fields there are, too many for a record.
    pub(crate) fields_left: usize,
    pub(crate) bound: Option<&'a Py<Fields>>,
    /// `fields` are all that the record has: those of the running context are not added.
    pub(crate) is_complete: bool,
    pub(crate) exception: Option<Description>,
    pub(crate) stack: Option<Excerpt>,
    pub(crate) caller: Option<(Excerpt, u32, Excerpt)>,
    pub(crate) thread: Option<(u64, Excerpt)>,
    pub(crate) task: Option<Excerpt>,
    /// The caller is the Python frame that is running now.
    pub(crate) caller_is_current_frame: bool,
    /// When the record was made, if not now.
    pub(crate) timestamp_ns: Option<i64>,
    /// The call site's tuple of names, if `fields` have exactly these; else null.
    pub(crate) names: *mut ffi::PyObject,
    /// `fields` are those of `extra` followed by the keywords, all of them and nothing else.
    pub(crate) is_all_of_extra: bool,
}

impl<'py> Call<'_, 'py> {
    pub(crate) fn new(level: i32, message: Bound<'py, PyAny>, arguments: Bound<'py, PyTuple>) -> Self {
        Call {
            level,
            level_name: None,
            category: None,
            message,
            arguments,
            fields: Vec::new(),
            fields_left: 0,
            bound: None,
            is_complete: false,
            exception: None,
            stack: None,
            caller: None,
            thread: None,
            task: None,
            caller_is_current_frame: false,
            timestamp_ns: None,
            names: std::ptr::null_mut(),
            is_all_of_extra: false,
        }
    }

    /// Notes that `fields` are not those that the call site names.
    pub(crate) fn forget_names(&mut self) {
        self.names = std::ptr::null_mut();
        self.is_all_of_extra = false;
    }

    /// Adds the exception that `exc_info` stands for, if there is one. False if only the Python side can
    /// tell. Fails with what is no `Exception`, as an interruption of the exception's own code is.
    pub(crate) fn add_exception(&mut self, exc_info: &Bound<'py, PyAny>) -> PyResult<bool> {
        match described(exc_info)? {
            Given::Nothing => {}
            Given::Described(description) => self.exception = Some(description),
            Given::Unknown => return Ok(false),
        }
        Ok(true)
    }

    /// The fields of contexts that the record has beside its own.
    pub(crate) fn context(&self, py: Python<'py>) -> Option<Bound<'py, Fields>> {
        if self.is_complete { None } else { current_context(py) }
    }
}
