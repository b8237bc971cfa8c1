//! Whatever happens to a log file, in whatever order: no line is lost that no other program took away, none
//! is there twice, none is torn.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Scratch, configured, is_well_named, names, settle, unpacked};
use metaexpert_log::config::{FileConfig, Format};
use metaexpert_log::platform::disk::SystemDisk;
use metaexpert_log::platform::faulty_disk::FaultyDisk;
use metaexpert_log::sink::{Change, LogFile, Opener, chain};
use proptest::prelude::*;
use serde_json::json;

const HOUR_NS: i64 = 3_600_000_000_000;

#[derive(Clone, Debug)]
enum Step {
    /// Lines of the logger's own.
    Write(u8),
    /// As one line is written, before it is looked whether somebody was there.
    WriteThen(Outside),
    Outside(Outside),
    /// Hours pass, or the clock is set back.
    Clock(i8),
    /// The process is killed at one of the next operations, and started again.
    Kill(u8),
    Restart,
    /// The packing of finished files ends before anything else happens.
    Settle,
    /// One of the next operations fails.
    Fail(u8, i32),
    Short(u8),
}

/// What another program does.
#[derive(Clone, Copy, Debug)]
enum Outside {
    Rename,
    Delete,
    Truncate,
    CopyTruncate,
    DeleteDirectory,
}

