//! Rotation by size and time, and how finished files move up by one number.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::config::{Compress, Rotate};
use crate::family::{Member, members, numbered};
use crate::platform::disk::{Disk, FileId, Way, directory, is_absent};

/// Knows when the current period ends, in UTC so that no time zone change disturbs it.
pub struct Schedule {
    period_ns: Option<i64>,
    current: i64,
}

impl Schedule {
    /// The schedule for `rotate` whose current period is that of `written_ns`, when the file was last
    /// written. By size alone it is never due.
    pub fn new(rotate: Rotate, written_ns: i64) -> Schedule {
        const HOUR_NS: i64 = 3_600_000_000_000;
        let period_ns = match rotate {
            Rotate::Size => None,
            Rotate::Hourly => Some(HOUR_NS),
            Rotate::Daily => Some(24 * HOUR_NS),
        };
        Schedule { period_ns, current: period_ns.map_or(0, |period| written_ns.div_euclid(period)) }
    }

    /// Whether `timestamp_ns` lies in a later period than the last record. A clock that was set back
    /// makes nothing due.
    #[inline]
    pub fn is_due(&self, timestamp_ns: i64) -> bool {
        self.period_ns.is_some_and(|period| timestamp_ns.div_euclid(period) > self.current)
    }

    /// Notes that the period of `timestamp_ns` has begun.
    pub fn advance(&mut self, timestamp_ns: i64) {
        if let Some(period) = self.period_ns {
            self.current = timestamp_ns.div_euclid(period);
        }
    }
}

/// The finished files of `path`, newest first; of a number that is there unpacked and packed, unpacked comes
/// first.
pub(super) fn backups(disk: &dyn Disk, path: &Path) -> io::Result<Vec<Member>> {
    let mut found = members(path, disk.list(directory(path))?);
    found.retain(|member| member.namesake.is_none() && member.number > 0);
    // Of equal numbers the order stays.
    found.sort_by_key(|member| member.number);
    Ok(found)
}

/// Files in the making that an earlier process left.
pub(super) fn parts(disk: &dyn Disk, path: &Path) -> io::Result<Vec<PathBuf>> {
    let is_part = |ending: &str| {
        let Some((number, rest)) = ending.split_once('.') else { return false };
        number.parse::<u32>().is_ok() && rest.ends_with(".part")
    };
    Ok(relatives(disk, path)?
        .into_iter()
        .filter(|(ending, _)| is_part(ending))
        .map(|(_, path)| path)
        .collect())
}

/// What stands beside `path` under its name, a dot and an ending, with the endings.
fn relatives(disk: &dyn Disk, path: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let ending = |other: &Path| -> Option<String> {
        let rest = other.file_name()?.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b".")?;
        String::from_utf8(rest.to_vec()).ok()
    };
    let all = disk.list(directory(path))?;
    Ok(all.into_iter().filter_map(|other| ending(&other).map(|ending| (ending, other))).collect())
}

/// The path and its backups, newest first, packed ones included: each line of its writer is in one of these
/// files. What cannot be listed counts as absent.
pub fn chain(disk: &dyn Disk, path: &Path) -> Vec<PathBuf> {
    let mut backups = backups(disk, path).unwrap_or_default();
    // Unpacked and packed under one number: packing it was not finished, and both hold the same lines.
    backups.dedup_by_key(|backup| backup.number);
    let first = disk.status_at(path).is_ok().then(|| path.to_owned());
    first.into_iter().chain(backups.into_iter().map(|backup| backup.path)).collect()
}

/// Renames `name` to `name.1`, `name.1` to `name.2` and so on, up to the first number that is free; with
/// `keep` backups the oldest is removed first. Stopped at any step it leaves a free number, at which the next
/// one ends: no file is lost or removed twice. Nothing is ever renamed onto another file.
pub(super) fn shift(disk: &dyn Disk, path: &Path, keep: u32) -> io::Result<()> {
    let mut all: HashMap<u32, Vec<Member>> = HashMap::new();
    for backup in backups(disk, path)? {
        all.entry(backup.number).or_default().push(backup);
    }
    let of = |number| all.get(&number).into_iter().flatten();
    if let Some(other) = all.values().flatten().find(|backup| !is_file(disk, &backup.path)) {
        let problem =
            format!("{} is in the way and no regular file; move it elsewhere", other.path.display());
        return Err(io::Error::other(problem));
    }
    let free = (1..keep).find(|number| !all.contains_key(number)).unwrap_or(keep);
    for backup in of(free) {
        unless_absent(disk.remove(&backup.path))?;
    }
    for number in (1..free).rev() {
        for backup in of(number) {
            unless_absent(disk.rename(&backup.path, &numbered(path, number + 1, backup.packing)))?;
        }
    }
    disk.rename(path, &numbered(path, 1, Compress::None))
}

