//! The files of a log as they lie on the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use metaexpert_log::family::{self, Member};

/// The files of the log at `path`: its own, those that rotation made of it, and those of other processes that
/// found it taken, in the order of [`metaexpert_log::family::family`]. The file itself need not be there.
///
/// Only regular files and links to them count; one that disappears meanwhile is left out. A writer may rename
/// a file before it is opened: who reads more than one tells them apart by device and inode. Fails where the
/// directory cannot be listed.
pub fn family(path: &Path) -> io::Result<Vec<Member>> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut files = Vec::new();
    for entry in fs::read_dir(parent.unwrap_or(Path::new(".")))? {
        files.push(parent.map_or_else(PathBuf::new, Path::to_owned).join(entry?.file_name()));
    }
    files.retain(|file| {
        Member::of(path, file).is_some() && fs::metadata(file).is_ok_and(|found| found.is_file())
    });
    Ok(family::family(path, files))
}
