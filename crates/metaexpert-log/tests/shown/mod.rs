//! Records, and how an encoder shows them.

#![allow(dead_code, reason = "each program of tests takes what it needs")]

use jiff::tz::TimeZone;
use metaexpert_log::encode::console::ConsoleEncoder;
use metaexpert_log::encode::text::pattern::Pattern;
use metaexpert_log::encode::text::{Process, TextEncoder};
use metaexpert_log::frame::{NO_ID, Record, Section, Value};
use metaexpert_log::ring::decoded::DecodedRecord;
use metaexpert_log::ring::dictionary::DictionaryWriter;
use metaexpert_log::ring::lexicon::Lexicon;
use metaexpert_log::ring::{MIN_CAPACITY, Ring};

/// 2022-01-30 23:59:59.123456789 UTC.
pub const CREATED_NS: i64 = 1_643_587_199_123_456_789;

/// Hands `use_decoded` a record of `message` and `sections`, as it is decoded.
pub fn with_decoded<R>(
    level: i32,
    message: &[u8],
    sections: &[Section<'_>],
    use_decoded: impl FnOnce(&DecodedRecord<'_>) -> R,
) -> R {
    let record =
        Record { level, logger: NO_ID, category: NO_ID, timestamp_ns: CREATED_NS, message, sections };
    let mut frame = vec![0; record.frame_len()];
    record.write(&mut frame, 7);
    let (producer, _consumer) = Ring::create(MIN_CAPACITY).unwrap();
    let mut lexicon = Lexicon::default();
    let record = DecodedRecord::decode(&frame, producer.ring().dictionary(), &mut lexicon).unwrap();
    use_decoded(&record)
}

pub fn text(encoder: TextEncoder, level: i32, message: &[u8], sections: &[Section<'_>]) -> String {
    let started_ns = CREATED_NS - 1_500_250_000;
    let process = Process { id: 4711, name: "MainProcess".to_owned(), started_ns };
    let mut encoder = encoder.in_zone(TimeZone::UTC).for_process(process);
    let mut out = Vec::new();
    with_decoded(level, message, sections, |record| encoder.encode(record, &mut out));
    String::from_utf8(out).unwrap()
}

pub fn console(colour: bool, level: i32, message: &[u8], sections: &[Section<'_>]) -> String {
    let mut encoder = ConsoleEncoder::new(colour).in_zone(TimeZone::UTC);
    let mut out = Vec::new();
    with_decoded(level, message, sections, |record| encoder.encode(record, &mut out));
    String::from_utf8(out).unwrap()
}

/// The line of a record with fields from a context and a call's own, each with names in the dictionary, as
/// `encode` writes it; a set without names is left out.
pub fn line_of_sets(
    context: &[(&str, Value<'_>)],
    own: &[(&str, Value<'_>)],
    more: &[Section<'_>],
    mut encode: impl FnMut(&DecodedRecord<'_>, &mut Vec<u8>),
) -> String {
    let (producer, _consumer) = Ring::create(MIN_CAPACITY).unwrap();
    let mut dictionary = DictionaryWriter::default();
    let mut sets = Vec::new();
    for set in [context, own].into_iter().filter(|set| !set.is_empty()) {
        let names: Vec<&[u8]> = set.iter().map(|(name, _)| name.as_bytes()).collect();
        let values: Vec<Value<'_>> = set.iter().map(|(_, value)| *value).collect();
        sets.push((dictionary.keys(producer.ring().dictionary(), &names).unwrap(), values));
    }
    let fields = sets.iter().map(|(keys, values)| Section::Fields { keys: *keys, values });
    let sections: Vec<_> = more.iter().copied().chain(fields).collect();
    let record = Record {
        level: 20,
        logger: NO_ID,
        category: NO_ID,
        timestamp_ns: CREATED_NS,
        message: b"m",
        sections: &sections,
    };
    let mut frame = vec![0; record.frame_len()];
    record.write(&mut frame, 7);
    let mut lexicon = Lexicon::default();
    let record = DecodedRecord::decode(&frame, producer.ring().dictionary(), &mut lexicon).unwrap();
    let mut out = Vec::new();
    encode(&record, &mut out);
    String::from_utf8(out).unwrap()
}

pub fn format(pattern: &str, datefmt: Option<&str>) -> TextEncoder {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{error}"));
    TextEncoder::new(pattern, datefmt.map(str::to_owned))
}
