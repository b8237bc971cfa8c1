//! Times of records as people read them in a place.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use metaexpert_log::encode::local_time::system_zone;
use metaexpert_log::jsonl::time;

use super::style::{StyleError, Zone};

const NS_PER_SECOND: i128 = 1_000_000_000;
const NS_PER_MS: i128 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The characters of a time like `2026-12-01 04:18:31.906`.
pub(super) const TIME_WIDTH: usize = 23;

/// Writes times of a zone. It remembers the date, and how far the zone is ahead of UTC until that changes.
pub(super) struct ZoneTime {
    zone: TimeZone,
    /// The seconds since 1970, from the first on and before the last, in which `ahead_s` holds.
    known: (i64, i64),
    ahead_s: i64,
    /// The days since 1970 of `date`.
    day: Option<i64>,
    date: [u8; 10],
}

impl ZoneTime {
    /// Times of `zone`, if the system knows it.
    pub(super) fn of(zone: &Zone) -> Result<ZoneTime, StyleError> {
        let zone = match zone {
            Zone::Local => system_zone(),
            Zone::Utc => TimeZone::UTC,
            Zone::Named(name) => TimeZone::get(name).map_err(|_| unknown(name))?,
        };
        Ok(ZoneTime { zone, known: (0, 0), ahead_s: 0, day: None, date: [0; 10] })
    }

    /// Appends the time that `timestamp`, a text of RFC 3339, says: to the millisecond, without its zone.
    /// Returns false for any other text, and for times that have no year of four digits.
    #[inline]
    pub(super) fn push(&mut self, timestamp: &[u8], out: &mut Vec<u8>) -> bool {
        let Some((seconds, ms)) = time::parse(timestamp).and_then(split) else { return false };
        if !(self.known.0..self.known.1).contains(&seconds) && !self.look_up(seconds) {
            return false;
        }
        let local = seconds + self.ahead_s;
        let day = local.div_euclid(SECONDS_PER_DAY);
        if self.day != Some(day) && !self.turn_to(day, seconds) {
            return false;
        }
        out.extend_from_slice(&self.date);
        let of_day = local.rem_euclid(SECONDS_PER_DAY) as u32;
        let digit = |number: u32| b'0' + (number % 10) as u8;
        let [hour, minute, second] = [of_day / 3600, of_day / 60 % 60, of_day % 60];
        out.extend_from_slice(&[
            b' ',
            digit(hour / 10),
            digit(hour),
            b':',
            digit(minute / 10),
            digit(minute),
            b':',
            digit(second / 10),
            digit(second),
            b'.',
            digit(ms / 100),
            digit(ms / 10),
            digit(ms),
        ]);
        true
    }

    /// Finds out how far the zone is ahead of UTC, and for how long.
    #[cold]
    fn look_up(&mut self, seconds: i64) -> bool {
        let Ok(at) = Timestamp::from_second(seconds) else { return false };
        let next = self.zone.following(at).next();
        // The last transition that is not later: those before the next nanosecond.
        let behind = Timestamp::new(seconds, 1).unwrap_or(at);
        let last = self.zone.preceding(behind).next();
        self.known = (
            last.map_or(i64::MIN, |transition| transition.timestamp().as_second()),
            next.map_or(i64::MAX, |transition| transition.timestamp().as_second()),
        );
        self.ahead_s = self.zone.to_offset(at).seconds().into();
        true
    }

    #[cold]
    fn turn_to(&mut self, day: i64, seconds: i64) -> bool {
        let Ok(at) = Timestamp::from_second(seconds) else { return false };
        let date = self.zone.to_offset(at).to_datetime(at).date();
        let Ok(year @ 0..=9999) = u16::try_from(date.year()) else { return false };
        let text = format!("{year:04}-{:02}-{:02}", date.month(), date.day());
        self.date.copy_from_slice(text.as_bytes());
        self.day = Some(day);
        true
    }
}

