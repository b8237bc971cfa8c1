//! The time that a record shows in the formats for people.

use jiff::tz::TimeZone;

use crate::encode::local_time::{LocalTime, system_zone};
use crate::encode::views::ToldTime;

/// Formats the times of records: local time, or in UTC the time that a record tells of.
pub(crate) struct RecordTime {
    local: LocalTime,
    /// Shows told times in a format of the user's.
    told: Option<LocalTime>,
    text: Vec<u8>,
}

impl RecordTime {
    /// Times in `format`, `separator` and the milliseconds; told ones as `2024-01-31 23:59:59Z`.
    pub(crate) fn new(format: &str, separator: u8) -> Self {
        let local = LocalTime::with_millis(format, separator, system_zone());
        RecordTime { local, told: None, text: Vec::new() }
    }

    /// All times in the `strftime` format `datefmt`; without one, as they were.
    pub(crate) fn with_format(self, datefmt: Option<&str>) -> Self {
        match datefmt {
            None | Some("") => self,
            Some(format) => RecordTime {
                local: LocalTime::new(format, system_zone()),
                told: Some(LocalTime::new(format, TimeZone::UTC)),
                ..self
            },
        }
    }

    /// The same for another time zone than the system's.
    pub(crate) fn in_zone(self, zone: TimeZone) -> Self {
        RecordTime { local: self.local.in_zone(zone), ..self }
    }

    /// The text of a record's time.
    #[inline]
    pub(crate) fn text(&mut self, timestamp_ns: i64, told: Option<ToldTime<'_>>) -> &[u8] {
        match told {
            None => self.local.text(timestamp_ns),
            Some(time) => self.told_text(time),
        }
    }

    fn told_text(&mut self, time: ToldTime<'_>) -> &[u8] {
        if let (Some(local), Some(ns)) = (&mut self.told, time.timestamp_ns()) {
            return local.text(ns);
        }
        self.text.clear();
        time.push(&mut self.text);
        &self.text
    }
}
