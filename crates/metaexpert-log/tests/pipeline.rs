//! The engine as its users see it: records in, lines in real files out.

use std::fs;
use std::path::{Path, PathBuf};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::driven::Driven;
use metaexpert_log::pipeline::{Pipeline, Refused, Surroundings};
use metaexpert_log::sink::Opener;
use metaexpert_log::stats::Loss;
use serde_json::{Value as Json, json};

/// A directory of its own for each test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("metaexpert-log-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn lines(&self, name: &str) -> Vec<Json> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn file(directory: &Path, name: &str) -> Json {
    let path = directory.join(format!("{name}.log"));
    json!({"name": name, "level": 0, "format": {"kind": "json"}, "destination": {"type": "file", "path": path}})
}

fn config(directory: &Path, sinks: Json) -> Config {
    let document = json!({
        "directory": directory, "sinks": sinks,
        "queue": {"capacity_bytes": 65536, "protect_level": 30, "wait_ms": 10},
        "limits": {"depth": 8, "items": 1000, "bytes": 65536},
    });
    Config::from_json(&document.to_string()).unwrap()
}

fn submit(pipeline: &mut Pipeline, level: i32, message: &str, category: u32) -> Result<(), Refused> {
    let logger = pipeline.logger_id(b"app.strategy").unwrap();
    let keys = pipeline.keys_id(&[b"price", b"level"]).unwrap();
    let values = [Value::F64(50000.5), Value::Str(b"top")];
    let sections = [Section::Fields { keys, values: &values }];
    let record =
        Record { level, logger, category, timestamp_ns: 1, message: message.as_bytes(), sections: &sections };
    pipeline.submit(&record, level >= 30)
}

fn finish(pipeline: Pipeline) {
    assert!(pipeline.stop().wait(None));
}

#[test]
fn records_arrive_in_order_with_their_fields() {
    let scratch = Scratch::new("order");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    for number in 0..100 {
        while submit(&mut pipeline, 20, &format!("n{number}"), 0).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
    assert!(pipeline.waiter().wait(None));
    let lines = scratch.lines("expert.log");
    assert_eq!(lines.len(), 100);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["message"], format!("n{number}"));
        assert_eq!(line["seq"], number + 1);
        assert_eq!((&line["price"], &line["level_"]), (&json!(50000.5), &json!("top")));
        assert_eq!((&line["level"], &line["module"]), (&json!("INFO"), &json!("app.strategy")));
    }
    let stats = pipeline.stats();
    assert_eq!((stats.written[1], stats.queued), (100, 0));
    finish(pipeline);
}

