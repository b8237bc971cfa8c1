//! `message % arguments` for the commonest conversions of exact types: `%s`, `%d` and `%.2f`, as Python
//! writes them.

use std::io::Write;

use metaexpert_log::frame::Value;
use pyo3::ffi;

use crate::values::plain::plain_value;

/// Numbers with more digits before the point are left to Python.
const LARGEST: f64 = 1e15;

/// Digits behind the point, at most.
const MOST_DIGITS: usize = 17;

/// Appends the finished message to `out`; `None` if something in it is not among the commonest, does not fit
/// together, or is longer than `most` bytes.
///
/// # Safety
/// The GIL is held, and the arguments are alive.
pub(super) unsafe fn format(
    message: &[u8],
    arguments: &[*mut ffi::PyObject],
    most: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut arguments = arguments.iter();
    let mut rest = message;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        let (conversion, behind) = Conversion::read(&rest[at + 1..])?;
        rest = behind;
        if matches!(conversion, Conversion::Percent) {
            out.push(b'%');
            continue;
        }
        // SAFETY: by this function's contract.
        let value = unsafe { plain_value(*arguments.next()?) }?;
        conversion.push(value, out)?;
        if out.len() > most {
            return None;
        }
    }
    out.extend_from_slice(rest);
    (arguments.next().is_none() && out.len() <= most).then_some(())
}

#[derive(Clone, Copy)]
enum Conversion {
    Percent,
    Text,
    Integer,
    /// With so many digits behind the point.
    Fixed(usize),
}

impl Conversion {
    /// The conversion that `text`, behind a percent sign, begins with, and what follows it.
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        Some(match text {
            [b'%', rest @ ..] => (Conversion::Percent, rest),
            [b's', rest @ ..] => (Conversion::Text, rest),
            [b'd', rest @ ..] => (Conversion::Integer, rest),
            [b'f', rest @ ..] => (Conversion::Fixed(6), rest),
            [b'.', digit @ b'0'..=b'9', b'f', rest @ ..] => {
                (Conversion::Fixed(usize::from(digit - b'0')), rest)
            }
            [b'.', b'1', digit @ b'0'..=b'7', b'f', rest @ ..] => {
                (Conversion::Fixed((10 + usize::from(digit - b'0')).min(MOST_DIGITS)), rest)
            }
            _ => return None,
        })
    }

    fn push(self, value: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
        match (self, value) {
            (Conversion::Text, Value::Str(text)) => out.extend_from_slice(text),
            (Conversion::Text | Conversion::Integer, Value::I64(number)) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            (Conversion::Text, Value::F64(number)) => push_repr(number, out)?,
            (Conversion::Text, Value::Bool(true)) => out.extend_from_slice(b"True"),
            (Conversion::Text, Value::Bool(false)) => out.extend_from_slice(b"False"),
            (Conversion::Text, Value::Null) => out.extend_from_slice(b"None"),
            (Conversion::Fixed(digits), Value::F64(number)) if number.abs() < LARGEST => {
                push_fixed(number, digits, out);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Appends a number below [`LARGEST`] with so many digits behind the point, the exact value rounded half to
/// even.
fn push_fixed(number: f64, digits: usize, out: &mut Vec<u8>) {
    const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = number.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 & 0x7FF;
    let fraction = bits & ((1 << MANTISSA_BITS) - 1);
    // The number is `mantissa` by two to the power of `shift`; a subnormal one has no hidden bit.
    let mantissa = u128::from(if exponent == 0 { fraction } else { fraction | 1 << MANTISSA_BITS });
    let shift = (1075 - exponent.max(1)) as u32;
    let scale = 10_u128.pow(digits as u32);
    let scaled = mantissa * scale;
    let rounded = match shift {
        // So small that it rounds to nothing: a product has less than 111 bits.
        112.. => 0,
        _ => {
            let (whole, rest, half) = (scaled >> shift, scaled & ((1 << shift) - 1), 1_u128 << shift >> 1);
            whole + u128::from(rest > half || rest == half && shift > 0 && whole & 1 == 1)
        }
    };
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    out.extend_from_slice(buffer.format((rounded / scale) as u64).as_bytes());
    if digits > 0 {
        out.push(b'.');
        let behind = buffer.format((rounded % scale) as u64).as_bytes();
        out.resize(out.len() + digits - behind.len(), b'0');
        out.extend_from_slice(behind);
    }
}

/// `repr()` of a float that has no exponent there.
fn push_repr(number: f64, out: &mut Vec<u8>) -> Option<()> {
    let size = number.abs();
    if !(1e-4..LARGEST).contains(&size) && size != 0.0 {
        return None;
    }
    // Both are the shortest digits that read back exactly, rounded half to even.
    write!(out, "{number:?}").ok()
}
