//! Numbers onto a line: integers, and floats in the shortest form that reads back exactly.

use crate::line::digits::{EIGHT_DIGITS, eight_digits, leading_zeros, trailing_zeros};
use crate::line::output::Output;

/// Appends `number`.
#[inline(always)]
pub(crate) fn push_unsigned<O: Output>(number: u64, out: &mut O) {
    if number < EIGHT_DIGITS {
        push_first(number, out);
    } else {
        out.put_long(number);
    }
}

/// Appends `number`.
#[inline(always)]
pub(crate) fn push_signed<O: Output>(number: i64, out: &mut O) {
    if number < 0 {
        out.put_block(b"-", 1);
    }
    push_unsigned(number.unsigned_abs(), out);
}

/// At most eight digits, from the first that is not zero on.
#[inline(always)]
fn push_first<O: Output>(number: u64, out: &mut O) {
    let digits = eight_digits(number);
    let skipped = leading_zeros(digits);
    out.put_block(&(digits >> (8 * skipped)).to_le_bytes(), 8 - skipped);
}

/// As [`push_unsigned`], for a number of more than eight digits.
#[inline(always)]
pub(crate) fn push_long<O: Output>(number: u64, out: &mut O) {
    let high = number / EIGHT_DIGITS;
    if high < EIGHT_DIGITS {
        push_first(high, out);
    } else {
        push_first(high / EIGHT_DIGITS, out);
        out.put_block(&eight_digits(high).to_le_bytes(), 8);
    }
    out.put_block(&eight_digits(number).to_le_bytes(), 8);
}

/// Appends `number`, which must be finite, in the shortest form that reads back exactly.
#[inline(always)]
pub(crate) fn push_finite<O: Output>(number: f64, out: &mut O) {
    if number.is_sign_negative() {
        out.put_block(b"-", 1);
    }
    match Short::of(number.abs()) {
        Some(short) => short.push(out),
        None => out.put(zmij::Buffer::new().format_finite(number.abs()).as_bytes()),
    }
}

/// A number with at most eight digits behind the point and 15 in all, as prices and quantities are.
struct Short {
    /// Hundred-millionths.
    units: u64,
}

/// A float below this has no more than 15 digits when it is counted in units.
const MOST: f64 = 1e7;
const UNIT: f64 = 1e8;
/// What is smaller is written with an exponent: 0.00001.
const FEWEST_UNITS: i64 = 1000;

impl Short {
    /// The number as one of these, if it is one.
    ///
    /// A whole number of units, divided by the units of one, is the float nearest to that decimal, as both
    /// are exact. So if it is `number`, the decimal reads back. And it is the shortest that does: two
    /// decimals of up to 15 digits are never the same float.
    #[inline(always)]
    fn of(number: f64) -> Option<Short> {
        if number >= MOST {
            return None;
        }
        // Signed, because processors convert no others; below `MOST` it fits.
        let units = (number * UNIT + 0.5) as i64;
        let is_same = units as f64 / UNIT == number;
        (is_same && (units >= FEWEST_UNITS || units == 0)).then_some(Short { units: units as u64 })
    }

    #[inline(always)]
    fn push<O: Output>(&self, out: &mut O) {
        let (whole, fraction) = (eight_digits(self.units / EIGHT_DIGITS), eight_digits(self.units));
        let skipped = leading_zeros(whole);
        let (before, behind) = (8 - skipped, 8 - trailing_zeros(fraction));
        out.put_block(&(whole >> (8 * skipped)).to_le_bytes(), before);
        let point = u128::from(b'.') | u128::from(fraction) << 8;
        out.put_block(&point.to_le_bytes(), 1 + behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn check(number: f64) -> Result<(), TestCaseError> {
        let expected = zmij::Buffer::new().format_finite(number).to_owned();
        prop_assert_eq!(text(|out| push_finite(number, out)), expected);
        Ok(())
    }

    #[test]
    fn floats_at_the_edges_of_what_is_short() {
        let edges =
            [0.0, 1e-9, 5e-9, 1e-8, 9.99e-6, 1e-5, 1e-4, 0.1, 0.3, 1.0, 9_999_999.0, 1e7, 1e8, 1e15, 1e16];
        for number in edges.into_iter().chain([0.1 + 0.2, 9_999_999.999_999_99, f64::MIN_POSITIVE, f64::MAX])
        {
            for near in [number.next_down(), number, number.next_up()] {
                for signed in [near, -near] {
                    if signed.is_finite() {
                        check(signed).unwrap();
                    }
                }
            }
        }
        assert_eq!(text(|out| push_finite(-0.0, out)), "-0.0");
        assert_eq!(text(|out| push_finite(50_000.5, out)), "50000.5");
        assert!(Short::of(63_241.37).is_some() && Short::of(0.000_123_45).is_some());
        assert!(Short::of(1e-6).is_none() && Short::of(0.1 + 0.2).is_none());
    }

    proptest! {
        #[test]
        fn integers_are_those_that_a_format_gives(number in any::<u64>(), shift in 0u32..64) {
            let number = number >> shift;
            prop_assert_eq!(text(|out| push_unsigned(number, out)), number.to_string());
            for signed in [number as i64, (number as i64).wrapping_neg()] {
                prop_assert_eq!(text(|out| push_signed(signed, out)), signed.to_string());
            }
        }

        #[test]
        fn decimals_are_written_as_they_were_given(units in any::<i64>(), digits in 0usize..12, shift in 0u32..64) {
            let given = format!("{}e-{digits}", units >> shift);
            check(given.parse().unwrap())?;
        }

        #[test]
        fn any_float_is_written_in_its_shortest_form(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            if number.is_finite() {
                check(number)?;
            }
        }

        #[test]
        fn floats_of_every_size_are_written_in_their_shortest_form(number in -2e7..2e7, scale in 0i32..18) {
            check(number / 10_f64.powi(scale))?;
        }
    }
}
