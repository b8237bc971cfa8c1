//! The logs of a directory, as the names of its files have them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use metaexpert_log::family::Member;

/// What the names of logs end with.
const ENDINGS: [&str; 3] = ["log", "jsonl", "ndjson"];
/// The logging system's own troubles, in plain text.
const OWN_ERRORS_FILE: &str = "logging_errors.log";

/// The paths of the logs in `directory`, in the order of their names, each as it is configured: `expert.log`,
/// whose rotated files and siblings of other processes belong to it. The file itself need not be there.
///
/// A log's name ends with `.log`, `.jsonl` or `.ndjson`; `logging_errors.log` is none, because it has no
/// records. Fails where the directory cannot be listed.
pub fn logs(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut written = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = written_name(&entry.file_name());
        if is_log(&name) && fs::metadata(entry.path()).is_ok_and(|found| found.is_file()) {
            written.insert(name);
        }
    }
    let is_sibling = |name: &OsString| {
        let others = written.iter().filter(|other| *other != name);
        others.into_iter().any(|other| Member::of(Path::new(other), Path::new(name)).is_some())
    };
    // A sibling whose log's own files are all gone stands for itself.
    let own = written.iter().filter(|name| !is_sibling(name));
    Ok(own.map(|name| directory.join(name)).collect())
}

/// The name of the file that a writer appended to when it wrote `name`: without packing and number.
fn written_name(name: &OsStr) -> OsString {
    let mut bytes = name.as_bytes();
    for suffix in [&b".gz"[..], b".zst"] {
        bytes = bytes.strip_suffix(suffix).unwrap_or(bytes);
    }
    if let Some(dot) = bytes.iter().rposition(|byte| *byte == b'.') {
        let digits = &bytes[dot + 1..];
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
            bytes = &bytes[..dot];
        }
    }
    OsString::from_vec(bytes.to_owned())
}

fn is_log(name: &OsStr) -> bool {
    let ending = Path::new(name).extension();
    name != OWN_ERRORS_FILE && ENDINGS.iter().any(|known| ending == Some(OsStr::new(known)))
}
