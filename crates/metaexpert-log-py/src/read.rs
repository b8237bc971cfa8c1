//! Reading of log files: which belong together, and what packed ones hold.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use metaexpert_log::family::sibling;
use metaexpert_log_read::{MAGIC_BYTES, Packing, unpacked};
use pyo3::exceptions::{PyEOFError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A read returns at most this much, whatever it is asked for.
const LARGEST_PART_BYTES: usize = 1 << 20;

/// The text of a gzip or zstd file, unpacked as it is read.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub struct Unpacked {
    packing: Packing,
    bytes: Mutex<Box<dyn Read + Send>>,
}

#[pymethods]
impl Unpacked {
    #[new]
    #[pyo3(signature = (descriptor, packing, /))]
    fn new(descriptor: RawFd, packing: &str) -> PyResult<Unpacked> {
        let refused = || PyValueError::new_err(format!("packing must be gzip or zstd, was {packing}"));
        let packing = Packing::named(packing).ok_or_else(refused)?;
        if descriptor < 0 {
            return Err(PyValueError::new_err(format!("{descriptor} is no descriptor")));
        }
        // SAFETY: not -1, and borrowed for the copy alone, which fails where nothing is open there.
        let own = unsafe { BorrowedFd::borrow_raw(descriptor) }.try_clone_to_owned()?;
        let bytes = unpacked(File::from(own), packing)?;
        Ok(Unpacked { packing, bytes: Mutex::new(bytes) })
    }

    #[pyo3(signature = (size, /))]
    fn read<'py>(&self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut part = vec![0; size.min(LARGEST_PART_BYTES)];
        let read = py.detach(|| {
            let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.read(&mut part)
        });
        let length = read.map_err(|problem| self.refusal(problem))?;
        Ok(PyBytes::new(py, &part[..length]))
    }
}

impl Unpacked {
    fn refusal(&self, problem: io::Error) -> PyErr {
        let packing = self.packing.name().unwrap_or_default();
        if problem.raw_os_error().is_some() {
            problem.into()
        } else if problem.kind() == io::ErrorKind::UnexpectedEof {
            PyEOFError::new_err(format!("the {packing} data ends too early"))
        } else {
            PyValueError::new_err(format!("no {packing} data, or damaged: {problem}"))
        }
    }
}

/// A file of a log: where it lies, which file its writer appends to, the process in that file's name, and its
/// own number.
type LogFile = (PathBuf, PathBuf, Option<u32>, u32);

/// The files of the log at `path`, the oldest of each writer first.
#[pyfunction]
#[pyo3(signature = (path, /))]
pub fn family(py: Python<'_>, path: PathBuf) -> PyResult<Vec<LogFile>> {
    let found = py.detach(|| metaexpert_log_read::family(&path));
    let found = found.map_err(|problem| directory_refused(py, &path, problem))?;
    let described = found.into_iter().map(|file| {
        let written = file.namesake.map_or_else(|| path.clone(), |namesake| sibling(&path, namesake));
        (file.path, written, file.namesake.map(|namesake| namesake.process), file.number)
    });
    Ok(described.collect())
}

/// The error of a directory that cannot be listed, which it names.
fn directory_refused(py: Python<'_>, path: &Path, problem: io::Error) -> PyErr {
    let Some(number) = problem.raw_os_error() else { return problem.into() };
    let text = py.import("os").and_then(|os| os.call_method1("strerror", (number,))).map(Bound::unbind);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    text.map_or_else(
        |_| problem.into(),
        |text| PyOSError::new_err((number, text, directory.unwrap_or(Path::new(".")).to_owned())),
    )
}

/// How a file that begins with `beginning` is packed, None for one that is not.
#[pyfunction]
#[pyo3(signature = (beginning, /))]
pub fn packing_of(beginning: &[u8]) -> Option<&'static str> {
    Packing::of(&beginning[..beginning.len().min(MAGIC_BYTES)]).name()
}
