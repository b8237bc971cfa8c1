//! The parts that exist once per process: the engine, its forks and its end.
//!
//! [`state`] is the running engine, with the ids that [`call_sites`] and [`key_sets`] remember for it;
//! [`guarded`] is how threads share that, and [`class_version`] how a changed class is noticed. [`start`],
//! [`shutdown`], [`forks`] and [`exit`] are its life, [`reentry`] is what ends logging inside of logging.

use metaexpert_log::config::Format;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

pub(crate) mod call_sites;
pub(crate) mod class_version;
pub(crate) mod exit;
pub(crate) mod forks;
pub(crate) mod guarded;
pub(crate) mod import;
pub(crate) mod key_sets;
pub(crate) mod reentry;
pub(crate) mod shutdown;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod statistics;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("PRESETS", PyTuple::new(module.py(), Format::PRESETS)?)?;
    module.add_function(wrap_pyfunction!(import::lasting, module)?)?;
    module.add_function(wrap_pyfunction!(start::start, module)?)?;
    module.add_function(wrap_pyfunction!(start::recover, module)?)?;
    module.add_function(wrap_pyfunction!(start::set_worker, module)?)?;
    module.add_function(wrap_pyfunction!(start::note_missing_streams, module)?)?;
    module.add_function(wrap_pyfunction!(start::patterns_refusal, module)?)?;
    module.add_function(wrap_pyfunction!(start::condition_refusal, module)?)?;
    module.add_function(wrap_pyfunction!(state::is_running, module)?)?;
    module.add_function(wrap_pyfunction!(state::needs, module)?)?;
    module.add_function(wrap_pyfunction!(state::set_synchronous, module)?)?;
    module.add_function(wrap_pyfunction!(statistics::stats, module)?)?;
    module.add_function(wrap_pyfunction!(shutdown::flush, module)?)?;
    module.add_function(wrap_pyfunction!(shutdown::shutdown, module)?)?;
    module.add_function(wrap_pyfunction!(shutdown::count_unstarted, module)?)?;
    module.add_function(wrap_pyfunction!(shutdown::count_untold, module)?)?;
    module.add_function(wrap_pyfunction!(forks::forks, module)?)?;
    module.add_function(wrap_pyfunction!(forks::forget_after_fork, module)?)?;
    module.add_function(wrap_pyfunction!(exit::begin_exit, module)?)?;
    module.add_function(wrap_pyfunction!(exit::park_if_ending, module)?)?;
    Ok(())
}
