//! The Python binding of the engine: Python values to frames, engine errors to exceptions.
//!
//! **Capture** lives here. A log call is one builtin function ([`fast`]). It hands to [`general`] what it
//! cannot do at once, and to the Python side what belongs to `logging` itself. [`values`] turns Python values
//! into values of a frame and [`exceptions`] tells exceptions in words; [`loggers`] has the methods of the
//! logger's class, and [`process`] is the engine that all of them share. No Python code runs between
//! reserving room in the ring and publishing.
//!
//! On a free-threaded interpreter, "the GIL is held" in a SAFETY argument means that the thread is attached
//! to the interpreter: objects stay alive, and nothing stops the thread. Values that only one thread at a
//! time may use are [`process::guarded`].

use pyo3::prelude::*;

use crate::process::guarded::AcrossForks;

mod exceptions;
mod fast;
mod general;
mod loggers;
mod process;
mod read;
mod values;

/// What threads share, in the order in which a fork takes it.
static SHARED: [&dyn AcrossForks; 7] = [
    &process::state::STATE.0,
    &values::native::plan::PLANS,
    &general::plain_fields::KEY_SETS,
    &exceptions::classes::CLASSES,
    &exceptions::frames::FRAMES,
    &fast::listened::noted::TABLE,
    &fast::listened::usual::FILES,
];

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    process::import::check_interpreter(module.py())?;
    process::add_to(module)?;
    values::add_to(module)?;
    exceptions::add_to(module)?;
    general::add_to(module)?;
    fast::add_to(module)?;
    loggers::add_to(module)?;
    read::register(module)?;
    process::forks::watch_forks(&SHARED);
    process::reentry::learn_stack();
    Ok(())
}
