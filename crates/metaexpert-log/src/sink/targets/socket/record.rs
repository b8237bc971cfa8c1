//! A JSON record that is too long for a packet: what identifies it and explains it is kept, then fields in
//! their order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::line::cut::{cut_bytes_mark, early_share, prefix_written_in};
use crate::line::escape::escape_json;
use crate::ring::lexicon::CORE_KEYS;

/// Room for `,"fields_left_out":…,"cut_bytes":…`.
const NOTE_BYTES: usize = 80;
/// Room for the mark behind a text.
const MARK_BYTES: usize = 40;

/// `line` in at most `most` bytes; `None` if it is no record, or if even the least does not fit.
pub(super) fn shortened(line: &[u8], most: usize) -> Option<Vec<u8>> {
    let members: Members<'_> = serde_json::from_slice(line).ok()?;
    let room = most.checked_sub(2 + NOTE_BYTES)?;
    let mut short = Shortening { room, ..Shortening::default() };
    let kept = short.kept(&members.0);
    let mut out = vec![b'{'];
    members.0.iter().zip(&kept).filter_map(|((key, _), kept)| Some((key, kept.as_ref()?))).for_each(
        |(key, value)| {
            push_key(key, &mut out);
            out.extend_from_slice(value);
        },
    );
    let notes = [("fields_left_out", short.fields_left_out), ("cut_bytes", short.cut_bytes)];
    for (name, count) in notes.into_iter().filter(|(_, count)| *count > 0) {
        push_key(&free_key(name, &members.0), &mut out);
        out.extend_from_slice(count.to_string().as_bytes());
    }
    out.push(b'}');
    (out.len() <= most).then_some(out)
}

/// `name`, with underscores behind it where the record has such a key: no key comes twice.
fn free_key(name: &str, members: &[(String, &RawValue)]) -> String {
    let mut key = name.to_owned();
    while members.iter().any(|(other, _)| *other == key) {
        key.push('_');
    }
    key
}

fn push_key(key: &str, out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
    out.push(b'"');
    escape_json(key.as_bytes(), out);
    out.extend_from_slice(b"\":");
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Default)]
struct Shortening {
    room: usize,
    cut_bytes: usize,
    fields_left_out: usize,
}

impl Shortening {
    /// What is kept of each member.
    fn kept(&mut self, members: &[(String, &RawValue)]) -> Vec<Option<Vec<u8>>> {
        let mut kept: Vec<Option<Vec<u8>>> = vec![None; members.len()];
        for step in [Step::Identity, Step::Message, Step::Exception, Step::Field, Step::Stack] {
            for (index, (key, value)) in
                members.iter().enumerate().filter(|(_, (key, _))| step_of(key) == step)
            {
                let share = self.share(step, members);
                kept[index] = self.member(step, key, value.get(), share);
            }
        }
        kept
    }

    /// What a member of this step may have.
    fn share(&self, step: Step, members: &[(String, &RawValue)]) -> usize {
        let need = |member: &(String, &RawValue)| match (step_of(&member.0), cost(member)) {
            (Step::Field, cost) if cost > self.room => {
                if member.0 == "context" {
                    self.room / 4
                } else {
                    0
                }
            }
            (_, cost) => cost,
        };
        let later = members.iter().filter(|(key, _)| step_of(key) > step).map(need).sum();
        match step {
            Step::Field | Step::Stack => self.room,
            _ => early_share(self.room, later),
        }
    }

    fn member(&mut self, step: Step, key: &str, value: &str, share: usize) -> Option<Vec<u8>> {
        let cost = key.len() + value.len() + 4;
        let most = share.saturating_sub(key.len() + 4);
        let kept = match step {
            _ if cost <= share => Some(value.as_bytes().to_vec()),
            Step::Exception => self.exception(value, most),
            Step::Field if key == "context" => self.context(value, most),
            Step::Field => None,
            Step::Identity | Step::Message | Step::Stack => self.text(value, most),
        };
        match &kept {
            Some(kept) => self.room = self.room.saturating_sub(key.len() + kept.len() + 4),
            None => {
                self.cut_bytes += cost;
                self.fields_left_out += usize::from(step == Step::Field);
            }
        }
        kept
    }

    /// The start of a text in at most `most` bytes of JSON, with a mark.
    fn text(&mut self, json: &str, most: usize) -> Option<Vec<u8>> {
        let text: String = serde_json::from_str(json).ok()?;
        let most = most.checked_sub(MARK_BYTES + 2)?;
        let end = prefix_written_in(text.as_bytes(), most, escape_json);
        self.cut_bytes += text.len() - end;
        let mut out = vec![b'"'];
        escape_json(&text.as_bytes()[..end], &mut out);
        out.extend_from_slice(cut_bytes_mark(text.len() - end).as_bytes());
        out.push(b'"');
        Some(out)
    }

