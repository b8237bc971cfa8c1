//! The system's own troubles: one line per second on standard error and in `logging_errors.log`.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::{Rfc3339, now_ns};
use crate::config::Stream;
use crate::line::escape::escape_controls;
use crate::platform::descriptor::is_there;
use crate::platform::disk::{Disk, directory, is_absent, system};
use crate::sink::targets::file::is_rewritable;

const INTERVAL: Duration = Duration::from_secs(1);
/// A file of this size becomes `logging_errors.log.1`, in place of the one before.
const MAX_BYTES: u64 = 10 << 20;
/// Different problems that are remembered between two reports; more are counted.
const MOST_WAITING: usize = 16;
/// What a pipe that is ready takes at once (POSIX `PIPE_BUF`, as large on Linux).
const READY_BYTES: usize = 4096;

/// Reports problems without becoming one: at most one line per second, errors ignored, never waiting for a
/// reader.
pub struct TroubleLog {
    path: PathBuf,
    makes_directory: bool,
    disk: Arc<dyn Disk>,
    last: Option<Instant>,
    /// What was reported last: the same again is no news.
    latest: String,
    /// Others since then, in their order, each once; and how many more there was no room for.
    waiting: Vec<String>,
    unheard: u64,
}

impl TroubleLog {
    /// Reports into `directory`, where the file is made when first needed.
    pub fn new(directory: PathBuf) -> Self {
        TroubleLog::with_disk(directory, system())
    }

    /// As [`TroubleLog::new`], by way of `disk`.
    pub fn with_disk(directory: PathBuf, disk: Arc<dyn Disk>) -> Self {
        TroubleLog {
            path: directory.join("logging_errors.log"),
            makes_directory: true,
            disk,
            last: None,
            latest: String::new(),
            waiting: Vec::new(),
            unheard: 0,
        }
    }

    /// Of a directory that is not there it makes none: whoever only looks after others' records leaves no
    /// trace.
    pub fn where_directory_is(mut self) -> Self {
        self.makes_directory = false;
        self
    }

    /// Reports `problem`, or counts it if another was reported within the last second. What lasts is reported
    /// once a second, however often it is given; of several that last, each in its turn.
    pub fn report(&mut self, problem: &str) {
        let now = Instant::now();
        if self.last.is_some_and(|last| now < last + INTERVAL) {
            self.hold_back(problem);
            return;
        }
        self.last = Some(now);
        let is_known = problem == self.latest || self.waiting.iter().any(|other| other == problem);
        let has_turn = is_known && !self.waiting.is_empty();
        let problem = if has_turn { self.waiting.remove(0) } else { problem.to_owned() };
        let others = self.waiting.len() as u64 + std::mem::take(&mut self.unheard);
        let mut line = Rfc3339::default().format(now_ns()).to_vec();
        line.extend_from_slice(b" metaexpert.logger: ");
        escape_controls(problem.as_bytes(), &mut line);
        if others > 0 {
            line.extend_from_slice(format!(" ({others} more since the last report)").as_bytes());
        }
        line.push(b'\n');
        self.latest = problem;
        // Nothing is left to tell if telling fails.
        if is_there(Stream::Stderr) {
            write_if_ready(libc::STDERR_FILENO, &line);
        }
        let _ = self.append(&line);
    }

    fn hold_back(&mut self, problem: &str) {
        if problem == self.latest || self.waiting.iter().any(|other| other == problem) {
            return;
        }
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push(problem.to_owned());
        } else {
            self.unheard += 1;
        }
    }

    /// Whether what is reported now would be told, and not only counted.
    pub fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= INTERVAL)
    }

    /// Reports `problem` in any case: what is told once, and not again.
    pub fn insist(&mut self, problem: &str) {
        self.last = None;
        self.report(problem);
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.open()?;
        let mut status = self.disk.status(&file)?;
        let is_rewritable = is_rewritable(&*self.disk, &self.path, &status)?;
        if is_rewritable && status.len >= MAX_BYTES {
            self.disk.rename(&self.path, &backup(&self.path))?;
            file = self.open()?;
            status = self.disk.status(&file)?;
        }
        let written = self.write_all(&file, line);
        let is_torn = 0 < written && written < line.len();
        // No half a line stays, of a disk that is full, unless another process has gone on behind it.
        if is_torn && is_rewritable && self.disk.status(&file)?.len == status.len + written as u64 {
            self.disk.truncate(&file, status.len)?;
        }
        Ok(())
    }

    /// Writes `line`, as far as that goes. Returns how many bytes that was.
    fn write_all(&self, file: &File, line: &[u8]) -> usize {
        let mut done = 0;
        while done < line.len() {
            match self.disk.write(file, &line[done..]) {
                Ok(count @ 1..) => done += count,
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        done
    }

    fn open(&self) -> io::Result<File> {
        match self.disk.open_append(&self.path) {
            Err(problem) if is_absent(&problem) && self.makes_directory => {
                self.disk.create_directory(directory(&self.path))?;
                self.disk.open_append(&self.path)
            }
            outcome => outcome,
        }
    }
}

fn backup(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".1");
    PathBuf::from(name)
}

