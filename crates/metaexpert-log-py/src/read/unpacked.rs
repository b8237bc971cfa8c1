//! What packed files hold.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::{Mutex, PoisonError};

use metaexpert_log_read::{MAGIC_BYTES, Packing, unpacked};
use pyo3::exceptions::{PyEOFError, PyValueError};
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

/// How a file that begins with `beginning` is packed, None for one that is not.
#[pyfunction]
#[pyo3(signature = (beginning, /))]
pub fn packing_of(beginning: &[u8]) -> Option<&'static str> {
    Packing::of(&beginning[..beginning.len().min(MAGIC_BYTES)]).name()
}
