//! A log file and its finished files, with every fault that a disk, a kill or another program can make.

mod common;

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use common::{Scratch, configured, contents, names, open, settle, unpacked};
use metaexpert_log::config::Format;
use metaexpert_log::platform::disk::{SystemDisk, system};
use metaexpert_log::platform::faulty_disk::{FaultyDisk, Operation};
use metaexpert_log::sink::{Change, LogFile, Opener, chain};
use serde_json::json;

const HOUR_NS: i64 = 3_600_000_000_000;

/// Writes one line as a sink does: rotated before where due, written whole, looked after.
fn put(file: &mut LogFile, line: &str) {
    let line = format!("{line}\n");
    if file.is_due(0, line.len(), 0) {
        // A file that cannot be rotated now is one that grows.
        let _ = file.rotate(0);
    }
    loop {
        let mut done = 0;
        while done < line.len() {
            done += file.write(&line.as_bytes()[done..]).unwrap_or(0);
        }
        let change = (0..100).find_map(|_| file.look().ok()).expect("a hundred looks failed");
        if change != Change::Removed {
            return;
        }
    }
}

fn number(index: usize) -> String {
    format!("{{\"n\":{index:04}}}")
}

#[test]
fn sizes_and_counts_are_as_configured() {
    let scratch = Scratch::new("sizes");
    let mut file = open(&configured(&scratch, json!({"max_size": 33, "backup_count": 3})), system());
    (0..20).for_each(|index| put(&mut file, &number(index)));
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1", "expert.log.2", "expert.log.3"]);
    assert_eq!(contents(&scratch), (9..20).map(number).collect::<Vec<_>>());
    assert_eq!(file.size(), 22);
}

#[test]
fn an_empty_file_waits_for_its_first_line_whatever_the_hour() {
    let scratch = Scratch::new("empty");
    let options = json!({"rotate": "hourly", "backup_count": 3, "delay": false});
    let mut file = open(&configured(&scratch, options), system());
    let later = i64::MAX / 2;
    assert!(file.is_due(0, 10, later));
    file.rotate(later).unwrap();
    assert!(!file.is_due(0, 10, later));
    file.write(b"one\n").unwrap();
    assert!(!file.is_due(0, 10, later + 1) && !file.is_due(0, 10, later - 5 * HOUR_NS));
    assert!(file.is_due(0, 10, later + HOUR_NS));
    assert_eq!(names(&scratch), ["expert.log"]);
}

#[test]
fn packed_files_have_exactly_the_bytes_and_the_time_of_the_unpacked_ones() {
    for (compress, ending) in [("gzip", "gz"), ("zstd", "zst")] {
        let scratch = Scratch::new(compress);
        let config =
            configured(&scratch, json!({"max_size": 400_000, "backup_count": 9, "compress": compress}));
        let mut file = open(&config, system());
        let lines: Vec<_> = (0..3000).map(|index| format!("{index} {}", "x".repeat(index))).collect();
        lines.iter().for_each(|line| put(&mut file, line));
        settle(&file);
        let finished = names(&scratch).split_off(1);
        assert!(finished.len() == 9 && finished.iter().all(|name| name.ends_with(ending)), "{finished:?}");
        let kept = contents(&scratch);
        assert_eq!(kept, lines[3000 - kept.len()..]);
        let age = fs::metadata(scratch.path(&finished[0])).unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age < Duration::from_secs(600));
    }
}

#[test]
fn the_next_start_packs_what_is_unpacked_and_clears_what_was_left() {
    let scratch = Scratch::new("next-start");
    fs::write(scratch.path("expert.log.1"), "one\n").unwrap();
    fs::write(scratch.path("expert.log.1.gz.77-3.part"), "half").unwrap();
    // Killed between the two renamings: packed, under its unpacked name.
    let packed = zstd::encode_all(&b"two\n"[..], 3).unwrap();
    fs::write(scratch.path("expert.log.2"), packed).unwrap();
    let file = open(&configured(&scratch, json!({"backup_count": 3, "compress": "gzip"})), system());
    settle(&file);
    assert_eq!(names(&scratch), ["expert.log.1.gz", "expert.log.2.zst"]);
    assert_eq!(contents(&scratch), ["two", "one"]);
}

