//! Texts of Python as UTF-8: no longer than needed, lone surrogates replaced, cuts marked.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::process::state::STATE;
use crate::values::plain::plain_text;

/// A cut text ends in a note, for which so many bytes are kept.
const NOTE_BYTES: usize = 64;

/// A byte of text takes at most this many bytes in a JSON string, with some to spare for punctuation.
pub(crate) const WORST_ESCAPE_BYTES: usize = 8;

/// A text, or its beginning and how much follows.
#[derive(Default)]
pub(crate) struct Excerpt {
    pub(crate) text: Vec<u8>,
    /// Bytes that follow, at least.
    left: usize,
    /// `left` counts characters, of which some may take several bytes.
    is_estimate: bool,
}

impl From<Vec<u8>> for Excerpt {
    fn from(text: Vec<u8>) -> Self {
        Excerpt { text, ..Excerpt::default() }
    }
}

impl From<String> for Excerpt {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

/// An argument of type `str`, as far as a record could hold it.
impl FromPyObject<'_, '_> for Excerpt {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let most = STATE.with(object.py(), |state| state.limits.bytes as usize);
        Ok(Excerpt::of(object.cast::<PyString>()?.as_any().cast()?, most))
    }
}

impl Excerpt {
    /// The first `most` characters of `text`. Takes time for these alone.
    pub(crate) fn of(text: &Bound<'_, PyString>, most: usize) -> Self {
        let py = text.py();
        // SAFETY: the GIL is held and the str alive.
        let length = unsafe { ffi::PyUnicode_GetLength(text.as_ptr()) as usize };
        match at_hand(text) {
            Some(all) if all.len() <= most => all.to_vec().into(),
            _ if length <= most => utf8(text).into(),
            _ => {
                // SAFETY: as above; a new reference to a str, or null with an exception.
                let beginning = unsafe {
                    Bound::from_owned_ptr_or_err(
                        py,
                        ffi::PyUnicode_Substring(text.as_ptr(), 0, most as isize),
                    )
                };
                let beginning = beginning.and_then(|text| Ok(utf8(text.cast()?))).unwrap_or_default();
                Excerpt { text: beginning, left: length - most, is_estimate: !is_ascii(text) }
            }
        }
    }

    /// The same of a text that is UTF-8 already.
    pub(crate) fn of_utf8(py: Python<'_>, text: Vec<u8>, most: usize) -> Self {
        match text.len() <= most {
            true => text.into(),
            false => Excerpt::of(&PyString::new(py, &String::from_utf8_lossy(&text)), most),
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.left == 0
    }

    /// Bytes that follow what is here, at least.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// What is here as a `str`.
    pub(crate) fn to_str<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, &String::from_utf8_lossy(&self.text))
    }

    /// The text in `most` bytes as a `str`, with a mark if it is cut.
    pub(crate) fn marked(self, py: Python<'_>, mut most: usize) -> Bound<'_, PyString> {
        PyString::new(py, &String::from_utf8_lossy(&self.cut(&mut most)))
    }

    /// The same with `more` bytes that follow.
    pub(crate) fn followed_by(mut self, more: usize) -> Self {
        self.left += more;
        self
    }

    /// The same with at least `more` bytes that follow.
    pub(crate) fn followed_by_about(self, more: usize) -> Self {
        Excerpt { is_estimate: more > 0, ..self.followed_by(more) }
    }

    /// Cuts the text so that its escaped form fits `budget`, and says so. Takes what the text needs off the
    /// budget.
    pub(crate) fn cut(self, budget: &mut usize) -> Vec<u8> {
        let Excerpt { mut text, left, is_estimate } = self;
        // No byte takes less than one, so the end of a text that is far too long is not looked at.
        let fits = left == 0 && text.len() <= *budget;
        let cost = if fits { escaped_cost(&text) } else { usize::MAX };
        if cost > *budget {
            let keep = prefix_within(&text, budget.saturating_sub(NOTE_BYTES));
            let at_least = if is_estimate { "at least " } else { "" };
            let note = format!("… <{at_least}{} bytes cut>", text.len() - keep + left);
            text.truncate(keep);
            text.extend_from_slice(note.as_bytes());
            *budget = 0;
        } else {
            *budget -= cost;
        }
        text
    }
}

/// The text of an exact `str` that has it ready.
fn at_hand<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let exact = text.cast_exact::<PyString>().ok()?;
    // SAFETY: an exact str, alive for 'a; the GIL is held.
    unsafe { plain_text(exact.as_ptr()) }
}

/// Whether a text is all ASCII. `str` itself is asked, not a subclass.
fn is_ascii(text: &Bound<'_, PyString>) -> bool {
    let ask = text.py().get_type::<PyString>().call_method1("isascii", (text,));
    ask.and_then(|answer| answer.extract()).unwrap_or(false)
}

/// UTF-8 of any string; lone surrogates become U+FFFD.
pub(crate) fn utf8(text: &Bound<'_, PyString>) -> Vec<u8> {
    if let Some(all) = at_hand(text) {
        return all.to_vec();
    }
    encoded(text, None).unwrap_or_else(|_| without_surrogates(encoded(text, Some(c"surrogatepass"))))
}

/// UTF-8 as the interpreter makes it, past any `encode` of a subclass.
fn encoded(text: &Bound<'_, PyString>, errors: Option<&std::ffi::CStr>) -> PyResult<Vec<u8>> {
    let errors = errors.map_or(std::ptr::null(), std::ffi::CStr::as_ptr);
    // SAFETY: the GIL is held, the str alive, and both names are ended by a zero; a new reference to bytes,
    // or null with an exception.
    let bytes = unsafe {
        let bytes = ffi::PyUnicode_AsEncodedString(text.as_ptr(), c"utf-8".as_ptr(), errors);
        Bound::from_owned_ptr_or_err(text.py(), bytes)?
    };
    Ok(bytes.extract::<&[u8]>()?.to_vec())
}

/// Replaces each lone surrogate, three bytes from ED A0 80 to ED BF BF, by one U+FFFD.
fn without_surrogates(bytes: PyResult<Vec<u8>>) -> Vec<u8> {
    let mut text = bytes.unwrap_or_default();
    for at in 0..text.len().saturating_sub(2) {
        if text[at] == 0xED && text[at + 1] >= 0xA0 {
            text[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
        }
    }
    text
}

/// Upper bound of the bytes that `text` takes in a JSON string.
pub(crate) fn escaped_cost(text: &[u8]) -> usize {
    text.iter().map(|&byte| cost_of(byte)).sum()
}

fn cost_of(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0x20..0x7F => 1,
        0x00..0x20 | 0x7F => 6,
        // The first byte of C1 controls, line separators and bidirectional overrides, which take six bytes
        // in all; other characters are written as they are.
        0xC2 | 0xE2 => 5,
        0x80.. => 1,
    }
}

/// Length of the longest prefix of whole characters whose escaped form fits `budget`.
fn prefix_within(text: &[u8], budget: usize) -> usize {
    let (mut used, mut end) = (0, 0);
    for (index, &byte) in text.iter().enumerate() {
        if byte & 0xC0 != 0x80 {
            end = index;
        }
        used += cost_of(byte);
        if used > budget {
            return end;
        }
    }
    text.len()
}

/// A class's name. The interpreter is asked, not a metaclass.
pub(crate) fn type_name(class: &Bound<'_, PyType>) -> String {
    class
        .name()
        .map_or_else(|_| "object".to_owned(), |name| String::from_utf8_lossy(&utf8(&name)).into_owned())
}
