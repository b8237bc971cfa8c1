//! How long a followed line takes, and what waiting costs.
//!
//! Another thread writes 2,000 lines, one by one; each is timed from before its write to its return from
//! [`Follower::wait`]. Then nothing is written for five seconds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use metaexpert_log_read::{Content, Follower, Watch};

const LINES: usize = 2_000;
const BETWEEN_LINES: Duration = Duration::from_millis(1);
const IDLE: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let directory = std::env::temp_dir().join(format!("metaexpert-follow-example-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let outcome = measure(&directory.join("expert.log"));
    fs::remove_dir_all(&directory)?;
    outcome
}

fn measure(log: &Path) -> io::Result<()> {
    let mut follower = Follower::new(vec![log.to_owned()], Watch::Inotify)?;
    let mut took = latencies(&mut follower, log)?;
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!("latency of {LINES} lines: p50 {:?}, p99 {:?}, longest {:?}", at(50), at(99), at(100));
    let before = cpu_time();
    let found = follower.wait(Some(IDLE))?;
    println!("CPU in {IDLE:?} without a line: {:?}, {} findings", cpu_time() - before, found.len());
    Ok(())
}

fn latencies(follower: &mut Follower, log: &Path) -> io::Result<Vec<Duration>> {
    let begun = Instant::now();
    let file = OpenOptions::new().append(true).create(true).open(log)?;
    let writer = thread::spawn(move || write_lines(file, begun));
    let mut took = Vec::new();
    while took.len() < LINES {
        let found = follower.wait(None)?;
        let now = begun.elapsed();
        for appended in found {
            let Content::Lines(lines) = appended.content else { continue };
            let texts = String::from_utf8(lines).map_err(io::Error::other)?;
            for written in texts.lines().map(str::parse) {
                took.push(now - Duration::from_nanos(written.map_err(io::Error::other)?));
            }
        }
    }
    writer.join().expect("the writer ends by itself")?;
    Ok(took)
}

/// Each line says when it was written.
fn write_lines(mut file: File, begun: Instant) -> io::Result<()> {
    for _ in 0..LINES {
        thread::sleep(BETWEEN_LINES);
        file.write_all(format!("{}\n", begun.elapsed().as_nanos()).as_bytes())?;
    }
    Ok(())
}

/// The processor time of this process.
fn cpu_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place for the answer is valid, and the clock exists everywhere.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
