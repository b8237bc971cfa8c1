//! The kinds of values that a field has, and the type that holds all of them exactly.

use metaexpert_log::jsonl::{Decimal, NotJson, Value, time};

use super::nested;
use super::schema::ColumnType;
use super::shape::{self, Shape};
use crate::line::{has_controls, is_plain};

/// More significant digits than the shortest text of any double: such a number is more exact than a double.
const MAX_FLOAT_DIGITS: usize = 17;
/// Every integer up to this size is a double.
const EXACT_IN_F64: u64 = 1 << 53;
/// An integer with fewer digits has 64 bits.
const SURE_DIGITS: usize = 15;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const BOOL: Kinds = Kinds(1);
    /// An integer of 64 bits with a sign.
    pub const INT: Kinds = Kinds(1 << 1);
    pub const NEGATIVE: Kinds = Kinds(1 << 2);
    /// An integer of 64 bits that needs the sign's bit.
    pub const UINT: Kinds = Kinds(1 << 3);
    /// An integer beyond 64 bits, or a number that no double holds.
    pub const LONG: Kinds = Kinds(1 << 4);
    /// An integer that no double holds.
    pub const INEXACT: Kinds = Kinds(1 << 5);
    pub const FLOAT: Kinds = Kinds(1 << 6);
    pub const TEXT: Kinds = Kinds(1 << 7);
    pub const NESTED: Kinds = Kinds(1 << 8);
    /// An object that fits the struct of its column.
    pub const SHAPED: Kinds = Kinds(1 << 9);
    /// Not a time, where the column has times.
    pub const NO_TIME: Kinds = Kinds(1 << 10);

    #[inline]
    pub fn add(&mut self, other: Kinds) {
        self.0 |= other.0;
    }

    pub fn has(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no other kind than these.
    fn within(self, others: &[Kinds]) -> bool {
        others.iter().fold(self.0, |left, kind| left & !kind.0) == 0
    }

    /// The type of a column with values of these kinds.
    pub fn column_type(self) -> ColumnType {
        let (int, uint, negative, inexact) = (Kinds::INT, Kinds::UINT, Kinds::NEGATIVE, Kinds::INEXACT);
        if self == Kinds::NONE {
            ColumnType::Text
        } else if self.within(&[Kinds::BOOL]) {
            ColumnType::Bool
        } else if self.within(&[int, negative, inexact]) {
            ColumnType::Int64
        } else if self.within(&[int, uint, inexact]) {
            ColumnType::UInt64
        } else if self.has(Kinds::FLOAT) && self.within(&[int, negative, uint, Kinds::FLOAT]) {
            ColumnType::Float64
        } else {
            ColumnType::Text
        }
    }

    /// The kinds of a value. Fails where it is no JSON.
    #[inline]
    pub fn of(raw: &[u8]) -> Result<Kinds, NotJson> {
        match raw {
            [b'0'..=b'9' | b'-', ..] => number(raw),
            [b'"', inside @ .., _] => {
                if !is_plain(inside) {
                    // It has an escape, which may be wrong, or a control character, which is wrong.
                    if has_controls(inside) {
                        return Err(NotJson);
                    }
                    Value::of(raw)?;
                }
                Ok(Kinds::TEXT)
            }
            [b'{' | b'[', ..] => nested::check(raw).map(|()| Kinds::NESTED),
            b"null" => Ok(Kinds::NONE),
            b"true" | b"false" => Ok(Kinds::BOOL),
            _ => Err(NotJson),
        }
    }

    /// The kinds of a value where the column is a struct of this shape unless something else is in it.
    pub fn of_shaped(raw: &[u8], shape: Shape) -> Result<Kinds, NotJson> {
        let kinds = Kinds::of(raw)?;
        Ok(if kinds == Kinds::NESTED && shape::fits(raw, shape) { Kinds::SHAPED } else { kinds })
    }

    /// The kinds of a value where the column has times.
    pub fn of_time(raw: &[u8]) -> Result<Kinds, NotJson> {
        let kinds = Kinds::of(raw)?;
        Ok(if kinds == Kinds::NONE || time_of(raw).is_some() { Kinds::NONE } else { Kinds::NO_TIME })
    }
}

/// The time that a value says, in nanoseconds since 1970, if it is one between 1677 and 2262.
pub fn time_of(raw: &[u8]) -> Option<i64> {
    match raw {
        [b'"', inside @ .., b'"'] if inside.first().is_some_and(u8::is_ascii_digit) => {
            i64::try_from(time::parse(inside)?).ok()
        }
        _ => None,
    }
}

