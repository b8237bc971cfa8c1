//! Common parts of the tests of whole pipelines.
#![allow(dead_code)] // No test program uses all of it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::{Pipeline, Refused, Surroundings};
use metaexpert_log::platform::disk::{Disk, SystemDisk};
use metaexpert_log::recovery::{self, Report};
use metaexpert_log::ring::store::{Store, key};
use metaexpert_log::sink::trouble::TroubleLog;
use metaexpert_log::stats::Loss;
use serde_json::{Value as Json, json};

/// A directory of its own for each test, with `logs` and `rings` in it, removed at its end.
pub struct Scratch {
    root: PathBuf,
    keep: bool,
}

impl Scratch {
    pub fn new() -> Scratch {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("metaexpert-whole-{}-{serial}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let scratch = Scratch { root, keep: false };
        fs::create_dir_all(scratch.logs()).unwrap();
        scratch
    }

    /// The directory of another process's test.
    pub fn of(root: &Path) -> Scratch {
        Scratch { root: root.to_owned(), keep: true }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub fn store(&self) -> Store {
        Store::at(self.root.join("rings"))
    }

    pub fn on(&self, disk: Arc<dyn Disk>) -> Surroundings {
        Surroundings { disk, store: Some(self.store()) }
    }

    pub fn surroundings(&self) -> Surroundings {
        self.on(Arc::new(SystemDisk))
    }

    pub fn recover(&self) -> Report {
        recovery::recover(&self.surroundings(), &self.logs(), &[], &mut TroubleLog::new(self.logs()))
    }

    /// The only ring there is.
    pub fn ring(&self) -> PathBuf {
        let rings = self.store().rings().unwrap();
        assert_eq!(rings.len(), 1, "{rings:?}");
        rings[0].clone()
    }

    /// Where a ring would lie that lies elsewhere under `name`, which begins with that of its log directory.
    pub fn place_of(&self, name: &str) -> PathBuf {
        let (_, rest) = name.split_once('-').unwrap();
        self.root.join("rings").join(format!("{}-{rest}", key(&self.logs())))
    }

    /// The records of a file and its backups, oldest first; each must be a whole line of strict JSON.
    pub fn records(&self, name: &str) -> Vec<Json> {
        let path = self.logs().join(format!("{name}.log"));
        let mut records = Vec::new();
        for path in metaexpert_log::sink::chain(&SystemDisk, &path).iter().rev() {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.is_empty() || text.ends_with('\n'), "{}: torn: {text:?}", path.display());
            records.extend(text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()));
        }
        records
    }

    /// The program's own messages among them.
    pub fn messages(&self, name: &str) -> Vec<String> {
        let records = self.records(name);
        let own = records.iter().filter(|record| record["event_name"].is_null());
        own.map(|record| record["message"].as_str().unwrap().to_owned()).collect()
    }

    /// What `logging_errors.log` says.
    pub fn troubles(&self) -> String {
        fs::read_to_string(self.logs().join("logging_errors.log")).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep && !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Makes a ring's directory, with the mode that such have.
pub fn make_own(path: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).unwrap();
}

/// Writes one of a ring's files, with the mode that such have.
pub fn write_own(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A JSON file for everything.
pub fn file(scratch: &Scratch, name: &str, options: Json) -> Json {
    let path = scratch.logs().join(format!("{name}.log"));
    let mut document = json!({"name": name, "level": 0, "format": {"kind": "json"},
           "destination": {"type": "file", "path": path}});
    for (key, value) in options.as_object().unwrap() {
        let is_every_sinks =
            ["level", "max_level", "category", "loggers", "where", "format"].contains(&key.as_str());
        let options = if is_every_sinks { &mut document } else { &mut document["destination"] };
        options[key] = value.clone();
    }
    document
}

pub fn config(scratch: &Scratch, sinks: Json) -> Config {
    let document = json!({
        "directory": scratch.logs(), "sinks": sinks,
        "queue": {"capacity_bytes": 65536, "protect_level": 30, "wait_ms": 10, "crash_safe": true},
        "limits": {"depth": 8, "items": 1000, "bytes": 65536},
    });
    Config::from_json(&document.to_string()).unwrap()
}

pub fn submit(pipeline: &mut Pipeline, level: i32, message: &str) -> Result<(), Refused> {
    submit_to(pipeline, level, message, 0)
}

pub fn submit_to(pipeline: &mut Pipeline, level: i32, message: &str, category: u32) -> Result<(), Refused> {
    let logger = pipeline.logger_id(b"app.strategy").unwrap();
    let keys = pipeline.keys_id(&[b"price", b"side"]).unwrap();
    let values = [Value::F64(50000.5), Value::Str(b"BUY")];
    let sections = [Section::Fields { keys, values: &values }];
    let record =
        Record { level, logger, category, timestamp_ns: 1, message: message.as_bytes(), sections: &sections };
    pipeline.submit(&record, level >= 30 || category != 0)
}

/// Submits until it is taken.
pub fn insist(pipeline: &mut Pipeline, level: i32, message: &str) {
    while submit(pipeline, level, message).is_err() {
        pipeline.waiter().wait_for_room();
    }
}

/// Submits, or counts it as lost.
pub fn offer(pipeline: &mut Pipeline, level: i32, message: &str) -> bool {
    let is_taken = submit(pipeline, level, message).is_ok();
    if !is_taken {
        pipeline.give_up(level, Loss::QueueFull);
    }
    is_taken
}

/// Asserts that every record is accounted for.
pub fn assert_balanced(pipeline: &Pipeline) {
    let stats = pipeline.stats();
    let sum = |levels: &[u64; 5]| levels.iter().sum::<u64>();
    let dropped: u64 = stats.dropped.iter().map(sum).sum();
    assert_eq!(sum(&stats.logged), sum(&stats.written) + dropped + stats.queued, "{stats:?}");
}

/// Waits until `condition` holds.
pub fn wait_until(mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "waited in vain");
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
}