#[test]
fn a_stalled_packing_holds_up_neither_lines_nor_rotation_nor_the_end() {
    let scratch = Scratch::new("stalled");
    let disk = FaultyDisk::new();
    let config = configured(&scratch, json!({"max_size": 33, "backup_count": 50, "compress": "gzip"}));
    let mut file = open(&config, disk.clone());
    disk.stall(0, &[Operation::ReadAt]);
    (0..30).for_each(|index| put(&mut file, &number(index)));
    disk.wait_stalled();
    (30..60).for_each(|index| put(&mut file, &number(index)));
    drop(file);
    assert_eq!(contents(&scratch), (0..60).map(number).collect::<Vec<_>>());
    disk.release();
    let file = open(&config, system());
    settle(&file);
    assert_eq!(contents(&scratch), (0..60).map(number).collect::<Vec<_>>());
    assert!(names(&scratch)[1..].iter().all(|name| name.ends_with(".gz")));
}

#[test]
fn a_packing_that_fails_leaves_the_unpacked_file_and_tells() {
    let scratch = Scratch::new("no-room");
    let disk = FaultyDisk::new();
    let config = configured(&scratch, json!({"max_size": 33, "backup_count": 9, "compress": "gzip"}));
    let mut file = open(&config, disk.clone());
    (0..3).for_each(|index| put(&mut file, &number(index)));
    disk.fail_from(0, &[Operation::CreateNew], libc::ENOSPC);
    put(&mut file, &number(3));
    settle(&file);
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1"]);
    assert!(file.take_problem().unwrap().contains("No space left"));
    disk.heal();
    (4..7).for_each(|index| put(&mut file, &number(index)));
    settle(&file);
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1.gz", "expert.log.2.gz"]);
}

#[test]
fn backups_too_old_or_too_many_are_removed_and_the_current_file_never() {
    let scratch = Scratch::new("spent");
    let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600 + 60);
    for name in ["expert.log", "expert.log.1", "expert.log.2.gz", "expert.log.3", "expert.log.5.zst"] {
        let file = File::create(scratch.path(name)).unwrap();
        if name != "expert.log.1" && name != "expert.log.5.zst" {
            file.set_modified(old).unwrap();
        }
    }
    drop(open(&configured(&scratch, json!({"backup_count": 9, "max_age_days": 4})), system()));
    assert_eq!(names(&scratch).len(), 5);
    drop(open(&configured(&scratch, json!({"backup_count": 9, "max_age_days": 3})), system()));
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1", "expert.log.5.zst"]);
    drop(open(&configured(&scratch, json!({"backup_count": 0})), system()));
    assert_eq!(names(&scratch).len(), 3);
    drop(open(&configured(&scratch, json!({"backup_count": 4})), system()));
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1"]);
}

#[test]
fn a_rotation_removes_what_has_become_too_old() {
    let scratch = Scratch::new("aged");
    let config = configured(&scratch, json!({"max_size": 33, "backup_count": 9, "max_age_days": 3}));
    let mut file = open(&config, system());
    (0..4).for_each(|index| put(&mut file, &number(index)));
    let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600 + 60);
    File::options().write(true).open(scratch.path("expert.log.1")).unwrap().set_modified(old).unwrap();
    (4..7).for_each(|index| put(&mut file, &number(index)));
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1"]);
    assert_eq!(contents(&scratch), (3..7).map(number).collect::<Vec<_>>());
}

#[test]
fn a_configuration_that_was_only_opened_removes_nothing() {
    let scratch = Scratch::new("only-opened");
    fs::write(scratch.path("expert.log.2"), "two\n").unwrap();
    drop(
        LogFile::open(
            &configured(&scratch, json!({"backup_count": 1})),
            &Format::Json,
            system(),
            Opener::Configuration,
        )
        .unwrap(),
    );
    assert_eq!(names(&scratch), ["expert.log.2"]);
}

#[test]
fn a_file_moved_away_is_followed_by_a_new_one() {
    let scratch = Scratch::new("moved");
    let mut file = open(&configured(&scratch, json!({})), system());
    put(&mut file, "one");
    fs::rename(scratch.path("expert.log"), scratch.path("away.log")).unwrap();
    file.write(b"two\n").unwrap();
    assert_eq!(file.look().unwrap(), Change::Moved);
    put(&mut file, "three");
    assert_eq!(fs::read_to_string(scratch.path("away.log")).unwrap(), "one\ntwo\n");
    assert_eq!(contents(&scratch), ["three"]);
}

