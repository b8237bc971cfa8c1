//! The Python binding of the engine: Python values to frames, engine errors to exceptions.
//!
//! **Capture** lives here. A log call is one builtin function ([`fast`]); what it cannot do at once
//! it hands to [`general`], and what belongs to `logging` itself to the Python side.
//! Nothing that can run Python code happens between reserving room in the ring and publishing.
//!
//! "The GIL is held" in a SAFETY argument means, on a free-threaded interpreter, that the thread is attached to it:
//! objects stay alive and nothing stops the thread. What must be one thread's alone is [`process::guarded`].

use pyo3::prelude::*;

mod fast;
mod general;
mod loggers;
mod process;
mod read;
mod values;

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    process::import::check_interpreter(module.py())?;
    process::add_to(module)?;
    values::add_to(module)?;
    general::add_to(module)?;
    fast::add_to(module)?;
    loggers::add_to(module)?;
    module.add_class::<read::Unpacked>()?;
    module.add_function(wrap_pyfunction!(read::packing_of, module)?)?;
    process::forks::watch_forks();
    process::reentry::learn_stack();
    Ok(())
}
