//! Nested values become JSON, once per record and before anything looks at its fields.

use super::header::FrameError;
use super::layout::{ALIGN, FLAGS_OFFSET, HEADER_LEN, NESTED, check, section, tag};
use super::nested::{is_nested, push_json};
use super::read::{Frame, Input};

/// The record's frame in `frame` with its nested values as JSON, in `room` if it has any. Fails as
/// [`Frame::parse`] does, and for damaged values.
#[inline]
pub fn expanded<'a>(frame: &'a [u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], FrameError> {
    match frame.get(FLAGS_OFFSET) {
        Some(flags) if u16::from(*flags) & NESTED != 0 => expand(frame, room),
        _ => Ok(frame),
    }
}

#[inline(never)]
fn expand<'a>(bytes: &[u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], FrameError> {
    let frame = Frame::parse(bytes)?;
    room.clear();
    room.extend_from_slice(&bytes[..HEADER_LEN + frame.message.len()]);
    let mut input = Input { rest: frame.body };
    for _ in 0..frame.section_count {
        let before = input.rest;
        if before.first() == Some(&section::FIELDS) {
            push_fields(&mut input, room)?;
        } else {
            input.section()?;
            room.extend_from_slice(&before[..before.len() - input.rest.len()]);
        }
    }
    room.resize(room.len().next_multiple_of(ALIGN), 0);
    let len = room.len() as u32;
    room[0..4].copy_from_slice(&len.to_le_bytes());
    room[FLAGS_OFFSET..FLAGS_OFFSET + 2].fill(0);
    room[40..44].copy_from_slice(&check(len, frame.seq).to_le_bytes());
    Ok(room)
}

fn push_fields(input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    out.push(input.u8()?);
    out.extend_from_slice(&input.u32()?.to_le_bytes());
    let mut values = Input { rest: input.text()? };
    with_len(out, |out| {
        while let Some(first) = values.rest.first() {
            if is_nested(*first) {
                out.push(tag::JSON);
                with_len(out, |out| push_json(&mut values, out))?;
                continue;
            }
            let before = values.rest;
            values.value()?;
            out.extend_from_slice(&before[..before.len() - values.rest.len()]);
        }
        Ok(())
    })
}

