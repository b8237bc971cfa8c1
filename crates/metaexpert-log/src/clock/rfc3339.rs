//! RFC 3339 text of times, in UTC.

use jiff::Timestamp;

use crate::line::digits::{EIGHT_DIGITS, eight_digits};

/// Length of `2026-01-31T23:59:59.123456789Z`.
pub const RFC3339_LEN: usize = 30;
/// Up to the point.
const SECOND_LEN: usize = 20;
/// What follows the point.
pub const FRACTION_LEN: usize = RFC3339_LEN - SECOND_LEN;
/// [`FRACTION_LEN`] bytes of text, filled up with zeros.
pub type Fraction = [u8; 16];

/// Formats timestamps as RFC 3339 UTC with nanoseconds; remembers the last second, because
/// consecutive records share it.
#[derive(Clone)]
pub struct Rfc3339 {
    second: i64,
    text: [u8; SECOND_LEN],
}

impl Default for Rfc3339 {
    fn default() -> Self {
        Rfc3339 { second: i64::MIN, text: *b"0000-00-00T00:00:00." }
    }
}

impl Rfc3339 {
    /// The text of `timestamp_ns`. Times outside the years 0-9999 are clamped to them.
    #[inline]
    pub fn format(&mut self, timestamp_ns: i64) -> [u8; RFC3339_LEN] {
        let (second, fraction) = self.parts(timestamp_ns);
        let mut text = [0; RFC3339_LEN];
        text[..SECOND_LEN].copy_from_slice(second);
        text[SECOND_LEN..].copy_from_slice(&fraction[..FRACTION_LEN]);
        text
    }

    /// As [`Rfc3339::format`], in two parts: up to the point, which is remembered, and what follows.
    #[inline]
    pub fn parts(&mut self, timestamp_ns: i64) -> (&[u8; SECOND_LEN], Fraction) {
        let second = timestamp_ns.div_euclid(1_000_000_000);
        if second != self.second {
            self.set_second(second);
        }
        (&self.text, fraction(timestamp_ns.rem_euclid(1_000_000_000) as u64))
    }

    #[cold]
    fn set_second(&mut self, second: i64) {
        let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let civil = jiff::tz::Offset::UTC.to_datetime(at);
        write_digits(&mut self.text[0..4], civil.year().max(0) as u32);
        write_digits(&mut self.text[5..7], civil.month() as u32);
        write_digits(&mut self.text[8..10], civil.day() as u32);
        write_digits(&mut self.text[11..13], civil.hour() as u32);
        write_digits(&mut self.text[14..16], civil.minute() as u32);
        write_digits(&mut self.text[17..19], civil.second() as u32);
        self.second = second;
    }
}

/// The nine digits of `value`, which is below a thousand million, and the zone.
#[inline(always)]
fn fraction(value: u64) -> Fraction {
    let first = b'0' + (value / EIGHT_DIGITS) as u8;
    let text = u128::from(first) | u128::from(eight_digits(value)) << 8 | u128::from(b'Z') << 72;
    text.to_le_bytes()
}

/// Writes `value` right-aligned with leading zeros over the whole of `out`.
#[inline]
fn write_digits(out: &mut [u8], mut value: u32) {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nanoseconds_are_kept() {
        let mut timestamps = Rfc3339::default();
        assert_eq!(timestamps.format(1_643_587_199_123_456_789), *b"2022-01-30T23:59:59.123456789Z");
        assert_eq!(timestamps.format(1_643_587_200_000_000_001), *b"2022-01-31T00:00:00.000000001Z");
    }

    #[test]
    fn times_before_the_epoch_are_exact() {
        assert_eq!(Rfc3339::default().format(-1), *b"1969-12-31T23:59:59.999999999Z");
    }

    proptest! {
        #[test]
        fn the_remembered_second_changes_nothing(times in proptest::collection::vec(0i64..4_000_000_000_000_000_000, 1..50)) {
            let mut remembering = Rfc3339::default();
            for ns in times {
                let mut fresh = Rfc3339::default();
                prop_assert_eq!(remembering.format(ns), fresh.format(ns));
                let parsed: Timestamp = std::str::from_utf8(&remembering.format(ns)).unwrap().parse().unwrap();
                prop_assert_eq!(parsed.as_nanosecond(), ns as i128);
            }
        }
    }
}