fn outside() -> impl Strategy<Value = Outside> {
    prop_oneof![
        3 => Just(Outside::Rename),
        1 => Just(Outside::Delete),
        1 => Just(Outside::Truncate),
        3 => Just(Outside::CopyTruncate),
        1 => Just(Outside::DeleteDirectory),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let errno = prop_oneof![Just(libc::ENOSPC), Just(libc::EIO), Just(libc::EINTR), Just(libc::EMFILE)];
    prop_oneof![
        8 => (1..6u8).prop_map(Step::Write),
        1 => outside().prop_map(Step::WriteThen),
        1 => outside().prop_map(Step::Outside),
        1 => (-3..4i8).prop_map(Step::Clock),
        2 => (0..60u8).prop_map(Step::Kill),
        1 => Just(Step::Restart),
        1 => Just(Step::Settle),
        2 => (0..60u8, errno).prop_map(|(skipped, errno)| Step::Fail(skipped, errno)),
        1 => (1..9u8).prop_map(Step::Short),
    ]
}

/// A process with a log file, started again when it is killed, and what must be found of it.
struct World {
    scratch: Scratch,
    config: FileConfig,
    disk: Arc<FaultyDisk>,
    file: Option<LogFile>,
    clock_ns: i64,
    lines: usize,
    /// What another program has moved out of the way.
    moved: Vec<PathBuf>,
    /// Lines that another program has taken away, as far as they were not written again.
    taken: Vec<String>,
}

impl World {
    fn new(compress: &str) -> World {
        let scratch = Scratch::new("logs");
        let options = json!({"max_size": 66, "backup_count": 500, "rotate": "hourly", "compress": compress});
        let config = configured(&scratch, options);
        let mut world = World {
            scratch,
            config,
            disk: FaultyDisk::new(),
            file: None,
            clock_ns: 500_000 * HOUR_NS,
            lines: 0,
            moved: Vec::new(),
            taken: Vec::new(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let earlier = self.file.take();
        if self.disk.is_dead() {
            // A killed process has no operation left that is carried out afterwards.
            earlier.iter().for_each(settle);
        } else {
            // A living one clears up after itself, if it is not killed at that.
            self.disk.heal();
        }
        drop(earlier);
        self.disk = FaultyDisk::new();
        let mut file =
            LogFile::open(&self.config, &Format::Json, self.disk.clone(), Opener::Configuration).unwrap();
        file.repair_last_line(true).unwrap();
        file.activate().unwrap();
        self.file = Some(file);
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Write(count) => (0..count).for_each(|_| self.put(None)),
            Step::WriteThen(outside) => self.put(Some(outside)),
            Step::Outside(outside) => self.interfere(outside),
            Step::Clock(hours) => self.clock_ns += i64::from(hours) * HOUR_NS,
            Step::Kill(skipped) => self.disk.kill(skipped.into()),
            Step::Restart => self.start(),
            // A process that was killed meanwhile packs nothing more.
            Step::Settle => settle(self.file.as_ref().unwrap()),
            Step::Fail(skipped, errno) => self.disk.fail(skipped.into(), &[], errno),
            Step::Short(bytes) => self.disk.shorten(bytes.into()),
        }
    }

    /// Writes a line as a sink does, and again if it was killed before the line was whole.
    fn put(&mut self, then: Option<Outside>) {
        let line = format!("{{\"n\":{:06}}}\n", self.lines);
        while !self.attempt(&line, then) {
            self.start();
        }
        self.lines += 1;
        if self.disk.is_dead() {
            self.start();
        }
    }

    /// Returns false if the process was killed before the line was whole, or whole in a file that is gone:
    /// the next start finds it in no file, and writes it from the ring.
    fn attempt(&mut self, line: &str, mut then: Option<Outside>) -> bool {
        let file = self.file.as_mut().unwrap();
        if file.is_due(0, line.len(), self.clock_ns) {
            let _ = file.rotate(self.clock_ns);
        }
        loop {
            let mut done = 0;
            while done < line.len() {
                done += self.file.as_mut().unwrap().write(&line.as_bytes()[done..]).unwrap_or(0);
                if self.disk.is_dead() && done < line.len() {
                    return false;
                }
            }
            if let Some(outside) = then.take() {
                self.interfere(outside);
            }
            let file = self.file.as_mut().unwrap();
            let looked = (0..200).find_map(|_| file.look().ok());
            match looked {
                Some(Change::Removed) => continue,
                Some(_) => return true,
                None => {
                    assert!(self.disk.is_dead(), "looking keeps failing");
                    return self.is_written(line);
                }
            }
        }
    }

    fn is_written(&self, line: &str) -> bool {
        let own = chain(&SystemDisk, &self.scratch.path("expert.log"));
        own.iter().chain(&self.moved).any(|path| unpacked(path).ends_with(line.as_bytes()))
    }

    fn interfere(&mut self, outside: Outside) {
        let path = self.scratch.path("expert.log");
        let Ok(content) = fs::read_to_string(&path) else { return };
        let aside = self.scratch.beside().join(format!("aside-{}", self.moved.len()));
        match outside {
            Outside::Rename => {
                fs::rename(&path, &aside).unwrap();
                self.moved.push(aside);
            }
            Outside::CopyTruncate => {
                fs::copy(&path, &aside).unwrap();
                File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
                self.moved.push(aside);
            }
            Outside::Delete => {
                fs::remove_file(&path).unwrap();
                self.take(&content);
            }
            Outside::Truncate => {
                File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
                self.take(&content);
            }
            Outside::DeleteDirectory => {
                settle(self.file.as_ref().unwrap());
                for path in chain(&SystemDisk, &path) {
                    self.take(&String::from_utf8(unpacked(&path)).unwrap());
                }
                fs::remove_dir_all(self.scratch.path("")).unwrap();
            }
        }
    }

    fn take(&mut self, content: &str) {
        self.taken.extend(content.lines().map(str::to_owned));
    }

    /// Starts once more, without faults, and counts what is there.
    fn check(mut self) {
        self.start();
        settle(self.file.as_ref().unwrap());
        let mut seen = BTreeMap::new();
        let own = chain(&SystemDisk, &self.scratch.path("expert.log"));
        assert!(own.iter().all(|path| is_well_named(path)), "{own:?}");
        for path in own.iter().chain(&self.moved) {
            let mut text = String::from_utf8(unpacked(path)).unwrap();
            if self.moved.contains(path) {
                // Killed while writing into a file that was just moved: no start of ours sees it again.
                text.truncate(text.rfind('\n').map_or(0, |at| at + 1));
            }
            assert!(text.is_empty() || text.ends_with('\n'), "torn: {text:?}");
            text.lines().for_each(|line| *seen.entry(line.to_owned()).or_insert(0) += 1);
        }
        let expected: Vec<_> = (0..self.lines).map(|number| format!("{{\"n\":{number:06}}}")).collect();
        for line in &expected {
            let count = seen.remove(line).unwrap_or(0);
            assert!(count == 1 || (count == 0 && self.taken.contains(line)), "{line} is there {count} times");
        }
        assert_eq!(seen.into_keys().collect::<Vec<_>>(), Vec::<String>::new());
        // Whoever was packing when the file was closed, without being killed, takes its part away.
        let deadline = Instant::now() + Duration::from_secs(20);
        while names(&self.scratch).iter().any(|name| name.ends_with(".part")) {
            assert!(Instant::now() < deadline, "parts are left: {:?}", names(&self.scratch));
            std::thread::yield_now();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_lost_doubled_or_torn(
        compress in prop_oneof![Just("none"), Just("gzip"), Just("zstd")],
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new(compress);
        world.put(None);
        steps.iter().for_each(|step| world.act(step));
        world.check();
    }
}
