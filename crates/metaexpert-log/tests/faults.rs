//! Whatever operation on a file fails, and however: nothing hangs, and every record is in each file it
//! belongs to, once and in order, or told of there.

mod account;
mod partly;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use account::{Auditor, Said};
use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::stats::Loss;
use partly::PartlyFaulty;
use serde_json::{Value as Json, json};
use whole::{Scratch, config, file, insist, wait_until};

const LEVELS: [i32; 4] = [10, 20, 30, 40];
const PROMPTLY: Option<Duration> = Some(Duration::from_secs(20));
const SOON: Option<Duration> = Some(Duration::from_millis(4));

#[derive(Clone, Copy, Debug)]
enum Fault {
    Errno(i32),
    Short(usize),
}

const FAULTS: [Fault; 8] = [
    Fault::Errno(libc::ENOSPC),
    Fault::Errno(libc::EIO),
    Fault::Errno(libc::EINTR),
    Fault::Errno(libc::EMFILE),
    Fault::Errno(libc::EROFS),
    Fault::Errno(libc::EDQUOT),
    Fault::Short(1),
    Fault::Short(7),
];

/// How the files of one run are kept.
const KINDS: [fn() -> Json; 5] = [
    || json!({"sync": "never"}),
    || json!({"sync": "always", "max_size": 2048, "backup_count": 100}),
    || json!({"sync": "interval", "max_size": 4096, "backup_count": 100, "compress": "gzip"}),
    || json!({"sync": "error", "max_size": 4096, "backup_count": 100, "compress": "zstd"}),
    || json!({"sync": "always"}),
];

fn on(disk: Arc<FaultyDisk>) -> Surroundings {
    Surroundings { disk, store: None }
}

/// What is submitted, and in which file which of it belongs.
#[derive(Default)]
struct Submitted(Vec<(i32, String)>);

impl Submitted {
    fn insist(&mut self, pipeline: &mut Pipeline, count: usize) {
        for _ in 0..count {
            let (level, message) = self.next(0);
            insist(pipeline, level, &message);
        }
    }

    fn next(&mut self, len: usize) -> (i32, String) {
        let number = self.0.len();
        let record = (LEVELS[number % LEVELS.len()], format!("n{number} {}", "x".repeat(len)));
        self.0.push(record.clone());
        record
    }

    fn from(&self, least: i32) -> Vec<(i32, String)> {
        self.0.iter().filter(|(level, _)| *level >= least).cloned().collect()
    }
}

/// A run of which an operation fails: `all.log` gets every record, `errors.log` those of ERROR.
struct Case {
    kind: fn() -> Json,
    fault: Option<Fault>,
    skipped: u64,
    is_lasting: bool,
}

impl Case {
    /// Returns how many operations there were.
    fn play(&self) -> usize {
        let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
        let sinks = json!([
            file(&scratch, "all", (self.kind)()),
            file(&scratch, "errors", json!({"level": 40, "sync": "error"})),
        ]);
        let config = config(&scratch, sinks);
        match (self.fault, self.is_lasting) {
            (Some(Fault::Errno(errno)), true) => disk.fail_from(self.skipped, &[], errno),
            (Some(Fault::Errno(errno)), false) => disk.fail(self.skipped, &[], errno),
            (Some(Fault::Short(bytes)), _) => disk.shorten(bytes),
            (None, _) => {}
        }
        let mut pipeline = match Pipeline::start_in(&on(disk.clone()), &config, "run", 1) {
            Ok(pipeline) => pipeline,
            Err(problem) => {
                assert!(self.fault.is_some(), "{problem}");
                disk.heal();
                Pipeline::start_in(&on(disk.clone()), &config, "run", 1).unwrap()
            }
        };
        let (mut submitted, mut auditor) = (Submitted::default(), Auditor::default());
        for _ in 0..5 {
            submitted.insist(&mut pipeline, 8);
            auditor.look(&pipeline);
            pipeline.waiter().wait(SOON);
            auditor.look(&pipeline);
        }
        disk.heal();
        submitted.insist(&mut pipeline, 8);
        assert!(
            pipeline.waiter().wait(PROMPTLY),
            "nothing is written after the fault: {:?}",
            pipeline.sinks()
        );
        auditor.look(&pipeline);
        assert_eq!(pipeline.stats().queued, 0);
        let stopping = pipeline.stop();
        assert!(stopping.wait(PROMPTLY));
        let (stats, sinks) = stopping.outcome();
        assert_eq!(stats.written.iter().sum::<u64>(), submitted.0.len() as u64, "{stats:?}");
        for (sink, least) in sinks.iter().zip([0, 40]) {
            let expected = submitted.from(least);
            assert_eq!(sink.totals.written, expected.len() as u64, "{sink:?}");
            let said = Said::by(&scratch.logs().join(format!("{}.log", sink.name)));
            said.assert_accounts_for(&expected);
            assert_eq!(said.told(), 0);
        }
        disk.attempted().len()
    }
}

