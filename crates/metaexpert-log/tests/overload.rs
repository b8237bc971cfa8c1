//! More than the disk takes: it stalls, it is full, it takes no larger file. Memory stays bounded, nobody
//! waits longer than configured, what gives way is what may, and every lost record is counted and told.

mod account;
mod program;
mod whole;

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use metaexpert_log::pipeline::Surroundings;
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use program::{LEVELS, PROMPTLY, Program};
use serde_json::json;
use whole::{Scratch, file, submit_to, wait_until};

const MIB: usize = 1 << 20;

#[test]
fn a_disk_that_stalls_fills_the_queue_then_low_levels_give_way_and_protected_ones_wait_a_bounded_time() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    let mut program = Program::start(&surroundings, &scratch, json!([file(&scratch, "all", json!({}))]));
    let trade = program.pipeline.category_id(b"trade").unwrap();
    disk.stall(0, &[Operation::Write]);
    let mut order = Vec::new();
    for number in 0..400 {
        let (level, category) = [(10, 0), (20, 0), (30, 0), (40, 0), (20, trade)][number % 5];
        let (depth, capacity) = program.pipeline.queue_depth();
        assert!(depth <= capacity);
        if program.log(level, category, 200) {
            order.push((level, category != 0));
        }
    }
    disk.wait_stalled();
    // The last of the room went to protected records alone.
    let last_low = order.iter().rposition(|(level, is_trade)| *level < 30 && !is_trade).unwrap();
    assert!(order.len() - last_low > 10, "{last_low} of {}", order.len());
    assert!(program.lost[..4].iter().all(|lost| *lost > 0), "{:?}", program.lost);
    assert!(program.lost[0] > program.lost[2], "{:?}", program.lost);
    assert!(program.longest_wait >= program.pipeline.wait_limit());
    disk.heal();
    let (said, by_sink) = program.finish(&scratch.logs().join("all.log"));
    assert_eq!(by_sink, [0; 5]);
    assert!(said.messages.len() > 100, "{}", said.messages.len());
}

#[test]
fn a_failing_file_holds_its_budget_and_keeps_a_part_of_it_for_errors_and_trades() {
    let (scratch, disk) = (Scratch::new(), FaultyDisk::new());
    let surroundings = Surroundings { disk: disk.clone(), store: None };
    let mut program = Program::start(&surroundings, &scratch, json!([file(&scratch, "all", json!({}))]));
    let trade = program.pipeline.category_id(b"trade").unwrap();
    disk.fail_from(0, &[Operation::Write], libc::ENOSPC);
    // First more warnings than there is room for, then what may use the reserve, then more than that, too.
    for (level, category, count) in [(30, 0, 600), (40, 0, 30), (20, trade, 30), (40, 0, 200), (30, 0, 20)] {
        for _ in 0..count {
            while submit_to(&mut program.pipeline, level, &message(&program.calls), category).is_err() {
                program.pipeline.waiter().wait_for_room();
            }
            let text = message(&program.calls);
            program.calls.push((level, text));
            program.auditor.look(&program.pipeline);
        }
    }
    disk.heal();
    let calls = program.calls.clone();
    let (said, by_sink) = program.finish(&scratch.logs().join("all.log"));
    let kept = |range: std::ops::Range<usize>| {
        calls[range].iter().filter(|(_, message)| said.messages.contains(message)).count()
    };
    assert_eq!(kept(600..660), 60, "errors and trade records have a reserve");
    assert!(by_sink[2] > 100 && by_sink[3] > 10 && by_sink[1] == 0, "{by_sink:?}");
    let size: usize = said.messages.iter().map(String::len).sum();
    assert!((3 * MIB..4 * MIB + (128 << 10)).contains(&size), "{size}");
}

fn message(calls: &[(i32, String)]) -> String {
    format!("n{} {}", calls.len(), "x".repeat(8000))
}

