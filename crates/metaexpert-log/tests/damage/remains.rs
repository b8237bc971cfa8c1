//! Damaged remains of a killed process: recovering them neither crashes nor hangs, and no line that it writes
//! is invalid or comes twice.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value, write_switch};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::platform::disk::SystemDisk;
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::recovery::{self, Report, Status};
use metaexpert_log::sink::{chain, trouble::TroubleLog};
use serde_json::{Value as Json, json};

use super::Input;
use super::strict::{assert_json_line, assert_one_line};
use crate::whole::{Scratch, config, file, insist, make_own, write_own};

/// Bytes of a ring's file before its frames: header, marks and names.
pub const DATA_OFFSET: usize = 4096 + MARKS + (1 << 20);
const MARKS: usize = 2 * 64 * 128;
/// Cursors, epoch and gap.
const HEADER_WORDS: usize = 48;
/// Records logged before a change of configuration, and after it again.
pub const RECORDS: u64 = 40;

/// A sound ring with its files, as `(name, content)`.
pub struct Remains {
    name: String,
    root: String,
    pub ring: Vec<u8>,
    files: Vec<(String, String)>,
}

impl Remains {
    /// Of a process that logged before and after a change of its configuration, while nothing could be
    /// written.
    pub fn new() -> Remains {
        let scratch = Scratch::new();
        let disk = FaultyDisk::new();
        let surroundings = scratch.on(disk.clone());
        let mut pipeline =
            Pipeline::start_in(&surroundings, &config(&scratch, sinks(&scratch)), "run", 1).unwrap();
        disk.stall(0, &[Operation::Write]);
        insist(&mut pipeline, 20, "n0");
        disk.wait_stalled();
        log(&mut pipeline, 1..RECORDS);
        let mut next = config(&scratch, sinks(&scratch));
        next.field_layout = metaexpert_log::config::Layout::Nested;
        pipeline.reconfigure(&surroundings, &next, "run").unwrap();
        log(&mut pipeline, RECORDS..2 * RECORDS);
        let path = scratch.ring();
        let read = |name: &str| (name.to_owned(), fs::read_to_string(path.join(name)).unwrap());
        let remains = Remains {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            root: scratch.root().to_string_lossy().into_owned(),
            ring: fs::read(path.join("ring")).unwrap(),
            files: ["author.json", "config.0.json", "config.1.json"].map(read).into(),
        };
        disk.release();
        assert!(pipeline.stop().wait(None));
        assert_eq!(remains.ring.len(), DATA_OFFSET + 65536);
        remains
    }
}

fn sinks(scratch: &Scratch) -> Json {
    let text = json!({"format": {"kind": "text"}, "level": 30});
    json!([
        file(scratch, "expert", json!({"max_size": 4096, "backup_count": 20})),
        file(scratch, "text", text),
        file(scratch, "errors", json!({"level": 40, "sync": "always"})),
        file(scratch, "chosen", json!({"where": "message ~ /[05]$/ or level > info"})),
        file(scratch, "chosen_text", json!({"where": "seq > 5", "format": {"kind": "text"}})),
    ])
}

/// Records with everything that one can have.
fn log(pipeline: &mut Pipeline, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let logger = pipeline.logger_id(format!("app.part{}", number % 3).as_bytes()).unwrap();
        let category = pipeline.category_id(b"trade").unwrap();
        let bound = pipeline.keys_id(&[b"strategy", b"price"]).unwrap();
        let keys = pipeline.keys_id(&[b"price", b"side", b"legs", b"level"]).unwrap();
        let text = format!("n{number}");
        let values =
            [Value::F64(0.1), Value::Str(b"BUY"), Value::Json(b"[1,{\"a\":null}]"), Value::U64(u64::MAX)];
        let inline = [(&b"inline"[..], Value::I64(-1))];
        let sections = [
            Section::Fields { keys: bound, values: &[Value::Bool(true), Value::Null] },
            Section::Fields { keys, values: &values },
            Section::Caller { file: b"f.py", line: 3, function: b"g" },
            Section::Thread { ident: 9, name: b"Main" },
            Section::Exception { kind: b"ValueError", message: b"m", stacktrace: b"one\ntwo" },
            Section::Inline(&inline),
        ];
        let record = Record {
            level: [10, 20, 30, 40][number as usize % 4],
            logger,
            category: if number % 3 == 0 { category } else { 0 },
            timestamp_ns: 1_700_000_000_000_000_000 + number as i64,
            message: text.as_bytes(),
            sections: &sections[..1 + number as usize % 6],
        };
        while pipeline.submit(&record, true).is_err() {
            pipeline.waiter().wait_for_room();
        }
    }
}