/// Whether a regular file is there, and no link to one; what has gone meanwhile is in nobody's way.
pub(super) fn is_file(disk: &dyn Disk, path: &Path) -> bool {
    let status = disk.status_at(path).map(|status| status.is_regular);
    let is_link = disk.way(path).is_ok_and(|way| way != Way::Name);
    status.unwrap_or_else(|problem| is_absent(&problem)) && !is_link
}

/// Takes back the last step of [`shift`] for the file `identity`, unless lines are at `path` by now.
pub(super) fn unshift(disk: &dyn Disk, path: &Path, identity: FileId) -> io::Result<()> {
    let first = numbered(path, 1, Compress::None);
    if is_at(disk, path, identity) {
        return Ok(());
    }
    let is_free = match disk.status_at(path) {
        Ok(status) => status.is_regular && status.len == 0,
        Err(problem) => is_absent(&problem),
    };
    if is_free && is_at(disk, &first, identity) {
        return disk.rename(&first, path);
    }
    Err(io::Error::other(format!("{} is taken", path.display())))
}

/// Whether the file `identity` is at `path`. What cannot be seen counts as being there.
pub(super) fn is_at(disk: &dyn Disk, path: &Path, identity: FileId) -> bool {
    match disk.status_at(path) {
        Ok(status) => status.identity == identity,
        Err(problem) => !is_absent(&problem),
    }
}

/// What an outside program removed or moved meanwhile is no failure.
pub(super) fn unless_absent(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|problem| if is_absent(&problem) { Ok(()) } else { Err(problem) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::platform::disk::SystemDisk;

    /// A directory of its own for each test, with one-line files named as given.
    fn scratch(test: &str, names: &[&str]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("metaexpert-rotate-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        names.iter().for_each(|name| fs::write(path.join(name), name).unwrap());
        path
    }

    /// (name, what it was called before) of every file, sorted; removes the directory.
    fn outcome(directory: &Path) -> Vec<(String, String)> {
        let mut all: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.file_name().unwrap().to_string_lossy().into(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        all.sort();
        fs::remove_dir_all(directory).unwrap();
        all
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(now, before)| ((*now).into(), (*before).into())).collect()
    }

    #[test]
    fn a_schedule_is_due_once_a_period_and_never_backwards() {
        let hour = 3_600_000_000_000;
        let mut schedule = Schedule::new(Rotate::Hourly, 5 * hour);
        assert!(!schedule.is_due(6 * hour - 1));
        assert!(schedule.is_due(6 * hour));
        schedule.advance(6 * hour);
        assert!(!schedule.is_due(6 * hour));
        assert!(!schedule.is_due(3 * hour));
        assert!(!Schedule::new(Rotate::Size, 0).is_due(i64::MAX));
    }

    #[test]
    fn files_move_up_to_the_first_free_number_and_no_further() {
        let directory = scratch("hole", &["a.log", "a.log.1", "a.log.2.gz", "a.log.4.zst", "a.log.5"]);
        shift(&SystemDisk, &directory.join("a.log"), 5).unwrap();
        let expected = [
            ("a.log.1", "a.log"),
            ("a.log.2", "a.log.1"),
            ("a.log.3.gz", "a.log.2.gz"),
            ("a.log.4.zst", "a.log.4.zst"),
            ("a.log.5", "a.log.5"),
        ];
        assert_eq!(outcome(&directory), pairs(&expected));
    }

    #[test]
    fn the_oldest_gives_way_only_when_no_number_is_free() {
        let directory = scratch("full", &["a.log", "a.log.1", "a.log.2.gz"]);
        shift(&SystemDisk, &directory.join("a.log"), 2).unwrap();
        assert_eq!(outcome(&directory), pairs(&[("a.log.1", "a.log"), ("a.log.2", "a.log.1")]));
    }

    #[test]
    fn a_chain_is_the_file_and_its_backups_newest_first() {
        let names = [
            "a.log",
            "a.log.1",
            "a.log.2",
            "a.log.2.gz",
            "a.log.10.zst",
            "a.log.01",
            "a.log.0",
            "a.log.3.gz.7-1.part",
            "a.log.x",
            "a.log2",
            "a.4711.log",
            "b.log.1",
            "a.log.3.bz2",
        ];
        let directory = scratch("chain", &names);
        let found = chain(&SystemDisk, &directory.join("a.log"));
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.log", "a.log.1", "a.log.2", "a.log.10.zst"]);
        let left = parts(&SystemDisk, &directory.join("a.log")).unwrap();
        assert_eq!(left, [directory.join("a.log.3.gz.7-1.part")]);
        fs::remove_dir_all(&directory).unwrap();
    }
}
