//! The formats of other systems: where a record's parts are, and that nothing breaks a line.

mod shown;

use metaexpert_log::config::{Format, Layout};
use metaexpert_log::encode::{Encoder, Include};
use metaexpert_log::frame::{Section, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use shown::with_decoded;

const EXCEPTION: Section<'_> = Section::Exception {
    kind: b"ValueError",
    message: b"bad",
    stacktrace: b"Traceback\n  x\nValueError: bad",
};

fn included() -> Include {
    Include { run_id: Some("r1".to_owned()), process_id: Some(7), ..Include::default() }
}

fn line_in(format: &Format, layout: Layout, message: &str, sections: &[Section<'_>]) -> String {
    let mut encoder = Encoder::new(format, layout, &[], &included(), false).unwrap();
    let mut out = Vec::new();
    with_decoded(40, message.as_bytes(), sections, |record| encoder.encode(record, &mut out));
    String::from_utf8(out).unwrap()
}

fn object_in(format: &Format, fields: &[(&[u8], Value<'_>)]) -> Json {
    let sections = [Section::Category(b"trade"), Section::Inline(fields), EXCEPTION];
    serde_json::from_str(&line_in(format, Layout::Flat, "Filled", &sections)).unwrap()
}

#[test]
fn a_field_never_collides_with_the_elastic_common_schema() {
    let record = object_in(&Format::Ecs, &[(b"host", Value::Str(b"x")), (b"n", Value::U64(u64::MAX))]);

    assert_eq!(record["@timestamp"], "2022-01-30T23:59:59.123456789Z");
    assert_eq!(record["log.level"], "ERROR");
    assert_eq!(record["error"]["type"], "ValueError");
    assert_eq!(record["event"], json!({"sequence": 7}));
    assert_eq!(record["tags"], json!(["trade"]));
    assert_eq!(record["process"], json!({"pid": 7}));
    let fields = json!({"host": "x", "n": "18446744073709551615"});
    assert_eq!(record["metaexpert"], json!({"run_id": "r1", "fields": fields}));
}

#[test]
fn cloud_logging_gets_its_severity_and_numbers_that_doubles_have() {
    let record = object_in(
        &Format::Gcp,
        &[
            (b"message", Value::Str(b"mine")),
            (b"exact", Value::Json(br#"{"id":[9007199254740993,1]}"#)),
            (b"trace_id", Value::Str(b"4bf92f3577b34da6a3ce929d0e0e4736")),
        ],
    );

    assert_eq!(record["severity"], "ERROR");
    assert_eq!((&record["message"], &record["message_"]), (&json!("Filled"), &json!("mine")));
    assert_eq!(record["exact"], json!({"id": ["9007199254740993", 1]}));
    assert_eq!(record["stack_trace"], "Traceback\n  x\nValueError: bad");
    assert_eq!(record["logging.googleapis.com/labels"], json!({"run_id": "r1", "process_id": "7"}));
    assert_eq!(record["logging.googleapis.com/trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn otlp_types_every_value_and_writes_64_bits_as_strings() {
    let nested = Value::Json(br#"{"a":[1,2.5,null,"x",true,18446744073709551615]}"#);
    let fields: [(&[u8], Value<'_>); 3] =
        [(b"n", Value::I64(-5)), (b"deep", nested), (b"nan", Value::F64(f64::NAN))];
    let request = object_in(&Format::Otel, &fields);
    let record = &request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];

    assert_eq!(record["timeUnixNano"], "1643587199123456789");
    assert_eq!(record["severityNumber"], 17);
    assert_eq!(record["body"], json!({"stringValue": "Filled"}));
    let value = |name: &str| {
        let attributes = record["attributes"].as_array().unwrap();
        attributes.iter().find(|each| each["key"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("n"), json!({"intValue": "-5"}));
    assert_eq!(value("nan"), json!({"doubleValue": "NaN"}));
    let items = json!([{"intValue": "1"}, {"doubleValue": 2.5}, {}, {"stringValue": "x"}, {"boolValue": true},
        {"stringValue": "18446744073709551615"}]);
    let deep = json!({"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": items}}}]}});
    assert_eq!(value("deep"), deep);
    assert_eq!(value("exception.type"), json!({"stringValue": "ValueError"}));
}

#[test]
fn logfmt_flattens_mappings_and_keeps_keys_apart() {
    let fields: [(&[u8], Value<'_>); 5] = [
        (b"a", Value::Json(br#"{"b":{"c":1},"d":"x y","e":[1,2]}"#)),
        (b"a.d", Value::Str(b"again")),
        (b"level", Value::Str(b"mine")),
        (b"a key=\"\n", Value::Bool(true)),
        (b"", Value::Null),
    ];
    let sections = [Section::Inline(&fields)];

    assert_eq!(
        line_in(&Format::Logfmt, Layout::Flat, "hi there", &sections),
        "timestamp=2022-01-30T23:59:59.123456789Z level=ERROR module=\"\" message=\"hi there\" a.b.c=1 \
         a.d=\"x y\" a.e=[1,2] a.d_=again level_=mine a_key___=true _=null seq=7 run_id=r1 process_id=7\n"
    );
    let nested = line_in(&Format::Logfmt, Layout::Nested, "m", &sections);
    assert!(nested.contains(" context.a.b.c=1 ") && nested.contains(" context.level=mine "), "{nested}");
}

/// Reads a line as strictly as go-logfmt does: keys without spaces, quotes and equals signs; values bare or
/// quoted as in JSON. Panics on anything else.
fn parsed(line: &str) -> Vec<(String, String)> {
    let mut rest = line.strip_suffix('\n').unwrap();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').unwrap();
        assert!(!key.is_empty() && !key.contains([' ', '"']) && !key.contains(char::is_control), "{key:?}");
        let (value, after) = if after.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
            (values.next().unwrap().unwrap(), &after[values.byte_offset()..])
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            assert!(!after[..end].contains(['"', '=']), "{after:?}");
            (after[..end].to_owned(), &after[end..])
        };
        pairs.push((key.to_owned(), value));
        rest = if after.is_empty() { after } else { after.strip_prefix(' ').unwrap() };
    }
    pairs
}

proptest! {
    #[test]
    fn any_record_is_one_line_that_reads_back(
        message in any::<String>(),
        names in proptest::collection::hash_set(any::<String>(), 0..4),
        text in any::<String>(),
    ) {
        let json = serde_json::to_vec(&json!({&text: [&text, {"deep": &message}], "n": u64::MAX})).unwrap();
        let values = [Value::Str(text.as_bytes()), Value::Json(&json), Value::F64(0.1)];
        let fields: Vec<(&[u8], Value<'_>)> =
            names.iter().zip(values.iter().cycle()).map(|(name, value)| (name.as_bytes(), *value)).collect();
        let sections = [Section::Inline(&fields), EXCEPTION];
        for format in [Format::Ecs, Format::Gcp, Format::Otel] {
            let line = line_in(&format, Layout::Flat, &message, &sections);
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            let object: Json = serde_json::from_str(&line).unwrap();
            let record = &object["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
            let is_otlp = format == Format::Otel;
            let told = if is_otlp { &record["body"]["stringValue"] } else { &object["message"] };
            prop_assert_eq!(told, &json!(message));
        }
        let pairs = parsed(&line_in(&Format::Logfmt, Layout::Flat, &message, &sections));
        prop_assert_eq!(&pairs[3], &("message".to_owned(), message.clone()));
        let keys: std::collections::HashSet<_> = pairs.iter().map(|(key, _)| key).collect();
        prop_assert_eq!(keys.len(), pairs.len());
    }
}