#[test]
fn a_backend_that_is_driven_by_hand_writes_when_it_is_told_to() {
    let scratch = Scratch::new("driven");
    let mut driven = Driven::start(&config(&scratch.0, json!([file(&scratch.0, "expert")])), "run").unwrap();
    submit(&mut driven.pipeline, 20, "first", 0).unwrap();
    assert!(scratch.lines("expert.log").is_empty());
    driven.catch_up();
    assert_eq!(scratch.lines("expert.log").len(), 1);
    submit(&mut driven.pipeline, 20, "second", 0).unwrap();
    driven.finish();
    let lines = scratch.lines("expert.log");
    assert_eq!(lines.iter().map(|line| &line["message"]).collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
fn lines_that_no_room_was_kept_for_are_whole() {
    let scratch = Scratch::new("long");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    // Each byte becomes six; the ring takes a quarter of its size at most.
    let texts = ["\u{1}".repeat(14_000), "é\"".repeat(3_000), "x".repeat(1_024), String::new()];
    for text in &texts {
        while submit(&mut pipeline, 30, text, 0).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
    finish(pipeline);
    let lines = scratch.lines("expert.log");
    assert_eq!(lines.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(), texts);
}

#[test]
fn levels_categories_and_loggers_choose_the_sinks() {
    let scratch = Scratch::new("routes");
    let with = |name: &str, key: &str, value: Json| {
        let mut sink = file(&scratch.0, name);
        sink[key] = value;
        sink
    };
    let sinks = json!([
        with("errors", "level", json!(40)),
        with("trades", "category", json!("trade")),
        with("quiet", "max_level", json!(20)),
        with("app", "loggers", json!(["app"])),
        with("other", "loggers", json!(["ap"])),
    ]);
    let mut pipeline = Pipeline::start(&config(&scratch.0, sinks), "run", 1, Opener::Configuration).unwrap();
    let trade = pipeline.category_id(b"trade").unwrap();
    submit(&mut pipeline, 20, "info", 0).unwrap();
    submit(&mut pipeline, 20, "fill", trade).unwrap();
    submit(&mut pipeline, 40, "bad", 0).unwrap();
    finish(pipeline);
    let messages = |name: &str| -> Vec<String> {
        scratch.lines(name).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(messages("errors.log"), ["bad"]);
    assert_eq!(messages("trades.log"), ["fill"]);
    assert_eq!(messages("quiet.log"), ["info", "fill"]);
    assert_eq!(messages("app.log"), ["info", "fill", "bad"]);
    assert_eq!(messages("other.log"), [""; 0]);
    assert_eq!(scratch.lines("trades.log")[0]["category"], "trade");
}

#[test]
fn a_new_configuration_takes_over_between_two_records() {
    let scratch = Scratch::new("switch");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "old")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    for number in 0..20 {
        submit(&mut pipeline, 20, &format!("before {number}"), 0).unwrap();
    }
    pipeline
        .reconfigure(&Surroundings::default(), &config(&scratch.0, json!([file(&scratch.0, "new")])), "run")
        .unwrap();
    for number in 0..20 {
        submit(&mut pipeline, 20, &format!("after {number}"), 0).unwrap();
    }
    finish(pipeline);
    let (old, new) = (scratch.lines("old.log"), scratch.lines("new.log"));
    assert_eq!((old.len(), new.len()), (20, 20));
    assert!(old.iter().all(|line| line["message"].as_str().unwrap().starts_with("before")));
}

#[test]
fn a_configuration_that_cannot_be_opened_changes_nothing() {
    let scratch = Scratch::new("refused");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "old")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    submit(&mut pipeline, 20, "before", 0).unwrap();
    assert!(pipeline.waiter().wait(None));
    let mut bad = file(&scratch.0, "bad");
    bad["destination"]["path"] = json!(scratch.0.join("old.log/impossible.log"));
    let problem = pipeline
        .reconfigure(
            &Surroundings::default(),
            &config(&scratch.0, json!([file(&scratch.0, "new"), bad])),
            "run",
        )
        .unwrap_err();
    assert!(problem.to_string().contains("old.log"), "{problem}");
    submit(&mut pipeline, 20, "still here", 0).unwrap();
    finish(pipeline);
    assert_eq!(scratch.lines("old.log").len(), 2);
}

#[test]
fn the_same_file_goes_on_under_a_new_configuration() {
    let scratch = Scratch::new("same");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    for round in 0..10 {
        submit(&mut pipeline, 20, &format!("round {round}"), 0).unwrap();
        pipeline
            .reconfigure(
                &Surroundings::default(),
                &config(&scratch.0, json!([file(&scratch.0, "expert")])),
                "run",
            )
            .unwrap();
    }
    finish(pipeline);
    assert_eq!(scratch.lines("expert.log").len(), 10);
}

#[test]
fn rotation_keeps_every_line_and_the_sizes() {
    let scratch = Scratch::new("rotate");
    let mut sink = file(&scratch.0, "expert");
    sink["destination"]["max_size"] = json!(4096);
    sink["destination"]["backup_count"] = json!(50);
    let mut pipeline =
        Pipeline::start(&config(&scratch.0, json!([sink])), "run", 1, Opener::Configuration).unwrap();
    for number in 0..500 {
        while submit(&mut pipeline, 30, &format!("n{number}"), 0).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
    finish(pipeline);
    let mut seen = Vec::new();
    for number in (1..=50).rev() {
        let name = format!("expert.log.{number}");
        assert!(fs::metadata(scratch.0.join(&name)).map_or(0, |file| file.len()) <= 4096);
        seen.extend(scratch.lines(&name));
    }
    seen.extend(scratch.lines("expert.log"));
    assert_eq!(seen.len(), 500);
    assert!(seen.iter().enumerate().all(|(number, line)| line["message"] == format!("n{number}")));
}

#[test]
fn every_lost_record_is_counted_and_told() {
    let scratch = Scratch::new("gap");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    let text = "x".repeat(2000);
    let mut refused = 0u64;
    for _ in 0..5000 {
        if submit(&mut pipeline, 10, &text, 0).is_err() {
            pipeline.give_up(10, Loss::QueueFull);
            refused += 1;
        }
    }
    let stats = pipeline.stats();
    assert_eq!(stats.dropped[Loss::QueueFull as usize][0], refused);
    finish(pipeline);
    let lines = scratch.lines("expert.log");
    let told: u64 = lines.iter().filter_map(|line| line["dropped"].as_u64()).sum();
    assert_eq!(told, refused);
    assert_eq!(lines.iter().filter(|line| line["event_name"].is_null()).count() as u64, 5000 - refused);
    assert!(lines.windows(2).all(|pair| {
        let (before, after) = (pair[0]["seq"].as_u64().unwrap(), pair[1]["seq"].as_u64().unwrap());
        after == before + 1 || after == before + 1 + pair[1]["dropped"].as_u64().unwrap()
    }));
}

#[test]
fn a_gap_tells_the_reason_of_each_loss_in_it() {
    let scratch = Scratch::new("why");
    let config = config(&scratch.0, json!([file(&scratch.0, "expert")]));
    let mut pipeline = Pipeline::start(&config, "run", 1, Opener::Configuration).unwrap();
    pipeline.give_up(20, Loss::TooLarge);
    assert!(pipeline.report_gap());
    pipeline.give_up(20, Loss::QueueFull);
    pipeline.give_up(20, Loss::Internal);
    assert!(pipeline.report_gap());
    finish(pipeline);
    let told = scratch.lines("expert.log");
    assert_eq!(told[0]["message"], "1 record was lost because the queue takes none so large");
    assert_eq!(
        told[1]["message"],
        "2 records were lost because the queue was full, or an error inside the library, told on standard error, \
         kept them out"
    );
}

#[test]
fn a_record_larger_than_a_frame_is_refused() {
    let scratch = Scratch::new("large");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    assert_eq!(submit(&mut pipeline, 20, &"x".repeat(1 << 20), 0), Err(Refused::TooLarge));
    finish(pipeline);
}

#[test]
fn a_field_of_the_call_replaces_the_same_field_of_the_context() {
    let scratch = Scratch::new("replace");
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    let logger = pipeline.logger_id(b"app").unwrap();
    let context = pipeline.keys_id(&[b"symbol", b"side"]).unwrap();
    let own = pipeline.keys_id(&[b"side", b"qty"]).unwrap();
    let bound =
        Section::Fields { keys: context, values: &[Value::Str(b"BTC"), Value::Str(b"BUY")] }.to_bytes();
    let sections = [
        Section::Encoded(&bound),
        Section::Fields { keys: own, values: &[Value::Str(b"SELL"), Value::I64(-3)] },
    ];
    let record =
        Record { level: 20, logger, category: 0, timestamp_ns: 1, message: b"m", sections: &sections };
    pipeline.submit(&record, false).unwrap();
    finish(pipeline);
    let text = fs::read_to_string(scratch.0.join("expert.log")).unwrap();
    assert!(text.contains(r#""symbol":"BTC","side":"SELL","qty":-3"#), "{text}");
    assert_eq!(text.matches("side").count(), 1);
}

#[test]
fn a_pipe_without_a_reader_is_refused_and_does_not_hang() {
    let scratch = Scratch::new("fifo");
    let path = scratch.0.join("expert.log");
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: a valid, terminated path.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    assert!(
        Pipeline::start(
            &config(&scratch.0, json!([file(&scratch.0, "expert")])),
            "run",
            1,
            Opener::Configuration
        )
        .is_err()
    );
}

#[test]
fn a_sink_that_takes_nothing_holds_its_lines_until_it_does() {
    let scratch = Scratch::new("stalled");
    let path = scratch.0.join("expert.log");
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: a valid, terminated path.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    // Open for reading and writing: the pipe is there, and nobody reads it yet.
    let mut reader = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut pipeline = Pipeline::start(
        &config(&scratch.0, json!([file(&scratch.0, "expert")])),
        "run",
        1,
        Opener::Configuration,
    )
    .unwrap();
    let text = "x".repeat(1000);
    for _ in 0..200 {
        while submit(&mut pipeline, 30, &text, 0).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
    assert!(!pipeline.waiter().wait(Some(std::time::Duration::from_millis(1))));
    let taking = std::thread::spawn(move || {
        let mut lines = 0;
        let mut buffer = [0; 4096];
        while lines < 200 {
            let count = std::io::Read::read(&mut reader, &mut buffer).unwrap();
            lines += buffer[..count].iter().filter(|byte| **byte == b'\n').count();
        }
        lines
    });
    assert!(pipeline.waiter().wait(None));
    assert_eq!(taking.join().unwrap(), 200);
    assert_eq!(pipeline.stats().written.iter().sum::<u64>(), 200);
    finish(pipeline);
}

#[test]
fn a_slow_disk_is_waited_for_and_a_failing_one_is_not() {
    use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
    let scratch = Scratch::new("durable");
    let mut sink = file(&scratch.0, "expert");
    sink["destination"]["sync"] = json!("always");
    let disk = FaultyDisk::new();
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    let mut pipeline =
        Pipeline::start_in(&surroundings, &config(&scratch.0, json!([sink])), "run", 1).unwrap();
    let patience = std::time::Duration::from_millis(5);
    disk.stall(0, &[Operation::Sync]);
    submit(&mut pipeline, 20, "slow", 0).unwrap();
    let (waiter, slow) = (pipeline.waiter(), disk.clone());
    let waiting = std::thread::spawn(move || waiter.wait_for_disk(patience));
    disk.wait_stalled();
    assert!(!pipeline.waiter().wait(Some(patience * 4)));
    assert!(!waiting.is_finished(), "the call has returned without the disk's word");
    slow.release();
    assert!(waiting.join().unwrap());
    disk.fail_from(0, &[Operation::Sync], libc::EIO);
    submit(&mut pipeline, 20, "failing", 0).unwrap();
    assert!(!pipeline.waiter().wait_for_disk(patience));
    disk.heal();
    assert!(pipeline.waiter().wait(None));
    finish(pipeline);
    assert_eq!(scratch.lines("expert.log").len(), 2);
}
