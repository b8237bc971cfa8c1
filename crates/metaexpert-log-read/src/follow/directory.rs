//! One directory with logs that are followed.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::appended::{Appended, Content, Position};
use super::chain::Chain;
use super::inotify::Kind;
use super::listing::{Listed, settled};
use super::watcher::Watcher;

/// Finds the configured paths of a directory's logs.
type Find = dyn Fn(&Path) -> io::Result<Vec<PathBuf>> + Send;

/// Which logs of a directory are followed.
pub(super) enum Logs {
    /// These paths, whether they are there or not.
    Chosen(Vec<PathBuf>),
    /// Those that the function finds in the directory, at each look.
    Found(Box<Find>),
}

pub(super) struct Directory {
    path: PathBuf,
    logs: Logs,
    chains: Vec<Chain>,
    /// The last listing.
    files: Vec<Listed>,
    /// None if the kernel does not tell of it.
    watch: Option<i32>,
    /// Names have changed, or may have: look.
    is_changed: bool,
    /// What was told of the directory itself, until it can be listed.
    told: Option<String>,
}

impl Directory {
    pub fn new(path: PathBuf, logs: Logs) -> Directory {
        Directory {
            path,
            logs,
            chains: Vec::new(),
            files: Vec::new(),
            watch: None,
            is_changed: false,
            told: None,
        }
    }

    /// Takes what is there for read. A directory that is not there is no failure.
    pub fn begin(&mut self, watcher: &Watcher) -> io::Result<Vec<Position>> {
        self.watch(watcher);
        loop {
            let listed = match self.list() {
                Err(problem) if problem.kind() == io::ErrorKind::NotFound => Some(Vec::new()),
                outcome => outcome?,
            };
            let Some(files) = listed else { continue };
            self.chains.clear();
            let begun: io::Result<Vec<Vec<Position>>> = files
                .chunk_by(|one, other| one.written == other.written)
                .map(|files| {
                    let mut chain = Chain::new(files[0].log.clone(), files[0].written.clone());
                    let positions = chain.begin(files)?;
                    self.chains.push(chain);
                    Ok(positions)
                })
                .collect();
            match begun {
                // Renamed since it was listed.
                Err(problem) if problem.kind() == io::ErrorKind::NotFound => {}
                Err(problem) => return Err(problem),
                Ok(positions) => {
                    self.files = files;
                    return Ok(positions.concat());
                }
            }
        }
    }

    /// Whether the kernel tells nothing of it.
    pub fn is_polled(&self) -> bool {
        self.watch.is_none()
    }

    pub fn has_watch(&self, watch: i32) -> bool {
        self.watch == Some(watch)
    }

    /// Notes what the kernel tells of the file `name`, or of the directory itself.
    pub fn hear(&mut self, kind: Kind, name: Option<&OsStr>) {
        match (kind, name) {
            (Kind::Written, Some(name)) => self.hear_written(name),
            (Kind::Left, _) => {
                self.watch = None;
                self.is_changed = true;
            }
            _ => self.is_changed = true,
        }
    }

    fn hear_written(&mut self, name: &OsStr) {
        let Some(file) = self.files.iter().find(|file| file.path.file_name() == Some(name)) else { return };
        let chain = self.chains.iter_mut().find(|chain| chain.written == file.written);
        if let Some(chain) = chain {
            chain.has_news = true;
        }
        // Somebody goes on with a finished file.
        self.is_changed |= file.number > 0;
    }

    /// Has the next [`Directory::look`] look.
    pub fn doubt(&mut self) {
        self.is_changed = true;
    }

    fn watch(&mut self, watcher: &Watcher) {
        let here = if self.path.as_os_str().is_empty() { Path::new(".") } else { &self.path };
        self.watch = watcher.watch(here);
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        let found;
        let logs = match &self.logs {
            Logs::Chosen(logs) => logs,
            Logs::Found(find) => {
                found = find(&self.path)?;
                &found
            }
        };
        settled(&self.path, logs, &self.files)
    }

    /// Looks which files are there, if that may have changed. Returns whether everything was seen; if not, look
    /// again.
    pub fn look(&mut self, watcher: &Watcher, found: &mut Vec<Appended>) -> bool {
        if !std::mem::take(&mut self.is_changed) {
            return true;
        }
        if self.watch.is_none() {
            self.watch(watcher);
        }
        let files = match self.list() {
            Ok(Some(files)) => files,
            Ok(None) => {
                self.is_changed = true;
                return false;
            }
            Err(problem) => {
                self.tell(problem, found);
                Vec::new()
            }
        };
        let mut is_complete = true;
        for files in files.chunk_by(|one, other| one.written == other.written) {
            is_complete &= self.chain(&files[0]).look(files, found);
        }
        for chain in &mut self.chains {
            if !files.iter().any(|file| file.written == chain.written) {
                chain.look(&[], found);
            }
        }
        self.files = files;
        self.is_changed = !is_complete;
        is_complete
    }

    fn chain(&mut self, file: &Listed) -> &mut Chain {
        let at = self.chains.iter().position(|chain| chain.written == file.written);
        let at = at.unwrap_or_else(|| {
            self.chains.push(Chain::new(file.log.clone(), file.written.clone()));
            self.chains.len() - 1
        });
        self.chains[at].log.clone_from(&file.log);
        &mut self.chains[at]
    }

    fn tell(&mut self, problem: io::Error, found: &mut Vec<Appended>) {
        let text = problem.to_string();
        if problem.kind() != io::ErrorKind::NotFound && self.told.replace(text.clone()) != Some(text) {
            let content = Content::Unreadable(problem);
            found.push(Appended { log: self.path.clone(), file: self.path.clone(), content });
        }
    }

    /// The writers, each with the files that it has made and makes.
    pub fn chains(&mut self) -> &mut [Chain] {
        &mut self.chains
    }
}
