//! Source files as `linecache` has read them, and whether it would still show the same lines of them.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

/// A file from which `traceback` took source lines.
pub(crate) struct Source {
    name: Py<PyString>,
    text: String,
    /// What `linecache` holds under the name; `None` for a name under which it looks for nothing.
    entry: Option<Py<PyTuple>>,
    /// The file; `None` if a loader gave its text, which `linecache` then keeps.
    file: Option<OnDisk>,
}

#[derive(PartialEq)]
struct OnDisk {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

impl Source {
    /// The file `name` as `linecache` holds it now. `None` if its lines may change without notice: it was not
    /// found, or has changed since it was read.
    pub(crate) fn of(name: &Bound<'_, PyString>, cache: &Bound<'_, PyDict>) -> Option<Self> {
        let text = name.to_str().ok()?.to_owned();
        let name = name.clone().unbind();
        // From 3.13 on such a name may stand for code that was typed in, of which `linecache` knows more.
        if cfg!(Py_3_13) && text.starts_with('<') {
            return None;
        }
        let Some(entry) = cache.get_item(&name).ok()? else {
            let is_of_no_file = text.starts_with('<') && text.ends_with('>');
            return is_of_no_file.then_some(Source { name, text, entry: None, file: None });
        };
        // (size, mtime, lines, full name); one that has not been read yet is shorter.
        let entry = entry.cast_into_exact::<PyTuple>().ok().filter(|entry| entry.len() == 4)?;
        let file = match entry.get_item(1).ok()? {
            mtime if mtime.is_none() => None,
            mtime => {
                let file = OnDisk::at(entry.get_item(3).ok()?.extract().ok()?)?;
                let is_same = file.bytes == entry.get_item(0).ok()?.extract::<u64>().ok()?
                    && file.mtime() == mtime.extract::<f64>().ok()?;
                Some(file).filter(|_| is_same).map(Some)?
            }
        };
        Some(Source { name, text, entry: Some(entry.unbind()), file })
    }

    /// Whether the other is the same file, read at the same time.
    pub(crate) fn is_same(&self, other: &Source) -> bool {
        let entry = |source: &Source| source.entry.as_ref().map(Py::as_ptr);
        // Several names may have one entry, such as a program's own.
        entry(self) == entry(other) && self.text == other.text
    }

    /// Whether `linecache.checkcache` would leave it as it is. Asks the disk, as that does.
    pub(crate) fn is_fresh(&self, py: Python<'_>, cache: &Bound<'_, PyDict>) -> bool {
        // SAFETY: the GIL is held, both objects are alive; a borrowed reference that is only compared, or
        // null, maybe with an exception.
        let held = unsafe { ffi::PyDict_GetItemWithError(cache.as_ptr(), self.name.as_ptr()) };
        if held.is_null() {
            drop(PyErr::take(py));
        }
        held == self.entry.as_ref().map_or(std::ptr::null_mut(), Py::as_ptr)
            && self.file.as_ref().is_none_or(OnDisk::is_unchanged)
    }
}

impl OnDisk {
    fn at(path: PathBuf) -> Option<Self> {
        let found = fs::metadata(&path).ok()?;
        Some(OnDisk { bytes: found.len(), modified: found.modified().ok()?, path })
    }

    fn is_unchanged(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| {
            found.len() == self.bytes && found.modified().is_ok_and(|modified| modified == self.modified)
        })
    }

    /// The time as `os.stat` gives it.
    fn mtime(&self) -> f64 {
        let since = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs() as f64 + 1e-9 * f64::from(since.subsec_nanos())
    }
}
