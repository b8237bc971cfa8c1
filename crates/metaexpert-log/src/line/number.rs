//! Floats as text: the shortest form, and the forms that C's `printf` and Python's `%` share.

use std::io::Write;

use crate::line::decimal::push_finite;

/// How a number with a decimal point is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FloatStyle {
    /// `1.500000e+03`
    Exponent,
    /// `1500.000000`
    Fixed,
    /// `1500` or `1.5e+20`: the precision is the number of significant digits.
    General,
}

/// Appends `number` in the shortest form that reads back exactly; `nan`, `inf`, `-inf` for the others.
#[inline]
pub(crate) fn push_shortest(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        push_finite(number, out);
    } else if number.is_nan() {
        out.extend_from_slice(b"nan");
    } else {
        out.extend_from_slice(if number > 0.0 { b"inf" } else { b"-inf" });
    }
}

/// Appends `number`, which must not be negative, as `printf` does. `alternate` keeps the decimal
/// point, and the zeros that [`FloatStyle::General`] would cut off.
pub(crate) fn push_float(
    number: f64,
    style: FloatStyle,
    precision: usize,
    alternate: bool,
    out: &mut Vec<u8>,
) {
    if !number.is_finite() {
        return push_shortest(number, out);
    }
    match style {
        FloatStyle::Fixed => push_fixed(number, precision, alternate, out),
        FloatStyle::Exponent => push_exponent(&Scientific::of(number, precision), alternate, out),
        FloatStyle::General => push_general(number, precision.max(1), alternate, out),
    }
}

/// A number rounded to one digit, a point and some more digits, times a power of ten.
struct Scientific {
    text: String,
    mantissa_len: usize,
    exponent: i32,
}

impl Scientific {
    fn of(number: f64, digits_after_point: usize) -> Scientific {
        let text = format!("{number:.digits_after_point$e}");
        // A finite number's form always has an exponent.
        let mantissa_len = text.find('e').unwrap_or(text.len());
        let exponent = text.get(mantissa_len + 1..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        Scientific { text, mantissa_len, exponent }
    }

    fn mantissa(&self) -> &str {
        &self.text[..self.mantissa_len]
    }
}

fn push_fixed(number: f64, precision: usize, alternate: bool, out: &mut Vec<u8>) {
    push_formatted(format_args!("{number:.precision$}"), out);
    if alternate && precision == 0 {
        out.push(b'.');
    }
}

fn push_exponent(number: &Scientific, alternate: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(number.mantissa().as_bytes());
    if alternate && !number.mantissa().contains('.') {
        out.push(b'.');
    }
    push_power(number.exponent, out);
}

fn push_power(exponent: i32, out: &mut Vec<u8>) {
    let sign = if exponent < 0 { '-' } else { '+' };
    push_formatted(format_args!("e{sign}{:02}", exponent.unsigned_abs()), out);
}

/// C17 7.21.6.1: `%e` if the exponent is below -4 or not below the precision, else `%f`; without the
/// trailing zeros of the fraction.
fn push_general(number: f64, significant: usize, alternate: bool, out: &mut Vec<u8>) {
    let scientific = Scientific::of(number, significant - 1);
    let exponent = i64::from(scientific.exponent);
    let start = out.len();
    if exponent < -4 || exponent >= significant as i64 {
        out.extend_from_slice(scientific.mantissa().as_bytes());
        finish_general(start, alternate, out);
        return push_power(scientific.exponent, out);
    }
    let after_point = (significant as i64 - 1 - exponent) as usize;
    push_formatted(format_args!("{number:.after_point$}"), out);
    finish_general(start, alternate, out);
}

fn finish_general(start: usize, alternate: bool, out: &mut Vec<u8>) {
    let has_point = out[start..].contains(&b'.');
    if alternate {
        if !has_point {
            out.push(b'.');
        }
    } else if has_point {
        while out.last() == Some(&b'0') {
            out.pop();
        }
        if out.last() == Some(&b'.') {
            out.pop();
        }
    }
}

fn push_formatted(text: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::FloatStyle::{Exponent, Fixed, General};
    use super::*;
    use proptest::prelude::*;

    fn float(number: f64, style: FloatStyle, precision: usize, alternate: bool) -> String {
        let mut out = Vec::new();
        push_float(number, style, precision, alternate, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn exponents_have_a_sign_and_two_digits() {
        assert_eq!(float(0.0, Exponent, 6, false), "0.000000e+00");
        assert_eq!(float(1234.5678, Exponent, 6, false), "1.234568e+03");
        assert_eq!(float(1e100, Exponent, 0, true), "1.e+100");
        assert_eq!(float(1e-10, Exponent, 1, false), "1.0e-10");
    }

    #[test]
    fn halves_round_to_even_as_in_c() {
        assert_eq!(float(0.5, Fixed, 0, false), "0");
        assert_eq!(float(1.5, Fixed, 0, false), "2");
        assert_eq!(float(0.25, Fixed, 1, false), "0.2");
        assert_eq!(float(2.675, Fixed, 2, false), "2.67");
    }

    #[test]
    fn the_general_form_changes_where_c_changes_it() {
        assert_eq!(float(0.0001, General, 6, false), "0.0001");
        assert_eq!(float(0.00001, General, 6, false), "1e-05");
        assert_eq!(float(100_000.0, General, 6, false), "100000");
        assert_eq!(float(999_999.5, General, 6, false), "1e+06");
        assert_eq!(float(100.0, General, 3, true), "100.");
        assert_eq!(float(1234.5, General, 0, false), "1e+03");
    }

    #[test]
    fn numbers_that_are_none_have_a_name() {
        assert_eq!(float(f64::NAN, Fixed, 2, false), "nan");
        assert_eq!(float(f64::INFINITY, General, 2, true), "inf");
    }

    proptest! {
        #[test]
        fn a_general_form_of_17_digits_reads_back_exactly(number in 0.0..f64::MAX) {
            prop_assert_eq!(float(number, General, 17, false).parse::<f64>().unwrap(), number);
        }

        #[test]
        fn the_shortest_form_reads_back_exactly(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let mut out = Vec::new();
            push_shortest(number, &mut out);
            prop_assert_eq!(std::str::from_utf8(&out).unwrap().parse::<f64>().unwrap(), number);
        }
    }
}
