//! Decimal numbers of any size, compared exactly: by their digits and their exponents.

use std::cmp::Ordering;

/// Exponents count at most this, because nobody writes longer ones and a sum must not overflow.
const MAX_EXPONENT: i64 = 1_000_000_000_000_000_000;

/// A number in the text that has it.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a> {
    /// -1, 0 or 1.
    sign: i8,
    /// The power of ten of the first digit that is not zero, plus one.
    magnitude: i64,
    /// The digits from the first that is not zero on.
    whole: &'a [u8],
    /// The digits behind them.
    fraction: &'a [u8],
}

impl<'a> Decimal<'a> {
    /// The number that is the whole of `text`, as JSON writes numbers.
    pub fn parse(text: &'a [u8]) -> Option<Decimal<'a>> {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let (whole, rest) = digits(unsigned);
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return None;
        }
        let (fraction, rest) = match rest.strip_prefix(b".") {
            Some(behind) => Some(digits(behind)).filter(|(fraction, _)| !fraction.is_empty())?,
            None => (&rest[..0], rest),
        };
        let exponent = exponent(rest)?;
        let whole = without_zeros(whole);
        let significant = if whole.is_empty() { without_zeros(fraction) } else { fraction };
        let is_zero = whole.is_empty() && significant.is_empty();
        let sign = if is_zero || unsigned.len() == text.len() { !is_zero as i8 } else { -1 };
        let magnitude = exponent + whole.len() as i64 - (fraction.len() - significant.len()) as i64;
        Some(Decimal { sign, magnitude, whole, fraction: significant })
    }

    fn digit(&self, index: usize) -> u8 {
        match self.whole.get(index) {
            Some(digit) => *digit,
            None => self.fraction.get(index - self.whole.len()).copied().unwrap_or(b'0'),
        }
    }

    fn compare_sizes(&self, other: &Decimal<'_>) -> Ordering {
        let count = |number: &Decimal<'_>| number.whole.len() + number.fraction.len();
        self.magnitude.cmp(&other.magnitude).then_with(|| {
            let pairs = (0..count(self).max(count(other))).map(|at| self.digit(at).cmp(&other.digit(at)));
            pairs.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
    }

    /// The order of the two values, whatever their spelling: `100` and `1e2` are equal.
    pub fn compare(&self, other: &Decimal<'_>) -> Ordering {
        match (self.sign, other.sign) {
            (1, 1) => self.compare_sizes(other),
            (-1, -1) => other.compare_sizes(self),
            (ours, theirs) => ours.cmp(&theirs),
        }
    }
}

/// Whether the whole of `text` is a number as JSON writes numbers.
#[inline]
pub fn is_number(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    // Most are short and plain.
    match unsigned {
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => true,
        _ => Decimal::parse(text).is_some(),
    }
}

/// A number of an expression, which keeps its own digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    sign: i8,
    magnitude: i64,
    digits: Box<[u8]>,
}

impl Number {
    /// As [`Decimal::parse`].
    pub fn parse(text: &str) -> Option<Number> {
        let Decimal { sign, magnitude, whole, fraction } = Decimal::parse(text.as_bytes())?;
        Some(Number { sign, magnitude, digits: [whole, fraction].concat().into() })
    }

    /// The number as one that borrows its digits.
    pub fn as_decimal(&self) -> Decimal<'_> {
        Decimal { sign: self.sign, magnitude: self.magnitude, whole: &self.digits, fraction: &[] }
    }
}

/// The digits that `text` begins with, and what follows them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len())..]
}

/// The exponent that `text` is, 0 for no text.
fn exponent(text: &[u8]) -> Option<i64> {
    let Some(signed) = text.strip_prefix(b"e").or_else(|| text.strip_prefix(b"E")) else {
        return text.is_empty().then_some(0);
    };
    let is_negative = signed.first() == Some(&b'-');
    let (digits, rest) = digits(&signed[usize::from(matches!(signed.first(), Some(b'+' | b'-')))..]);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let size = digits.iter().fold(0, |size: i64, digit| {
        size.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(MAX_EXPONENT)
    });
    Some(if is_negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(left: &str, right: &str) -> Ordering {
        let (left, right) = (Number::parse(left).unwrap(), Number::parse(right).unwrap());
        let order = left.as_decimal().compare(&right.as_decimal());
        assert_eq!(right.as_decimal().compare(&left.as_decimal()), order.reverse());
        order
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        for text in ["100", "100.0", "1e2", "1.00E+2", "0.01e4", "1000e-1", "100.000000000000000000000"] {
            assert_eq!(compare(text, "100"), Ordering::Equal, "{text}");
        }
        for text in ["0", "-0", "0.000", "0e99", "-0.0e-5"] {
            assert_eq!(compare(text, "0"), Ordering::Equal, "{text}");
        }
    }

    #[test]
    fn a_difference_in_the_last_of_many_digits_counts() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("123456789012345678901234567890", "123456789012345678901234567891"),
            ("0.1", "0.1000000000000000000000000000001"),
            ("-0.2", "-0.1"),
            ("-1", "0"),
            ("0", "1e-400"),
            ("9e399", "1e400"),
            ("99.99", "100"),
            ("-1e400", "1e-400"),
            ("0.009", "0.01"),
        ] {
            assert_eq!(compare(less, more), Ordering::Less, "{less} {more}");
        }
    }

    #[test]
    fn what_json_does_not_take_for_a_number_is_none() {
        for text in
            ["", "-", "+1", "01", ".5", "5.", "1e", "1e+", "1_000", "0x10", "NaN", "1 ", "1.2.3", "--1"]
        {
            assert!(Decimal::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
