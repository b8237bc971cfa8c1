//! Conditions of sinks: a sink gets the records for which its condition holds, whatever its format, whatever
//! happens to its destination, and nobody else gets fewer.

mod whole;

use std::fs;
use std::time::Duration;

use metaexpert_log::condition::Condition;
use metaexpert_log::config::Layout;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whole::{Scratch, assert_balanced, config, file, insist, offer, wait_until};

const PROMPTLY: Option<Duration> = Some(Duration::from_secs(20));

fn start(scratch: &Scratch, surroundings: &Surroundings, sinks: Json) -> Pipeline {
    Pipeline::start_in(surroundings, &config(scratch, sinks), "run", 1).unwrap()
}

fn in_memory() -> Surroundings {
    Surroundings { store: None, ..Surroundings::default() }
}

/// Logs a record with these fields, with the message `n`.
fn log(pipeline: &mut Pipeline, level: i32, fields: &[(&str, Value<'_>)]) {
    let logger = pipeline.logger_id(b"app.strategy").unwrap();
    let names: Vec<&[u8]> = fields.iter().map(|(name, _)| name.as_bytes()).collect();
    let values: Vec<Value<'_>> = fields.iter().map(|(_, value)| *value).collect();
    let keys = pipeline.keys_id(&names).unwrap();
    let sections = [Section::Fields { keys, values: &values }];
    let record = Record { level, logger, category: 0, timestamp_ns: 1, message: b"n", sections: &sections };
    while pipeline.submit(&record, true).is_err() {
        pipeline.waiter().wait_for_room();
    }
}

fn finish(pipeline: Pipeline) {
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert_balanced(&pipeline);
    assert!(pipeline.stop().wait(PROMPTLY));
}

fn lines(scratch: &Scratch, name: &str) -> Vec<String> {
    let text = fs::read_to_string(scratch.logs().join(format!("{name}.log"))).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_format_gets_the_records_that_its_sink_wants() {
    let scratch = Scratch::new();
    let percent = json!({"kind": "percent", "pattern": "%(message)s"});
    let mut pipeline = start(
        &scratch,
        &in_memory(),
        json!([
            file(&scratch, "all", json!({})),
            file(&scratch, "dear", json!({"where": "price > 100"})),
            file(&scratch, "dear_again", json!({"where": "price>100"})),
            file(&scratch, "dear_text", json!({"where": "price > 100", "format": percent})),
            file(&scratch, "bad_and_dear", json!({"where": "price > 100", "level": 40})),
            file(&scratch, "none", json!({"where": "price > 1000"})),
        ]),
    );
    for (level, price) in [(20, 99.0), (20, 100.5), (40, 1.0), (40, 200.0)] {
        log(&mut pipeline, level, &[("price", Value::F64(price))]);
    }
    let counters = pipeline.stats();
    assert_eq!(counters.logged.iter().sum::<u64>(), 4);
    finish(pipeline);
    let all = lines(&scratch, "all");
    assert_eq!(all.len(), 4);
    let dear = [all[1].clone(), all[3].clone()];
    assert_eq!((lines(&scratch, "dear"), lines(&scratch, "dear_again")), (dear.to_vec(), dear.to_vec()));
    assert_eq!(lines(&scratch, "dear_text"), ["n", "n"]);
    assert_eq!(lines(&scratch, "bad_and_dear"), [all[3].clone()]);
    assert_eq!(lines(&scratch, "none"), [""; 0]);
}

#[test]
fn a_condition_sees_what_a_file_would_show() {
    let scratch = Scratch::new();
    let with = |name: &str, text: &str| file(&scratch, name, json!({"where": text}));
    let mut config = config(
        &scratch,
        json!([
            with("masked", "password = '***'"),
            with("secret", "password = hunter2"),
            with("nested", "context.side = BUY"),
            with("flat", "side = BUY"),
            with("run", "run_id = run and seq = 1"),
        ]),
    );
    config.include.push(metaexpert_log::config::IncludeKey::RunId);
    config.field_layout = Layout::Nested;
    for sink in &mut config.sinks {
        sink.condition = sink.condition.take().map(|text| text.replace("password", "context.password"));
    }
    let mut pipeline = Pipeline::start_in(&in_memory(), &config, "run", 1).unwrap();
    log(&mut pipeline, 20, &[("side", Value::Str(b"BUY")), ("password", Value::Str(b"hunter2"))]);
    finish(pipeline);
    let counts = ["masked", "secret", "nested", "flat", "run"].map(|name| lines(&scratch, name).len());
    assert_eq!(counts, [1, 0, 1, 0, 1]);
}

#[test]
fn a_file_that_failed_gets_what_it_wants_and_tells_its_own_losses_whatever_it_wants() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    let sinks = json!([file(&scratch, "chosen", json!({"where": "message ~ /^kept/"}))]);
    let mut pipeline = start(&scratch, &surroundings, sinks);
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    for number in 0..5 {
        insist(&mut pipeline, 20, &format!("kept {number}"));
        insist(&mut pipeline, 20, &format!("left out {number}"));
    }
    wait_until(|| pipeline.sinks()[0].problem.is_some());
    // Much more than a file that fails may keep.
    for number in 0..2000 {
        offer(&mut pipeline, 20, &format!("{} {}", ["kept", "left out"][number % 2], "x".repeat(400)));
    }
    disk.heal();
    assert!(pipeline.waiter().wait(PROMPTLY), "{:?}", pipeline.sinks());
    insist(&mut pipeline, 20, "kept at last");
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert!(pipeline.stop().wait(PROMPTLY));
    let records = scratch.records("chosen");
    let (own, notices): (Vec<_>, Vec<_>) = records.iter().partition(|record| record["event_name"].is_null());
    assert!(own.iter().all(|record| record["message"].as_str().unwrap().starts_with("kept")));
    assert_eq!(own.last().unwrap()["message"], "kept at last");
    assert!(notices.iter().any(|notice| notice["message"].as_str().unwrap().contains("could not write")));
}

#[test]
fn a_change_of_the_condition_concerns_the_records_after_it() {
    let scratch = Scratch::new();
    let with = |condition: Json| json!([file(&scratch, "chosen", json!({"where": condition}))]);
    let mut pipeline = start(&scratch, &in_memory(), with(json!("message = a")));
    for (message, condition) in [("a", Json::Null), ("b", json!("message = b")), ("a", json!("x exists"))] {
        insist(&mut pipeline, 20, message);
        insist(&mut pipeline, 20, "a");
        let next = config(&scratch, with(condition));
        pipeline.reconfigure(&in_memory(), &next, "run").unwrap();
    }
    insist(&mut pipeline, 20, "a");
    finish(pipeline);
    assert_eq!(scratch.messages("chosen"), ["a", "a", "b", "a"]);
}

#[test]
fn a_condition_that_cannot_be_read_is_refused_and_nothing_changes() {
    let scratch = Scratch::new();
    let with = |text: &str| config(&scratch, json!([file(&scratch, "chosen", json!({"where": text}))]));
    let refused =
        Pipeline::start_in(&in_memory(), &with("price == 100"), "run", 1).err().unwrap().to_string();
    assert!(refused.contains("handlers.chosen.filter.where: == is no operator; write ="), "{refused}");
    let mut pipeline = Pipeline::start_in(&in_memory(), &with("message = a"), "run", 1).unwrap();
    let refused = pipeline.reconfigure(&in_memory(), &with("timestamp > 10m"), "run").unwrap_err();
    assert!(refused.to_string().contains("would be counted back from now"), "{refused}");
    insist(&mut pipeline, 20, "b");
    insist(&mut pipeline, 20, "a");
    finish(pipeline);
    assert_eq!(scratch.messages("chosen"), ["a"]);
}

const CONDITIONS: [&str; 12] = [
    "price > 100",
    "price in (100, 0.5) or symbol = BTCUSDT",
    "not price exists",
    "symbol ~ /^B/ and level >= warning",
    "level = info",
    "qty > 0.1",
    "nested.deep.leg = 2",
    "symbol != BTCUSDT",
    "due < 2026-12-01",
    "seq < 10",
    "exception exists or price = null",
    "message = n and module = app.strategy",
];

fn values() -> impl Strategy<Value = Vec<(&'static str, Value<'static>)>> {
    let price = prop_oneof![
        Just(Value::Null),
        Just(Value::F64(100.0)),
        Just(Value::I64(101)),
        Just(Value::Str(b"0.50")),
        Just(Value::Str(b"100.0000000000000000001")),
    ];
    let symbol =
        prop_oneof![Just(Value::Str(b"BTCUSDT")), Just(Value::Str(b"\"B\n")), Just(Value::Bool(true))];
    let nested = prop_oneof![Just(Value::Json(br#"{"deep":{"leg":2}}"#)), Just(Value::Json(b"[]"))];
    let due = prop_oneof![Just(Value::Str(b"2026-11-30T23:59:59.9Z")), Just(Value::Str(b"2026-12-01"))];
    let fields = (
        prop::option::of(price.prop_map(|value| ("price", value))),
        prop::option::of(symbol.prop_map(|value| ("symbol", value))),
        prop::option::of(nested.prop_map(|value| ("nested", value))),
        prop::option::of(due.prop_map(|value| ("due", value))),
    );
    fields
        .prop_map(|(price, symbol, nested, due)| [price, symbol, nested, due].into_iter().flatten().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_a_condition_has_the_lines_of_one_without_for_which_it_holds(
        records in prop::collection::vec((prop::sample::select(&[10, 20, 30, 40, 25][..]), values()), 1..40),
    ) {
        let scratch = Scratch::new();
        let mut sinks = vec![file(&scratch, "all", json!({}))];
        for (index, text) in CONDITIONS.iter().enumerate() {
            sinks.push(file(&scratch, &format!("chosen{index}"), json!({"where": text})));
        }
        let mut pipeline = start(&scratch, &in_memory(), json!(sinks));
        for (level, fields) in &records {
            log(&mut pipeline, *level, fields);
        }
        finish(pipeline);
        let all = lines(&scratch, "all");
        prop_assert_eq!(all.len(), records.len());
        for (index, text) in CONDITIONS.iter().enumerate() {
            let condition = Condition::lasting(text).unwrap();
            let mut wanted = all.clone();
            wanted.retain(|line| condition.holds(line.as_bytes()));
            prop_assert_eq!(lines(&scratch, &format!("chosen{index}")), wanted, "{}", text);
        }
    }
}
