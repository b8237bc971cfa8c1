//! The report of a recovery.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::clock::Rfc3339;
use crate::ring::store::Author;

/// What became of one ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All of it is written, and the ring is gone.
    #[default]
    Recovered,
    /// Its process lives, or another one recovers it now; nothing was touched.
    Alive,
    /// It could not be recovered, and stays for the next time.
    Failed,
    /// Another version wrote it; nothing was touched.
    Foreign,
}

/// One ring.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RingReport {
    /// The process that wrote it.
    pub process: u32,
    /// The id that no other process has.
    pub run_id: String,
    /// When the ring was made, RFC 3339.
    pub started: String,
    /// What became of it.
    pub status: Status,
    /// Records of which something was written now.
    pub records: u64,
    /// Records that were in the ring, but written everywhere already.
    pub already_written: u64,
    /// Frames that damage had made unreadable.
    pub unreadable: u64,
    /// Records that the process had given up, which is told in the log now.
    pub lost: u64,
    /// Lines written now, by file.
    pub files: BTreeMap<PathBuf, u64>,
    /// What went wrong, if something did; what is recovered all the same was recovered without it.
    pub problem: Option<String>,
}

/// A whole recovery.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The log directory.
    pub directory: PathBuf,
    /// Its rings, oldest first.
    pub rings: Vec<RingReport>,
    /// Bytes cut off because they were the beginning of a line that was never completed, by file.
    pub repaired: BTreeMap<PathBuf, u64>,
    /// Rings of dead processes with other log directories, left alone.
    pub elsewhere: u64,
}

impl Report {
    /// The report as a JSON document.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report has a JSON form")
    }
}

impl RingReport {
    pub(super) fn set_author(&mut self, author: &Author) {
        self.process = author.process;
        self.run_id.clone_from(&author.run_id);
        self.started = rfc3339(author.started_ns);
    }

    /// Notes what recovery has to do without.
    pub(super) fn note(&mut self, problem: String) {
        match &mut self.problem {
            Some(problems) => problems.extend(["; ", &problem]),
            none => *none = Some(problem),
        }
    }

    pub(super) fn failed(mut self, problem: String) -> RingReport {
        self.status = Status::Failed;
        self.note(problem);
        self
    }
}

/// RFC 3339 text of a time in nanoseconds since the Unix epoch.
fn rfc3339(time_ns: i64) -> String {
    String::from_utf8_lossy(&Rfc3339::default().format(time_ns)).into_owned()
}
