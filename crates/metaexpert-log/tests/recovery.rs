//! Recovery: the next process writes what a killed one has left, exactly once and in order. The processes are
//! real, and really killed: they play the scenes in `scenes/`.

#[path = "scenes/script.rs"]
mod script;
mod whole;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::recovery::Status;
use proptest::prelude::*;
use script::{COUNT, MANY, log_all, sinks};
use whole::{Scratch, config, make_own, submit, wait_until, write_own};

/// Plays `scene` in another process until that is killed.
fn play(scratch: &Scratch, scene: &str, kill_at: u64) {
    let status = Command::new(env!("CARGO_BIN_EXE_scenes"))
        .args([scene, &kill_at.to_string()])
        .arg(scratch.root())
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(libc::SIGKILL), "{scene}: {status}");
}

fn assert_complete(scratch: &Scratch) {
    let wanted = |choose: &dyn Fn(usize) -> bool| -> Vec<String> {
        (0..COUNT).filter(|number| choose(*number)).map(|number| format!("n{number}")).collect()
    };
    assert_eq!(scratch.messages("expert"), wanted(&|_| true));
    assert_eq!(scratch.messages("errors"), wanted(&|number| number % 3 == 1));
    assert_eq!(scratch.messages("trades"), wanted(&|number| number % 3 == 2));
    assert_eq!(scratch.messages("chosen"), wanted(&|number| number % 5 == 0));
    assert_eq!(numbers_in_text(scratch), wanted(&|number| number % 5 == 0));
}

/// The program's own messages in a file of text.
fn numbers_in_text(scratch: &Scratch) -> Vec<String> {
    let text = fs::read_to_string(scratch.logs().join("chosen_text.log")).unwrap();
    let messages = text.lines().map(|line| line.split_whitespace().find(|word| word.starts_with('n')));
    messages.map(|message| message.unwrap_or_else(|| panic!("{text}")).to_owned()).collect()
}

/// Asserts that what was logged is there, whole, once and in order, as far as the process came.
fn assert_prefix(scratch: &Scratch) {
    let seen = scratch.messages("expert");
    assert!(seen.iter().enumerate().all(|(index, message)| *message == format!("n{index}")), "{seen:?}");
    for (name, first, step) in [("errors", 1, 3), ("trades", 2, 3), ("chosen", 0, 5)] {
        let wanted: Vec<_> = seen.iter().skip(first).step_by(step).cloned().collect();
        assert_eq!(scratch.messages(name), wanted, "{name}");
    }
}

#[test]
fn what_no_file_had_got_is_written_to_each() {
    let scratch = Scratch::new();
    play(&scratch, "stalled", 0);
    assert_eq!(scratch.messages("expert"), [""; 0]);
    let report = scratch.recover();
    assert_complete(&scratch);
    let ring = &report.rings[0];
    assert_eq!((ring.status, ring.records, ring.unreadable), (Status::Recovered, COUNT as u64, 0));
    let total: u64 = ring.files.values().sum();
    assert_eq!(total as usize, COUNT + 2 * COUNT / 3 + 2 * COUNT / 5);
    assert_eq!(scratch.store().rings().unwrap(), [""; 0].map(std::path::PathBuf::from));
    assert!(scratch.recover().rings.is_empty());
    assert_complete(&scratch);
}

#[test]
fn a_kill_at_any_operation_on_a_file_loses_and_doubles_nothing() {
    let mut all_logged = 0;
    for kill_at in 0.. {
        let scratch = Scratch::new();
        let disk = FaultyDisk::new();
        // As many operations as an undisturbed run has.
        if kill_at == 0 {
            let mut pipeline =
                Pipeline::start_in(&scratch.on(disk.clone()), &config(&scratch, sinks(&scratch)), "run", 1)
                    .unwrap();
            log_all(&mut pipeline);
            assert!(pipeline.stop().wait(None));
            assert!(disk.attempted().len() > 40, "{:?}", disk.attempted());
            continue;
        }
        play(&scratch, "write", kill_at);
        let logged = scratch.root().join("logged").exists();
        scratch.recover();
        if logged {
            assert_complete(&scratch);
            all_logged += 1;
        } else {
            assert_prefix(&scratch);
        }
        assert!(scratch.store().rings().unwrap().is_empty());
        if kill_at > 120 {
            break;
        }
    }
    assert!(all_logged > 5, "{all_logged}");
}

#[test]
fn a_recovery_that_is_killed_at_any_operation_is_completed_by_the_next() {
    for kill_at in (0..60).step_by(2) {
        let scratch = Scratch::new();
        play(&scratch, "stalled", 0);
        play(&scratch, "recover", kill_at);
        play(&scratch, "recover", 7);
        scratch.recover();
        assert_complete(&scratch);
    }
}