fn number(raw: &[u8]) -> Result<Kinds, NotJson> {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    let sign = if digits.len() < raw.len() { Kinds::NEGATIVE } else { Kinds::NONE };
    if !digits.iter().all(u8::is_ascii_digit) {
        return float(raw);
    }
    match digits {
        [] | [b'0', _, ..] => return Err(NotJson),
        _ if digits.len() <= SURE_DIGITS => return Ok(Kinds(Kinds::INT.0 | sign.0)),
        _ => {}
    }
    // ASCII digits, as was seen above.
    let size = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
    let Some(size) = size else { return Ok(Kinds::LONG) };
    let limit = i64::MAX as u64 + u64::from(sign == Kinds::NEGATIVE);
    let width = match size {
        _ if size <= limit => Kinds::INT,
        _ if sign == Kinds::NONE => Kinds::UINT,
        _ => return Ok(Kinds::LONG),
    };
    let bits = u64::BITS - size.leading_zeros() - size.trailing_zeros();
    let is_exact = size <= EXACT_IN_F64 || bits <= f64::MANTISSA_DIGITS;
    Ok(Kinds(width.0 | sign.0 | if is_exact { 0 } else { Kinds::INEXACT.0 }))
}

fn float(raw: &[u8]) -> Result<Kinds, NotJson> {
    Decimal::parse(raw).ok_or(NotJson)?;
    let mantissa = &raw[..raw.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(raw.len())];
    let significant = mantissa.iter().filter(|byte| byte.is_ascii_digit()).skip_while(|byte| **byte == b'0');
    let count = significant.count();
    if count > MAX_FLOAT_DIGITS {
        return Ok(Kinds::LONG);
    }
    let has_exponent = mantissa.len() < raw.len();
    Ok(if has_exponent && !is_normal(raw, count == 0) { Kinds::LONG } else { Kinds::FLOAT })
}

/// Whether the double that is nearest to a number is neither infinite nor, unless the number is, zero.
fn is_normal(raw: &[u8], is_zero: bool) -> bool {
    f64_of(raw).is_some_and(|value| value.is_finite() && (is_zero || value != 0.0))
}

/// The double that is nearest to a number.
pub fn f64_of(raw: &[u8]) -> Option<f64> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(values: &[&str]) -> ColumnType {
        let mut kinds = Kinds::NONE;
        for value in values {
            kinds.add(Kinds::of(value.as_bytes()).unwrap());
        }
        kinds.column_type()
    }

    #[test]
    fn a_type_holds_every_value_exactly() {
        use ColumnType::{Bool, Float64, Int64, Text, UInt64};
        for (values, expected) in [
            (&["null"][..], Text),
            (&["true", "null", "false"], Bool),
            (&["true", "1"], Text),
            (&["-9223372036854775808", "9223372036854775807"], Int64),
            (&["9223372036854775808", "1"], UInt64),
            (&["18446744073709551615"], UInt64),
            (&["18446744073709551616"], Text),
            (&["-9223372036854775809"], Text),
            (&["9223372036854775808", "-1"], Text),
            (&["1.5", "-2", "1e300"], Float64),
            (&["1.5", "9007199254740992"], Float64),
            (&["1.5", "9007199254740993"], Text),
            (&["1.5", "18446744073709549568"], Float64),
            (&["1.5", "-9223372036854775808"], Float64),
            (&["0.1000000000000000055511151231257827"], Text),
            (&["1e400"], Text),
            (&["1e-400"], Text),
            (&["0e-400", "0.0000000000000000000000000001"], Float64),
            (&["1", "\"1\""], Text),
            (&["{}", "1"], Text),
            (&["[]"], Text),
        ] {
            assert_eq!(type_of(values), expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for raw in [
            "01", "-", "-01", "1.", ".5", "1e", "nul", "True", "NaN", r#""\x""#, "\"\t\"", "[1", "{1}", "1_0",
        ] {
            assert!(Kinds::of(raw.as_bytes()).is_err(), "{raw}");
        }
    }

    #[test]
    fn times_beyond_64_bits_of_nanoseconds_are_none() {
        assert_eq!(time_of(br#""2262-04-11T23:47:16.854775807Z""#), Some(i64::MAX));
        for text in [r#""2262-04-11T23:47:16.854775808Z""#, r#""1600-01-01""#, r#""soon""#, "1", "\"", "null"]
        {
            assert_eq!(time_of(text.as_bytes()), None, "{text}");
        }
    }
}