/// One damaged copy of what was left.
pub struct Damaged {
    pub scratch: Scratch,
    /// Records may come twice: frames were copied or made up.
    pub may_double: bool,
    ring: Vec<u8>,
    files: Vec<(String, Option<Vec<u8>>)>,
}

impl Damaged {
    pub fn new(remains: &Remains) -> Damaged {
        let scratch = Scratch::new();
        let own = scratch.root().to_string_lossy().into_owned();
        let moved = |(name, text): &(String, String)| {
            (name.clone(), Some(text.replace(&remains.root, &own).into_bytes()))
        };
        let files = remains.files.iter().map(moved).collect();
        Damaged { scratch, may_double: false, ring: remains.ring.clone(), files }
    }

    /// Does what the bytes of `input` say, at most 64 things.
    pub fn harm(&mut self, input: &mut Input<'_>) {
        for _ in 0..64 {
            if input.is_empty() {
                break;
            }
            match input.u8() % 10 {
                0 => self.overwrite(0, input),
                1 => self.overwrite(DATA_OFFSET, input),
                2 => self.set_word(input),
                3 => self.forge(input),
                4 => self.copy(input),
                5 => self.fill(input),
                6 => self.harm_file(input),
                7 => self.write_log(input),
                8 => self.ring.truncate(input.u32() as usize % (self.ring.len() + 1)),
                _ => self.overwrite(4096 + MARKS, input),
            }
        }
    }

    /// Some bytes, anywhere behind `from`.
    fn overwrite(&mut self, from: usize, input: &mut Input<'_>) {
        let Some(room) = self.ring.len().checked_sub(from).filter(|room| *room > 0) else { return };
        let at = from + input.u32() as usize % room;
        let len = usize::from(input.u8() % 24);
        for (slot, byte) in self.ring[at..].iter_mut().zip(input.bytes(len)) {
            *slot = *byte;
        }
    }

    /// A cursor, the epoch, or a part of the gap.
    fn set_word(&mut self, input: &mut Input<'_>) {
        let at = usize::from(input.u8()) % HEADER_WORDS * 8;
        let Some(slot) = self.ring.get_mut(at..at + 8) else { return };
        let word = u64::from_le_bytes(slot.try_into().unwrap());
        let word = match input.u8() % 3 {
            0 => input.u64(),
            1 => word.wrapping_add(u64::from(input.u32())),
            _ => word.wrapping_sub(u64::from(input.u32())),
        };
        slot.copy_from_slice(&word.to_le_bytes());
    }

    /// A frame whose header is sound, and nothing else of it need be.
    fn forge(&mut self, input: &mut Input<'_>) {
        self.may_double = true;
        let (at, kind, sections) = (input.u16() as usize * 8, input.u8(), input.u8() % 6);
        let (seq, timestamp_ns, level) = (input.u64(), input.u64() as i64, input.u32() as i32);
        let (logger, category, len) = (input.u8().into(), input.u8().into(), usize::from(input.u8()));
        let mut content = vec![Section::Encoded(b""); usize::from(sections) + 1];
        content[0] = Section::Encoded(input.bytes(len));
        let record = Record { level, logger, category, timestamp_ns, message: b"forged", sections: &content };
        let mut frame = vec![0; record.frame_len()];
        match kind % 4 {
            0 => write_switch(&mut frame, seq % 8),
            _ => record.write(&mut frame, seq),
        }
        for (slot, byte) in self.ring.iter_mut().skip(DATA_OFFSET + at % 65536).zip(frame) {
            *slot = byte;
        }
    }

    fn copy(&mut self, input: &mut Input<'_>) {
        self.may_double = true;
        let (from, to, len) = (input.u16() as usize, input.u16() as usize, input.u16() as usize);
        let data = self.ring.get(DATA_OFFSET..).unwrap_or_default().to_vec();
        let from = data.get(from / 8 * 8..).unwrap_or_default();
        for (slot, byte) in self.ring.iter_mut().skip(DATA_OFFSET + to / 8 * 8).zip(from.iter().take(len)) {
            *slot = *byte;
        }
    }

    fn fill(&mut self, input: &mut Input<'_>) {
        let (at, len, byte) = (input.u32() as usize, input.u32() as usize % (2 << 20), input.u8());
        let at = at % self.ring.len().max(1);
        self.ring.iter_mut().skip(at).take(len).for_each(|slot| *slot = byte);
    }