/// Plays cases on many threads, most of which wait: which of them failed, and why, is in the panic's output.
fn play_all(cases: &[Case]) {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let outcome = std::panic::catch_unwind(|| case.play());
                    assert!(
                        outcome.is_ok(),
                        "{} {:?} at {}, lasting: {}",
                        (case.kind)(),
                        case.fault,
                        case.skipped,
                        case.is_lasting
                    );
                }
            });
        }
    });
}

#[test]
fn any_operation_may_fail_in_any_way_once_or_until_healed_and_no_record_is_lost_doubled_or_moved() {
    let mut cases = Vec::new();
    for kind in KINDS {
        let count = Case { kind, fault: None, skipped: 0, is_lasting: false }.play() as u64;
        assert!(count > 20, "{count}");
        for (index, fault) in FAULTS.into_iter().enumerate() {
            if matches!(fault, Fault::Short(_)) {
                cases.push(Case { kind, fault: Some(fault), skipped: 0, is_lasting: true });
                continue;
            }
            for skipped in 0..count {
                // Each operation meets two faults of each sort, and across the kinds of files all of them.
                if (skipped as usize + index) % 3 == 0 {
                    cases.push(Case { kind, fault: Some(fault), skipped, is_lasting: false });
                    cases.push(Case { kind, fault: Some(fault), skipped, is_lasting: true });
                }
            }
        }
    }
    assert!(cases.len() > 400, "{}", cases.len());
    play_all(&cases);
}

/// A sound and a failing file; the failing one lies in a directory of its own.
fn two_files(scratch: &Scratch, options: Json) -> (Json, std::path::PathBuf) {
    let directory = scratch.logs().join("failing");
    let mut failing = file(scratch, "failing", options);
    failing["destination"]["path"] = json!(directory.join("failing.log"));
    (json!([file(scratch, "sound", json!({})), failing]), directory)
}

#[test]
fn a_sound_file_gets_everything_promptly_while_another_fails_and_that_gets_what_fits_the_budget() {
    for (options, operation) in [
        (json!({}), Operation::Write),
        (json!({"sync": "always"}), Operation::Sync),
        (json!({"sync": "interval"}), Operation::Status),
        (json!({"max_size": 8192, "backup_count": 500}), Operation::Write),
        (json!({"sync": "always", "max_size": 8192, "backup_count": 500}), Operation::Sync),
    ] {
        let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
        let (sinks, directory) = two_files(&scratch, options);
        let surroundings = Surroundings { disk: PartlyFaulty::new(&directory, disk.clone()), store: None };
        let mut pipeline = Pipeline::start_in(&surroundings, &config(&scratch, sinks), "run", 1).unwrap();
        let (mut submitted, mut auditor) = (Submitted::default(), Auditor::default());
        submitted.insist(&mut pipeline, 10);
        assert!(pipeline.waiter().wait(PROMPTLY));
        disk.fail_from(0, &[operation], libc::EIO);
        // Many times what the queue holds.
        for _ in 0..1500 {
            let (level, message) = submitted.next(200);
            insist(&mut pipeline, level, &message);
            auditor.look(&pipeline);
        }
        let sound = scratch.logs().join("sound.log");
        wait_until(|| pipeline.sinks()[0].totals.written == submitted.0.len() as u64);
        Said::by(&sound).assert_accounts_for(&submitted.0);
        assert!(!pipeline.waiter().wait(SOON), "one file has not everything");
        wait_until(|| pipeline.sinks()[1].problem.is_some());
        disk.heal();
        assert!(pipeline.waiter().wait(PROMPTLY));
        auditor.look(&pipeline);
        wait_until(|| pipeline.sinks()[1].problem.is_none());
        let stopping = pipeline.stop();
        assert!(stopping.wait(PROMPTLY));
        let (stats, sinks) = stopping.outcome();
        let said = Said::by(&directory.join("failing.log"));
        said.assert_accounts_for(&submitted.0);
        assert!(said.told[0] > 100 && said.told[1] > 100, "{:?}", said.told);
        assert_eq!(said.told[2..], [0, 0, 0], "what fits the budget is held");
        assert_eq!(stats.dropped[Loss::Sink as usize], said.told);
        assert_eq!((sinks[1].totals.dropped, sinks[0].totals.dropped), (said.told(), 0));
        assert_eq!(sinks[1].totals.written, said.messages.len() as u64);
        assert_eq!(stats.queued, 0);
    }
}

