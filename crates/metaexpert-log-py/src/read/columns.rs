//! Records as Arrow columns, for every Python library that knows Arrow.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use metaexpert_log_read::columns::arrow::{ArrowArrayStream, ArrowSchema};
use metaexpert_log_read::columns::{Batches, Survey, Surveyed};
use metaexpert_log_read::{OpenLogs, Query};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::search::{FileReport, Wanted, reports_of};

/// A survey looks for signals each time that it has taken as many steps.
const STEPS_BETWEEN_SIGNALS: usize = 64;

/// The records of some files as they are at the call, as columns.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Columns {
    surveyed: Arc<Surveyed>,
    /// The places of the columns in the schema.
    wanted: Vec<usize>,
}

#[pymethods]
impl Columns {
    #[new]
    #[pyo3(signature = (directory, logs, wanted, /))]
    fn new(
        py: Python<'_>,
        directory: Option<PathBuf>,
        logs: Vec<PathBuf>,
        wanted: Wanted,
    ) -> PyResult<Columns> {
        // The survey reads each record in full.
        let query = Query { leaves_checks: true, ..wanted.query()? };
        let mut survey = py.detach(|| {
            let logs = match &directory {
                Some(directory) => OpenLogs::in_directory(directory, query),
                None => OpenLogs::at(&logs, query),
            };
            Survey::of(logs?)
        })?;
        while py.detach(|| steps(&mut survey))? {
            py.check_signals()?;
        }
        let surveyed = survey.finish();
        let wanted = (0..surveyed.schema.columns.len()).collect();
        Ok(Columns { surveyed: Arc::new(surveyed), wanted })
    }

    /// The same records with these columns alone, in this order.
    #[pyo3(signature = (names, /))]
    fn only(&self, names: Vec<String>) -> PyResult<Columns> {
        let columns = &self.surveyed.schema.columns;
        let mut wanted = Vec::with_capacity(names.len());
        for name in names {
            let place = columns.iter().position(|column| column.name == name);
            let place = place.ok_or_else(|| PyKeyError::new_err(name))?;
            if !wanted.contains(&place) {
                wanted.push(place);
            }
        }
        Ok(Columns { surveyed: Arc::clone(&self.surveyed), wanted })
    }

    #[getter]
    fn names(&self) -> Vec<&str> {
        self.wanted.iter().map(|place| self.surveyed.schema.columns[*place].name.as_str()).collect()
    }

    #[getter]
    fn records(&self) -> u64 {
        self.surveyed.records
    }

    fn report(&self) -> Vec<FileReport> {
        reports_of(&self.surveyed.report)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let columns: Vec<_> =
            self.wanted.iter().map(|place| self.surveyed.schema.columns[*place].clone()).collect();
        PyCapsule::new_with_value(py, ArrowSchema::of(&columns), c"arrow_schema")
    }

    /// Another schema than the exact one is not offered, which the protocol leaves to us.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches = Batches::of(Arc::clone(&self.surveyed), &self.wanted)?;
        PyCapsule::new_with_value(py, ArrowArrayStream::of(Box::new(batches)), c"arrow_array_stream")
    }
}

/// Has the survey go on for a while; false at its end.
fn steps(survey: &mut Survey) -> io::Result<bool> {
    for _ in 0..STEPS_BETWEEN_SIGNALS {
        if !survey.step()? {
            return Ok(false);
        }
    }
    Ok(true)
}
