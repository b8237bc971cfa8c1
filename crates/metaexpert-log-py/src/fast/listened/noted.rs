//! Records that outlive the call that made them, with the call's parts.

use std::collections::HashMap;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::process::guarded::Guarded;

/// By the record's address: the weak reference to it, and its call. By that of the weak reference: the
/// record's.
#[derive(Default)]
pub(crate) struct Table {
    calls: HashMap<usize, (Py<PyAny>, Py<PyAny>)>,
    records: HashMap<usize, usize>,
}

pub(crate) static TABLE: Guarded<Option<Table>> = Guarded::new(None);

/// Keeps `handed` as long as `record` lives, if records of its class can be followed.
pub(crate) fn keep(record: &Bound<'_, PyAny>, handed: &Bound<'_, PyAny>) -> PyResult<()> {
    static FORGET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = record.py();
    let forget =
        FORGET.get_or_try_init(py, || Ok::<_, PyErr>(wrap_pyfunction!(forget, py)?.into_any().unbind()))?;
    // SAFETY: the GIL is held and both objects are alive; a new reference, or null with an exception.
    let weak =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyWeakref_NewRef(record.as_ptr(), forget.as_ptr())) };
    let Ok(weak) = weak else { return Ok(()) };
    let (address, of_weak) = (record.as_ptr() as usize, weak.as_ptr() as usize);
    let entry = (weak.unbind(), handed.clone().unbind());
    let before = TABLE.with(py, |table| {
        let table = table.get_or_insert_default();
        table.records.insert(of_weak, address);
        table.calls.insert(address, entry)
    });
    release(py, before);
    Ok(())
}

/// The call whose record is `record`.
pub(crate) fn of_record<'py>(record: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let py = record.py();
    TABLE.with(py, |table| {
        let (_, handed) = table.as_ref()?.calls.get(&(record.as_ptr() as usize))?;
        Some(handed.bind(py).clone())
    })
}

/// Called with a weak reference when its record has ended.
#[pyfunction]
fn forget(weak: &Bound<'_, PyAny>) {
    let of_weak = weak.as_ptr() as usize;
    let ended = TABLE.with(weak.py(), |table| {
        let table = table.as_mut()?;
        let address = table.records.remove(&of_weak)?;
        // Its address may be another record's by now.
        let is_own = table.calls.get(&address).is_some_and(|(known, _)| known.as_ptr() as usize == of_weak);
        if is_own { table.calls.remove(&address) } else { None }
    });
    release(weak.py(), ended);
}

/// Gives references back where an object's own code may run.
fn release(py: Python<'_>, entry: Option<(Py<PyAny>, Py<PyAny>)>) {
    if let Some((weak, handed)) = entry {
        weak.drop_ref(py);
        handed.drop_ref(py);
    }
}