/// Writes to `fd` unless that would wait. Not by way of `std::io::stderr`, whose lock another thread may hold
/// at a fork, for ever in the child.
fn write_if_ready(fd: libc::c_int, line: &[u8]) {
    let mut poll = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid pollfd, exclusively borrowed.
    if unsafe { libc::poll(&mut poll, 1, 0) } != 1 || poll.revents & libc::POLLOUT == 0 {
        return;
    }
    let mut line = line;
    let mut short;
    if line.len() > READY_BYTES {
        short = line[..READY_BYTES].to_vec();
        short[READY_BYTES - 1] = b'\n';
        line = &short;
    }
    // SAFETY: `line` is readable for its length; a closed descriptor gives an error, not harm.
    unsafe { libc::write(fd, line.as_ptr().cast(), line.len()) };
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::platform::faulty_disk::{FaultyDisk, Operation};

    #[test]
    fn a_directory_that_is_not_there_is_made_unless_it_is_not_to_be() {
        let directory = scratch("absent");
        TroubleLog::new(directory.clone()).where_directory_is().report("seen on stderr");
        assert!(!directory.exists());
        TroubleLog::new(directory.clone()).report("seen");
        assert!(fs::read_to_string(directory.join("logging_errors.log")).unwrap().ends_with(": seen\n"));
        TroubleLog::new(directory.clone()).where_directory_is().report("told");
        assert!(fs::read_to_string(directory.join("logging_errors.log")).unwrap().ends_with(": told\n"));
        fs::remove_dir_all(directory).unwrap();
    }

    fn scratch(test: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("metaexpert-trouble-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_missing_directory_is_made_and_the_rest_of_a_second_is_counted() {
        let directory = scratch("missing");
        let mut log = TroubleLog::new(directory.clone());
        log.report("one\nline");
        log.report("two");
        log.report("one\nline");
        log.last = None;
        log.report("three");
        let text = fs::read_to_string(directory.join("logging_errors.log")).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(lines, ["one\\nline", "three (1 more since the last report)"]);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn problems_that_last_are_told_in_turn_and_counted_once() {
        let directory = scratch("turns");
        let mut log = TroubleLog::new(directory.clone());
        for _ in 0..4 {
            log.last = None;
            (0..50).for_each(|_| ["a", "b", "c"].iter().for_each(|problem| log.report(problem)));
        }
        let text = fs::read_to_string(directory.join("logging_errors.log")).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        let more = " (1 more since the last report)";
        assert_eq!(lines, ["a", &format!("b{more}"), &format!("c{more}"), &format!("a{more}")]);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_large_file_makes_way_for_a_new_one_and_one_is_kept() {
        let directory = scratch("large");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("logging_errors.log");
        for round in 0..2 {
            fs::File::create(&path).unwrap().set_len(MAX_BYTES + round).unwrap();
            TroubleLog::new(directory.clone()).report("new");
            assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
            assert_eq!(fs::metadata(backup(&path)).unwrap().len(), MAX_BYTES + round);
        }
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn no_failing_operation_stops_a_report() {
        let directory = scratch("faults");
        let disk = FaultyDisk::new();
        let mut log = TroubleLog::with_disk(directory.clone(), disk.clone());
        for operation in [Operation::OpenAppend, Operation::Status, Operation::Write] {
            disk.fail(0, &[operation], libc::EIO);
            log.last = None;
            log.report("unseen");
        }
        log.last = None;
        log.report("seen");
        let text = fs::read_to_string(directory.join("logging_errors.log")).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(text.ends_with(": seen\n"));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_pipe_that_is_full_or_gone_is_passed_over() {
        let mut ends = [0; 2];
        // SAFETY: two descriptors are written into an array of two.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // A pipe with room for less than is ready at once would make a write wait: it ends when it is full.
        for _ in 0..1000 {
            write_if_ready(ends[1], &[b'x'; 5000]);
        }
        let mut block = vec![0; 1 << 20];
        // SAFETY: `block` is writable for its length.
        let count = unsafe { libc::read(ends[0], block.as_mut_ptr().cast(), block.len()) };
        assert!(count >= READY_BYTES as isize);
        assert!(block[..READY_BYTES].ends_with(b"x\n"));
        // SAFETY: both are ours and closed once.
        unsafe { (libc::close(ends[0]), libc::close(ends[1])) };
        write_if_ready(ends[1], b"nobody\n");
    }
}
