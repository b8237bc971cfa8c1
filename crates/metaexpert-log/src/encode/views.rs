//! Views, made ready for encoding: the time of a record, and the fields that people need not read.
//!
//! What a program calls its fields is in its configuration ([`View`]); it is made ready here once, for all
//! records.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::View;
use crate::encode::people::json_text;
use crate::frame::Value;
use crate::ring::decoded::DecodedRecord;
use crate::ring::fields::{Fields, Place};

const SECONDS_END: usize = "2024-01-31T23:59:59".len();
const MILLIS_END: usize = "2024-01-31T23:59:59.123".len();

type Name = Box<[u8]>;

/// The views of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// Fields with the time of what a record tells of.
    times: Vec<Name>,
    contexts: Vec<Context>,
    reports: Vec<Reports>,
}

/// A context whose fields stay the same from record to record.
#[derive(Clone, Debug)]
struct Context {
    constant: Vec<Name>,
    constant_before_time: Vec<Name>,
    time: Option<Name>,
}

/// Records of these loggers that say in a field which event they report.
#[derive(Clone, Debug)]
struct Reports {
    loggers: Vec<Name>,
    event_field: Name,
    /// By event: what is not shown of its fields, and what is although it is constant.
    events: Vec<(Name, Exceptions)>,
    none: Exceptions,
}

#[derive(Clone, Debug, Default)]
struct Exceptions {
    left_out: Vec<Name>,
    kept: Vec<Name>,
}

impl Views {
    /// Makes `views` ready.
    pub fn new(views: &[View]) -> Views {
        let mut all = Views::default();
        for view in views {
            let time = view.time.as_deref().map(name);
            all.times.extend(time.clone().filter(|time| !all.times.contains(time)));
            if !(view.constant.is_empty() && view.constant_before_time.is_empty()) {
                let (constant, constant_before_time) =
                    (names(&view.constant), names(&view.constant_before_time));
                all.contexts.push(Context { constant, constant_before_time, time });
            }
            all.reports.extend(view.event_field.as_deref().map(|field| Reports::new(view, field)));
        }
        all
    }

    /// The event that `record` is a report of, if it is one.
    pub(super) fn report(&self, record: &DecodedRecord<'_>) -> Option<Report<'_>> {
        let reports = self.reports.iter().find(|reports| contains(&reports.loggers, record.logger.raw))?;
        let Value::Str(name) = record.fields.get(&reports.event_field)? else { return None };
        let found = reports.events.iter().find(|(event, _)| **event == *name);
        let exceptions = found.map_or(&reports.none, |(_, exceptions)| exceptions);
        Some(Report { event_field: &reports.event_field, exceptions })
    }

    /// The time that a record tells of, if it does.
    pub(super) fn time_of<'a>(&self, fields: &Fields<'a>) -> Option<ToldTime<'a>> {
        self.times.iter().find_map(|name| told_time(fields.get(name)?))
    }

    /// The time that a record tells of, if the field is one that says it: a time in UTC.
    #[inline]
    pub(super) fn time<'a>(&self, name: &[u8], value: Value<'a>) -> Option<ToldTime<'a>> {
        if contains(&self.times, name) { told_time(value) } else { None }
    }

    /// Whether the field is one that stays the same, in the context that has all of them. One that a call
    /// names itself is not: it is there to be read. Nor is one that its event keeps.
    #[inline]
    pub(super) fn is_constant(&self, place: &Place<'_>, report: Option<Report<'_>>) -> bool {
        self.contexts.iter().any(|context| context.has_constant(place, report))
    }
}

impl Reports {
    fn new(view: &View, event_field: &str) -> Reports {
        let mut events: Vec<(Name, Exceptions)> = Vec::new();
        let events_named =
            view.left_out.keys().chain(view.kept.keys().filter(|event| !view.left_out.contains_key(*event)));
        for event in events_named {
            let of = |table: &BTreeMap<String, Vec<String>>| table.get(event).map(|fields| names(fields));
            let exceptions = Exceptions {
                left_out: of(&view.left_out).unwrap_or_default(),
                kept: of(&view.kept).unwrap_or_default(),
            };
            events.push((name(event), exceptions));
        }
        Reports {
            loggers: names(&view.loggers),
            event_field: name(event_field),
            events,
            none: Exceptions::default(),
        }
    }
}

impl Context {
    #[inline]
    fn has_constant(&self, place: &Place<'_>, report: Option<Report<'_>>) -> bool {
        let name = &*place.keys[place.index].raw;
        let is_constant = contains(&self.constant, name)
            || (contains(&self.constant_before_time, name)
                && !report.is_some_and(|report| contains(&report.exceptions.kept, name))
                && self.precedes_time(place));
        place.at == 0
            && place.set.is_some()
            && is_constant
            && self.constant.iter().all(|name| place.keys.iter().any(|key| *key.raw == **name))
    }

