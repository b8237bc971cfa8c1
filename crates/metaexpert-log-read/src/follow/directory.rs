//! One directory with logs that are followed.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use metaexpert_log::family::Member;

use super::appended::{Appended, Content, Position};
use super::chain::Chain;
use super::inotify::Notice;
use super::listing::{Listed, settled};
use super::watched::{Concern, Watched};
use super::watcher::Watcher;

/// With more writers than these, files to which nothing is written are closed meanwhile.
const MOST_AWAKE: usize = 128;
/// How often following may begin anew because files are being renamed.
const MOST_BEGINNINGS: usize = 100;

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
    /// By the paths that their writers append to.
    chains: BTreeMap<PathBuf, Chain>,
    /// The last listing, and where each name is in it.
    files: Vec<Listed>,
    places: HashMap<OsString, usize>,
    watched: Watched,
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
            chains: BTreeMap::new(),
            files: Vec::new(),
            places: HashMap::new(),
            watched: Watched::default(),
            is_changed: false,
            told: None,
        }
    }

    /// Takes what is there for read. A directory that is not there is no failure.
    pub fn begin(&mut self, watcher: &mut Watcher) -> io::Result<Vec<Position>> {
        self.watched.renew(&self.path, watcher);
        for _ in 0..MOST_BEGINNINGS {
            let listed = match self.list() {
                Err(problem) if problem.kind() == ErrorKind::NotFound => Some(Vec::new()),
                outcome => outcome?,
            };
            if let Some(files) = listed {
                match self.begin_chains(&files) {
                    Err(problem) if problem.kind() == ErrorKind::NotFound => {}
                    outcome => {
                        self.keep(files, watcher);
                        // What could not be opened is told of by the first look.
                        self.is_changed = true;
                        return outcome;
                    }
                }
            }
        }
        let problem = format!("the files in {} are renamed faster than they are opened", self.path.display());
        Err(io::Error::other(problem))
    }

    /// Fails with `NotFound` where a file was renamed since it was listed.
    fn begin_chains(&mut self, files: &[Listed]) -> io::Result<Vec<Position>> {
        self.chains.clear();
        let mut positions = Vec::new();
        for files in files.chunk_by(|one, other| one.written == other.written) {
            let mut chain = Chain::new(files[0].log.clone(), files[0].written.clone());
            positions.extend(chain.begin(files)?);
            if self.chains.len() >= MOST_AWAKE {
                chain.rest();
            }
            self.chains.insert(chain.written.clone(), chain);
        }
        Ok(positions)
    }

    /// Whether the kernel tells nothing of it, or not everything.
    pub fn is_polled(&self) -> bool {
        self.watched.is_polled() || self.chains.values().any(Chain::is_out_of_sight)
    }

    /// Notes what the kernel tells.
    pub fn hear(&mut self, notice: &Notice) {
        match self.watched.concern(notice) {
            None => {}
            Some(Concern::Written(name)) => self.hear_written(name),
            Some(Concern::Named(name)) => self.is_changed |= self.may_belong(name),
            Some(Concern::All) => self.is_changed = true,
        }
    }

    fn hear_written(&mut self, name: &OsStr) {
        let Some(file) = self.places.get(name).map(|place| &self.files[*place]) else { return };
        if let Some(chain) = self.chains.get_mut(&file.written) {
            chain.has_news = true;
        }
        // Somebody goes on with a finished file.
        self.is_changed |= file.number > 0;
    }

    fn may_belong(&self, name: &OsStr) -> bool {
        match &self.logs {
            Logs::Chosen(logs) => logs.iter().any(|log| Member::of(log, Path::new(name)).is_some()),
            Logs::Found(_) => true,
        }
    }

    /// Has the next [`Directory::look`] look.
    pub fn doubt(&mut self) {
        self.is_changed = true;
    }

    /// With many writers, closes files to which nothing was written since the last call.
    pub fn rest(&mut self) {
        if self.chains.len() > MOST_AWAKE {
            self.chains.values_mut().for_each(Chain::rest);
        }
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
    pub fn look(&mut self, watcher: &mut Watcher, found: &mut Vec<Appended>) -> bool {
        if !self.is_changed {
            return true;
        }
        self.watched.renew(&self.path, watcher);
        let files = match self.list() {
            Ok(None) => return false,
            Ok(Some(files)) => {
                self.told = None;
                files
            }
            Err(problem) => {
                let is_away = matches!(problem.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                self.tell(problem, found);
                if !is_away {
                    // What is there is unknown; what is open is read on.
                    self.chains.values_mut().for_each(|chain| chain.has_news = true);
                    return true;
                }
                Vec::new()
            }
        };
        let mut is_complete = true;
        for files in files.chunk_by(|one, other| one.written == other.written) {
            is_complete &= self.chain(&files[0]).look(files, found);
        }
        let has_files =
            |chain: &Chain| files.binary_search_by(|file| file.written.cmp(&chain.written)).is_ok();
        for chain in self.chains.values_mut().filter(|chain| !has_files(chain)) {
            is_complete &= chain.look(&[], found);
        }
        self.chains.retain(|_, chain| has_files(chain) || !chain.is_over());
        self.keep(files, watcher);
        self.is_changed = !is_complete;
        is_complete
    }

    fn chain(&mut self, file: &Listed) -> &mut Chain {
        let new = || Chain::new(file.log.clone(), file.written.clone());
        let chain = self.chains.entry(file.written.clone()).or_insert_with(new);
        chain.log.clone_from(&file.log);
        chain
    }

    fn keep(&mut self, files: Vec<Listed>, watcher: &mut Watcher) {
        let names = files.iter().enumerate().filter_map(|(at, file)| Some((file.path.file_name()?, at)));
        self.places = names.map(|(name, at)| (name.to_owned(), at)).collect();
        let links = files.iter().filter(|file| file.is_link);
        let targets: Vec<PathBuf> = links.filter_map(|file| fs::canonicalize(&file.path).ok()).collect();
        self.watched.renew_links(&targets, watcher);
        self.files = files;
    }

    fn tell(&mut self, problem: io::Error, found: &mut Vec<Appended>) {
        let text = problem.to_string();
        if problem.kind() != ErrorKind::NotFound && self.told.replace(text.clone()) != Some(text) {
            let content = Content::Unreadable(problem);
            let path = || self.path.clone();
            found.push(Appended { log: path(), written: path(), file: path(), content });
        }
    }

    /// The writers, each with the files that it has made and makes.
    pub fn chains(&mut self) -> impl Iterator<Item = &mut Chain> {
        self.chains.values_mut()
    }
}