    /// The author or a configuration.
    fn harm_file(&mut self, input: &mut Input<'_>) {
        let index = usize::from(input.u8()) % self.files.len();
        let (_, content) = &mut self.files[index];
        match (input.u8() % 5, content.as_mut()) {
            (0, _) => *content = None,
            (1, Some(text)) => text.truncate(usize::from(input.u16()) % (text.len() + 1)),
            (2, Some(text)) if !text.is_empty() => {
                let at = usize::from(input.u16()) % text.len();
                text[at] = input.u8();
            }
            (3, _) => {
                let name = format!("config.{}.json", input.u8());
                let copy = content.clone();
                self.files.push((name, copy));
            }
            (4, _) => *content = Some(input.bytes(40).to_vec()),
            _ => {}
        }
    }

    /// What is in the files already, the last line perhaps torn.
    fn write_log(&self, input: &mut Input<'_>) {
        let name = ["expert", "errors"][usize::from(input.u8() % 2)];
        let line = "{\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":\"earlier\",\"event_name\":\"x\"}\n";
        let lines = line.repeat(1 + usize::from(input.u8() % 4));
        let torn = usize::from(input.u8()) % line.len();
        fs::write(self.scratch.logs().join(format!("{name}.log")), format!("{lines}{}", &line[..torn]))
            .unwrap();
    }

    /// Whether every file that a damaged configuration names is within the test's own directory.
    fn is_harmless(&self) -> bool {
        let is_within = |path: &Path| {
            path.starts_with(self.scratch.root())
                && !path.components().any(|part| part == Component::ParentDir)
        };
        self.files.iter().filter(|(name, _)| name.starts_with("config")).all(|(_, content)| {
            let text = content.as_ref().and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
            Config::from_json(text).map_or(true, |config| {
                is_within(&config.directory)
                    && config.sinks.iter().filter_map(|sink| sink.file()).all(|file| is_within(&file.path))
            })
        })
    }

    /// Recovers it and asserts what must hold; `None` if a file outside would be touched.
    pub fn recover(&self, remains: &Remains) -> Option<Report> {
        if !self.is_harmless() {
            return None;
        }
        let path = self.scratch.place_of(&remains.name);
        make_own(&path);
        write_own(&path.join("ring"), &self.ring);
        for (name, content) in &self.files {
            if let Some(content) = content {
                write_own(&path.join(name), content.as_ref());
            }
        }
        let report = self.recover_once();
        assert_eq!(report.rings.len(), 1);
        let ring = &report.rings[0];
        let lines = self.check_lines(ring.status);
        match ring.status {
            Status::Recovered => assert!(!path.exists()),
            Status::Failed | Status::Foreign => {
                assert!(path.join("ring").exists() && ring.problem.is_some());
                assert!(
                    self.scratch.troubles().contains(ring.problem.as_ref().unwrap().lines().next().unwrap())
                );
            }
            Status::Alive => panic!("nobody lives: {report:?}"),
        }
        let again = self.recover_once();
        let left: Vec<_> = again.rings.iter().map(|ring| ring.status).collect();
        assert_eq!(left, if path.exists() { vec![ring.status] } else { vec![] });
        assert_eq!(self.check_lines(ring.status), lines, "recovering again wrote more");
        Some(report)
    }

    fn recover_once(&self) -> Report {
        let mut trouble = TroubleLog::new(self.scratch.logs());
        recovery::recover_all(&self.scratch.surroundings(), &self.scratch.logs(), &[], &mut trouble)
    }

    /// Asserts that each line is valid, and counts them. Only a ring that could not be recovered may leave
    /// one torn.
    fn check_lines(&self, status: Status) -> usize {
        let mut count = 0;
        for name in ["expert", "errors", "chosen", "text", "chosen_text"] {
            let is_text = name.ends_with("text");
            let mut seen = HashSet::new();
            let path = self.scratch.logs().join(format!("{name}.log"));
            for path in chain(&SystemDisk, &path) {
                let mut bytes = fs::read(&path).unwrap();
                if status != Status::Recovered {
                    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    bytes.truncate(whole);
                }
                if is_text && !bytes.is_empty() {
                    assert_one_line(&bytes);
                }
                for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|_| !is_text) {
                    assert_json_line(line);
                    let record: Json = serde_json::from_slice(line).unwrap();
                    let is_own = record["event_name"].is_null() && record["context"]["event_name"].is_null();
                    assert!(
                        !is_own || self.may_double || seen.insert(record["seq"].as_u64()),
                        "twice: {record}"
                    );
                    count += 1;
                }
            }
        }
        count
    }
}