    /// Type and message, and what fits of the rest.
    fn exception(&mut self, json: &str, most: usize) -> Option<Vec<u8>> {
        let mut members: Members<'_> = serde_json::from_str(json).ok()?;
        // In whatever order they came, the type is never crowded out, and the traceback gets what is left.
        members.0.sort_by_key(|(key, _)| match key.as_str() {
            "type" => 0,
            "stacktrace" => 2,
            _ => 1,
        });
        self.object(members, most, |short, key, value, room| {
            let room = if key == "stacktrace" { room } else { room / 2 };
            if value.len() <= room { Some(value.as_bytes().to_vec()) } else { short.text(value, room) }
        })
    }

    /// As many fields in their order as fit.
    fn context(&mut self, json: &str, most: usize) -> Option<Vec<u8>> {
        let members: Members<'_> = serde_json::from_str(json).ok()?;
        self.object(members, most, |short, key, value, room| {
            let fits = value.len() <= room;
            short.fields_left_out += usize::from(!fits);
            short.cut_bytes += if fits { 0 } else { key.len() + value.len() + 4 };
            fits.then(|| value.as_bytes().to_vec())
        })
    }

    fn object(
        &mut self,
        members: Members<'_>,
        most: usize,
        mut keep: impl FnMut(&mut Shortening, &str, &str, usize) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let mut room = most.checked_sub(2)?;
        let mut out = vec![b'{'];
        for (key, value) in &members.0 {
            let left = room.saturating_sub(key.len() + 4);
            let Some(kept) = keep(self, key, value.get(), left) else { continue };
            let before = out.len();
            push_key(key, &mut out);
            out.extend_from_slice(&kept);
            room = room.saturating_sub(out.len() - before);
        }
        out.push(b'}');
        Some(out)
    }
}

/// What comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Identity,
    Message,
    Exception,
    Field,
    Stack,
}

fn cost((key, value): &(String, &RawValue)) -> usize {
    key.len() + value.get().len() + 4
}

fn step_of(key: &str) -> Step {
    match key {
        "message" => Step::Message,
        "exception" => Step::Exception,
        "stack_info" => Step::Stack,
        _ if CORE_KEYS.contains(&key) => Step::Identity,
        _ => Step::Field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn short(record: &Json, most: usize) -> (Json, Vec<u8>) {
        let bytes = shortened(record.to_string().as_bytes(), most).unwrap();
        assert!(bytes.len() <= most);
        (serde_json::from_slice(&bytes).unwrap(), bytes)
    }

    #[test]
    fn no_key_comes_twice_whatever_the_fields_are_called() {
        let record = json!({"timestamp": "t", "level": "INFO", "module": "m", "message": "x",
            "cut_bytes": 1, "fields_left_out": 2, "book": "x".repeat(5000), "seq": 7});
        let (short, bytes) = short(&record, 1000);
        assert_eq!((&short["cut_bytes"], &short["fields_left_out"]), (&json!(1), &json!(2)));
        assert_eq!(short["fields_left_out_"], 1);
        assert!(short["cut_bytes_"].as_u64().unwrap() > 5000);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.matches("\"cut_bytes\"").count(), 1);
    }

    #[test]
    fn what_is_no_record_is_not_made_one() {
        assert_eq!(shortened(b"[1, 2", 100), None);
        assert_eq!(shortened(b"text", 100), None);
    }

    #[test]
    fn the_type_of_an_exception_stays_wherever_it_stands() {
        for exception in [
            r#"{"type":"KeyError","message":"MMM","stacktrace":"SSS"}"#,
            r#"{"message":"MMM","stacktrace":"SSS","type":"KeyError"}"#,
            r#"{"stacktrace":"SSS","type":"KeyError","message":"MMM"}"#,
        ] {
            let line = format!(r#"{{"timestamp":"t","message":"m","exception":{exception}}}"#)
                .replace("MMM", &"m".repeat(3000))
                .replace("SSS", &"s".repeat(3000));
            for most in [300, 700, 2000, 5000] {
                let short = shortened(line.as_bytes(), most).unwrap();
                let short: Json = serde_json::from_slice(&short).unwrap();
                assert_eq!(short["exception"]["type"], "KeyError", "{most} {exception}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_identifies_a_record_is_there_and_all_of_it_fits(
            most in 600usize..5000,
            message in "[a-zж\"\\\\\u{1}]{0,3000}",
            fields in proptest::collection::btree_map("[a-z]{1,10}_x", "[a-zж\"]{0,800}", 0..10),
        ) {
            let mut record = json!({"timestamp": "t", "level": "INFO", "module": "m", "message": message, "seq": 7,
                "run_id": "r", "exception": {"type": "E", "message": message, "stacktrace": message}});
            for (name, value) in &fields {
                record[name] = json!(value);
            }
            let (short, _) = short(&record, most);
            for key in ["timestamp", "level", "module", "seq", "run_id"] {
                prop_assert_eq!(&short[key], &record[key]);
            }
            prop_assert_eq!(&short["exception"]["type"], "E");
            let kept = fields.keys().filter(|name| short.get(name.as_str()).is_some()).count();
            let left_out = short["fields_left_out"].as_u64().unwrap_or(0) as usize;
            prop_assert_eq!(kept + left_out, fields.len());
            prop_assert!(fields.keys().all(|name| short.get(name).is_none_or(|value| *value == record[name])));
        }
    }
}
