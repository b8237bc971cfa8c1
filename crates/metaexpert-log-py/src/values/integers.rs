//! Integers of any size as text, in a time that grows with the digits that are kept.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

use crate::values::text::{Excerpt, utf8};

/// Larger integers are shown in hexadecimal, because the time for decimal digits grows with the square of
/// their number.
const MOST_DECIMAL_BITS: usize = 1 << 16;

/// Whether `number` has 64 bits at most.
pub(crate) fn is_short(number: &Bound<'_, PyInt>) -> bool {
    number.extract::<i64>().is_ok()
}

/// Whether `number` is small enough to be shown in decimal digits.
pub(crate) fn is_decimal(number: &Bound<'_, PyInt>) -> bool {
    bits_of(number).is_ok_and(|bits| bits <= MOST_DECIMAL_BITS)
}

/// The decimal digits of `number`; beyond [`MOST_DECIMAL_BITS`], or what the interpreter converts
/// (`sys.set_int_max_str_digits`), the first `most` hexadecimal digits.
pub(crate) fn integer_text(number: &Bound<'_, PyInt>, most: usize) -> PyResult<Excerpt> {
    let py = number.py();
    if let Ok(number) = number.extract::<i64>() {
        return Ok(itoa::Buffer::new().format(number).to_owned().into());
    }
    if is_decimal(number) {
        // That of `int` itself: a subclass may show other digits, or run code of its own.
        match py.get_type::<PyInt>().call_method1("__repr__", (number,)) {
            Ok(digits) => return Ok(utf8(digits.cast()?).into()),
            Err(problem) if problem.is_instance_of::<PyValueError>(py) => {}
            Err(problem) => return Err(problem),
        }
    }
    hexadecimal(number, most)
}

fn hexadecimal(number: &Bound<'_, PyInt>, most: usize) -> PyResult<Excerpt> {
    let int = number.py().get_type::<PyInt>();
    let digits = bits_of(number)?.div_ceil(4);
    let left = digits.saturating_sub(most.max(1));
    let is_negative = int.call_method1("__lt__", (number, 0))?.extract::<bool>()?;
    let sign = if is_negative { "-" } else { "" };
    // Shifted without its sign, which would round away from zero.
    let number =
        if is_negative { int.call_method1("__neg__", (number,))? } else { number.clone().into_any() };
    let first = if left > 0 { int.call_method1("__rshift__", (number, left * 4))? } else { number };
    let text = int.call_method1("__format__", (first, "x"))?;
    Ok(Excerpt::from(format!("{sign}0x{}", text.cast::<PyString>()?.to_str()?)).followed_by(left))
}

fn bits_of(number: &Bound<'_, PyInt>) -> PyResult<usize> {
    number.py().get_type::<PyInt>().call_method1("bit_length", (number,))?.extract()
}
