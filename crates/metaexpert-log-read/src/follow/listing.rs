//! The files of a directory's logs at one moment, though their writer may be renaming them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use metaexpert_log::family::{self, Member};
use metaexpert_log::platform::disk::{Disk, Status, SystemDisk};

/// How often a directory is listed before the next look is to do it.
const MOST_LISTINGS: usize = 20;

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// The configured path of its log.
    pub log: PathBuf,
    /// The path that its writer appends to.
    pub written: PathBuf,
    /// 0 for the file that is written, 1 for the one that was finished last, and so on.
    pub number: u32,
    pub path: PathBuf,
    /// Whether the path is a symbolic link.
    pub is_link: bool,
    pub status: Status,
}

/// Whether nothing was written between two looks at what may be one file.
pub(super) fn is_untouched(before: &Status, now: &Status) -> bool {
    (before.identity, before.len, before.modified_ns) == (now.identity, now.len, now.modified_ns)
}

/// The files of `logs` in `directory`, ordered by writer, and from the oldest to the one that is written. None
/// if they are renamed faster than they can be listed.
///
/// A file that is renamed meanwhile may be in a listing twice or never. Two equal listings, one after the
/// other, have each file once; `previous` counts as one of them.
pub(super) fn settled(
    directory: &Path,
    logs: &[PathBuf],
    previous: &[Listed],
) -> io::Result<Option<Vec<Listed>>> {
    let names = Names::of(logs);
    let mut before = (!previous.is_empty()).then(|| previous.to_vec());
    for _ in 0..MOST_LISTINGS {
        let now = list(directory, &names)?;
        if before.is_some_and(|before| is_equal(&before, &now)) {
            return Ok(Some(now));
        }
        before = Some(now);
    }
    Ok(None)
}

fn is_equal(one: &[Listed], other: &[Listed]) -> bool {
    let key = |file: &Listed| (file.status.identity, file.number);
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| key(one) == key(other) && one.path == other.path)
}

fn list(directory: &Path, names: &Names) -> io::Result<Vec<Listed>> {
    let mut found = Vec::new();
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    for entry in fs::read_dir(here)? {
        let entry = entry?;
        let path = directory.join(entry.file_name());
        let Some((log, member)) = names.member(&path) else { continue };
        // What has gone meanwhile is missing from the next listing.
        if let Ok(status) = SystemDisk.status_at(&path) {
            if status.is_regular {
                let written = member.namesake.map_or_else(|| log.clone(), |who| family::sibling(log, who));
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                found.push((member, Listed { log: log.clone(), written, number: 0, path, is_link, status }));
            }
        }
    }
    Ok(ordered(found))
}

/// One file per number of a writer: what is there unpacked and packed is the unpacked one, because its packing
/// has not finished.
fn ordered(mut found: Vec<(Member, Listed)>) -> Vec<Listed> {
    found.sort_by(|(one, file), (other, file_of_other)| {
        let key = |member: &Member| (std::cmp::Reverse(member.number), member.packing as u8);
        file.written.cmp(&file_of_other.written).then_with(|| key(one).cmp(&key(other)))
    });
    found.dedup_by(|(later, file), (earlier, file_of_earlier)| {
        later.number == earlier.number && file.written == file_of_earlier.written
    });
    found.into_iter().map(|(member, file)| Listed { number: member.number, ..file }).collect()
}

/// The logs by the part of their names that all names of the family begin with.
struct Names<'a> {
    by_stem: HashMap<&'a [u8], Vec<&'a PathBuf>>,
}

impl<'a> Names<'a> {
    fn of(logs: &'a [PathBuf]) -> Names<'a> {
        let mut by_stem: HashMap<&[u8], Vec<&PathBuf>> = HashMap::new();
        for log in logs {
            by_stem.entry(log.file_stem().unwrap_or_default().as_bytes()).or_default().push(log);
        }
        Names { by_stem }
    }

    /// Which log a file belongs to. `a.7.log` is a log of its own if it is one of the logs, beside `a.log`.
    fn member(&self, path: &Path) -> Option<(&'a PathBuf, Member)> {
        let name = path.file_name()?.as_bytes();
        let stems = (1..=name.len()).filter(|end| *end == name.len() || name[*end] == b'.');
        let logs = stems.filter_map(|end| self.by_stem.get(&name[..end])).flatten();
        let members = logs.filter_map(|log| Some((*log, Member::of(log, path)?)));
        members.min_by_key(|(_, member)| member.namesake.is_some())
    }
}