#[test]
fn the_next_start_writes_what_is_left_before_anything_of_its_own_and_says_so() {
    let scratch = Scratch::new();
    play(&scratch, "stalled", 0);
    let mut pipeline =
        Pipeline::start_in(&scratch.surroundings(), &config(&scratch, sinks(&scratch)), "next", 1).unwrap();
    submit(&mut pipeline, 20, "own").unwrap();
    assert!(pipeline.stop().wait(None));
    let records = scratch.records("expert");
    assert_eq!(records.len(), COUNT + 2);
    assert_eq!(records[COUNT]["event_name"], "log.recovered");
    assert_eq!(records[COUNT]["records"], COUNT);
    assert_eq!(records[COUNT + 1]["message"], "own");
}

#[test]
fn the_ring_of_a_living_process_is_left_alone() {
    let scratch = Scratch::new();
    let disk = FaultyDisk::new();
    disk.stall(0, &[Operation::Write]);
    let mut pipeline =
        Pipeline::start_in(&scratch.on(disk.clone()), &config(&scratch, sinks(&scratch)), "run", 1).unwrap();
    assert!(pipeline.is_crash_safe());
    log_all(&mut pipeline);
    disk.wait_stalled();
    let report = scratch.recover();
    assert_eq!(report.rings[0].status, Status::Alive);
    assert_eq!(report.rings[0].process, std::process::id());
    assert!(scratch.ring().exists());
    disk.release();
    assert!(pipeline.stop().wait(None));
    assert_complete(&scratch);
    assert!(scratch.store().rings().unwrap().is_empty());
}

#[test]
fn records_go_where_they_belonged_when_they_were_made() {
    let scratch = Scratch::new();
    play(&scratch, "reconfigured", 0);
    scratch.recover();
    assert_eq!(scratch.messages("first"), ["before", "after"]);
    assert_eq!(scratch.messages("second"), ["between"]);
}

#[test]
fn records_are_shown_as_the_process_wanted_them() {
    let scratch = Scratch::new();
    play(&scratch, "viewed", 0);
    scratch.recover();
    let text = fs::read_to_string(scratch.logs().join("people.log")).unwrap();
    assert!(text.ends_with("app.strategy: viewed price=50000.5\n"), "{text}");
}

#[test]
fn what_was_lost_and_not_told_is_told_by_the_recovery() {
    let scratch = Scratch::new();
    play(&scratch, "gap", 0);
    let report = scratch.recover();
    let records = scratch.records("expert");
    let told = records.last().unwrap();
    assert_eq!(told["event_name"], "log.gap");
    assert_eq!(told["dropped"].as_u64(), Some(report.rings[0].lost));
    assert_eq!(records.len() as u64 - 1 + report.rings[0].lost, 200);
}

#[test]
fn what_a_full_disk_did_not_take_at_the_end_is_written_by_the_next_start() {
    let scratch = Scratch::new();
    play(&scratch, "full", 0);
    scratch.recover();
    assert_eq!(scratch.messages("expert"), (0..10).map(|number| format!("n{number}")).collect::<Vec<_>>());
}

#[test]
fn lines_that_others_wrote_since_the_kill_do_not_double_ours() {
    let scratch = Scratch::new();
    play(&scratch, "write", 60);
    let path = scratch.logs().join("errors.log");
    // It may have been killed before the first of them.
    let text = fs::read_to_string(&path).unwrap_or_default();
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    fs::write(&path, format!("{}{{\"message\":\"foreign\",\"event_name\":\"x\"}}\n", &text[..whole]))
        .unwrap();
    scratch.recover();
    let seen = scratch.messages("errors");
    assert!(!seen.is_empty());
    assert!(
        seen.iter().enumerate().all(|(index, message)| *message == format!("n{}", index * 3 + 1)),
        "{seen:?}"
    );
}

#[test]
fn a_directory_that_cannot_be_written_keeps_the_ring_for_later() {
    let scratch = Scratch::new();
    play(&scratch, "stalled", 0);
    let disk = FaultyDisk::new();
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    let mut trouble = metaexpert_log::sink::trouble::TroubleLog::new(scratch.logs());
    let report = metaexpert_log::recovery::recover(&scratch.on(disk), &scratch.logs(), &[], &mut trouble);
    assert_eq!(report.rings[0].status, Status::Failed);
    assert!(report.rings[0].problem.as_ref().unwrap().contains("No space left"), "{report:?}");
    assert!(scratch.ring().exists());
    // A process that another test starts at this moment has our descriptors, and so the ring's lock, until
    // its program begins.
    wait_until(|| scratch.recover().rings[0].status != Status::Alive);
    assert_complete(&scratch);
}

#[test]
fn a_ring_of_another_format_is_left_alone_and_said_to_be() {
    let scratch = Scratch::new();
    play(&scratch, "stalled", 0);
    let file = scratch.ring().join("author.json");
    let text = fs::read_to_string(&file).unwrap().replace("\"format\":", "\"format\":9");
    fs::write(&file, text).unwrap();
    let report = scratch.recover();
    assert_eq!(report.rings[0].status, Status::Foreign);
    assert!(scratch.ring().exists());
}

