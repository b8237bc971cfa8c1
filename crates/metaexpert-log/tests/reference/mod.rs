//! Conditions, evaluated slowly and by the letter of their documentation: on a record that serde_json has
//! read, with numbers written out digit by digit and times read by jiff.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use regex::RegexBuilder;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An expression.
#[derive(Clone, Debug)]
pub enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Exists(String, bool),
    Compare(String, &'static str, Literal),
    Contains(String, bool, Literal),
    Matches(String, bool, &'static str),
    IsIn(String, bool, Vec<Literal>),
}

#[derive(Clone, Debug)]
pub struct Literal {
    pub text: String,
    pub is_quoted: bool,
}

/// What no expression says: it is refused.
#[derive(Debug)]
pub struct Refused;

/// What `expression` makes of `record`, a JSON object.
pub fn holds(expression: &Expression, record: &str, now_ns: i64) -> Result<bool, Refused> {
    let each = |parts: &[Expression]| -> Result<Vec<bool>, Refused> {
        parts.iter().map(|part| holds(part, record, now_ns)).collect()
    };
    let value = |name: &str| find(record, name).map(|raw| raw.get().to_owned());
    Ok(match expression {
        Expression::All(parts) => each(parts)?.into_iter().all(|holds| holds),
        Expression::Any(parts) => each(parts)?.into_iter().any(|holds| holds),
        Expression::Not(part) => !holds(part, record, now_ns)?,
        Expression::Exists(name, is_wanted) => value(name).is_some() == *is_wanted,
        Expression::Compare(name, sign, literal) => {
            let meaning = meaning(name, literal, *sign != "=" && *sign != "!=", now_ns)?;
            value(name).is_some_and(|value| {
                let order = compare(&meaning, literal, &value);
                match *sign {
                    "=" => order == Some(Ordering::Equal),
                    "!=" => order != Some(Ordering::Equal),
                    "<" => order == Some(Ordering::Less),
                    "<=" => order == Some(Ordering::Less) || order == Some(Ordering::Equal),
                    ">" => order == Some(Ordering::Greater),
                    ">=" => order == Some(Ordering::Greater) || order == Some(Ordering::Equal),
                    _ => panic!("{sign}"),
                }
            })
        }
        Expression::Contains(name, is_wanted, literal) => {
            let text = value(name).and_then(|value| searched(&value));
            text.is_some_and(|text| text.contains(&literal.text) == *is_wanted)
        }
        Expression::Matches(name, is_wanted, regex) => {
            let (pattern, flags) = regex[1..].rsplit_once('/').unwrap();
            let regex = RegexBuilder::new(pattern).case_insensitive(flags == "i").build().unwrap();
            let text = value(name).and_then(|value| searched(&value));
            text.is_some_and(|text| regex.is_match(&text) == *is_wanted)
        }
        Expression::IsIn(name, is_wanted, literals) => {
            let mut is_in = false;
            for literal in literals {
                let meaning = meaning(name, literal, false, now_ns)?;
                let order = value(name).and_then(|value| compare(&meaning, literal, &value));
                is_in |= order == Some(Ordering::Equal);
            }
            value(name).is_some() && is_in == *is_wanted
        }
    })
}

/// The members of an object, of equal keys the first.
fn members(object: &str) -> Vec<(String, Box<RawValue>)> {
    struct Members(Vec<(String, Box<RawValue>)>);
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = Members;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
            let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                if members.iter().all(|(known, _)| *known != key) {
                    members.push((key, value));
                }
            }
            Ok(Members(members))
        }
    }
    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
            deserializer.deserialize_map(Reader)
        }
    }
    serde_json::from_str::<Members>(object).unwrap().0
}

/// The value of the longest key that leads to one.
fn find(object: &str, name: &str) -> Option<Box<RawValue>> {
    let members = members(object);
    let value_of = |key: &str| members.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    if let Some(value) = value_of(name) {
        return Some(value);
    }
    let mut dots: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    dots.reverse();
    dots.into_iter().find_map(|dot| {
        let value = value_of(&name[..dot]).filter(|value| value.get().starts_with('{'))?;
        find(value.get(), &name[dot + 1..])
    })
}

fn as_string(value: &str) -> Option<String> {
    value.starts_with('"').then(|| serde_json::from_str(value).unwrap())
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text)
        && text.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
}

/// What `~` looks at.
fn searched(value: &str) -> Option<String> {
    match value {
        "true" | "false" => Some(value.to_owned()),
        _ if is_number(value) => Some(value.to_owned()),
        _ => as_string(value),
    }
}

