//! Points in time, in nanoseconds since 1970: from RFC 3339 text, and from spans before now.

const NS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i128 = 86_400;

/// The time that the whole of `text` says: a date and a time of RFC 3339, UTC if it has no zone, or a date
/// alone, which is its midnight in UTC. Digits beyond the nanosecond are cut.
pub fn parse(text: &[u8]) -> Option<i128> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = day(date)?;
    let (of_day, rest) = match rest {
        [] => return Some(day * SECONDS_PER_DAY * NS_PER_SECOND),
        [b'T' | b't' | b' ', time @ ..] => time_of_day(time)?,
        _ => return None,
    };
    Some(day * SECONDS_PER_DAY * NS_PER_SECOND + of_day - offset_ns(rest)?)
}

/// The time that `text`, a span like `10m` or `1h30m`, is before `now_ns`.
pub fn before(now_ns: i64, text: &str) -> Option<i128> {
    let mut rest = text;
    let mut seconds = 0u64;
    while !rest.is_empty() {
        let (count, behind) = rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit())?);
        let unit = match behind.as_bytes()[0] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        seconds = count.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(seconds)?;
        rest = &behind[1..];
    }
    (!text.is_empty()).then(|| i128::from(now_ns) - i128::from(seconds) * NS_PER_SECOND)
}

/// The days from 1970-01-01 to a date like `2026-12-01`.
fn day(date: &[u8]) -> Option<i128> {
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..10])?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => 31,
    };
    if date[4] != b'-' || date[7] != b'-' || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    // Years begin with March here, so that the day that is not always there is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(i128::from(365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468))
}

/// The nanoseconds of a time like `10:00:00.5`, whose seconds may be left out, and what follows it.
fn time_of_day(text: &[u8]) -> Option<(i128, &[u8])> {
    let (minute, mut rest) = minutes(text)?;
    let mut ns = i128::from(minute) * 60 * NS_PER_SECOND;
    if let Some(seconds) = rest.strip_prefix(b":") {
        let (second, behind) = seconds.split_at_checked(2)?;
        // 60 is the second that is put in now and then.
        let second = number(second).filter(|second| *second <= 60)?;
        ns += i128::from(second) * NS_PER_SECOND;
        rest = behind;
        if let Some(fraction) = behind.strip_prefix(b".") {
            let length = fraction.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(fraction.len());
            let digits = number(&fraction[..length.min(9)]).filter(|_| length > 0)?;
            ns += i128::from(digits) * 10i128.pow(9 - length.min(9) as u32);
            rest = &fraction[length..];
        }
    }
    Some((ns, rest))
}

/// How far a zone like `Z`, `+02:00` or none at all is ahead of UTC.
fn offset_ns(zone: &[u8]) -> Option<i128> {
    let sign = match zone {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (minutes, rest) = minutes(&zone[1..])?;
    rest.is_empty().then_some(sign * i128::from(minutes) * 60 * NS_PER_SECOND)
}

/// The minutes of a time like `10:00`, and what follows it.
fn minutes(text: &[u8]) -> Option<(i64, &[u8])> {
    let (time, rest) = text.split_at_checked(5)?;
    let hour = number(&time[..2]).filter(|hour| *hour < 24)?;
    let minute = number(&time[3..]).filter(|minute| *minute < 60)?;
    (time[2] == b':').then_some((hour * 60 + minute, rest))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_one_time_are_equal() {
        let time = parse(b"2026-12-01T00:00:00Z").unwrap();
        for text in [
            "2026-12-01",
            "2026-12-01T00:00",
            "2026-12-01 00:00:00",
            "2026-12-01t00:00:00.000z",
            "2026-12-01T00:00:00.0000000000009",
            "2026-12-01T02:00:00+02:00",
            "2026-11-30T18:30:00-05:30",
            "2026-11-30T23:59:60Z",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-12-00",
            "2026-12-01T",
            "2026-12-01T24:00",
            "2026-12-01T10",
            "2026-12-01T10:00:",
            "2026-12-01T10:00:00.",
            "2026-12-01T10:00:00+2",
            "2026-12-01Z",
            "2026-12-01T10:00:00Zx",
            "2026/12/01",
            "2026-12-01T10:60",
            "2026-12-0\u{e4}",
            "+026-12-01",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_before_now() {
        let second = 1_000_000_000;
        assert_eq!(before(second, "1s"), Some(0));
        assert_eq!(before(0, "1h30m"), Some(-5_400 * i128::from(second)));
        assert_eq!(before(0, "2w1d"), Some(-15 * 86_400 * i128::from(second)));
        for text in
            ["", "10", "m", "10x", "10m5", "1.5h", "-1h", "99999999999999999999d", "9999999999999999999w"]
        {
            assert_eq!(before(0, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_what_jiff_takes_it_for(
            second in -62_135_596_800i64..253_402_207_200,
            rest in 0..1_000_000_000,
        ) {
            let ns = i128::from(second) * NS_PER_SECOND + i128::from(rest);
            let text = Timestamp::from_nanosecond(ns).unwrap().to_string();
            prop_assert_eq!(parse(text.as_bytes()), Some(ns), "{}", text);
        }

        #[test]
        fn no_bytes_crash_it(text: Vec<u8>) {
            parse(&text);
        }
    }
}
