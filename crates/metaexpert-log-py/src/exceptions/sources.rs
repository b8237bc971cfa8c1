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

/// (size, time, lines, full name); one that has not been read yet is shorter.
type Entry<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

struct OnDisk {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

impl Source {
    /// The file `name`, of which `linecache` holds `entry`. `None` if its lines may change without notice: it
    /// was not found, or has changed since it was read.
    pub(crate) fn of(name: &Bound<'_, PyString>, entry: Option<Bound<'_, PyTuple>>) -> Option<Self> {
        let text = name.to_str().ok()?.to_owned();
        let name = name.clone().unbind();
        // From 3.13 on such a name may stand for code that was typed in, of which `linecache` knows more.
        if cfg!(Py_3_13) && text.starts_with('<') {
            return None;
        }
        let Some(entry) = entry else {
            let is_of_no_file = text.starts_with('<') && text.ends_with('>');
            return is_of_no_file.then_some(Source { name, text, entry: None, file: None });
        };
        let (bytes, mtime, _, path): Entry<'_> = entry.extract().ok()?;
        let file = if mtime.is_none() { None } else { Some(OnDisk::read_at(path, bytes, mtime)?) };
        Some(Source { name, text, entry: Some(entry.unbind()), file })
    }

    /// Whether the other is the same file, read at the same time.
    pub(crate) fn is_same(&self, other: &Source) -> bool {
        let entry = |source: &Source| source.entry.as_ref().map(Py::as_ptr);
        // Several names may have one entry, such as a program's own.
        entry(self) == entry(other) && self.text == other.text
    }

    /// Whether `linecache.checkcache` would leave it as it is. Asks the disk, as that does.
    pub(crate) fn is_fresh(&self, cache: &Bound<'_, PyDict>) -> bool {
        // SAFETY: the GIL is held, both objects are alive; a borrowed reference that is only compared, or
        // null, maybe with an exception.
        let held = unsafe { ffi::PyDict_GetItemWithError(cache.as_ptr(), self.name.as_ptr()) };
        if held.is_null() {
            // SAFETY: the GIL is held.
            unsafe { ffi::PyErr_Clear() };
        }
        held == self.entry.as_ref().map_or(std::ptr::null_mut(), Py::as_ptr)
            && self.file.as_ref().is_none_or(OnDisk::is_unchanged)
    }
}

impl OnDisk {
    /// `None` if it is not as it was when it was read.
    fn read_at(path: Bound<'_, PyAny>, bytes: Bound<'_, PyAny>, mtime: Bound<'_, PyAny>) -> Option<Self> {
        let path: PathBuf = path.extract().ok()?;
        let found = fs::metadata(&path).ok()?;
        let file = OnDisk { bytes: found.len(), modified: found.modified().ok()?, path };
        let is_same =
            file.bytes == bytes.extract::<u64>().ok()? && file.mtime() == mtime.extract::<f64>().ok()?;
        is_same.then_some(file)
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