enum Meaning {
    Null,
    Bool(bool),
    Number,
    Text,
    Time(i128),
    Level(Option<i64>),
}

fn meaning(name: &str, literal: &Literal, is_ordered: bool, now_ns: i64) -> Result<Meaning, Refused> {
    let text = literal.text.as_str();
    let lower = text.to_lowercase();
    let is_plain = !literal.is_quoted;
    if is_plain && ["null", "true", "false"].contains(&lower.as_str()) {
        return match lower.as_str() {
            _ if is_ordered => Err(Refused),
            "null" => Ok(Meaning::Null),
            word => Ok(Meaning::Bool(word == "true")),
        };
    }
    let literal_time = time(text).or_else(|| span_ns(text).map(|span| i128::from(now_ns) - span));
    match name {
        "level" => match severity(text) {
            None if is_ordered => Err(Refused),
            severity => Ok(Meaning::Level(severity)),
        },
        _ if is_plain && is_number(text) => Ok(Meaning::Number),
        "timestamp" => literal_time.map(Meaning::Time).ok_or(Refused),
        _ => Ok(literal_time.filter(|_| is_plain).map_or(Meaning::Text, Meaning::Time)),
    }
}

fn compare(meaning: &Meaning, literal: &Literal, value: &str) -> Option<Ordering> {
    let equal = |is_equal: bool| is_equal.then_some(Ordering::Equal);
    let (own, text) = (literal.text.as_str(), as_string(value));
    match (meaning, text) {
        (Meaning::Null, _) => equal(value == "null"),
        (Meaning::Bool(own), _) => equal(value == own.to_string()),
        (Meaning::Number, Some(text)) => is_number(&text).then(|| compare_numbers(&text, own)),
        (Meaning::Number, None) => is_number(value).then(|| compare_numbers(value, own)),
        (Meaning::Text, text) => Some(text?.as_bytes().cmp(own.as_bytes())),
        (Meaning::Time(ns), text) => match time(text.as_ref()?) {
            Some(time) => Some(time.cmp(ns)),
            None => equal(text? == own),
        },
        (Meaning::Level(own_severity), Some(text)) => match (severity(&text), own_severity) {
            (Some(severity), Some(own)) => Some(severity.cmp(own)),
            (None, None) => equal(text.eq_ignore_ascii_case(own)),
            _ => None,
        },
        (Meaning::Level(_), None) => {
            (is_number(value) && is_number(own)).then(|| compare_numbers(value, own))
        }
    }
}

fn severity(name: &str) -> Option<i64> {
    let name = name.to_uppercase();
    Some(match name.as_str() {
        "TRACE" => 5,
        "DEBUG" => 10,
        "INFO" => 20,
        "WARNING" | "WARN" => 30,
        "ERROR" => 40,
        "CRITICAL" | "FATAL" => 50,
        _ => return name.strip_prefix("LEVEL ").unwrap_or(&name).parse().ok(),
    })
}

/// A number written out around its point: its sign, and digits of fixed places.
fn written_out(text: &str) -> (i64, Vec<u8>) {
    const PLACES: usize = 4_000;
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: i64 = exponent.parse().unwrap();
    let mut places = vec![0; PLACES];
    for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let place = PLACES as i64 / 2 - whole.len() as i64 - exponent + index as i64;
        places[place as usize] = digit - b'0';
    }
    (if places.iter().all(|digit| *digit == 0) { 0 } else { sign }, places)
}

fn compare_numbers(left: &str, right: &str) -> Ordering {
    let ((left_sign, left), (right_sign, right)) = (written_out(left), written_out(right));
    left_sign.cmp(&right_sign).then(if left_sign < 0 { right.cmp(&left) } else { left.cmp(&right) })
}

/// The time that a text in one of the forms of RFC 3339 says.
fn time(text: &str) -> Option<i128> {
    if text.len() < 10 || !text.is_ascii() || text.contains('[') {
        return None;
    }
    let utc = |time: DateTime| TimeZone::UTC.to_timestamp(time).unwrap().as_nanosecond();
    if text.len() == 10 {
        return text.parse::<Date>().ok().map(|date| utc(date.to_datetime(jiff::civil::Time::midnight())));
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Some(time.as_nanosecond()),
        Err(_) => text.parse::<DateTime>().ok().map(utc),
    }
}

/// The length of a span with one unit.
fn span_ns(text: &str) -> Option<i128> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let is_count = count.bytes().all(|byte| byte.is_ascii_digit());
    is_count.then(|| count.parse::<i128>().ok())?.map(|count| count * seconds * 1_000_000_000)
}
