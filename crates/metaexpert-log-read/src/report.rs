//! What a search could not read, by file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::line::Fault;
use crate::scan::Seen;

/// What could not be read. Files without anything of the kind are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By path, in the order in which the files were read.
    pub files: Vec<FileReport>,
}

/// What could not be read of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The file's path when it was opened.
    pub path: PathBuf,
    /// How many lines are no records, by why they are not.
    pub faults: BTreeMap<Fault, u64>,
    /// Why something of it could not be read at all.
    pub problems: Vec<String>,
}

impl Report {
    /// Whether everything was read, and all of it was records.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(crate) fn add(&mut self, path: &PathBuf, seen: &Seen) {
        self.add_faults(path, seen.faults.iter().copied());
        if let Some(problem) = &seen.problem {
            self.add_problem(path, problem);
        }
    }

    pub(crate) fn add_faults(&mut self, path: &PathBuf, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            *self.of(path).faults.entry(fault).or_default() += 1;
        }
    }

    pub(crate) fn add_problem(&mut self, path: &PathBuf, problem: &str) {
        let problems = &mut self.of(path).problems;
        if !problems.iter().any(|known| known == problem) {
            problems.push(problem.to_owned());
        }
    }

    fn of(&mut self, path: &PathBuf) -> &mut FileReport {
        let place = self.files.iter().position(|file| file.path == *path).unwrap_or_else(|| {
            self.files.push(FileReport { path: path.clone(), faults: BTreeMap::new(), problems: Vec::new() });
            self.files.len() - 1
        });
        &mut self.files[place]
    }
}
