//! A pipeline with a destination on the network, and destinations for it.

#![allow(dead_code)] // each test file needs some of it

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::sink::SinkReport;
use serde_json::{Value as Json, json};

pub const PATIENCE: Duration = Duration::from_secs(30);

/// A directory of its own for each test, removed at its end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("metaexpert-net-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn remote(kind: &str, endpoint: Json) -> Json {
    let format =
        if kind == "syslog" { json!({"kind": "syslog", "app_name": "bot"}) } else { json!({"kind": "json"}) };
    json!({"name": "remote", "level": 0, "format": format, "destination": {"type": kind, "endpoint": endpoint}})
}

pub fn tcp(port: u16) -> Json {
    json!({"transport": "tcp", "host": "127.0.0.1", "port": port})
}

/// A pipeline with a file beside the network destination.
pub fn start(directory: &Path, remote: Json, capacity_bytes: usize) -> Pipeline {
    let file = json!({"name": "file", "level": 0, "format": {"kind": "json"},
                      "destination": {"type": "file", "path": directory.join("expert.log")}});
    let document = json!({
        "directory": directory, "sinks": [remote, file],
        "queue": {"capacity_bytes": capacity_bytes, "protect_level": 30, "wait_ms": 10},
        "limits": {"depth": 8, "items": 1000, "bytes": 1 << 20},
    });
    Pipeline::start(
        &Config::from_json(&document.to_string()).unwrap(),
        "run",
        1,
        metaexpert_log::sink::Opener::Configuration,
    )
    .unwrap()
}

pub fn log(pipeline: &mut Pipeline, number: usize, padding: usize) {
    let logger = pipeline.logger_id(b"app").unwrap();
    let keys = pipeline.keys_id(&[b"n", b"padding"]).unwrap();
    let text = "x".repeat(padding);
    let values = [Value::U64(number as u64), Value::Str(text.as_bytes())];
    let sections = [Section::Fields { keys, values: &values }];
    let record =
        Record { level: 20, logger, category: 0, timestamp_ns: 1, message: b"tick", sections: &sections };
    while pipeline.submit(&record, false).is_err() {
        pipeline.waiter().wait_for_room();
    }
}

/// The report of the network destination, once `is_so`.
pub fn eventually(pipeline: &Pipeline, is_so: impl Fn(&SinkReport) -> bool) -> SinkReport {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let report = pipeline.sinks().into_iter().find(|sink| sink.name == "remote").unwrap();
        if is_so(&report) {
            return report;
        }
        assert!(Instant::now() < deadline, "{report:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The number in a line, which must be whole.
pub fn number(line: &str) -> usize {
    let record: Json = serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line:?}"));
    record["n"].as_u64().unwrap() as usize
}

/// Reads lines up to that of `last`, and returns their numbers.
pub fn read_to(reader: &mut impl BufRead, last: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut line = String::new();
    while numbers.last() != Some(&last) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "ended after {:?}", numbers.last());
        numbers.push(number(&line));
    }
    numbers
}

pub fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

pub fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Listens on a port that was used a moment ago.
pub fn listen_again(port: u16) -> TcpListener {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return listener,
            Err(problem) => assert!(Instant::now() < deadline, "{problem}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

pub fn file_lines(directory: &Path) -> usize {
    fs::read_to_string(directory.join("expert.log")).unwrap().lines().count()
}
