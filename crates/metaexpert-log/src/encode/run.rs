//! Records of an expert's run: the time that they show, and what people need not read in each of them.

use jiff::Timestamp;

use crate::encode::plain::json_text;
use crate::frame::Value;
use crate::ring::event::Event;
use crate::ring::fields::{Fields, Place};

/// The field with the simulated time, as text in RFC 3339.
const SIMULATED_TIME: &[u8] = b"sim_time";

/// What stays the same over a run. The record of its start has these as fields of its own.
const CONSTANT: [&[u8]; 5] = [b"strategy_id", b"strategy_name", b"mode", b"session_id", b"symbol"];

/// Constant as well, if the run has one: it then stands before the simulated time.
const TIMEFRAME: &[u8] = b"timeframe";

/// The loggers of the host's own records.
const HOST_LOGGERS: [&[u8]; 3] = [b"metaexpert.trade", b"metaexpert.expert", b"metaexpert.market"];

/// The field that tells what happened, as the message of the same record does.
const EVENT_NAME: &[u8] = b"event_name";

/// What else the host's records leave to the files: it was said before, or follows from the rest.
const LEFT_OUT: [(&[u8], &[&[u8]]); 6] = [
    (b"order.filled", &[b"order_type", b"position_side", b"notional", b"liquidity", b"currency"]),
    (b"position.opened", &[b"margin"]),
    (b"position.changed", &[b"margin"]),
    (b"position.closed", &[b"opened_at"]),
    (b"account.updated", &[b"margin_used", b"currency"]),
    (
        b"expert.stopped",
        &[
            b"source",
            b"start",
            b"end",
            b"events",
            b"fills",
            b"cancelled",
            b"rejections",
            b"winning_trades",
            b"losing_trades",
            b"profit_factor",
            b"initial_capital",
            b"realized_pnl",
            b"fees",
            b"final_balance",
            b"final_equity",
            b"criterion",
            b"duration_s",
        ],
    ),
];

const SECONDS_END: usize = "2024-01-31T23:59:59".len();
const MILLIS_END: usize = "2024-01-31T23:59:59.123".len();

/// A record that the host made of an event.
#[derive(Clone, Copy)]
pub(super) struct HostEvent {
    left_out: &'static [&'static [u8]],
    has_timeframe: bool,
}

impl HostEvent {
    /// The event that `event` is a record of, if the host made it.
    pub(super) fn of(event: &Event<'_>) -> Option<HostEvent> {
        if !HOST_LOGGERS.contains(&event.logger.raw) {
            return None;
        }
        let Value::Str(name) = event.fields.get(EVENT_NAME)? else { return None };
        let left_out = LEFT_OUT.iter().find(|(event, _)| *event == name).map_or(&[][..], |(_, names)| names);
        Some(HostEvent { left_out, has_timeframe: name == b"bar.closed" })
    }

    /// Whether the event's field is left to the files.
    pub(super) fn leaves_out(&self, name: &[u8], value: Value<'_>) -> bool {
        name == EVENT_NAME || is_nothing(value) || self.left_out.contains(&name)
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

/// A simulated time in UTC.
#[derive(Clone, Copy)]
pub(super) struct SimulatedTime<'a>(&'a [u8]);

impl SimulatedTime<'_> {
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

/// The simulated time of a record, if it has one.
pub(super) fn simulated_time_of<'a>(fields: &Fields<'a>) -> Option<SimulatedTime<'a>> {
    simulated_time(SIMULATED_TIME, fields.get(SIMULATED_TIME)?)
}

/// The simulated time, if the field is one that says it: a time in UTC.
#[inline]
pub(super) fn simulated_time<'a>(name: &[u8], value: Value<'a>) -> Option<SimulatedTime<'a>> {
    if name != SIMULATED_TIME {
        return None;
    }
    let text = match value {
        Value::Str(text) => text,
        Value::Json(json) => json_text(json)?,
        _ => return None,
    };
    is_utc(text).then_some(SimulatedTime(text))
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

/// Whether the field is one of a run's constant ones, in the context that has all of them. One that a call
/// names itself is not: it is there to be read. Nor is the timeframe of a bar.
#[inline]
pub(super) fn is_run_context(place: &Place<'_>, host: Option<HostEvent>) -> bool {
    let name = &*place.keys[place.index].raw;
    let is_constant = CONSTANT.contains(&name)
        || (name == TIMEFRAME && !host.is_some_and(|event| event.has_timeframe) && precedes_time(place));
    place.at == 0
        && place.set.is_some()
        && is_constant
        && CONSTANT.iter().all(|name| place.keys.iter().any(|key| *key.raw == **name))
}

/// Whether the field was in the context before the simulated time began.
fn precedes_time(place: &Place<'_>) -> bool {
    place.keys[..place.index].iter().all(|key| *key.raw != *SIMULATED_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value<'_>) -> Option<String> {
        let mut out = Vec::new();
        simulated_time(SIMULATED_TIME, value)?.push(&mut out);
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
        assert!(simulated_time(b"time", Value::Str(b"2024-01-31T23:59:59Z")).is_none());
    }
}
