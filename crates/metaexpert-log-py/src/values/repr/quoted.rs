//! The beginnings of texts, bytes and arrays, as `repr()` shows them.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PySlice, PyString};

use crate::values::repr::brief::Brief;
use crate::values::text::Excerpt;

/// What texts and bytes are enclosed in.
const QUOTES: [u8; 2] = *b"'\"";

pub(crate) fn push_text(brief: &mut Brief, text: &Bound<'_, PyString>) -> PyResult<()> {
    let beginning = Excerpt::of(text, brief.room());
    let left = beginning.left();
    brief.append(&quoted(&beginning.to_str(text.py()), left, |quote| has(text, quote))?, left);
    Ok(())
}

pub(crate) fn push_bytes(brief: &mut Brief, bytes: &Bound<'_, PyBytes>) -> PyResult<()> {
    let all = bytes.as_bytes();
    let first = &all[..all.len().min(brief.room())];
    let left = all.len() - first.len();
    let text = quoted(&PyBytes::new(bytes.py(), first), left, |quote| all.contains(&quote))?;
    brief.append(&text, left);
    Ok(())
}

pub(crate) fn push_byte_array(brief: &mut Brief, bytes: &Bound<'_, PyByteArray>) -> PyResult<()> {
    let (mut len, mut quotes, most) = (0, Vec::new(), brief.room());
    let first = with_critical_section(bytes, || {
        len = bytes.len();
        // SAFETY: the array is alive, no Python code runs here, and no other thread changes it meanwhile.
        let all = unsafe { bytes.as_bytes() };
        quotes.extend(QUOTES.into_iter().filter(|quote| all.contains(quote)));
        all[..len.min(most)].to_vec()
    });
    brief.push_name(bytes);
    let (beginning, left) = (PyByteArray::new(bytes.py(), &first), len - first.len());
    let text = quoted(&beginning, left, |quote| quotes.contains(&quote))?;
    // A subclass has a name of its own, which is there already.
    brief.append(&text["bytearray".len()..], left);
    Ok(())
}

/// An `array.array`: its slice is shown as it is itself.
pub(crate) fn push_array(brief: &mut Brief, array: &Bound<'_, PyAny>) -> PyResult<()> {
    // A member of a text takes one character; a number takes three, at least.
    let is_text = array.getattr("typecode")?.extract::<char>().is_ok_and(|code| "uw".contains(code));
    let least = if is_text { 1 } else { 3 };
    let (len, most) = (array.len()?, brief.room() / least + 1);
    let beginning = array.get_item(PySlice::new(array.py(), 0, most as isize, 1))?;
    let (mut text, left) = (repr_of(&beginning)?, least * len.saturating_sub(most));
    if left > 0 {
        let end = text.iter().rposition(|byte| b"'\"]".contains(byte));
        text.truncate(end.unwrap_or(text.len()));
    }
    brief.append(&text, left);
    Ok(())
}

fn has(text: &Bound<'_, PyString>, quote: u8) -> bool {
    // SAFETY: the GIL is held and the str alive, which is searched as far as it goes.
    unsafe {
        let len = ffi::PyUnicode_GetLength(text.as_ptr());
        ffi::PyUnicode_FindChar(text.as_ptr(), quote.into(), 0, len, 1) >= 0
    }
}

/// `repr()` of the beginning of a text or of bytes, without its end if `left` follow. Its quotes are those of
/// the whole, about which `has` is asked: the interpreter chooses the kind of quote by those that are inside.
fn quoted(beginning: &Bound<'_, PyAny>, left: usize, has: impl Fn(u8) -> bool) -> PyResult<Vec<u8>> {
    if left == 0 {
        return repr_of(beginning);
    }
    let py = beginning.py();
    let mut end = beginning.get_item(PySlice::new(py, 0, 0, 1))?;
    for quote in QUOTES.into_iter().filter(|quote| has(*quote)) {
        end = match beginning.is_instance_of::<PyString>() {
            true => end.add(PyString::new(py, char::from(quote).encode_utf8(&mut [0; 4])))?,
            false => end.add(PyBytes::new(py, &[quote]))?,
        };
    }
    let (mut text, end) = (repr_of(&beginning.add(&end)?)?, repr_of(&end)?);
    let behind = end.iter().position(|byte| QUOTES.contains(byte)).map_or(0, |at| end.len() - at - 1);
    text.truncate(text.len() - behind);
    Ok(text)
}

fn repr_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(Excerpt::of(&value.repr()?, usize::MAX).text)
}
