//! What is appended to the files of logs, as whole lines, as it is written.
//!
//! The kernel's notices, or a look five times per second, only say where to look. What is then done depends on
//! the files alone: which are there, under which number, and how long they are.

mod appended;
mod chain;
mod directory;
mod doubles;
mod inotify;
mod known;
mod listing;
mod mark;
mod next;
mod packed;
mod reading;
mod remote;
mod unpacked;
mod watched;
mod watcher;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use appended::{Appended, Content, Position};
use directory::{Directory, Logs};
use watcher::{Reason, Watcher};
pub use watcher::{Waker, Watch};

/// How often a directory is looked at of which the kernel tells nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How often the others are looked at: notices may get lost, and some changes have none.
const SAFETY_INTERVAL: Duration = Duration::from_secs(5);
/// When a writer renames files faster than they are listed.
const AGAIN_INTERVAL: Duration = Duration::from_millis(2);
/// When one call has found as much, the other files have their turn with the next one.
const ENOUGH_BYTES: usize = 8 << 20;

/// Follows the files of logs: those that are there, and those that appear.
///
/// For each writer of a log (the one of the configured path, and each process that found it taken) lines come in
/// the order in which they were written, each exactly once: through rotation, several at once too, packing,
/// and files that are renamed, replaced, removed or made again. Lines of different writers come as they are
/// found.
///
/// Lines can be missed only if no look fell between their writing and their loss: in a file that rotation
/// removed, because it keeps few; in one that was made, moved elsewhere or removed; in one that was cut without
/// a copy. When the newest file is no longer there, files are told apart by the first 256 bytes of their texts,
/// which any two files of records differ in.
pub struct Follower {
    watcher: Watcher,
    waker: Waker,
    directories: Vec<Directory>,
    positions: Vec<Position>,
    next_poll: Instant,
    next_safety: Instant,
    /// Look again soon.
    is_incomplete: bool,
    /// Which writer has the first turn.
    turn: usize,
}

impl Follower {
    /// Follows the logs whose configured paths are `logs`, from the last line break that is there now. Neither
    /// the files nor their directories need be there. Fails where an existing directory cannot be listed, or no
    /// descriptor is left.
    pub fn new(logs: Vec<PathBuf>, watch: Watch) -> io::Result<Follower> {
        let mut by_directory: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for log in logs {
            let parent = log.parent().unwrap_or(Path::new("")).to_owned();
            by_directory.entry(parent).or_default().push(log);
        }
        let directories = by_directory.into_iter().map(|(path, logs)| (path, Logs::Chosen(logs)));
        Follower::begin(directories.collect(), watch)
    }

    /// Follows all logs of a directory, as [`Follower::new`] does, also those that appear later. `logs` returns
    /// the configured paths of the logs that are there, and is asked whenever names in the directory change.
    pub fn of_directory(
        directory: PathBuf,
        logs: impl Fn(&Path) -> io::Result<Vec<PathBuf>> + Send + 'static,
        watch: Watch,
    ) -> io::Result<Follower> {
        Follower::begin(vec![(directory, Logs::Found(Box::new(logs)))], watch)
    }

    fn begin(directories: Vec<(PathBuf, Logs)>, watch: Watch) -> io::Result<Follower> {
        let (mut watcher, waker) = Watcher::new(watch)?;
        let mut directories: Vec<Directory> =
            directories.into_iter().map(|(path, logs)| Directory::new(path, logs)).collect();
        let mut positions = Vec::new();
        for directory in &mut directories {
            positions.extend(directory.begin(&mut watcher)?);
        }
        let now = Instant::now();
        Ok(Follower {
            watcher,
            waker,
            directories,
            positions,
            next_poll: now + POLL_INTERVAL,
            next_safety: now + SAFETY_INTERVAL,
            is_incomplete: false,
            turn: 0,
        })
    }

    /// Where following began: how far each file of the logs was written. Whoever reads the files exactly so far,
    /// and then what [`Follower::wait`] gives, has each line once.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Ends waits from other threads.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Waits until something was appended, and returns it: about 1 MiB per writer and call at most, and no line
    /// in parts unless it is longer than 8 MiB. Returns nothing after `timeout` (none waits for ever), after
    /// [`Waker::wake`], and when a signal interrupts the waiting thread. Fails only where the system can no
    /// longer wait; what is wrong with a file is among what is returned.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Appended>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let found = self.collect()?;
            let now = Instant::now();
            let left = deadline.map(|deadline| deadline.saturating_duration_since(now));
            if !found.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(found);
            }
            let next_look = self.next_look().saturating_duration_since(now);
            let longest = left.map_or(next_look, |left| left.min(next_look));
            if self.watcher.sleep(longest)? == Reason::Interrupted {
                return self.collect();
            }
        }
    }

    fn next_look(&self) -> Instant {
        if self.is_incomplete {
            Instant::now() + AGAIN_INTERVAL
        } else if self.directories.iter().any(Directory::is_polled) {
            self.next_poll
        } else {
            self.next_safety
        }
    }

    /// What is there now.
    fn collect(&mut self) -> io::Result<Vec<Appended>> {
        self.hear()?;
        self.doubt_in_time();
        let mut found = Vec::new();
        self.is_incomplete = false;
        for directory in &mut self.directories {
            self.is_incomplete |= !directory.look(&mut self.watcher, &mut found);
        }
        self.read(&mut found);
        Ok(found)
    }

    fn hear(&mut self) -> io::Result<()> {
        let directories = &mut self.directories;
        self.watcher.drain(|notice| directories.iter_mut().for_each(|directory| directory.hear(&notice)))
    }

    /// Has everything looked at whose time has come.
    fn doubt_in_time(&mut self) {
        let now = Instant::now();
        if now >= self.next_poll {
            self.next_poll = now + POLL_INTERVAL;
            self.directories.iter_mut().filter(|one| one.is_polled()).for_each(Directory::doubt);
        }
        if now >= self.next_safety {
            self.next_safety = now + SAFETY_INTERVAL;
            for directory in &mut self.directories {
                directory.doubt();
                directory.rest();
            }
        }
    }

    fn read(&mut self, found: &mut Vec<Appended>) {
        let mut chains: Vec<_> = self.directories.iter_mut().flat_map(Directory::chains).collect();
        let count = chains.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            chains[at].read(found);
            if found.iter().map(Appended::bytes).sum::<usize>() >= ENOUGH_BYTES {
                self.turn = at + 1;
                return;
            }
        }
    }
}
