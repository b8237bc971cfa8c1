//! Waiting for records, or for the end: it takes no longer than the caller allows, and tells of each loss.

mod whole;

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use metaexpert_log::frame::{NO_ID, Record, Section};
use metaexpert_log::pipeline::{Pipeline, Surroundings};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::stats::Loss;
use serde_json::json;
use whole::{Scratch, config, file, insist, submit_to, wait_until};

const PROMPTLY: Option<Duration> = Some(Duration::from_secs(20));
const SOON: Option<Duration> = Some(Duration::from_millis(4));

fn start(scratch: &Scratch, disk: &Arc<FaultyDisk>) -> Pipeline {
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    Pipeline::start_in(&surroundings, &config(scratch, json!([file(scratch, "all", json!({}))])), "run", 1)
        .unwrap()
}

/// Submits until there is no room, and gives one record up.
fn overload(pipeline: &mut Pipeline) {
    while submit_to(pipeline, 20, &"x".repeat(1000), 0).is_ok() {}
    pipeline.give_up(20, Loss::QueueFull);
}

#[test]
fn waits_return_while_the_disk_still_stalls() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let mut pipeline = start(&scratch, &disk);
    disk.stall(0, &[Operation::Write]);
    overload(&mut pipeline);
    disk.wait_stalled();
    let waiter = pipeline.waiter();
    for timeout in [Some(Duration::ZERO), SOON] {
        assert!(!waiter.wait(timeout));
    }
    let stopping = pipeline.stop_now();
    for timeout in [Some(Duration::ZERO), SOON] {
        assert!(!stopping.wait(timeout));
    }
    assert!(!stopping.has_ended());
    let (stats, _) = stopping.outcome();
    let done: u64 = stats.written.iter().chain(stats.dropped.iter().flatten()).sum();
    assert_eq!(stats.logged.iter().sum::<u64>(), done + stats.queued);
    disk.heal();
    assert!(stopping.wait(PROMPTLY));
    assert!(waiter.wait(PROMPTLY));
    assert_eq!(stopping.outcome().0.queued, 0);
}

#[test]
fn an_end_is_the_same_for_all_who_wait_for_it() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let mut pipeline = start(&scratch, &disk);
    disk.stall(0, &[Operation::Write]);
    insist(&mut pipeline, 20, "m");
    disk.wait_stalled();
    let stopping = pipeline.stop();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| stopping.wait(PROMPTLY))).collect();
        disk.heal();
        assert!(waiting.into_iter().all(|waiting| waiting.join().unwrap()));
    });
    assert!(stopping.wait(None) && stopping.has_ended());
    assert_eq!(stopping.lost(), 0);
}

#[test]
fn refused_records_are_losses() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let mut pipeline = start(&scratch, &disk);
    insist(&mut pipeline, 20, "m");
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert_eq!(pipeline.waiter().lost(), 0);
    pipeline.give_up(20, Loss::QueueFull);
    pipeline.give_up(20, Loss::TooLarge);
    pipeline.count_lost(&[1, 2, 0, 0, 0], 3);
    assert!(pipeline.waiter().wait(PROMPTLY), "what was taken is written");
    assert_eq!(pipeline.waiter().lost(), 5);
    let stopping = pipeline.stop();
    assert!(stopping.wait(PROMPTLY));
    assert_eq!(stopping.lost(), 5);
}

#[test]
fn what_a_failing_file_gives_up_is_a_loss_before_the_rest_counts_as_written() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let mut pipeline = start(&scratch, &disk);
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    wait_until(|| {
        insist(&mut pipeline, 20, &"x".repeat(1000));
        pipeline.waiter().lost() > 0
    });
    disk.heal();
    assert!(pipeline.waiter().wait(PROMPTLY));
    let by_sink: u64 = pipeline.stats().dropped[Loss::Sink as usize].iter().sum();
    assert!(by_sink > 0);
    assert_eq!(pipeline.waiter().lost(), by_sink);
    let stopping = pipeline.stop();
    assert!(stopping.wait(PROMPTLY));
    assert_eq!(stopping.lost(), by_sink);
}

#[test]
fn what_was_given_up_with_a_replaced_file_stays_a_loss() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    let named = |name: &str| config(&scratch, json!([file(&scratch, name, json!({}))]));
    let mut pipeline = Pipeline::start_in(&surroundings, &named("a0"), "run", 1).unwrap();
    disk.fail_from(0, &[Operation::Write], libc::EIO);
    insist(&mut pipeline, 20, "lost with a0");
    // More files that fail than are kept.
    for number in 1..12 {
        pipeline.reconfigure(&surroundings, &named(&format!("a{number}")), "run").unwrap();
        insist(&mut pipeline, 20, "m");
    }
    wait_until(|| pipeline.waiter().lost() > 0);
    disk.heal();
    assert!(pipeline.waiter().wait(PROMPTLY));
    let stopping = pipeline.stop();
    assert!(stopping.wait(PROMPTLY));
    let by_sink: u64 = stopping.outcome().0.dropped[Loss::Sink as usize].iter().sum();
    assert!(by_sink > 0);
    assert_eq!(stopping.lost(), by_sink);
}

#[test]
fn a_record_that_cannot_be_read_is_a_loss() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let mut pipeline = start(&scratch, &disk);
    let sections = [Section::Encoded(b"no section at all")];
    let record = Record {
        level: 20,
        logger: NO_ID,
        category: NO_ID,
        timestamp_ns: 1,
        message: b"m",
        sections: &sections,
    };
    pipeline.submit(&record, false).unwrap();
    insist(&mut pipeline, 20, "readable");
    assert!(pipeline.waiter().wait(PROMPTLY));
    assert_eq!(pipeline.waiter().lost(), 1);
    let stopping = pipeline.stop();
    assert!(stopping.wait(PROMPTLY) && !stopping.is_whole());
    let (stats, _) = stopping.outcome();
    assert_eq!((stats.written[1], stats.dropped[Loss::Sink as usize][1], stats.queued), (1, 1, 0));
}

#[test]
fn what_the_other_side_has_not_read_at_the_end_is_a_loss() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let path = scratch.root().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let net = json!({
        "name": "net", "level": 0, "format": {"kind": "json"},
        "destination": {"type": "tcp", "endpoint": {"transport": "unix", "path": path}},
    });
    let config = config(&scratch, json!([file(&scratch, "all", json!({})), net]));
    let surroundings = Surroundings { disk, store: None };
    let mut pipeline = Pipeline::start_in(&surroundings, &config, "run", 1).unwrap();
    (0..3).for_each(|_| insist(&mut pipeline, 20, "m"));
    assert!(pipeline.waiter().wait(PROMPTLY), "the system has taken it");
    assert_eq!(pipeline.waiter().lost(), 0);
    let stopping = pipeline.stop();
    assert!(stopping.wait(PROMPTLY));
    // Elsewhere nobody can be asked.
    assert_eq!(stopping.lost(), if cfg!(target_os = "linux") { 3 } else { 0 });
    drop(listener);
}
