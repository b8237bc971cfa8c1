//! The files of some logs, open, so that they can be searched more than once.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::directory;
use crate::family::family;
use crate::line;
use crate::report::Report;
use crate::scan::Filter;
use crate::source::{Identity, LogFile};

/// A directory that changes is listed again, this many times at most.
const MAX_LISTINGS: usize = 8;
/// Whether a file is a log is seen within this much of it.
const BEGINNING_BYTES: u64 = 64 << 10;

/// What to look for, and how.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which lines are wanted.
    pub filter: Filter,
    /// Whether all lines are given, each with whether it is wanted.
    pub gives_all: bool,
    /// Whether each line is checked in full. Otherwise those that are not wanted, and look like records from
    /// afar, are not checked for what is in them.
    pub is_strict: bool,
    /// Whether wanted lines that look like records from afar are given unchecked, because the caller reads each
    /// in full and says what is wrong with it.
    pub leaves_checks: bool,
    /// Only this many of the wanted lines, the last ones.
    pub last: Option<usize>,
    /// Where to stop in which file; others are not read. None reads each to the end that it has when it is
    /// opened.
    pub ends: Option<HashMap<Identity, u64>>,
}

/// The files of some logs as they were when they were opened, and what to look for in them. Each search sees
/// the same lines, whatever was appended, renamed or deleted meanwhile.
#[derive(Debug)]
pub struct OpenLogs {
    /// By writer, the oldest file first.
    pub(crate) writers: Vec<Vec<Arc<LogFile>>>,
    pub(crate) query: Query,
    /// Whether a line may stand in several of the logs.
    pub(crate) has_copies: bool,
    /// What could not be opened.
    pub(crate) report: Report,
}

impl OpenLogs {
    /// All logs in `directory`. Fails where the directory cannot be listed.
    pub fn in_directory(directory: &Path, query: Query) -> io::Result<OpenLogs> {
        OpenLogs::open(&directory::logs(directory)?, query, true)
    }

    /// The logs that are configured at `logs`: all files of each. Fails where a directory cannot be listed, or
    /// a log has no files.
    pub fn at(logs: &[PathBuf], query: Query) -> io::Result<OpenLogs> {
        OpenLogs::open(logs, query, false)
    }

    fn open(logs: &[PathBuf], query: Query, skips_texts: bool) -> io::Result<OpenLogs> {
        let mut report = Report::default();
        let mut writers = Vec::new();
        for log in logs {
            writers.extend(open_log(log, query.ends.as_ref(), &mut report)?);
        }
        if skips_texts {
            writers.iter_mut().for_each(|files| leave_out_texts(files, &mut report));
        }
        let writers = writers.into_iter().map(|files| files.into_iter().map(Arc::new).collect()).collect();
        Ok(OpenLogs { writers, query, has_copies: logs.len() > 1, report })
    }
}

impl OpenLogs {
    /// Whether a file was packed since the places to stop at were taken: its lines are known under another
    /// identity.
    pub(crate) fn has_newly_packed(&self) -> bool {
        let is_unknown = |file: &Arc<LogFile>| {
            file.packing.name().is_some()
                && self.query.ends.as_ref().is_some_and(|ends| !ends.contains_key(&file.identity))
        };
        self.writers.iter().flatten().any(is_unknown)
    }
}

/// The files of each writer of `log`, opened, the oldest first.
fn open_log(
    log: &Path,
    ends: Option<&HashMap<Identity, u64>>,
    report: &mut Report,
) -> io::Result<Vec<Vec<LogFile>>> {
    for _ in 0..MAX_LISTINGS {
        if let Some(writers) = open_listed(log, ends, report)? {
            return Ok(writers);
        }
    }
    Err(io::Error::other(format!("{}: its files change faster than they can be opened", log.display())))
}

/// As [`open_log`], none where a file was renamed or packed meanwhile.
fn open_listed(
    log: &Path,
    ends: Option<&HashMap<Identity, u64>>,
    report: &mut Report,
) -> io::Result<Option<Vec<Vec<LogFile>>>> {
    let members = family(log)?;
    let mut writers: Vec<(_, Vec<LogFile>)> = Vec::new();
    for member in &members {
        match LogFile::open(&member.path) {
            Ok(mut file) => {
                let end = ends.map(|ends| ends.get(&file.identity).copied().unwrap_or(0));
                file.size = end.map_or(file.size, |end| file.size.min(end));
                match writers.last_mut().filter(|(namesake, _)| *namesake == member.namesake) {
                    Some((_, files)) => files.push(file),
                    None => writers.push((member.namesake, vec![file])),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_exhausted(&error) => return Err(error),
            Err(error) => report.add_problem(&member.path, &error.to_string()),
        }
    }
    // A rotation between the listing and the opening gives a file another's name.
    let mut files = writers.iter().flat_map(|(_, files)| files);
    let is_unchanged = family(log)? == members && files.all(LogFile::has_its_name);
    Ok(is_unchanged.then(|| writers.into_iter().map(|(_, files)| files).collect()))
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Leaves out unpacked files that hold something else than JSON, such as a log for people.
fn leave_out_texts(files: &mut Vec<LogFile>, report: &mut Report) {
    files.retain(|file| {
        let is_text = is_text(file).unwrap_or(false);
        if is_text {
            report.add_problem(&file.path, "text, not JSON: left out");
        }
        !is_text
    });
}

fn is_text(file: &LogFile) -> io::Result<bool> {
    let mut beginning = Vec::new();
    if file.packing.name().is_some() {
        return Ok(false);
    }
    let end = file.fill(&mut beginning, 0, 0, file.size.min(BEGINNING_BYTES))?;
    let text = &beginning[..end];
    let has_records = text.split(|byte| *byte == b'\n').any(|line| line.first() == Some(&b'{'));
    let is_readable = std::str::from_utf8(text).is_ok_and(|text| !text.contains('\0'));
    Ok(is_readable && !has_records && text.contains(&b'\n') && !line::looks_like_a_record(text))
}
