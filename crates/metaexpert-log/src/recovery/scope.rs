//! The scope of a recovery: files that it may write to. A left-over configuration is not believed.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::config::Config;
use crate::ring::store::{Author, Claim, Store};

/// The files that a recovery may write to.
pub(super) struct Scope<'a> {
    /// Those in this directory; if there is none, those in the ring's own, whose name it bears.
    pub(super) directory: Option<&'a Path>,
    /// And these.
    pub(super) files: &'a [PathBuf],
}

impl Scope<'_> {
    /// Fails if a configuration beside the ring at `path` names a file elsewhere. One that cannot be read
    /// names none.
    pub(super) fn check(&self, path: &Path, claim: &Claim, author: &Author) -> io::Result<()> {
        for epoch in claim.configs()? {
            let Ok(config) = claim.config(epoch).and_then(|text| parsed(&text)) else { continue };
            let own =
                || [&author.directory, &config.directory].into_iter().find(|own| Store::is_of(path, own));
            let Some(directory) = self.directory.or_else(|| own().map(PathBuf::as_path)) else {
                let named = author.directory.display();
                return Err(refused(&format!(
                    "{named} is not the directory any more in which it was made: \
                     start the program again, or recover with --dir {named}"
                )));
            };
            let directory = real(directory);
            let is_foreign =
                |path: &Path| !self.files.iter().any(|file| file == path) && !is_in(path, &directory);
            let files = config.sinks.iter().filter_map(|sink| Some((&sink.name, &sink.file()?.path)));
            if let Some((name, path)) = files.into_iter().find(|(_, path)| is_foreign(path)) {
                let (path, directory) = (path.display(), directory.display());
                return Err(refused(&format!(
                    "handler {name} writes to {path}, outside of the log directory {directory}: \
                     start the program again, or recover with --file {path}"
                )));
            }
        }
        Ok(())
    }
}

fn parsed(text: &str) -> io::Result<Config> {
    Config::from_json(text).map_err(|problem| io::Error::other(problem.to_string()))
}

fn is_in(path: &Path, directory: &Path) -> bool {
    let is_straight = path.components().all(|part| part != Component::ParentDir);
    is_straight && path.parent().is_some_and(|parent| real(parent).starts_with(directory))
}

/// `path` without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let Some((above, found)) = there else { return path.to_owned() };
    path.strip_prefix(above).map_or_else(|_| path.to_owned(), |rest| found.join(rest))
}

fn refused(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, problem)
}
