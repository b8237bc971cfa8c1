//! Records of an expert's run: the time that they show, and what each of them has in common with the others.

use crate::encode::plain::json_text;
use crate::event::Place;
use crate::frame::Value;

/// The field with the simulated time, as text in RFC 3339.
const SIMULATED_TIME: &[u8] = b"sim_time";

/// What stays the same over a run. The record of its start has these as fields of its own.
const CONSTANT: [&[u8]; 5] = [b"strategy_id", b"strategy_name", b"mode", b"session_id", b"symbol"];

const SECONDS_END: usize = "2024-01-31T23:59:59".len();
const MILLIS_END: usize = "2024-01-31T23:59:59.123".len();

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
/// names itself is not: it is there to be read.
#[inline]
pub(super) fn is_run_context(place: &Place<'_>) -> bool {
    let is_constant = |name: &[u8]| CONSTANT.contains(&name);
    place.at == 0
        && place.set.is_some()
        && is_constant(&place.keys[place.index].raw)
        && CONSTANT.iter().all(|name| place.keys.iter().any(|key| *key.raw == **name))
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