#[test]
fn rings_of_other_log_directories_are_counted_and_left() {
    let scratch = Scratch::new();
    play(&scratch, "stalled", 0);
    let mut trouble = metaexpert_log::sink::trouble::TroubleLog::new(scratch.logs());
    let elsewhere = scratch.root().join("elsewhere");
    let report = metaexpert_log::recovery::recover(&scratch.surroundings(), &elsewhere, &[], &mut trouble);
    assert_eq!((report.rings.len(), report.elsewhere), (0, 1));
    let report =
        metaexpert_log::recovery::recover_all(&scratch.surroundings(), &elsewhere, &[], &mut trouble);
    assert_eq!((report.rings.len(), report.elsewhere), (1, 0));
    assert_complete(&scratch);
}

#[test]
fn a_mark_never_counts_what_comes_after_its_position() {
    for kill_at in 0..60 {
        let scratch = Scratch::new();
        play(&scratch, "halfway", 0);
        play(&scratch, "recover", kill_at);
        scratch.recover();
        let wanted: Vec<_> = (0..MANY).map(|number| format!("n{number}")).collect();
        assert!(scratch.messages("expert") == wanted, "killed at {kill_at}");
    }
}

#[test]
fn a_packed_file_that_a_kill_has_left_with_an_unpacked_name_gets_its_own() {
    let scratch = Scratch::new();
    play(&scratch, "idle", 0);
    let logs = scratch.logs();
    let packed = fs::read_dir(&logs).unwrap().count() as u32;
    let at = |ending: &str| logs.join(format!("expert.log.{packed}{ending}"));
    fs::write(at(""), b"\x1f\x8b\x08 and so on").unwrap();
    fs::write(at(".gz.1-1.part"), b"half of it").unwrap();
    scratch.recover();
    assert_eq!(fs::read(at(".gz")).unwrap(), b"\x1f\x8b\x08 and so on");
    assert!(!at("").exists() && !at(".gz.1-1.part").exists());
}

#[test]
fn an_empty_ring_is_removed_by_any_start() {
    let scratch = Scratch::new();
    play(&scratch, "idle", 0);
    assert!(scratch.ring().exists());
    let mut trouble = metaexpert_log::sink::trouble::TroubleLog::new(scratch.logs());
    let elsewhere = scratch.root().join("elsewhere");
    let report = metaexpert_log::recovery::recover(&scratch.surroundings(), &elsewhere, &[], &mut trouble);
    assert_eq!((report.rings.len(), report.elsewhere), (0, 0));
    assert!(scratch.store().rings().unwrap().is_empty());
    assert_complete(&scratch);
}

/// The ring of a process that had logged everything and written nothing, made once.
fn remains() -> &'static (Scratch, Vec<u8>) {
    static REMAINS: std::sync::OnceLock<(Scratch, Vec<u8>)> = std::sync::OnceLock::new();
    REMAINS.get_or_init(|| {
        let scratch = Scratch::new();
        play(&scratch, "stalled", 0);
        let ring = fs::read(scratch.ring().join("ring")).unwrap();
        (scratch, ring)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_cost_the_frames_they_hit_and_never_the_recovery(
        flips in proptest::collection::vec((any::<u32>(), 0u8..8), 1..40),
        in_header in any::<bool>(),
    ) {
        let (original, bytes) = remains();
        let scratch = Scratch::new();
        let copy = scratch.place_of(&original.ring().file_name().unwrap().to_string_lossy());
        make_own(&copy);
        for name in ["author.json", "config.0.json"] {
            let text = fs::read_to_string(original.ring().join(name)).unwrap();
            let text = text.replace(&*original.root().to_string_lossy(), &scratch.root().to_string_lossy());
            write_own(&copy.join(name), text.as_bytes());
        }
        let mut damaged = bytes.clone();
        let len = if in_header { 4096 + 16384 } else { damaged.len() };
        for (at, bit) in &flips {
            damaged[*at as usize % len] ^= 1 << bit;
        }
        write_own(&copy.join("ring"), &damaged);
        let mut trouble = metaexpert_log::sink::trouble::TroubleLog::new(scratch.logs());
        let report = metaexpert_log::recovery::recover_all(&scratch.surroundings(), &scratch.logs(), &[], &mut trouble);
        let ring = &report.rings[0];
        // Every line that was written is strict JSON, which reading it asserts.
        let seen = scratch.records("expert").len();
        if ring.status == Status::Recovered && !in_header {
            prop_assert!(seen + 2 * flips.len() >= COUNT, "{} of {} with {} flips: {:?}", seen, COUNT, flips.len(), ring);
        }
    }
}
