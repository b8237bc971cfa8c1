//! Exact sums of decimals.

use metaexpert_log::jsonl::{Decimal, Value};
use num_bigint::BigInt;

/// A number has at most this many digits and an exponent within this; others are left out and counted.
const MAX_DIGITS: usize = 400;

/// A sum, to the last digit of the longest addend.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    units: BigInt,
    /// How many of the digits stand behind the point.
    scale: u32,
    /// Values that are no numbers, or too long ones.
    pub(super) left_out: u64,
}

impl Sum {
    /// Adds the number that `raw` is, as a number or as a text.
    pub(super) fn add(&mut self, raw: &[u8]) {
        let number = match Value::of(raw) {
            Ok(Value::Text(text)) => parsed(&text),
            Ok(Value::Number(_, text)) => parsed(text),
            Ok(Value::Null) => return,
            _ => None,
        };
        let Some((units, scale)) = number else {
            self.left_out += 1;
            return;
        };
        let longest = self.scale.max(scale);
        self.units = &self.units * power(longest - self.scale) + units * power(longest - scale);
        self.scale = longest;
    }
}

impl std::fmt::Display for Sum {
    /// The sum in full, without an exponent and without zeros at its end.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.units.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", &*text), |digits| ("-", digits));
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

fn power(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// The digits of a number, and how many of them stand behind the point.
fn parsed(text: &[u8]) -> Option<(BigInt, u32)> {
    Decimal::parse(text).filter(|_| text.len() <= MAX_DIGITS)?;
    let text = std::str::from_utf8(text).ok()?;
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let units: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let scale = fraction.len() as i64 - exponent;
    if scale.unsigned_abs() as usize > MAX_DIGITS {
        return None;
    }
    Some(match u32::try_from(scale) {
        Ok(scale) => (units, scale),
        Err(_) => (units * power(scale.unsigned_abs() as u32), 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(addends: &[&str]) -> (String, u64) {
        let mut sum = Sum::default();
        addends.iter().for_each(|addend| sum.add(addend.as_bytes()));
        (sum.to_string(), sum.left_out)
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(sum(&["0.1", "0.2"]), ("0.3".to_owned(), 0));
        assert_eq!(sum(&["\"1.50\"", "-0.5", "1e3", "2.5E-3"]), ("1001.0025".to_owned(), 0));
        assert_eq!(
            sum(&["1e30", "-1e-30"]).0,
            "999999999999999999999999999999.999999999999999999999999999999"
        );
        assert_eq!(sum(&["-0.004", "0.003"]).0, "-0.001");
        assert_eq!(sum(&["1", "-1.0"]).0, "0");
        assert_eq!(sum(&[]).0, "0");
    }

    #[test]
    fn what_is_no_number_or_endless_is_left_out_and_counted() {
        let long = format!("0.{}1", "0".repeat(MAX_DIGITS));
        let addends = ["1", "null", "true", "\"x\"", "[1]", "1e999999999", "1e-401", "\"NaN\"", &long];
        assert_eq!(sum(&addends), ("1".to_owned(), 7));
        assert_eq!(sum(&["1e99999999999999999999999999"]).1, 1);
    }
}
