//! The system's own troubles: one line a second on standard error and in `logging_errors.log`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::clock::{Rfc3339, now_ns};
use crate::encode::escape::escape_plain;

const INTERVAL: Duration = Duration::from_secs(1);

/// Reports problems without becoming one: at most one line a second, errors ignored.
pub struct TroubleLog {
    path: PathBuf,
    last: Option<Instant>,
    held_back: u64,
}

impl TroubleLog {
    /// Reports into `directory`, where the file is made when first needed.
    pub fn new(directory: PathBuf) -> Self {
        TroubleLog { path: directory.join("logging_errors.log"), last: None, held_back: 0 }
    }

    /// Reports `problem`, or counts it if another was reported within the last second.
    pub fn report(&mut self, problem: &str) {
        let now = Instant::now();
        if self.last.is_some_and(|last| now < last + INTERVAL) {
            self.held_back += 1;
            return;
        }
        self.last = Some(now);
        let mut line = Rfc3339::default().format(now_ns()).to_vec();
        line.extend_from_slice(b" metaexpert.logger: ");
        escape_plain(problem.as_bytes(), &mut line);
        if self.held_back > 0 {
            line.extend_from_slice(format!(" ({} more since the last report)", self.held_back).as_bytes());
            self.held_back = 0;
        }
        line.push(b'\n');
        // Nothing is left to tell if telling fails.
        let _ = std::io::stderr().write_all(&line);
        if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(&self.path) {
            let _ = file.write_all(&line);
        }
    }
}