#[test]
fn a_removed_file_or_directory_is_made_again_and_told() {
    let scratch = Scratch::new("removed/deep");
    let mut file = open(&configured(&scratch, json!({})), system());
    put(&mut file, "one");
    fs::remove_file(scratch.path("expert.log")).unwrap();
    file.write(b"two\n").unwrap();
    assert_eq!(file.look().unwrap(), Change::Removed);
    put(&mut file, "two");
    assert_eq!(contents(&scratch), ["two"]);
    fs::remove_dir_all(scratch.path("")).unwrap();
    put(&mut file, "three");
    assert_eq!(contents(&scratch), ["three"]);
}

#[test]
fn a_removed_file_that_cannot_be_made_again_is_told_when_it_can() {
    let scratch = Scratch::new("removed-failing");
    let disk = FaultyDisk::new();
    let mut file = open(&configured(&scratch, json!({})), disk.clone());
    file.write(b"one\n").unwrap();
    fs::remove_file(scratch.path("expert.log")).unwrap();
    disk.fail_from(0, &[Operation::OpenAppend], libc::EMFILE);
    assert_eq!(file.look().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    assert_eq!(file.look().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    disk.heal();
    assert_eq!(file.look().unwrap(), Change::Removed);
    assert_eq!((file.size(), names(&scratch)), (0, vec!["expert.log".to_owned()]));
}

#[test]
fn copy_and_truncate_loses_no_line_and_counts_the_size_anew() {
    let scratch = Scratch::new("copytruncate");
    let mut file = open(&configured(&scratch, json!({"max_size": 33, "backup_count": 9})), system());
    (0..3).for_each(|index| put(&mut file, &number(index)));
    fs::copy(scratch.path("expert.log"), scratch.path("copy")).unwrap();
    File::options().write(true).open(scratch.path("expert.log")).unwrap().set_len(0).unwrap();
    assert_eq!(file.look().unwrap(), Change::Truncated);
    (3..6).for_each(|index| put(&mut file, &number(index)));
    assert_eq!(names(&scratch), ["copy", "expert.log"]);
    assert_eq!(contents(&scratch), (3..6).map(number).collect::<Vec<_>>());
}

#[test]
fn a_rotation_that_fails_goes_on_in_the_same_file_and_is_due_again_later() {
    for operation in [Operation::List, Operation::Rename, Operation::OpenAppend] {
        let scratch = Scratch::new("rotation-fails");
        let disk = FaultyDisk::new();
        let mut file = open(&configured(&scratch, json!({"max_size": 33, "backup_count": 9})), disk.clone());
        (0..3).for_each(|index| put(&mut file, &number(index)));
        disk.fail(0, &[operation], libc::EACCES);
        assert!(file.is_due(0, 11, 0) && file.rotate(0).is_err(), "{operation:?}");
        assert!(!file.is_due(0, 11, 0));
        put(&mut file, &number(3));
        assert_eq!(names(&scratch), ["expert.log"], "{operation:?}");
        assert_eq!(contents(&scratch), (0..4).map(number).collect::<Vec<_>>());
    }
}

#[test]
fn a_neighbour_that_is_no_regular_file_is_never_moved() {
    let scratch = Scratch::new("neighbour");
    let far = scratch.beside().join("far");
    fs::write(&far, "far").unwrap();
    let mut file = open(&configured(&scratch, json!({"max_size": 33, "backup_count": 2})), system());
    std::os::unix::fs::symlink(&far, scratch.path("expert.log.1")).unwrap();
    (0..3).for_each(|index| put(&mut file, &number(index)));
    let problem = file.rotate(0).unwrap_err().to_string();
    assert!(problem.contains("expert.log.1 is in the way and no regular file"), "{problem}");
    (3..9).for_each(|index| put(&mut file, &number(index)));
    assert_eq!(names(&scratch), ["expert.log", "expert.log.1"]);
    assert_eq!(fs::read_to_string(&far).unwrap(), "far");
    drop(file);
    fs::rename(scratch.path("expert.log.1"), scratch.path("expert.log.7")).unwrap();
    // Nor is one removed, though it is beyond the count.
    drop(open(&configured(&scratch, json!({"max_size": 33, "backup_count": 2})), system()));
    assert!(fs::symlink_metadata(scratch.path("expert.log.7")).unwrap().is_symlink());
}

#[test]
fn a_torn_last_line_is_cut_off_json_and_ended_in_text() {
    let scratch = Scratch::new("torn");
    let path = scratch.path("expert.log");
    let whole = format!("{}\n", "y".repeat(100_000));
    for (before, json_after, torn) in [
        (format!("{whole}{{\"half"), whole.clone(), Some("{\"half")),
        ("{\"ha".to_owned(), String::new(), Some("{\"ha")),
        (whole.clone(), whole.clone(), None),
        (String::new(), String::new(), None),
    ] {
        fs::write(&path, &before).unwrap();
        let mut file = open(&configured(&scratch, json!({})), system());
        let found = file.repair_last_line(true).unwrap();
        assert_eq!(found.as_deref(), torn.map(str::as_bytes));
        assert_eq!(fs::read_to_string(&path).unwrap(), json_after);
        assert_eq!(file.size(), json_after.len() as u64);

        fs::write(&path, &before).unwrap();
        assert_eq!(file.repair_last_line(false).unwrap(), None);
        let ended = if torn.is_some() { format!("{before}\n") } else { before };
        assert_eq!(fs::read_to_string(&path).unwrap(), ended);
    }
}

#[test]
fn what_is_no_line_at_all_is_ended_and_not_cut() {
    let scratch = Scratch::new("endless");
    let path = scratch.path("expert.log");
    File::create(&path).unwrap().set_len(20 << 20).unwrap();
    let mut file = open(&configured(&scratch, json!({})), system());
    assert_eq!(file.repair_last_line(true).unwrap(), None);
    assert_eq!(fs::metadata(&path).unwrap().len(), (20 << 20) + 1);
}

#[test]
fn a_failed_sync_is_never_followed_by_success_until_its_lines_are_written_again() {
    let scratch = Scratch::new("sync");
    let disk = FaultyDisk::new();
    let config = configured(&scratch, json!({"sync": "always", "max_size": 33, "backup_count": 9}));
    let mut file = open(&config, disk.clone());
    put(&mut file, &number(0));
    file.sync().unwrap();
    put(&mut file, &number(1));
    disk.fail(0, &[Operation::Sync], libc::EIO);
    assert!(file.sync().is_err() && file.sync().is_err() && file.rotate(0).is_err());
    file.cut_to(file.synced_size()).unwrap();
    put(&mut file, &number(1));
    file.sync().unwrap();
    assert_eq!((contents(&scratch).len(), file.synced_size()), (2, file.size()));
    disk.fail(0, &[Operation::Sync], libc::EIO);
    assert!(file.sync().is_err());
    file.forget_failed_sync();
    file.sync().unwrap();
}

#[test]
fn a_rotated_file_is_on_the_disk_before_its_name_changes_and_then_the_name() {
    let scratch = Scratch::new("sync-order");
    let disk = FaultyDisk::new();
    let config = configured(&scratch, json!({"sync": "interval", "max_size": 33, "backup_count": 9}));
    let mut file = open(&config, disk.clone());
    (0..3).for_each(|index| put(&mut file, &number(index)));
    let before = disk.attempted().len();
    put(&mut file, &number(3));
    let wanted = [Operation::Sync, Operation::SyncDirectory, Operation::Rename];
    let done: Vec<_> = disk.attempted().split_off(before);
    let order: Vec<_> = done.into_iter().filter(|operation| wanted.contains(operation)).collect();
    let [sync, name, rename] = wanted;
    assert_eq!(order, [sync, name, rename, name]);
}

/// What a process does in the tests below: lines with rotations, and each file packed before the next. Ends
/// where the disk dies; returns how many lines were written whole.
fn work(file: &mut LogFile, disk: &FaultyDisk, first: usize, count: usize, is_synced: bool) -> usize {
    for index in first..first + count {
        let line = format!("{}\n", number(index));
        if file.is_due(0, line.len(), 0) {
            let _ = file.rotate(0);
            settle(file);
        }
        let written = file.write(line.as_bytes());
        if disk.is_dead() && written.is_err() {
            return index - first;
        }
        assert_eq!(written.unwrap(), line.len());
        let _ = file.look();
        if is_synced {
            let _ = file.sync();
        }
    }
    count
}

#[test]
fn killed_at_any_step_each_line_is_in_one_file_and_the_numbers_are_as_configured() {
    for (compress, sync) in [("none", "never"), ("none", "always"), ("gzip", "never"), ("zstd", "never")] {
        let mut steps = 0;
        for step in 0.. {
            let scratch = Scratch::new("killed");
            let options = json!({"max_size": 33, "backup_count": 9, "compress": compress, "sync": sync});
            let config = configured(&scratch, options);
            let disk = FaultyDisk::new();
            disk.kill(step);
            let opened = LogFile::open(&config, &Format::Json, disk.clone(), Opener::Configuration);
            let acknowledged = opened.map_or(0, |mut file| work(&mut file, &disk, 0, 13, sync == "always"));

            let next = FaultyDisk::new();
            let mut file = open(&config, next.clone());
            file.repair_last_line(true).unwrap();
            settle(&file);
            let expected: Vec<_> = (0..acknowledged).map(number).collect();
            assert_eq!(contents(&scratch), expected, "{compress}, {sync}, killed at step {step}");
            work(&mut file, &next, acknowledged, 10, false);
            settle(&file);
            let expected: Vec<_> = (0..acknowledged + 10).map(number).collect();
            assert_eq!(contents(&scratch), expected, "{compress}, {sync}, killed at step {step}, went on");
            let left = names(&scratch);
            assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
            assert!(left.len() <= 8, "{left:?}");
            for path in chain(&SystemDisk, &scratch.path("expert.log")) {
                assert!(unpacked(&path).len() <= 33);
            }
            if !disk.is_dead() {
                steps = step;
                break;
            }
        }
        assert!(steps > 60, "{compress}: only {steps} steps");
    }
}

#[test]
fn whichever_operation_fails_once_or_for_long_no_line_is_lost_doubled_or_torn() {
    for errno in [libc::ENOSPC, libc::EIO, libc::EINTR, libc::EMFILE, libc::EROFS] {
        for lasting in [1, 7] {
            let mut step = 0;
            loop {
                let scratch = Scratch::new("faults");
                let disk = FaultyDisk::new();
                let options = json!({"max_size": 33, "backup_count": 9, "compress": "gzip"});
                let config = configured(&scratch, options);
                let mut file = open(&config, disk.clone());
                let before = disk.attempted().len();
                (step..step + lasting).for_each(|at| disk.fail(at, &[], errno));
                for index in 0..13 {
                    put(&mut file, &number(index));
                    settle(&file);
                }
                let attempted = (disk.attempted().len() - before) as u64;
                drop(file);
                // The next start mends a name that could not be given.
                settle(&open(&config, system()));
                let expected: Vec<_> = (0..13).map(number).collect();
                assert_eq!(contents(&scratch), expected, "errno {errno}, {lasting} from step {step}");
                if step > attempted {
                    assert!(step > 100, "only {step} steps");
                    break;
                }
                // All the way for one, a sample of the others: they take the same ways.
                step += if errno == libc::EIO && lasting == 1 { 1 } else { 5 };
            }
        }
    }
}

#[test]
fn short_writes_make_no_torn_lines() {
    let scratch = Scratch::new("short");
    let disk = FaultyDisk::new();
    disk.shorten(3);
    let config = configured(&scratch, json!({"max_size": 33, "backup_count": 9, "compress": "zstd"}));
    let mut file = open(&config, disk.clone());
    (0..13).for_each(|index| put(&mut file, &number(index)));
    settle(&file);
    assert_eq!(contents(&scratch), (0..13).map(number).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_just_being_closed_by_this_process_is_not_taken_for_another_ones() {
    let scratch = Scratch::new("closing");
    let (config, is_over) = (configured(&scratch, json!({"delay": false})), AtomicBool::new(false));
    let open =
        || LogFile::open(&config, &Format::Json, system(), Opener::Configuration).unwrap().path().to_owned();
    let strays = std::thread::scope(|scope| {
        let others = [(); 2].map(|()| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    open();
                }
            })
        });
        let strays = (0..20_000).filter(|_| open() != config.path).count();
        is_over.store(true, Ordering::Relaxed);
        for other in others {
            other.join().unwrap();
        }
        strays
    });
    assert_eq!(strays, 0);
}
