//! The binary form of one record between capture and encoding.
//!
//! A frame is a fixed header, the message, then sections; all little-endian, its length a multiple
//! of eight. Names that repeat (logger, category, field keys) are ids of definitions in the ring's
//! dictionary. Values keep their type, also those inside of lists and mappings, so nothing is formatted on
//! the calling thread.
//!
//! ```text
//! 0  len u32 · kind u8 · sections u8 · flags u16: 1, some value is nested
//! 8  seq u64 · stamp i64: nanoseconds since 1970, or ticks (`clock::stamp`) until the backend comes by
//! 24 level i32 · logger u32 · category u32 · message_len u32
//! 40 check u32 · reserved u32
//! 48 message · sections…
//! ```

mod compose;
mod expand;
mod header;
mod layout;
mod nested;
mod read;
mod write;

pub use compose::{Composer, Head};
pub use expand::expanded;
pub use header::{FrameError, level, peek, seq, stamp, switch_epoch};
pub use layout::{ALIGN, HEADER_LEN, Kind, MAX_LEN, NO_ID, STAMP_OFFSET, Value};
pub use nested::{Begun, MOST_DEPTH, NestedWriter, fields_section, json_of};
pub(crate) use read::Visitor;
pub use read::{Frame, InlineFields, SectionRef, Sections, Values};
pub use write::{Record, Section, write_padding, write_switch};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(record: &Record<'_>, seq: u64) -> Vec<u8> {
        let mut slot = vec![0xAA; record.frame_len()];
        record.write(&mut slot, seq);
        slot
    }

    fn record<'a>(message: &'a [u8], sections: &'a [Section<'a>]) -> Record<'a> {
        Record { level: 20, logger: 3, category: 9, timestamp_ns: -5, message, sections }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::I64(i64::MIN),
            Value::U64(u64::MAX),
            Value::F64(0.1),
            Value::Str("naïve".as_bytes()),
            Value::Json(b"[1]"),
        ];
        let bound = Section::Fields { keys: 2, values: &values[..2] }.to_bytes();
        let sections = [
            Section::Encoded(&bound),
            Section::Fields { keys: 7, values: &values },
            Section::Exception { kind: b"ValueError", message: b"m", stacktrace: b"t" },
            Section::Stack(b"stack"),
            Section::Caller { file: b"f.py", line: 12, function: b"g" },
            Section::Thread { ident: 77, name: b"Main" },
            Section::LevelName(b"NOTICE"),
            Section::Task(b"Task-1"),
        ];
        let bytes = written(&record(b"hello", &sections), 41);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!((frame.seq, frame.timestamp_ns, frame.level), (41, -5, 20));
        assert_eq!((frame.logger, frame.category, frame.message), (3, 9, &b"hello"[..]));
        let read: Vec<_> = frame.sections().map(Result::unwrap).collect();
        assert_eq!(read.len(), 8);
        let SectionRef::Fields { keys: 2, values: bound } = read[0] else { panic!("{:?}", read[0]) };
        assert_eq!(bound.collect::<Vec<_>>(), values[..2]);
        let SectionRef::Fields { keys: 7, values: fields } = read[1] else { panic!("{:?}", read[1]) };
        assert_eq!(fields.collect::<Vec<_>>(), values);
        assert_eq!(read[4], SectionRef::Caller { file: b"f.py", line: 12, function: b"g" });
        assert_eq!(read[7], SectionRef::Task(b"Task-1"));
    }

    #[test]
    fn padding_and_switch_frames_are_told_apart() {
        let mut slot = vec![0; 64];
        write_padding(&mut slot);
        assert_eq!(peek(&slot), Ok((64, Kind::Padding)));
        write_switch(&mut slot, 12);
        assert_eq!(peek(&slot), Ok((64, Kind::Switch)));
        assert_eq!(switch_epoch(&slot), Ok(12));
        assert!(Frame::parse(&slot).is_err());
    }

    proptest! {
        #[test]
        fn texts_are_the_values_that_are_text_wherever_they_stand(
            kinds in proptest::collection::vec(0usize..8, 0..20),
            bytes in any::<[u8; 8]>(),
        ) {
            // Numbers may look like tags.
            let number = u64::from_le_bytes(bytes);
            let every = [
                Value::Null,
                Value::Bool(false),
                Value::Bool(true),
                Value::I64(number as i64),
                Value::U64(number),
                Value::F64(f64::from_bits(number & !(1 << 62))),
                Value::Str(&bytes),
                Value::Json(b"[]"),
            ];
            let values: Vec<_> = kinds.iter().map(|kind| every[*kind]).collect();
            let bytes = written(&record(b"", &[Section::Fields { keys: 1, values: &values }]), 1);
            let Some(Ok(SectionRef::Fields { values: read, .. })) = Frame::parse(&bytes).unwrap().sections().next() else {
                return Err(TestCaseError::fail("no fields"));
            };
            let is_text = |value: &Value<'_>| matches!(value, Value::Str(_) | Value::Json(_));
            let texts: Vec<_> = values.iter().copied().filter(is_text).collect();
            prop_assert_eq!(read.texts().collect::<Vec<_>>(), texts);
        }

        #[test]
        fn damaged_bytes_never_panic(
            message in proptest::collection::vec(any::<u8>(), 0..40),
            flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
        ) {
            let values = [Value::I64(1), Value::Str(b"abc"), Value::Json(b"{}")];
            let sections = [Section::Fields { keys: 3, values: &values }, Section::Stack(b"s")];
            let mut bytes = written(&record(&message, &sections), 7);
            for (at, with) in flips {
                let at = at % bytes.len();
                bytes[at] ^= with;
            }
            if let Ok(frame) = Frame::parse(&bytes) {
                for section in frame.sections() {
                    if let Ok(SectionRef::Fields { values, .. }) = section {
                        values.count();
                    }
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(frame) = Frame::parse(&bytes) {
                frame.sections().count();
            }
        }
    }
}
