//! The program that tests of the engine kill, or limit: `scenes SCENE OPERATION DIRECTORY`.

#[path = "../account/mod.rs"]
mod account;
#[path = "../program/mod.rs"]
mod program;
mod script;
#[path = "../whole/mod.rs"]
mod whole;

use std::fs;
use std::path::Path;

use metaexpert_log::config::View;
use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use program::{LEVELS, PROMPTLY, Program};
use script::{MANY, log_all, sinks};
use serde_json::json;
use whole::{Scratch, config, file, insist, offer, submit, wait_until};

fn main() {
    let [scene, kill_at, root]: [String; 3] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .expect("a scene, an operation and a directory");
    let (kill_at, scratch) = (kill_at.parse().expect("a number"), Scratch::of(Path::new(&root)));
    match &*scene {
        "write" => write(&scratch, kill_at),
        "stalled" => stalled(&scratch),
        "recover" => recover(&scratch, kill_at),
        "reconfigured" => reconfigured(&scratch),
        "viewed" => viewed(&scratch),
        "gap" => lossy(&scratch),
        "full" => full(&scratch),
        "idle" => idle(&scratch),
        "halfway" => halfway(&scratch),
        // Of these, this one alone ends well.
        "limited" => return limited(&scratch),
        other => panic!("no scene is called {other}"),
    }
    die();
}

/// Writes until the operation `kill_at` of its files, which kills it.
fn write(scratch: &Scratch, kill_at: u64) {
    let disk = FaultyDisk::new();
    disk.kill_process(kill_at);
    let mut pipeline =
        Pipeline::start_in(&scratch.on(disk), &config(scratch, sinks(scratch)), "run", 1).unwrap();
    log_all(&mut pipeline);
    fs::write(scratch.root().join("logged"), "all").unwrap();
    assert!(pipeline.stop().wait(None));
}

/// Everything is logged while nothing can be written.
fn stalled(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    disk.stall(0, &[Operation::Write]);
    let mut pipeline =
        Pipeline::start_in(&scratch.on(disk.clone()), &config(scratch, sinks(scratch)), "run", 1).unwrap();
    log_all(&mut pipeline);
    disk.wait_stalled();
}

/// Recovers until the operation `kill_at` of its files.
fn recover(scratch: &Scratch, kill_at: u64) {
    let disk = FaultyDisk::new();
    disk.kill_process(kill_at);
    let mut trouble = metaexpert_log::sink::trouble::TroubleLog::new(scratch.logs());
    metaexpert_log::recovery::recover(&scratch.on(disk), &scratch.logs(), &[], &mut trouble);
}

/// Changes of configuration while nothing can be written.
fn reconfigured(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    let surroundings = scratch.on(disk.clone());
    let with = |name: &str| config(scratch, json!([file(scratch, name, json!({}))]));
    let mut pipeline = Pipeline::start_in(&surroundings, &with("first"), "run", 1).unwrap();
    disk.stall(0, &[Operation::Write]);
    insist(&mut pipeline, 20, "before");
    disk.wait_stalled();
    pipeline.reconfigure(&surroundings, &with("second"), "run").unwrap();
    insist(&mut pipeline, 20, "between");
    pipeline.reconfigure(&surroundings, &with("first"), "run").unwrap();
    insist(&mut pipeline, 20, "after");
}

/// A record is logged that a view shortens, while nothing can be written.
fn viewed(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    disk.stall(0, &[Operation::Write]);
    let mut config = config(scratch, json!([file(scratch, "people", json!({"format": {"kind": "text"}}))]));
    config.views.push(View { constant: vec!["side".to_owned()], ..View::default() });
    let mut pipeline = Pipeline::start_in(&scratch.on(disk.clone()), &config, "run", 1).unwrap();
    insist(&mut pipeline, 20, "viewed");
    disk.wait_stalled();
}

/// Records are lost and not told.
fn lossy(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    disk.stall(0, &[Operation::Write]);
    let config = config(scratch, json!([file(scratch, "expert", json!({}))]));
    let mut pipeline = Pipeline::start_in(&scratch.on(disk.clone()), &config, "run", 1).unwrap();
    let text = "x".repeat(1000);
    let taken = (0..200).filter(|_| offer(&mut pipeline, 20, &text)).count();
    assert!(taken < 200, "{taken}");
}

/// The end comes while the disk is full.
fn full(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    let config = config(scratch, json!([file(scratch, "expert", json!({}))]));
    let mut pipeline = Pipeline::start_in(&scratch.on(disk), &config, "run", 1).unwrap();
    for number in 0..10 {
        submit(&mut pipeline, 20, &format!("n{number}")).unwrap();
    }
    let stopping = pipeline.stop();
    assert!(!stopping.wait(None));
    let (stats, _) = stopping.outcome();
    assert_eq!((stats.queued, stats.dropped[2][1]), (10, 0));
}

/// Several batches are written, none of which the disk has acknowledged, and more is logged.
fn halfway(scratch: &Scratch) {
    let disk = FaultyDisk::new();
    disk.stall(3, &[Operation::Write]);
    let mut config = config(scratch, json!([file(scratch, "expert", json!({"sync": "interval"}))]));
    config.queue.capacity_bytes = 4 << 20;
    let mut pipeline = Pipeline::start_in(&scratch.on(disk.clone()), &config, "run", 1).unwrap();
    for number in 0..MANY {
        insist(&mut pipeline, 20, &format!("n{number}"));
    }
    disk.wait_stalled();
}

/// Killed with everything written.
fn idle(scratch: &Scratch) {
    let mut pipeline =
        Pipeline::start_in(&scratch.surroundings(), &config(scratch, sinks(scratch)), "run", 1).unwrap();
    log_all(&mut pipeline);
    assert!(pipeline.waiter().wait(None));
    die();
}

fn die() -> ! {
    // SAFETY: no preconditions.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    unreachable!()
}

/// Logs beyond a limit on the size of its files, and on once that is taken back.
fn limited(scratch: &Scratch) {
    let surroundings = Surroundings { store: None, ..Surroundings::default() };
    let mut program = Program::start(&surroundings, scratch, json!([file(scratch, "all", json!({}))]));
    program.log(20, 0, 10);
    assert!(program.pipeline.waiter().wait(PROMPTLY));
    // SAFETY: ignoring a signal has no preconditions; an ignored one makes the write fail with EFBIG.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    limit_file_size(50_000);
    for number in 0..600 {
        program.log(LEVELS[number % 4], 0, 300);
    }
    wait_until(|| program.pipeline.sinks()[0].problem.is_some());
    assert!(program.pipeline.sinks()[0].problem.as_ref().unwrap().contains("File too large"));
    assert!(fs::metadata(scratch.logs().join("all.log")).unwrap().len() <= 50_000);
    limit_file_size(libc::RLIM_INFINITY);
    let (said, by_sink) = program.finish(&scratch.logs().join("all.log"));
    assert!(said.told() > 0 && by_sink[2..] == [0, 0, 0], "{by_sink:?}");
    fs::write(scratch.root().join("done"), "").unwrap();
}

/// Sets the soft limit alone, so that it can be taken back without being root.
fn limit_file_size(bytes: libc::rlim_t) {
    // SAFETY: data without pointers, read after it was filled in.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit), 0);
        limit.rlim_cur = bytes.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}
