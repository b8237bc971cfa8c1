//! The logging system's own files, written and rotated by itself while they are followed.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use metaexpert_log::config::{Compress, FileConfig, Format, Rotate, Sync};
use metaexpert_log::platform::disk::system;
use metaexpert_log::sink::{Change, LogFile, Opener};

use crate::scene::{PATIENCE, Random, each_way};

const LINES: usize = 50_000;

fn opened(path: &Path, compress: Compress, backup_count: u32) -> LogFile {
    let config = FileConfig {
        path: path.to_owned(),
        delay: true,
        max_size: 1 << 30,
        backup_count,
        rotate: Rotate::Size,
        compress,
        max_age_days: None,
        sync: Sync::Never,
    };
    LogFile::open(&config, &Format::Json, system(), Opener::Configuration).unwrap()
}

/// Writes as a sink does: whole, and looked after.
fn write(file: &mut LogFile, batch: &[u8]) {
    loop {
        let mut done = 0;
        while done < batch.len() {
            done += file.write(&batch[done..]).unwrap();
        }
        if file.look().unwrap() != Change::Removed {
            return;
        }
    }
}

/// Writes numbered lines, rotated at any size.
fn write_all(file: &mut LogFile, random: &mut Random, mut between: impl FnMut(usize)) {
    let mut number = 0;
    while number < LINES {
        let mut batch = Vec::new();
        for _ in 0..=random.below(100) {
            if number < LINES {
                number += 1;
                let filler = "x".repeat(random.below(60) as usize);
                batch.extend(format!("{{\"n\":{number},\"x\":\"{filler}\"}}\n").bytes());
            }
        }
        write(file, &batch);
        between(number);
        if random.below(8) == 0 {
            file.rotate(0).unwrap();
        }
    }
}

fn numbers(text: &[u8]) -> Vec<usize> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let line = std::str::from_utf8(line).unwrap();
            let number = line.strip_prefix("{\"n\":").and_then(|rest| rest.split(',').next()).unwrap();
            assert!(line.ends_with("\"}"), "{line}");
            number.parse().unwrap()
        })
        .collect()
}

#[test]
fn each_line_comes_once_and_in_order_through_rotation_and_packing() {
    for compress in [Compress::None, Compress::Gzip, Compress::Zstd] {
        each_way(&format!("stress-{compress:?}"), |place| {
            let log = place.path("a.log");
            let mut heard = place.follow(&["a.log"]);
            let path = log.clone();
            let writer = thread::spawn(move || {
                let mut file = opened(&path, compress, 10_000);
                write_all(&mut file, &mut Random(20_261_201), |_| {});
                // Packing has the lowest priority: on a busy machine some files stay unpacked.
                file.settle(Instant::now() + Duration::from_secs(2));
            });
            let deadline = Instant::now() + PATIENCE;
            let mut next = 1;
            while next <= LINES {
                assert!(Instant::now() < deadline, "{next} never came");
                heard.all = heard.follower.wait(Some(Duration::from_secs(1))).unwrap();
                assert!(heard.told().iter().all(|told| !told.contains(" is ")), "{:?}", heard.told());
                for number in numbers(&heard.text(&log)) {
                    assert_eq!(number, next);
                    next += 1;
                }
            }
            writer.join().unwrap();
            place.append("a.log", "end\n");
            heard.all.clear();
            heard.until_ends(&log, "end\n");
            assert_eq!(heard.told(), ["a.log: end\\n"], "{compress:?}, {:?}", place.watch);
        });
    }
}

#[test]
fn each_line_comes_once_and_in_order_though_files_are_removed_and_moved_away() {
    each_way("outside", |place| {
        let log = place.path("a.log");
        let mut heard = place.follow(&["a.log"]);
        let seen = Arc::new(AtomicUsize::new(0));
        let (path, moved, is_seen) = (log.clone(), place.path("moved"), Arc::clone(&seen));
        let writer = thread::spawn(move || {
            let mut file = opened(&path, Compress::Zstd, 10_000);
            let mut random = Random(7);
            let mut batches = 0;
            write_all(&mut file, &mut Random(42), |number| {
                let chance = random.below(120);
                batches += 1;
                // A file that was taken away before anybody saw it is lost: the first batch goes to the old file.
                if chance < 3 && batches > 1 {
                    batches = 0;
                    wait_until(|| is_seen.load(Ordering::Acquire) >= number);
                    let _ = if chance == 0 { fs::rename(&path, &moved) } else { fs::remove_file(&path) };
                }
            });
        });
        let mut next = 1;
        let deadline = Instant::now() + PATIENCE;
        while next <= LINES {
            assert!(Instant::now() < deadline, "{next} never came");
            heard.all = heard.follower.wait(Some(Duration::from_secs(1))).unwrap();
            for number in numbers(&heard.text(&log)) {
                assert_eq!(number, next);
                next += 1;
            }
            seen.store(next - 1, Ordering::Release);
        }
        writer.join().unwrap();
    });
}

fn wait_until(is_true: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "the follower does not come along");
        thread::sleep(Duration::from_micros(200));
    }
}
