//! How the beginnings of texts, bytes and arrays are shown.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PySlice, PyString};

use crate::values::repr::brief::Brief;
use crate::values::text::Excerpt;

/// What texts and bytes are enclosed in.
const QUOTES: [u8; 2] = *b"'\"";

fn has(text: &Bound<'_, PyString>, quote: u8) -> bool {
    // SAFETY: the GIL is held and the str alive, which is searched as far as it goes.
    unsafe {
        let len = ffi::PyUnicode_GetLength(text.as_ptr());
        ffi::PyUnicode_FindChar(text.as_ptr(), quote.into(), 0, len, 1) >= 0
    }
}

impl Brief {
    pub(crate) fn push_quoted_text(&mut self, text: &Bound<'_, PyString>) -> PyResult<()> {
        let beginning = Excerpt::of(text, self.room());
        self.push_quoted(&beginning.to_str(text.py()), beginning.left(), |quote| has(text, quote))
    }

    pub(crate) fn push_bytes(&mut self, bytes: &Bound<'_, PyBytes>) -> PyResult<()> {
        let all = bytes.as_bytes();
        let first = &all[..all.len().min(self.room())];
        self.push_quoted(&PyBytes::new(bytes.py(), first), all.len() - first.len(), |quote| {
            all.contains(&quote)
        })
    }

    pub(crate) fn push_byte_array(&mut self, bytes: &Bound<'_, PyByteArray>) -> PyResult<()> {
        let (mut len, mut quotes, most) = (0, Vec::new(), self.room());
        let first = with_critical_section(bytes, || {
            len = bytes.len();
            // SAFETY: the array is alive, no Python code runs here, and no other thread changes it meanwhile.
            let all = unsafe { bytes.as_bytes() };
            quotes.extend(QUOTES.into_iter().filter(|quote| all.contains(quote)));
            all[..len.min(most)].to_vec()
        });
        self.push_name(bytes);
        let (beginning, left) = (PyByteArray::new(bytes.py(), &first), len - first.len());
        let mut text = quoted(&beginning, left, |quote| quotes.contains(&quote))?;
        // A subclass has a name of its own.
        self.append(text.split_off("bytearray".len()), left);
        Ok(())
    }

    /// An `array.array`: its slice is shown as it is itself.
    pub(crate) fn push_array(&mut self, array: &Bound<'_, PyAny>) -> PyResult<()> {
        // Of a text a member takes one character; of numbers it takes three, at least.
        let is_text = array.getattr("typecode")?.extract::<char>().is_ok_and(|code| "uw".contains(code));
        let least = if is_text { 1 } else { 3 };
        let (len, most) = (array.len()?, self.room() / least + 1);
        let beginning = array.get_item(PySlice::new(array.py(), 0, most as isize, 1))?;
        let (mut text, left) = (shown(&beginning)?, least * len.saturating_sub(most));
        if left > 0 {
            let end = text.iter().rposition(|byte| b"'\"]".contains(byte));
            text.truncate(end.unwrap_or(text.len()));
        }
        self.append(text, left);
        Ok(())
    }

    /// `repr()` of the beginning of a text or of bytes, as [`quoted`].
    fn push_quoted(
        &mut self,
        beginning: &Bound<'_, PyAny>,
        left: usize,
        has: impl Fn(u8) -> bool,
    ) -> PyResult<()> {
        self.append(quoted(beginning, left, has)?, left);
        Ok(())
    }
}

/// `repr()` of the beginning of a text or of bytes, without what ends it if `left` follow. Its quotes are
/// those of the whole, of which `has` knows: the interpreter chooses them by those that are inside.
fn quoted(beginning: &Bound<'_, PyAny>, left: usize, has: impl Fn(u8) -> bool) -> PyResult<Vec<u8>> {
    if left == 0 {
        return shown(beginning);
    }
    let py = beginning.py();
    let mut end = beginning.get_item(PySlice::new(py, 0, 0, 1))?;
    for quote in QUOTES.into_iter().filter(|quote| has(*quote)) {
        end = match beginning.is_instance_of::<PyString>() {
            true => end.add(PyString::new(py, char::from(quote).encode_utf8(&mut [0; 4])))?,
            false => end.add(PyBytes::new(py, &[quote]))?,
        };
    }
    let (mut text, end) = (shown(&beginning.add(&end)?)?, shown(&end)?);
    let behind = end.iter().position(|byte| QUOTES.contains(byte)).map_or(0, |at| end.len() - at - 1);
    text.truncate(text.len() - behind);
    Ok(text)
}

fn shown(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(Excerpt::of(&value.repr()?, usize::MAX).text)
}
