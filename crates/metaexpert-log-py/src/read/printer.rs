//! Lines of logs as they are shown, for the commands.

use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use metaexpert_log_read::{Batch, Extent, Format, Printer as Engine, Renderer, Style, Zone};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::os_error;
use super::following::Following;
use super::search::Search;

/// What is shown of records, as the arguments of Python have it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Shown {
    format: String,
    template: String,
    fields: Vec<String>,
    hide: Vec<String>,
    constant: Vec<String>,
    zone: String,
    colour: bool,
    before: usize,
    after: usize,
    most: Option<usize>,
}

impl Shown {
    fn style(&self) -> PyResult<Style> {
        let format = match self.format.as_str() {
            "text" => Format::Text,
            "json" => Format::Json,
            "raw" => Format::Raw,
            "csv" => Format::Csv,
            "template" => Format::Template(self.template.clone()),
            other => return Err(PyValueError::new_err(format!("there is no format {other}"))),
        };
        let zone = match self.zone.as_str() {
            "local" => Zone::Local,
            "UTC" => Zone::Utc,
            name => Zone::Named(name.to_owned()),
        };
        let (fields, hide, constant) = (self.fields.clone(), self.hide.clone(), self.constant.clone());
        Ok(Style { format, fields, hide, constant, zone, colour: self.colour })
    }
}

/// Shows lines of logs on a descriptor.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Printer {
    engine: Mutex<Engine>,
    descriptor: RawFd,
}

#[pymethods]
impl Printer {
    #[new]
    #[pyo3(signature = (shown, descriptor, /))]
    fn new(shown: Shown, descriptor: RawFd) -> PyResult<Printer> {
        if descriptor < 0 {
            return Err(PyValueError::new_err(format!("{descriptor} is no descriptor")));
        }
        let renderer = Renderer::new(&shown.style()?);
        let renderer = renderer.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let extent = Extent { before: shown.before, after: shown.after, most: shown.most };
        Ok(Printer { engine: Mutex::new(Engine::new(renderer, extent)), descriptor })
    }

    /// Shows everything that `search` finds, and returns how many lines were wanted so far.
    #[pyo3(signature = (search, /))]
    fn print(&self, py: Python<'_>, search: &Search) -> PyResult<usize> {
        let mut out = Vec::new();
        self.show(py, &Batch::default(), &mut out)?;
        while !self.locked().is_finished() {
            let Some(batch) = search.next(py)? else { break };
            self.show(py, &batch, &mut out)?;
            py.check_signals()?;
        }
        Ok(self.locked().matches())
    }

    /// Shows what is appended within `timeout_s`; false when as many lines as are to be were shown.
    #[pyo3(signature = (following, timeout_s, /))]
    fn print_appended(&self, py: Python<'_>, following: &Following, timeout_s: f64) -> PyResult<bool> {
        let batch = following.next(py, timeout_s)?;
        self.show(py, &batch, &mut Vec::new())?;
        Ok(!self.locked().is_finished())
    }
}

impl Printer {
    fn show(&self, py: Python<'_>, batch: &Batch, out: &mut Vec<u8>) -> PyResult<()> {
        py.detach(|| {
            out.clear();
            self.locked().print(batch, out);
            // SAFETY: the caller keeps the descriptor open while the printer is used, and the file is never
            // dropped, so it is not closed here. A descriptor that is closed nevertheless makes the write fail.
            let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(self.descriptor) });
            file.write_all(out)
        })
        .map_err(|problem| os_error(py, problem, None))
    }

    fn locked(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