    /// Whether the field was in the context before the time that the record tells of.
    fn precedes_time(&self, place: &Place<'_>) -> bool {
        let Some(time) = &self.time else { return true };
        place.keys[..place.index].iter().all(|key| *key.raw != **time)
    }
}

fn name(text: &str) -> Name {
    text.as_bytes().into()
}

fn names(texts: &[String]) -> Vec<Name> {
    texts.iter().map(|text| name(text)).collect()
}

#[inline]
fn contains(names: &[Name], name: &[u8]) -> bool {
    names.iter().any(|other| **other == *name)
}

/// A record that reports an event.
#[derive(Clone, Copy)]
pub(super) struct Report<'v> {
    event_field: &'v [u8],
    exceptions: &'v Exceptions,
}

impl Report<'_> {
    /// Whether the event's field is left to the files.
    pub(super) fn leaves_out(&self, name: &[u8], value: Value<'_>) -> bool {
        name == self.event_field || is_nothing(value) || contains(&self.exceptions.left_out, name)
    }
}

/// Whether a value says that there is none. A float of zero is an amount.
fn is_nothing(value: Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::I64(0) | Value::U64(0) => true,
        Value::Str(text) => text.is_empty(),
        Value::Json(json) => matches!(json, b"{}" | b"[]" | b"\"\""),
        _ => false,
    }
}

/// A time in UTC that a record tells of, as text in RFC 3339.
#[derive(Clone, Copy)]
pub(super) struct ToldTime<'a>(&'a [u8]);

impl ToldTime<'_> {
    /// Appends date and time, and milliseconds where there is a fraction.
    pub(super) fn push(self, out: &mut Vec<u8>) {
        let text = self.0;
        let end = if text[SECONDS_END] == b'.' { MILLIS_END.min(text.len() - 1) } else { SECONDS_END };
        out.extend_from_slice(&text[..10]);
        out.push(b' ');
        out.extend_from_slice(&text[11..end]);
        out.push(b'Z');
    }

    /// The time in nanoseconds since the Unix epoch; none if there is no such date, or none so far away.
    pub(super) fn timestamp_ns(self) -> Option<i64> {
        let time: Timestamp = std::str::from_utf8(self.0).ok()?.parse().ok()?;
        time.as_nanosecond().try_into().ok()
    }
}

/// The time that the field's value is, if it is one in UTC.
fn told_time(value: Value<'_>) -> Option<ToldTime<'_>> {
    let text = match value {
        Value::Str(text) => text,
        Value::Json(json) => json_text(json)?,
        _ => return None,
    };
    is_utc(text).then_some(ToldTime(text))
}

fn is_utc(text: &[u8]) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let same =
        |(&shape, &byte): (&u8, &u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let Some((moment, rest)) = text.split_at_checked(SECONDS_END) else { return false };
    let Some(fraction) = rest.strip_suffix(b"Z") else { return false };
    let is_fraction = match fraction.split_first() {
        None => true,
        Some((&point, digits)) => {
            point == b'.' && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
    };
    SHAPE.iter().zip(moment).all(same) && is_fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value<'_>) -> Option<String> {
        let mut out = Vec::new();
        told_time(value)?.push(&mut out);
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_time_in_utc_is_shown_to_the_millisecond() {
        let text = |text: &'static str| shown(Value::Str(text.as_bytes()));
        assert_eq!(text("2024-01-31T23:59:59Z").unwrap(), "2024-01-31 23:59:59Z");
        assert_eq!(text("2024-01-31T23:59:59.5Z").unwrap(), "2024-01-31 23:59:59.5Z");
        assert_eq!(text("2024-01-31T23:59:59.123456Z").unwrap(), "2024-01-31 23:59:59.123Z");
        assert_eq!(shown(Value::Json(b"\"2024-01-31T23:59:59Z\"")).unwrap(), "2024-01-31 23:59:59Z");
    }

    #[test]
    fn anything_else_is_a_field_as_any_other() {
        for text in ["", "soon", "2024-01-31T23:59:59", "2024-01-31T23:59:59+02:00", "2024-01-31T23:59:59.Z"]
        {
            assert_eq!(shown(Value::Str(text.as_bytes())), None, "{text}");
        }
        assert_eq!(shown(Value::I64(1_706_745_599)), None);
        let views = Views::new(&[View { time: Some("at".to_owned()), ..View::default() }]);
        assert!(views.time(b"at", Value::Str(b"2024-01-31T23:59:59Z")).is_some());
        assert!(views.time(b"time", Value::Str(b"2024-01-31T23:59:59Z")).is_none());
    }
}
