//! The backend's work for a record, alone: `backend DIRECTORY [ROUNDS]` fills a ring with the benchmarks'
//! trade record and drains it into `DIRECTORY/expert.log`, beside the default handlers for trade records and
//! errors, ROUNDS times.
//!
//! `benchmarks/instructions.py` counts the instructions of [`measured`], which handles `RECORDS` per round; a
//! run by hand prints the time.

use std::path::Path;
use std::time::{Duration, Instant};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::driven::Driven;
use serde_json::json;

const RECORDS: u64 = 50_000;
/// The first call was then; one follows each 250 ns.
const BEGIN_NS: i64 = 1_767_225_600_000_000_000;

fn config(directory: &Path) -> Config {
    let sink = |name: &str, level: i32| {
        let path = directory.join(format!("{name}.log"));
        json!({"name": name, "level": level, "format": {"kind": "json"},
               "destination": {"type": "file", "path": path}})
    };
    let mut trades = sink("trades", 0);
    trades["category"] = json!("trade");
    let document = json!({
        "directory": directory,
        "sinks": [sink("expert", 0), trades, sink("errors", 40)],
        "queue": {"capacity_bytes": 8 << 20, "protect_level": 0, "wait_ms": 0, "crash_safe": false},
        "limits": {"depth": 8, "items": 1000, "bytes": 65536},
    });
    Config::from_json(&document.to_string()).expect("the document is one of this version")
}

fn submit(driven: &mut Driven, count: u64) {
    let pipeline = &mut driven.pipeline;
    let logger = pipeline.logger_id(b"bench").expect("the dictionary has room");
    let names: [&[u8]; 5] = [b"symbol", b"side", b"price", b"qty", b"order_id"];
    let keys = pipeline.keys_id(&names).expect("the dictionary has room");
    for _ in 0..count {
        let number = pipeline.seq() as i64;
        let values = [
            Value::Str(b"BTCUSDT"),
            Value::Str(b"BUY"),
            Value::F64(50000.5),
            Value::F64(0.1),
            Value::I64(number),
        ];
        let sections = [Section::Fields { keys, values: &values }];
        let timestamp_ns = BEGIN_NS + number * 250;
        let record = Record {
            level: 20,
            logger,
            category: 0,
            timestamp_ns,
            message: b"Order filled",
            sections: &sections,
        };
        pipeline.submit(&record, true).expect("the ring has room");
    }
}

/// Counted by its name.
#[inline(never)]
fn measured(driven: &mut Driven) {
    driven.catch_up();
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("usage: backend DIRECTORY [ROUNDS]");
    let rounds: u32 = arguments.next().map_or(1, |text| text.parse().expect("ROUNDS is a number"));
    let mut driven =
        Driven::start(&config(Path::new(&directory)), "run").expect("the directory can be written");
    // What is remembered from record to record is met before the count begins.
    submit(&mut driven, 10);
    driven.catch_up();
    let mut time = Duration::ZERO;
    for _ in 0..rounds {
        submit(&mut driven, RECORDS);
        let begun = Instant::now();
        measured(&mut driven);
        time += begun.elapsed();
    }
    driven.finish();
    println!("{} ns/record", time.as_nanos() as f64 / (f64::from(rounds) * RECORDS as f64));
}