/// The seconds and milliseconds of a time in nanoseconds.
fn split(ns: i128) -> Option<(i64, u32)> {
    if let Ok(ns) = i64::try_from(ns) {
        let (second, ms) = (NS_PER_SECOND as i64, NS_PER_MS as i64);
        return Some((ns.div_euclid(second), (ns.rem_euclid(second) / ms) as u32));
    }
    let ms = ns.rem_euclid(NS_PER_SECOND) / NS_PER_MS;
    Some((i64::try_from(ns.div_euclid(NS_PER_SECOND)).ok()?, ms as u32))
}

fn unknown(name: &str) -> StyleError {
    StyleError::new(format!(
        "the time zone {name:?} is not known here; write a name of the IANA database, like Europe/Berlin, or \
         utc or local"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(posix: &str) -> ZoneTime {
        let utc = ZoneTime::of(&Zone::Utc).unwrap();
        ZoneTime { zone: TimeZone::posix(posix).unwrap(), ..utc }
    }

    fn shown(times: &mut ZoneTime, timestamp: &str) -> Option<String> {
        let mut out = Vec::new();
        times.push(timestamp.as_bytes(), &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_time_is_that_of_the_zone_whatever_the_record_has() {
        let mut tokyo = zone("JST-9");
        for (timestamp, expected) in [
            ("2022-01-30T23:59:59.123456789Z", "2022-01-31 08:59:59.123"),
            ("2022-01-31T00:59:59.9999+01:00", "2022-01-31 08:59:59.999"),
            ("2022-01-30 23:59", "2022-01-31 08:59:00.000"),
            ("1969-12-31T23:59:59.999Z", "1970-01-01 08:59:59.999"),
            ("0001-01-01T00:00:00Z", "0001-01-01 09:00:00.000"),
            ("9999-12-30T14:59:59Z", "9999-12-30 23:59:59.000"),
        ] {
            assert_eq!(shown(&mut tokyo, timestamp).as_deref(), Some(expected));
        }
    }

    #[test]
    fn summer_time_begins_and_ends_in_its_second() {
        let mut berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        for (timestamp, expected) in [
            ("2022-03-27T00:59:59Z", "2022-03-27 01:59:59.000"),
            ("2022-03-27T01:00:00Z", "2022-03-27 03:00:00.000"),
            ("2022-10-30T00:59:59.999Z", "2022-10-30 02:59:59.999"),
            ("2022-10-30T01:00:00Z", "2022-10-30 02:00:00.000"),
            ("2022-03-27T00:59:59Z", "2022-03-27 01:59:59.000"),
        ] {
            assert_eq!(shown(&mut berlin, timestamp).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_time_is_left_to_the_caller() {
        let mut west = zone("EST5");
        for text in ["", "yesterday", "1700000000", "2022-01-30T23", "0000-01-01T00:00:00Z"] {
            assert_eq!(shown(&mut west, text), None, "{text}");
        }
        assert_eq!(shown(&mut zone("JST-9"), "9999-12-31T14:59:59Z"), None);
    }

    #[test]
    fn an_unknown_zone_is_named_in_its_error() {
        let error = ZoneTime::of(&Zone::Named("Mars/Base".to_owned())).err().unwrap().to_string();
        assert!(error.contains("\"Mars/Base\"") && error.contains("; write"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_remembered_changes_nothing(times in proptest::collection::vec(any::<i64>(), 1..20)) {
            let fresh = || zone("CET-1CEST,M3.5.0,M10.5.0/3");
            let mut remembering = fresh();
            for ns in times {
                let at = Timestamp::from_nanosecond(ns.into()).unwrap();
                let local = at.to_zoned_datetime(fresh().zone).strftime("%Y-%m-%d %H:%M:%S.%3f").to_string();
                prop_assert_eq!(shown(&mut remembering, &at.to_string()), Some(local));
            }
        }
    }
}
