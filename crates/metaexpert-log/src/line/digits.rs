//! Decimal digits worked out in a register: text that is written byte by byte and read again as words at once
//! makes the processor wait.

/// The first number of nine digits.
pub(crate) const EIGHT_DIGITS: u64 = 100_000_000;
/// The digit zero, eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The last eight digits of `number`, leading zeros too, in ASCII; the first is the lowest byte.
#[inline(always)]
pub(crate) fn eight_digits(number: u64) -> u64 {
    let number = number % EIGHT_DIGITS;
    // Halved thrice, each half in its lane: a product with a rounded-up reciprocal is the quotient there.
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    ZEROS + (tens | (pairs - 10 * tens) << 8)
}

/// How many of eight digits are zeros that lead, at most seven.
#[inline(always)]
pub(crate) fn leading_zeros(digits: u64) -> usize {
    ((digits ^ ZEROS) | 1 << 56).trailing_zeros() as usize / 8
}

/// How many of eight digits are zeros at the end, at most seven.
#[inline(always)]
pub(crate) fn trailing_zeros(digits: u64) -> usize {
    ((digits ^ ZEROS) | 1).leading_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_digits_are_those_that_a_format_gives(number in any::<u64>(), exponent in 0u32..9) {
            for number in [number, number % 10_u64.pow(exponent)] {
                let expected = format!("{:08}", number % EIGHT_DIGITS);
                let digits = eight_digits(number);
                prop_assert_eq!(&digits.to_le_bytes()[..], expected.as_bytes());
                let (first, last) = (&expected[..7], &expected[1..]);
                prop_assert_eq!(leading_zeros(digits), 7 - first.trim_start_matches('0').len());
                prop_assert_eq!(trailing_zeros(digits), 7 - last.trim_end_matches('0').len());
            }
        }
    }
}