/// A small disk of its own, mounted in memory; `None` without the right to do so.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: PathBuf, bytes: usize) -> Option<SmallDisk> {
        fs::create_dir_all(&path).unwrap();
        let (target, kind) = (c_path(&path), CString::new("tmpfs").unwrap());
        let options = CString::new(format!("size={bytes}")).unwrap();
        // SAFETY: terminated strings that outlive the call.
        let done =
            unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast()) };
        if done != 0 {
            println!("skipped: a disk can't be mounted: {}", std::io::Error::last_os_error());
            return None;
        }
        Some(SmallDisk(path))
    }

    /// Takes all the room that is left, in a file of that name.
    fn fill(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        let mut file = fs::File::create(&path).unwrap();
        while std::io::Write::write(&mut file, &[b'x'; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // SAFETY: a terminated string that outlives the call.
        unsafe { libc::umount2(c_path(&self.0).as_ptr(), libc::MNT_DETACH) };
    }
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

#[test]
fn a_full_disk_costs_debug_and_info_only_and_all_that_was_held_appears_when_there_is_room_again() {
    let scratch = Scratch::new();
    let Some(small) = SmallDisk::mount(scratch.root().join("small"), 256 << 10) else { return };
    let mut sink = file(&scratch, "all", json!({}));
    sink["destination"]["path"] = json!(small.0.join("all.log"));
    let surroundings = Surroundings { store: None, ..Surroundings::default() };
    let mut program = Program::start(&surroundings, &scratch, json!([sink]));
    let trade = program.pipeline.category_id(b"trade").unwrap();
    program.log(20, 0, 10);
    assert!(program.pipeline.waiter().wait(PROMPTLY));
    let filler = small.fill("filler");
    fs::OpenOptions::new().write(true).open(&filler).unwrap().set_len(150 << 10).unwrap();
    // About three times what is left: the file itself takes the rest of the disk.
    for number in 0..1000 {
        let (level, category) = match number % 20 {
            0 => (40, 0),
            1 => (30, 0),
            2 => (20, trade),
            _ => (LEVELS[number % 2], 0),
        };
        while submit_to(&mut program.pipeline, level, &short(&program.calls), category).is_err() {
            program.pipeline.waiter().wait_for_room();
        }
        let text = short(&program.calls);
        program.calls.push((level, text));
        program.auditor.look(&program.pipeline);
    }
    wait_until(|| program.pipeline.sinks()[0].problem.is_some());
    assert!(program.pipeline.sinks()[0].problem.as_ref().unwrap().contains("No space left on device"));
    wait_until(|| scratch.troubles().contains("No space left on device"));
    fs::remove_file(filler).unwrap();
    let waiter = program.pipeline.waiter();
    let mut more_room = false;
    while !waiter.wait(Some(Duration::from_millis(50))) && !more_room {
        // What is held is more than the whole disk: it is made larger.
        let (target, none) = (c_path(&small.0), CString::new("size=4m").unwrap());
        // SAFETY: terminated strings that outlive the call.
        let done = unsafe {
            let flags = libc::MS_REMOUNT;
            libc::mount(std::ptr::null(), target.as_ptr(), std::ptr::null(), flags, none.as_ptr().cast())
        };
        assert_eq!(done, 0);
        more_room = true;
    }
    let (said, by_sink) = program.finish(&small.0.join("all.log"));
    assert!(by_sink[0] > 50 && by_sink[1] > 50, "{by_sink:?}");
    assert_eq!(by_sink[2..], [0, 0, 0]);
    assert!(said.messages.len() > 300);
    let lines = scratch.troubles().lines().count();
    assert!((1..10).contains(&lines), "at most one line per second: {lines}");
}

fn short(calls: &[(i32, String)]) -> String {
    format!("n{} {}", calls.len(), "x".repeat(300))
}

#[test]
fn a_file_that_must_not_grow_is_gone_on_with_once_it_may() {
    let scratch = Scratch::new();
    let output = Command::new(env!("CARGO_BIN_EXE_scenes"))
        .args(["limited", "0"])
        .arg(scratch.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(scratch.root().join("done").exists());
    assert!(String::from_utf8_lossy(&output.stderr).contains("File too large"));
}
