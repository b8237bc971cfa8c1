//! Keeping account: what was submitted, against what the files and the counters say.
#![allow(dead_code)] // No test program uses all of it.

use std::io::Read;
use std::path::Path;

use metaexpert_log::level::{LEVEL_SLOTS, Level};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::platform::disk::SystemDisk;
use metaexpert_log::sink::chain;
use metaexpert_log::stats::{PerLevel, Snapshot};
use serde_json::Value as Json;

/// The records of a file and its backups, packed ones too, oldest first; each must be a whole line of strict
/// JSON.
pub fn records(path: &Path) -> Vec<Json> {
    let mut records = Vec::new();
    for path in chain(&SystemDisk, path).iter().rev() {
        let text = text(path);
        assert!(text.is_empty() || text.ends_with('\n'), "{}: torn: {text:?}", path.display());
        for line in text.lines() {
            let record = serde_json::from_str::<Json>(line);
            records.push(record.unwrap_or_else(|problem| panic!("{}: {problem}: {line:?}", path.display())));
        }
    }
    records
}

/// By its first bytes: a file that could not be given its name when it was packed has it from the next start
/// on.
fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    match &bytes[..] {
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            zstd::stream::read::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text)
        }
        _ => (&bytes[..]).read_to_string(&mut text),
    }
    .unwrap();
    text
}

/// What a file says: the program's messages, and how many records its gap records tell of, by level.
pub struct Said {
    pub messages: Vec<String>,
    pub told: PerLevel,
}

impl Said {
    pub fn by(path: &Path) -> Said {
        let (mut messages, mut told) = (Vec::new(), PerLevel::default());
        let mut last = 0;
        for record in records(path) {
            if record["event_name"] == "log.gap" {
                for (count, name) in told.iter_mut().zip(LEVEL_SLOTS) {
                    let key = format!("dropped_{}", name.to_ascii_lowercase());
                    *count += record.get(&key).map_or(0, |lost| lost.as_u64().unwrap());
                }
                continue;
            }
            let seq = record["seq"].as_u64().unwrap();
            assert!(seq > last, "{}: {seq} comes after {last}", path.display());
            last = seq;
            messages.push(record["message"].as_str().unwrap().to_owned());
        }
        Said { messages, told }
    }

    pub fn told(&self) -> u64 {
        self.told.iter().sum()
    }

    /// Asserts that each of `expected`, a level and a message, is there once and in order, or told of.
    pub fn assert_accounts_for(&self, expected: &[(i32, String)]) {
        let (mut missing, mut first_missing) = (PerLevel::default(), None);
        let mut messages = self.messages.iter().peekable();
        for (level, message) in expected {
            if messages.next_if_eq(&message).is_none() {
                first_missing.get_or_insert(message);
                missing[Level(*level).slot()] += 1;
            }
        }
        assert_eq!(messages.next(), None, "is there twice, in disorder or by mistake");
        assert_eq!(missing, self.told, "missing, and told of: {first_missing:?}");
    }
}

/// Looks again and again at the counters, which must agree with each other and never go back.
#[derive(Default)]
pub struct Auditor {
    before: Snapshot,
    pub looks: usize,
}

impl Auditor {
    pub fn look(&mut self, pipeline: &Pipeline) {
        self.judge(pipeline.stats());
    }

    pub fn judge(&mut self, now: Snapshot) {
        let sum = |levels: &PerLevel| levels.iter().sum::<u64>();
        let done = sum(&now.written) + now.dropped.iter().map(sum).sum::<u64>();
        assert_eq!(sum(&now.logged), done + now.queued, "{now:?}");
        for slot in 0..LEVEL_SLOTS.len() {
            let dropped: u64 = now.dropped.iter().map(|reason| reason[slot]).sum();
            assert!(now.written[slot] + dropped <= now.logged[slot], "{now:?}");
            assert!(self.before.written[slot] <= now.written[slot], "{:?} {now:?}", self.before);
        }
        self.before = now;
        self.looks += 1;
    }
}
