//! Bytes as base64, as far as a record could hold them.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PySlice};

use crate::values::text::Excerpt;

pub(crate) fn is_bytes(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check of a live object.
    let is_view = unsafe { ffi::PyMemoryView_Check(object.as_ptr()) != 0 };
    is_view || object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>()
}

/// The beginning of an object of bytes as base64, of at most `room` characters, and at least four.
pub(crate) fn base64(object: &Bound<'_, PyAny>, room: usize) -> PyResult<Excerpt> {
    let py = object.py();
    static ENCODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let encode = ENCODE
        .get_or_try_init(py, || Ok::<_, PyErr>(py.import("binascii")?.getattr("b2a_base64")?.unbind()))?;
    // SAFETY: the GIL is held and the object alive; a new reference, or null with an exception.
    let view = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(object.as_ptr()))? };
    let count = view.getattr("nbytes")?.extract::<usize>()?;
    // Whole groups of three bytes, whose base64 has no padding.
    let most = room.max(4) / 4 * 3;
    let bytes = beginning(&view, count, most)?;
    let mut text = encode.bind(py).call1((bytes,))?.cast::<PyBytes>()?.as_bytes().to_vec();
    text.pop(); // the line end that b2a_base64 adds
    Ok(Excerpt::from(text).followed_by(count.saturating_sub(most).div_ceil(3) * 4))
}

/// The first `most` of the `count` bytes in `view`, in the order in which their elements are counted.
fn beginning<'py>(view: &Bound<'py, PyAny>, count: usize, most: usize) -> PyResult<Bound<'py, PyAny>> {
    let is_contiguous = view.getattr("c_contiguous")?.extract::<bool>()?;
    if count <= most {
        return if is_contiguous { Ok(view.clone()) } else { view.call_method0("tobytes") };
    }
    let first = |object: &Bound<'py, PyAny>, most: usize| {
        object.get_item(PySlice::new(view.py(), 0, most.min(isize::MAX as usize) as isize, 1))
    };
    // A view with elements of several bytes, or with rows, is made one of bytes; some formats refuse that.
    if let Ok(bytes) = view.call_method1("cast", ("B",)) {
        return first(&bytes, most);
    }
    let rows = view.len()?.max(1);
    let few = first(view, most.div_ceil((count / rows).max(1)))?;
    first(&few.call_method0("tobytes")?, most)
}
