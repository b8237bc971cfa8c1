//! Wall-clock time of a place, in a `strftime` format.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::fmt::strtime::{BrokenDownTime, Config, PosixCustom};
use jiff::tz::TimeZone;

use crate::line::escape::escape_controls;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// The zone that the system is set to.
pub fn system_zone() -> TimeZone {
    // Asked for a zone by its name, jiff lists the whole database, some hundreds of files, before it reads
    // one.
    let named = std::env::var_os("TZ").is_some();
    let linked = if named { None } else { linked_zone(Path::new("/etc/localtime")) };
    linked.unwrap_or_else(TimeZone::system)
}

/// The zone whose file `link` leads to, if that lies in a zone database.
fn linked_zone(link: &Path) -> Option<TimeZone> {
    let target = fs::read_link(link).ok()?;
    let (_, name) = target.to_str()?.rsplit_once("zoneinfo/")?;
    TimeZone::tzif(name, &fs::read(link).ok()?).ok()
}

/// Formats timestamps in local time; remembers the last second, because consecutive records share it.
pub struct LocalTime {
    zone: TimeZone,
    format: Box<str>,
    /// What stands between the seconds and the milliseconds, if these are shown.
    millis_after: Option<u8>,
    /// The format shows parts of a second by itself, so nothing can be remembered.
    shows_fraction: bool,
    second: Option<i64>,
    text: Vec<u8>,
}

impl LocalTime {
    /// Times of `zone` in `format`. Directives that `strftime` does not have are shown as they
    /// are, as the C library does; beside those it has, `%f` shows microseconds.
    pub fn new(format: &str, zone: TimeZone) -> LocalTime {
        let mut made = LocalTime {
            zone,
            format: with_microseconds(format).into(),
            millis_after: None,
            shows_fraction: false,
            second: None,
            text: Vec::new(),
        };
        made.shows_fraction = made.write(0) != made.write(123_456_789);
        made
    }

    /// Times of `zone` in `format`, with `separator` and the milliseconds.
    pub fn with_millis(format: &str, separator: u8, zone: TimeZone) -> LocalTime {
        LocalTime { millis_after: Some(separator), ..LocalTime::new(format, zone) }
    }

    /// The same format in another zone.
    pub fn in_zone(self, zone: TimeZone) -> LocalTime {
        LocalTime { zone, second: None, ..self }
    }

    /// The text of `timestamp_ns`, free of control characters.
    #[inline]
    pub fn text(&mut self, timestamp_ns: i64) -> &[u8] {
        let second = timestamp_ns.div_euclid(NS_PER_SECOND);
        if self.second != Some(second) || self.shows_fraction {
            self.remember(second, timestamp_ns);
        }
        if self.millis_after.is_some() {
            let millis = (timestamp_ns.rem_euclid(NS_PER_SECOND) / 1_000_000) as u32;
            if let Some(digits) = self.text.last_chunk_mut::<3>() {
                *digits = [millis / 100, millis / 10 % 10, millis % 10].map(|digit| b'0' + digit as u8);
            }
        }
        &self.text
    }

    #[cold]
    fn remember(&mut self, second: i64, timestamp_ns: i64) {
        let written = self.write(timestamp_ns);
        self.text.clear();
        escape_controls(written.as_bytes(), &mut self.text);
        if let Some(separator) = self.millis_after {
            self.text.extend_from_slice(&[separator, b'0', b'0', b'0']);
        }
        self.second = Some(second);
    }

