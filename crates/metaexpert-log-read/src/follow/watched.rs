//! The kernel's watches of one directory, which may be away, and of files elsewhere that links in it lead to.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::inotify::{Kind, Notice};
use super::remote::is_remote;
use super::watcher::Watcher;

#[derive(Default)]
pub(super) struct Watched {
    own: Option<i32>,
    /// While the directory is away: the nearest one above it, and the name that is missing there.
    above: Option<(i32, OsString)>,
    /// Directories with files that links lead to, and the names of these.
    linked: Vec<(i32, OsString)>,
    /// Other machines write to it, of which the kernel learns nothing.
    is_remote: bool,
}

/// What a notice says about the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern<'a> {
    /// A file of this name was written to.
    Written(&'a OsStr),
    /// A name came, went or changed.
    Named(&'a OsStr),
    /// Anything.
    All,
}

impl Watched {
    /// What `notice` says about the directory, if anything.
    pub fn concern<'a>(&self, notice: &'a Notice) -> Option<Concern<'a>> {
        let name = notice.name.as_deref();
        let is_for = |(watch, wanted): &(i32, OsString)| {
            *watch == notice.watch && name.is_none_or(|name| name == wanted)
        };
        if self.own == Some(notice.watch) {
            return Some(match (notice.kind, name) {
                (Kind::Written, Some(name)) => Concern::Written(name),
                (Kind::Named, Some(name)) => Concern::Named(name),
                _ => Concern::All,
            });
        }
        let is_near = self.above.iter().chain(&self.linked).any(is_for);
        (is_near || notice.kind == Kind::Missed).then_some(Concern::All)
    }

    /// Whether the kernel tells nothing, or not everything.
    pub fn is_polled(&self) -> bool {
        self.is_remote || (self.own.is_none() && self.above.is_none())
    }

    /// Watches the directory that is at the path now, or waits for one.
    pub fn renew(&mut self, directory: &Path, watcher: &mut Watcher) {
        let found = watcher.watch(here(directory));
        let is_away = matches!(&found, Err(problem) if problem.kind() == io::ErrorKind::NotFound);
        if let Some(own) = std::mem::replace(&mut self.own, found.ok()) {
            watcher.leave(own);
        }
        if is_away {
            self.watch_above(directory, watcher);
        } else {
            self.is_remote = is_remote(here(directory));
            self.leave_above(watcher);
        }
    }

    fn watch_above(&mut self, directory: &Path, watcher: &mut Watcher) {
        // What was made before its parent was watched is seen by looking once more.
        while let Some((parent, name)) = nearest(directory) {
            let watch = watcher.watch(here(parent)).ok();
            self.leave_above(watcher);
            self.above = watch.map(|watch| (watch, name.to_owned()));
            if watch.is_none() || nearest(directory) == Some((parent, name)) {
                return;
            }
        }
    }

    fn leave_above(&mut self, watcher: &mut Watcher) {
        if let Some((above, _)) = self.above.take() {
            watcher.leave(above);
        }
    }

    /// Watches the files that links lead to.
    pub fn renew_links(&mut self, targets: &[PathBuf], watcher: &mut Watcher) {
        let before = std::mem::take(&mut self.linked);
        for target in targets {
            if let (Some(parent), Some(name)) = (target.parent(), target.file_name()) {
                let watch = watcher.watch(parent).ok();
                self.linked.extend(watch.map(|watch| (watch, name.to_owned())));
            }
        }
        before.iter().for_each(|(watch, _)| watcher.leave(*watch));
    }
}

/// The nearest directory above `directory` that is there, and the name that is missing in it; none if nothing
/// is missing.
fn nearest(directory: &Path) -> Option<(&Path, &OsStr)> {
    let mut missing = None;
    for above in directory.ancestors() {
        if here(above).is_dir() {
            return missing.map(|name| (above, name));
        }
        missing = above.file_name();
    }
    None
}

fn here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}
