//! Frames of any bytes: reading them never fails but by value, and what is read gives valid lines.

use metaexpert_log::config::{Format, Layout, Shape, View};
use metaexpert_log::encode::{Encoder, Include};
use metaexpert_log::frame::{Frame, InlineFields, Record, Section, SectionRef, Value, Values, expanded};
use metaexpert_log::ring::decoded::DecodedRecord;
use metaexpert_log::ring::dictionary::{Definition, DictionaryWriter};
use metaexpert_log::ring::lexicon::Lexicon;
use metaexpert_log::ring::{Consumer, MIN_CAPACITY, Producer, Ring};

use super::Input;
use super::strict::{assert_object_line, assert_one_line, is_fragment};

/// A pattern that shows all that a record has.
const EVERYTHING: &str = "%(asctime)s %(msecs)03d %(levelname)-8s %(levelno)d %(name)s %(process)d %(thread)d \
    %(threadName)s %(taskName)s %(pathname)s %(filename)s %(module)s %(lineno)d %(funcName)s %(created)f \
    %(relativeCreated)d %(message)s";

/// The place of the flag that says that some value is nested.
const FLAGS_OFFSET: usize = 6;

/// Names for frames to refer to, by the ids that a new dictionary gives.
pub struct Names {
    ends: (Producer, Consumer),
    /// Loggers, categories and key sets.
    pub ids: Vec<u32>,
}

impl Names {
    pub fn new() -> Names {
        let ends = Ring::create(MIN_CAPACITY).unwrap();
        let region = ends.0.ring().dictionary();
        let mut writer = DictionaryWriter::default();
        let mut ids = vec![
            writer.name(region, Definition::Logger, b"app").unwrap(),
            writer.name(region, Definition::Logger, b"\xff\"\n").unwrap(),
            writer.name(region, Definition::Category, b"trade").unwrap(),
        ];
        let sets: [&[&[u8]]; 6] = [
            &[b"price", b"side"],
            &[b"level", b"level_", b"price"],
            &[b"level"],
            &[b"seq", b"seq_", b"seq__", b"", b"caller"],
            &[b"\xff", b"\xfe", b"a\nb"],
            &[],
        ];
        ids.extend(sets.map(|keys| writer.keys(region, keys).unwrap()));
        Names { ends, ids }
    }
}

/// Reads `data` as a frame, and as the content of one whose header is sound, and encodes what is read.
pub fn check(names: &Names, data: &[u8]) {
    read(data);
    let mut input = Input::new(data);
    let first = input.u8();
    let (sections, has_nested) = (first % 8, first & 8 != 0);
    let id = |number: u8| names.ids.get(usize::from(number)).copied().unwrap_or(0);
    let (logger, category) = (id(input.u8()), id(input.u8()));
    let (level, seq, timestamp_ns) = (input.u32() as i32, input.u64(), input.u64() as i64);
    let message_len = usize::from(input.u8());
    let message = input.bytes(message_len);
    let mut content = vec![Section::Encoded(b""); usize::from(sections)];
    if let Some(first) = content.first_mut() {
        *first = Section::Encoded(input.rest());
    }
    let record = Record { level, logger, category, timestamp_ns, message, sections: &content };
    let mut frame = vec![0; record.frame_len()];
    record.write(&mut frame, seq);
    frame[FLAGS_OFFSET] = u8::from(has_nested);
    let mut room = Vec::new();
    let Ok(frame) = expanded(&frame, &mut room) else { return };
    let is_honest = read(frame);
    encode(names, frame, is_honest);
}

/// Reads everything that a frame in `bytes` has. Returns whether each JSON text in it is one.
fn read(bytes: &[u8]) -> bool {
    let Ok(frame) = Frame::parse(bytes) else { return false };
    frame.sections().map_while(Result::ok).all(|section| match section {
        SectionRef::Fields { values, .. } => all_honest(values),
        SectionRef::Inline(fields) => inline_honest(fields),
        _ => true,
    })
}

fn all_honest(values: Values<'_>) -> bool {
    values.fold(true, |is_honest, value| is_honest & honest(value))
}

fn inline_honest(fields: InlineFields<'_>) -> bool {
    fields.fold(true, |is_honest, (key, value)| is_honest & std::str::from_utf8(key).is_ok() & honest(value))
}

fn honest(value: Value<'_>) -> bool {
    match value {
        Value::Json(text) => is_fragment(text),
        _ => true,
    }
}

fn encode(names: &Names, frame: &[u8], is_honest: bool) {
    let dictionary = names.ends.1.ring().dictionary();
    let mut lexicon = Lexicon::default();
    for (mut encoder, is_json) in encoders() {
        let mut lines = [Vec::new(), Vec::new()];
        for line in &mut lines {
            let Ok(record) = DecodedRecord::decode(frame, dictionary, &mut lexicon) else { return };
            encoder.encode(&record, line);
        }
        assert_eq!(lines[0], lines[1], "what is remembered of names changes the line");
        match is_json {
            true if is_honest => assert_object_line(&lines[0]),
            true => assert_eq!(lines[0].last(), Some(&b'\n')),
            false => assert_one_line(&lines[0]),
        }
    }
}

fn encoders() -> Vec<(Encoder, bool)> {
    let everything = Include {
        run_id: Some("run".to_owned()),
        process_id: Some(7),
        thread_id: true,
        caller: true,
        ..Include::default()
    };
    let percent =
        Format::Percent { pattern: EVERYTHING.to_owned(), datefmt: Some("%Y %H:%M:%S %z".to_owned()) };
    let kinds = [
        (Format::Json, Layout::Flat),
        (Format::Json, Layout::Nested),
        (Format::Console { datefmt: None }, Layout::Flat),
        (Format::Text { datefmt: None }, Layout::Flat),
        (percent, Layout::Flat),
        (Format::Ecs, Layout::Flat),
        (Format::Gcp, Layout::Flat),
        (Format::Gcp, Layout::Nested),
        (Format::Otel, Layout::Flat),
        (Format::Logfmt, Layout::Flat),
    ];
    let view = View {
        time: Some("side".to_owned()),
        constant: vec!["price".to_owned()],
        loggers: vec!["app".to_owned()],
        event_field: Some("side".to_owned()),
        ..View::default()
    };
    let encoder = |(format, layout): &(Format, Layout)| {
        (
            Encoder::new(format, *layout, std::slice::from_ref(&view), &everything, false).unwrap(),
            format.shape() == Shape::Json,
        )
    };
    kinds.iter().map(encoder).collect()
}