#[test]
fn a_failed_sync_is_not_followed_by_success_until_the_lines_are_written_anew() {
    for truncate_fails in [false, true] {
        let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
        let sinks = json!([file(&scratch, "all", json!({"sync": "always"}))]);
        let mut pipeline = Pipeline::start_in(&on(disk.clone()), &config(&scratch, sinks), "run", 1).unwrap();
        insist(&mut pipeline, 20, "safe");
        assert!(pipeline.waiter().wait(PROMPTLY));
        disk.fail_from(0, &[Operation::Sync], libc::EIO);
        if truncate_fails {
            disk.fail_from(0, &[Operation::Truncate], libc::EIO);
        }
        let before = disk.attempted().len();
        insist(&mut pipeline, 20, "in doubt");
        let waiter = pipeline.waiter();
        let tries = || disk.attempted()[before..].iter().filter(|done| **done == Operation::Sync).count();
        wait_until(|| {
            assert!(!waiter.wait(SOON));
            truncate_fails || tries() >= 3
        });
        assert_eq!(pipeline.stats().written[1], 1);
        assert!(pipeline.sinks()[0].problem.as_ref().unwrap().contains("could not be synced"));
        disk.heal();
        assert!(waiter.wait(PROMPTLY));
        let after = disk.attempted();
        let cut = after.iter().rposition(|done| *done == Operation::Truncate).unwrap();
        assert!(after[cut..].contains(&Operation::Write), "nothing was written anew: {after:?}");
        assert!(pipeline.stop().wait(PROMPTLY));
        assert_eq!(scratch.messages("all"), ["safe", "in doubt"]);
    }
}

#[test]
fn what_was_held_is_no_success_before_it_is_forced_to_the_disk() {
    for truncate_fails in [false, true] {
        let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
        let sinks = json!([file(&scratch, "all", json!({"sync": "always"}))]);
        let mut pipeline = Pipeline::start_in(&on(disk.clone()), &config(&scratch, sinks), "run", 1).unwrap();
        disk.fail_from(0, &[Operation::Sync], libc::EIO);
        if truncate_fails {
            disk.fail_from(0, &[Operation::Truncate], libc::EIO);
        }
        let mut submitted = Submitted::default();
        for _ in 0..500 {
            let (level, message) = submitted.next(400);
            insist(&mut pipeline, level, &message);
        }
        let waiter = pipeline.waiter();
        for _ in 0..20 {
            assert!(!waiter.wait(SOON));
        }
        assert_eq!(pipeline.stats().written, [0; 5], "no disk has acknowledged anything");
        disk.heal();
        assert!(waiter.wait(PROMPTLY));
        assert_eq!(disk.attempted().last(), Some(&Operation::StatusAt));
        assert!(pipeline.stop().wait(PROMPTLY));
        Said::by(&scratch.logs().join("all.log")).assert_accounts_for(&submitted.0);
    }
}

#[test]
fn a_problem_that_is_over_is_over_in_the_reports_too_without_another_record() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let sinks = json!([file(&scratch, "all", json!({}))]);
    let mut pipeline = Pipeline::start_in(&on(disk.clone()), &config(&scratch, sinks), "run", 1).unwrap();
    for operation in [Operation::Status, Operation::Write] {
        disk.fail_from(0, &[operation], libc::EIO);
        insist(&mut pipeline, 20, "once");
        wait_until(|| pipeline.sinks()[0].problem.is_some());
        disk.heal();
        assert!(pipeline.waiter().wait(PROMPTLY));
        wait_until(|| pipeline.sinks()[0].problem.is_none());
    }
    assert!(pipeline.stop().wait(PROMPTLY));
    assert_eq!(scratch.messages("all"), ["once", "once"]);
}

#[test]
fn an_interruption_that_never_ends_stops_no_other_file() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let (sinks, directory) = two_files(&scratch, json!({}));
    let surroundings = Surroundings { disk: PartlyFaulty::new(&directory, disk.clone()), store: None };
    let mut pipeline = Pipeline::start_in(&surroundings, &config(&scratch, sinks), "run", 1).unwrap();
    disk.fail_from(0, &[Operation::Write], libc::EINTR);
    insist(&mut pipeline, 20, "one");
    wait_until(|| pipeline.sinks()[1].problem.is_some());
    insist(&mut pipeline, 20, "two");
    wait_until(|| pipeline.sinks()[0].totals.written == 2);
    assert_eq!(scratch.messages("sound"), ["one", "two"]);
    disk.heal();
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert!(pipeline.stop().wait(PROMPTLY));
    assert_eq!(Said::by(&directory.join("failing.log")).messages, ["one", "two"]);
}
