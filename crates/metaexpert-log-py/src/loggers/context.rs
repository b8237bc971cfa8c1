//! `log_context`: a block whose records have more fields.

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::general::context_variable::{self, current_context};
use crate::general::fields::Fields;
use crate::process::guarded::Guarded;
use crate::process::state::STATE;

/// The error for `what` without a keyword: a bare `@log_context` passes the decorated function.
fn without_keyword(what: &Bound<'_, PyAny>) -> &'static str {
    if what.is_callable() {
        "log_context needs fields to add; write @log_context(symbol=...), or leave it out"
    } else if what.is_instance_of::<PyDict>() {
        "log_context takes fields by keyword; write log_context(**fields)"
    } else {
        "log_context takes fields by keyword; write log_context(symbol=...)"
    }
}

/// A context manager that adds fields to those of the contextvar; `log_context` is one.
#[pyclass(frozen, subclass, module = "metaexpert.logger._native")]
pub(crate) struct Context {
    /// Never changed.
    fields: Py<PyDict>,
    /// The blocks that are open, in any thread or task, the latest last.
    blocks: Guarded<Vec<Block>>,
}

/// One `with` block: what it set the variable to, and the token that takes that back.
struct Block {
    fields: Py<Fields>,
    token: Py<PyAny>,
}

#[pymethods]
impl Context {
    #[new]
    #[pyo3(signature = (*given, **fields))]
    fn new(given: &Bound<'_, PyTuple>, fields: Option<Bound<'_, PyDict>>) -> PyResult<Self> {
        if let Ok(first) = given.get_item(0) {
            return Err(PyTypeError::new_err(without_keyword(&first)));
        }
        let fields = fields.unwrap_or_else(|| PyDict::new(given.py())).unbind();
        Ok(Context { fields, blocks: Guarded::new(Vec::new()) })
    }

    /// A copy of the fields as they were given.
    #[pyo3(name = "_given")]
    fn given<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.fields.bind(py).copy()
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        context_variable::watch()?;
        let fields = Fields::of_context(slf.get().fields.bind(py).clone(), current_context(py))?;
        let fields = Bound::new(py, fields)?;
        let token = context_variable::set(&fields)?.unbind();
        let block = Block { fields: fields.unbind(), token };
        slf.get().with_blocks(py, |blocks| blocks.push(block));
        Ok(slf)
    }

    /// Leaves the latest block that was entered here. The variable of another thread or task is out of reach,
    /// so a block that was entered there is left by marking its fields, which no record gets any more.
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let current = context_variable::value(py);
        let innermost = current
            .as_ref()
            .and_then(|current| self.take(py, |block| block.fields.as_ptr() == current.as_ptr()));
        match innermost {
            Some(block) if block.reset(py) => Ok(()),
            Some(block) => {
                // This thread or task runs in a copy of the `contextvars.Context` in which the block was
                // entered.
                block.fields.get().leave();
                Ok(())
            }
            None => self.leave_another(py, current),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.fields)
    }
}

impl Context {
    /// Calls `body` with the blocks, inside the one guard that a fork waits for.
    fn with_blocks<R>(&self, py: Python<'_>, body: impl FnOnce(&mut Vec<Block>) -> R) -> R {
        STATE.with(py, |_| self.blocks.with(py, body))
    }

    /// Takes the latest of the blocks for which `is_it` holds. The caller drops it where an object's own code
    /// may run.
    fn take(&self, py: Python<'_>, is_it: impl Fn(&Block) -> bool) -> Option<Block> {
        self.with_blocks(py, |blocks| {
            let at = blocks.iter().rposition(is_it)?;
            Some(blocks.remove(at))
        })
    }

    /// Leaves a block that is not the innermost of all here, or was entered elsewhere.
    fn leave_another(&self, py: Python<'_>, current: Option<Bound<'_, Fields>>) -> PyResult<()> {
        let blocks: Vec<Block> =
            self.with_blocks(py, |blocks| blocks.iter().map(|block| block.clone_ref(py)).collect());
        let Some(latest) = blocks.last() else {
            return Err(PyRuntimeError::new_err("a log_context ends that was not entered"));
        };
        let left = blocks.iter().rev().find(|block| block.reset(py)).unwrap_or(latest);
        left.fields.get().leave();
        if let Some(current) = &current {
            // Those inside of it are still open.
            context_variable::set(current)?;
        }
        self.take(py, |block| block.token.as_ptr() == left.token.as_ptr());
        Ok(())
    }
}

impl Block {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        Block { fields: self.fields.clone_ref(py), token: self.token.clone_ref(py) }
    }

    /// Gives the variable the value that it had before. False if the block was entered in another
    /// `contextvars.Context`.
    fn reset(&self, py: Python<'_>) -> bool {
        context_variable::reset(py, &self.token)
    }
}