    fn write(&self, timestamp_ns: i64) -> String {
        let config = Config::new().custom(PosixCustom::new()).lenient(true);
        let at = Timestamp::from_nanosecond(timestamp_ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        let broken_down = BrokenDownTime::from(&at.to_zoned_datetime(self.zone.clone()));
        // Lenient formatting fails on nothing that a zoned time lacks.
        broken_down.to_string_with_config(&config, &*self.format).unwrap_or_else(|_| at.to_string())
    }
}

/// `format` with six digits for each `%f`, as Python has it; jiff would leave out zeros at its end.
fn with_microseconds(format: &str) -> String {
    let mut parts = format.split("%%").map(|part| part.replace("%f", "%6f"));
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "%%" + &part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::PathBuf;

    // 2022-01-30 23:59:59.123456789 UTC
    const EVENING: i64 = 1_643_587_199_123_456_789;

    fn text(format: &str, zone: TimeZone, ns: i64) -> String {
        String::from_utf8(LocalTime::new(format, zone).text(ns).to_vec()).unwrap()
    }

    #[test]
    fn the_time_is_that_of_the_zone() {
        let tokyo = TimeZone::posix("JST-9").unwrap();
        assert_eq!(text("%Y-%m-%d %H:%M:%S %z", tokyo, EVENING), "2022-01-31 08:59:59 +0900");
        assert_eq!(text("%Y-%m-%d %H:%M:%S %Z", TimeZone::UTC, EVENING), "2022-01-30 23:59:59 UTC");
    }

    fn directory(test: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("metaexpert-zone-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The least file of a zone (RFC 9636) whose rule is `rule`.
    fn zone_file(rule: &str) -> Vec<u8> {
        let header =
            b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04";
        let body = b"\0\0\0\0\0\0LMT\0";
        let rule = format!("\n{rule}\n");
        [&header[..], body, header, body, rule.as_bytes()].concat()
    }

    #[test]
    fn a_link_into_a_zone_database_gives_the_zone_and_its_name() {
        let directory = directory("link");
        let zone = directory.join("zoneinfo/Far/East");
        fs::create_dir_all(zone.parent().unwrap()).unwrap();
        fs::write(&zone, zone_file("FAR-9")).unwrap();
        let link = directory.join("localtime");
        std::os::unix::fs::symlink(&zone, &link).unwrap();
        let found = linked_zone(&link).unwrap();
        assert_eq!(found.iana_name(), Some("Far/East"));
        assert_eq!(text("%H:%M:%S %Z", found, EVENING), "08:59:59 FAR");
        fs::write(&zone, "no zone").unwrap();
        assert!(linked_zone(&link).is_none());
    }

    #[test]
    fn what_is_no_link_into_a_zone_database_is_left_to_jiff() {
        let file = directory("file").join("localtime");
        assert!(linked_zone(&file).is_none());
        fs::write(&file, zone_file("FAR-9")).unwrap();
        assert!(linked_zone(&file).is_none());
    }

    #[test]
    fn summer_time_begins_within_what_is_remembered() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let mut local = LocalTime::new("%H:%M:%S %Z", berlin);
        let before = 1_648_342_799_000_000_000;
        assert_eq!(local.text(before), b"01:59:59 CET");
        assert_eq!(local.text(before + NS_PER_SECOND), b"03:00:00 CEST");
    }

    #[test]
    fn milliseconds_are_cut_not_rounded() {
        let mut local = LocalTime::with_millis("%S", b',', TimeZone::UTC);
        assert_eq!(local.text(999_999_999), b"00,999");
        assert_eq!(local.text(5_000_000), b"00,005");
        assert_eq!(local.text(-1), b"59,999");
    }

    #[test]
    fn fractions_of_a_second_are_never_those_of_an_earlier_record() {
        let mut local = LocalTime::new("%S.%6f", TimeZone::UTC);
        assert_eq!(local.text(1_000_000), b"00.001000");
        assert_eq!(local.text(2_000_000), b"00.002000");
    }

    #[test]
    fn a_fraction_has_six_digits_as_in_python() {
        assert_eq!(text("%S.%f", TimeZone::UTC, EVENING), "59.123456");
        assert_eq!(text("%f|%%f|%3f|%f", TimeZone::UTC, 500_000), "000500|%f|000|000500");
    }

    #[test]
    fn the_locale_is_that_of_c() {
        assert_eq!(
            text("%c|%x|%X|%p", TimeZone::UTC, EVENING),
            "Sun Jan 30 23:59:59 2022|01/30/22|23:59:59|PM"
        );
    }

    #[test]
    fn directives_that_do_not_exist_are_shown_as_they_are() {
        assert_eq!(text("%H %K %", TimeZone::UTC, EVENING), "23 %K %");
    }

    #[test]
    fn a_line_break_in_a_date_format_stays_on_the_line() {
        assert_eq!(text("%H%n%M\n%S", TimeZone::UTC, EVENING), "23\\n59\\n59");
    }

    proptest! {
        #[test]
        fn any_format_gives_text_without_control_characters(format in any::<String>(), ns in any::<i64>()) {
            let shown = text(&format, TimeZone::UTC, ns);
            prop_assert!(!shown.chars().any(char::is_control));
        }

        #[test]
        fn the_remembered_second_changes_nothing(times in proptest::collection::vec(any::<i64>(), 1..20)) {
            let mut local = LocalTime::with_millis("%Y-%m-%d %H:%M:%S", b',', TimeZone::UTC);
            for ns in times {
                let fresh = LocalTime::with_millis("%Y-%m-%d %H:%M:%S", b',', TimeZone::UTC).text(ns).to_vec();
                prop_assert_eq!(local.text(ns), fresh);
            }
        }
    }
}
