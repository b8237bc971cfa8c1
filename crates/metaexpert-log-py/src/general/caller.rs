//! The caller, the thread and the task of a call, which are looked for only if a format shows them.

use metaexpert_log::pipeline::Needs;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::general::call::Call;
use crate::values::text::Excerpt;

/// Adds caller, thread and task as far as some format shows them.
pub(crate) fn add_caller(py: Python<'_>, call: &mut Call<'_, '_>, needs: Needs) {
    if needs.caller && call.caller.is_none() && call.caller_is_current_frame {
        call.caller = current_frame(py);
    }
    if needs.thread && call.thread.is_none() {
        call.thread = current_thread(py).ok();
    }
    if needs.task && call.task.is_none() {
        call.task = current_task(py).ok();
    }
}

/// File, line and function of the Python frame that made the call: the innermost one outside of logging's
/// own code, to which that of a `LoggerAdapter` belongs.
fn current_frame(py: Python<'_>) -> Option<(Excerpt, u32, Excerpt)> {
    // SAFETY: the GIL is held; the frame is borrowed from the running thread and becomes a new reference.
    let mut frame = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast())? };
    loop {
        let code = frame.getattr("f_code").ok()?;
        let text = |name: &str| code.getattr(name).ok()?.extract::<Excerpt>().ok();
        if !is_calling_module(&frame) {
            let line = frame.getattr("f_lineno").ok()?.extract().unwrap_or(0);
            return Some((text("co_filename")?, line, text("co_name")?));
        }
        frame = frame.getattr("f_back").ok().filter(|frame| !frame.is_none())?;
    }
}

/// Whether a frame runs code of `logging` or of our Python side, which pass calls on. Recognised by the
/// module's name, because the file of frozen code, or of code that was compiled elsewhere, says nothing.
fn is_calling_module(frame: &Bound<'_, PyAny>) -> bool {
    static MODULES: PyOnceLock<Vec<String>> = PyOnceLock::new();
    let py = frame.py();
    let modules = MODULES.get_or_init(py, || {
        let names =
            py.import("metaexpert.logger.capture.calls").and_then(|calls| calls.getattr("CALLING_MODULES"));
        let names = names.and_then(|names| names.try_iter()?.map(|name| name?.extract()).collect());
        names.unwrap_or_default()
    });
    let name = frame.getattr("f_globals").and_then(|globals| globals.get_item("__name__"));
    let Ok(name) = name.and_then(|name| Ok(name.cast_into::<PyString>()?)) else { return false };
    name.to_str().is_ok_and(|name| modules.iter().any(|module| module == name))
}

fn current_thread(py: Python<'_>) -> PyResult<(u64, Excerpt)> {
    let threading = py.import("threading")?;
    let ident = threading.call_method0("get_ident")?.extract()?;
    let name = threading.call_method0("current_thread")?.getattr("name")?.extract()?;
    Ok((ident, name))
}

fn current_task(py: Python<'_>) -> PyResult<Excerpt> {
    // A task can only be running if asyncio has been imported.
    let asyncio = py.import("sys")?.getattr("modules")?.get_item("asyncio")?;
    asyncio.call_method0("current_task")?.call_method0("get_name")?.extract()
}