/// Appends what `push` does, behind its length.
fn with_len(
    out: &mut Vec<u8>,
    push: impl FnOnce(&mut Vec<u8>) -> Result<(), FrameError>,
) -> Result<(), FrameError> {
    out.extend_from_slice(&[0; size_of::<u32>()]);
    let start = out.len();
    push(out)?;
    let len = (out.len() - start) as u32;
    out[start - size_of::<u32>()..start].copy_from_slice(&len.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{NestedWriter, Record, Section, SectionRef, Value};
    use super::*;

    /// A value as a test makes it.
    #[derive(Clone, Debug)]
    enum Tree {
        Leaf(Value<'static>),
        List(Vec<Tree>),
        Map(Vec<(String, Tree)>),
        Floats(Vec<f64>),
    }

    impl Tree {
        fn write(&self, depth: usize, out: &mut NestedWriter<'_>) {
            match self {
                Tree::Leaf(Value::I64(number)) if depth > 0 => out.inner_integer(*number),
                Tree::Leaf(leaf) => out.value(*leaf),
                Tree::Floats(floats) => out.floats(floats.iter().copied()),
                Tree::List(elements) => {
                    let begun = out.begin_list();
                    elements.iter().for_each(|element| element.write(depth + 1, out));
                    out.end(begun);
                }
                Tree::Map(members) => {
                    let begun = out.begin_map();
                    for (name, member) in members {
                        out.name(name.as_bytes());
                        member.write(depth + 1, out);
                    }
                    out.end(begun);
                }
            }
        }

        fn json(&self) -> serde_json::Value {
            match self {
                Tree::Leaf(Value::Null) => serde_json::Value::Null,
                Tree::Leaf(Value::Bool(truth)) => (*truth).into(),
                Tree::Leaf(Value::I64(number)) => (*number).into(),
                Tree::Leaf(Value::U64(number)) => (*number).into(),
                Tree::Leaf(Value::F64(number)) => (*number).into(),
                Tree::Leaf(Value::Str(text)) => std::str::from_utf8(text).unwrap().into(),
                Tree::Leaf(Value::Json(json)) => serde_json::from_slice(json).unwrap(),
                Tree::Floats(floats) => floats.clone().into(),
                Tree::List(elements) => elements.iter().map(Tree::json).collect(),
                Tree::Map(members) => {
                    members.iter().map(|(name, tree)| (name.clone(), tree.json())).collect()
                }
            }
        }
    }

    /// Floats that `serde_json` reads back exactly.
    fn eighths() -> impl Strategy<Value = f64> {
        any::<i32>().prop_map(|number| f64::from(number) / 8.0)
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::I64),
            (-40_000i64..40_000).prop_map(Value::I64),
            any::<u64>().prop_map(Value::U64),
            eighths().prop_map(Value::F64),
            any::<String>().prop_map(|text| Value::Str(Box::leak(text.into_bytes().into_boxed_slice()))),
            Just(Value::Json(b"{\"a\":[1]}")),
        ];
        let simple = prop_oneof![
            leaf.prop_map(Tree::Leaf),
            proptest::collection::vec(eighths(), 0..4).prop_map(Tree::Floats),
        ];
        simple.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
                proptest::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Tree::Map(members.into_iter().collect())),
            ]
        })
    }

    /// A frame with the values of `trees` between two other sections.
    fn frame_of(trees: &[Tree]) -> Vec<u8> {
        let mut values = Vec::new();
        let mut writer = NestedWriter::new(&mut values);
        trees.iter().for_each(|tree| tree.write(0, &mut writer));
        let has_nested = writer.has_nested();
        let sections = [
            Section::Stack(b"stack"),
            Section::Written { keys: 7, values: &values, has_nested },
            Section::Task(b"task"),
        ];
        let (level, logger, category, timestamp_ns) = (20, 3, 9, -5);
        let record =
            Record { level, logger, category, timestamp_ns, message: b"filled", sections: &sections };
        let mut frame = vec![0xAA; record.frame_len()];
        record.write(&mut frame, 41);
        frame
    }

    proptest! {
        #[test]
        fn nested_values_become_their_json_and_all_else_stays(
            trees in proptest::collection::vec(tree(), 0..5),
        ) {
            let frame = frame_of(&trees);
            let mut room = Vec::new();
            let expanded = expanded(&frame, &mut room).unwrap();
            let frame = Frame::parse(expanded).unwrap();
            prop_assert_eq!((frame.seq, frame.level, frame.message), (41, 20, &b"filled"[..]));
            let sections: Vec<_> = frame.sections().map(Result::unwrap).collect();
            prop_assert_eq!(sections[0], SectionRef::Stack(b"stack"));
            prop_assert_eq!(sections[2], SectionRef::Task(b"task"));
            let SectionRef::Fields { keys: 7, values } = sections[1] else { panic!("{:?}", sections[1]) };
            let values: Vec<Value<'_>> = values.collect();
            prop_assert_eq!(values.len(), trees.len());
            for (value, tree) in values.into_iter().zip(&trees) {
                match (value, tree) {
                    (Value::Json(json), _) => {
                        let read: serde_json::Value = serde_json::from_slice(json).unwrap();
                        prop_assert_eq!(read, tree.json());
                    }
                    (value, Tree::Leaf(leaf)) => {
                        prop_assert_eq!(format!("{value:?}"), format!("{leaf:?}"));
                    }
                    (value, tree) => panic!("{value:?} is no {tree:?}"),
                }
            }
        }

        #[test]
        fn damage_is_an_error_or_a_value_but_never_a_panic(
            trees in proptest::collection::vec(tree(), 1..4),
            places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut frame = frame_of(&trees);
            let behind_header = frame.len() - HEADER_LEN;
            for (place, byte) in places {
                frame[HEADER_LEN + place.index(behind_header)] = byte;
            }
            if let Ok(frame) = expanded(&frame, &mut Vec::new()) {
                prop_assert!(Frame::parse(frame).is_ok());
            }
        }
    }

    #[test]
    fn what_is_deeper_than_any_capture_goes_is_damage() {
        let mut values = Vec::new();
        for _ in 0..=super::super::MOST_DEPTH {
            values = [&[tag::LIST][..], &(values.len() as u32).to_le_bytes(), &values].concat();
        }
        let mut input = Input { rest: &values };
        assert!(push_json(&mut input, &mut Vec::new()).is_err());
    }
}
