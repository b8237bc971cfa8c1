//! A lower bound of a text's length, found without running anybody's code.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::values::integers::{is_decimal, is_short};
use crate::values::repr::exception::{ExceptionStr, repr_arguments};
use crate::values::repr::kinds::{collection, is_array, is_view, numpy_bytes};
use crate::values::repr::slots::{has_repr_for_str, with_repr_of};

/// A value that takes more characters is shown in part; the interpreter shows smaller ones.
const LARGE_CHARACTERS: usize = 1 << 16;

/// Containers inside each other that are looked into; the interpreter shows deeper ones.
pub(crate) const DEEPEST: usize = 16;

/// Whether `str(object)` is certainly long.
pub(crate) fn has_large_str(object: &Bound<'_, PyAny>) -> bool {
    has_str_over(object, LARGE_CHARACTERS)
}

/// Whether `str(object)` certainly takes more than `most` characters.
pub(crate) fn has_str_over(object: &Bound<'_, PyAny>, most: usize) -> bool {
    let mut scale = Scale { sum: 0, most };
    if let Some(text) = ExceptionStr::of(object) {
        text.parts().into_iter().for_each(|part| scale.weigh(part, 1));
    } else if has_repr_for_str(object) || numpy_bytes(object).is_some() {
        scale.weigh(object, 0);
    }
    scale.is_over()
}

/// Whether `repr(object)` is certainly long.
pub(crate) fn has_large_repr(object: &Bound<'_, PyAny>) -> bool {
    let mut scale = Scale { sum: 0, most: LARGE_CHARACTERS };
    scale.weigh(object, 0);
    scale.is_over()
}

struct Scale {
    /// Characters that the values so far take, at least.
    sum: usize,
    /// More than these need not be counted.
    most: usize,
}

impl Scale {
    fn is_over(&self) -> bool {
        self.sum > self.most
    }

    /// Adds the characters that `object` takes at least, and stops where there are enough.
    fn weigh(&mut self, object: &Bound<'_, PyAny>, depth: usize) {
        self.sum += 1;
        if let Some(text) = with_repr_of::<PyString>(object) {
            // SAFETY: the GIL is held and the str alive.
            self.sum += unsafe { ffi::PyUnicode_GetLength(text.as_ptr()) as usize };
        } else if let Some(bytes) = with_repr_of::<PyBytes>(object).or_else(|| numpy_bytes(object)) {
            self.sum += bytes.as_bytes().len();
        } else if let Some(bytes) = with_repr_of::<PyByteArray>(object) {
            self.sum += bytes.len();
        } else if let Ok(number) = object.cast_exact::<PyInt>() {
            if !is_short(number) && !is_decimal(number) {
                self.sum += self.most;
            }
        } else if depth < DEEPEST {
            self.weigh_members(object, depth);
        }
    }

    fn weigh_members(&mut self, object: &Bound<'_, PyAny>, depth: usize) {
        let members: Vec<Bound<'_, PyAny>> = if let Some(list) = with_repr_of::<PyList>(object) {
            self.members_of(object, list.len(), || list.iter())
        } else if let Some(tuple) = with_repr_of::<PyTuple>(object) {
            self.members_of(object, tuple.len(), || tuple.iter())
        } else if let Some(dict) = with_repr_of::<PyDict>(object) {
            self.members_of(object, 2 * dict.len(), || dict.iter().flat_map(|(key, value)| [key, value]))
        } else if let Some(set) = with_repr_of::<PySet>(object) {
            self.members_of(object, set.len(), || set.iter())
        } else if let Some(set) = with_repr_of::<PyFrozenSet>(object) {
            self.members_of(object, set.len(), || set.iter())
        } else if let Some(arguments) = repr_arguments(object) {
            vec![arguments.into_any()]
        } else {
            self.sum += if is_counted(object) { object.len().unwrap_or(0) } else { 0 };
            return;
        };
        for member in members {
            if self.is_over() {
                return;
            }
            self.weigh(&member, depth + 1);
        }
    }

    /// The members of `container`, taken before any of them is looked at. None where their number alone is
    /// enough, because each takes one character at least.
    fn members_of<'py, I: Iterator<Item = Bound<'py, PyAny>>>(
        &mut self,
        container: &Bound<'py, PyAny>,
        count: usize,
        members: impl FnOnce() -> I,
    ) -> Vec<Bound<'py, PyAny>> {
        if self.sum + count > self.most {
            self.sum += count;
            return Vec::new();
        }
        with_critical_section(container, || members().collect())
    }
}

/// Whether its length, which takes nobody's code, says how many members its text has.
fn is_counted(object: &Bound<'_, PyAny>) -> bool {
    collection(object).is_some() || is_array(object) || is_view(object)
}
