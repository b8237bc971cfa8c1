//! A disk that fails when a test says so.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::platform::disk::{Disk, Status, SystemDisk, Way};

/// What is to be held has come by then, or never does.
const MOST_WAIT: Duration = Duration::from_secs(60);

/// The kinds of operations, named as in [`Disk`].
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    CreateDirectory,
    OpenAppend,
    OpenRead,
    CreateNew,
    Write,
    ReadAt,
    Sync,
    SyncDirectory,
    Truncate,
    Rename,
    Remove,
    Status,
    StatusAt,
    List,
    Imitate,
}

/// What happens to an operation that was chosen.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It fails with this errno.
    Fail(i32),
    /// A write takes at most this many bytes.
    Short(usize),
    /// The process is killed here, as far as this disk goes or for real: half of a write is done, of anything
    /// else nothing, and nothing follows.
    Kill { for_real: bool },
    /// It waits until released.
    Stall,
}

struct Plan {
    /// Empty for all.
    kinds: Vec<Operation>,
    /// How many operations of these kinds go well before the fault.
    left: u64,
    /// Whether the fault stays until healed.
    lasting: bool,
    fault: Fault,
}

#[derive(Default)]
struct State {
    plans: Vec<Plan>,
    done: Vec<Operation>,
    dead: bool,
    for_real: bool,
    stalled: usize,
    released: u64,
}

/// The system's disk with faults where a test wants them. Operations are counted from the first of a plan's
/// kinds after the plan was made: 0 is the next one. All plans work at once.
#[derive(Default)]
pub struct FaultyDisk {
    state: Mutex<State>,
    changed: Condvar,
}

impl FaultyDisk {
    /// A disk without faults yet.
    pub fn new() -> Arc<FaultyDisk> {
        Arc::default()
    }

    /// Fails the operation after `skipped` of these `kinds` (none given: of any), once.
    pub fn fail(&self, skipped: u64, kinds: &[Operation], errno: i32) {
        self.plan(skipped, kinds, false, Fault::Fail(errno));
    }

    /// As [`FaultyDisk::fail`], and all that follow, until [`FaultyDisk::heal`].
    pub fn fail_from(&self, skipped: u64, kinds: &[Operation], errno: i32) {
        self.plan(skipped, kinds, true, Fault::Fail(errno));
    }

    /// Lets each write take at most `bytes`, until [`FaultyDisk::heal`].
    pub fn shorten(&self, bytes: usize) {
        self.plan(0, &[Operation::Write], true, Fault::Short(bytes));
    }

    /// Stops for good at the operation after `skipped`, as if the process had been killed there.
    pub fn kill(&self, skipped: u64) {
        self.plan(skipped, &[], false, Fault::Kill { for_real: false });
    }

    /// As [`FaultyDisk::kill`], but it is this process that is killed.
    pub fn kill_process(&self, skipped: u64) {
        self.plan(skipped, &[], false, Fault::Kill { for_real: true });
    }

    /// Holds the operation after `skipped` of these `kinds`, and all that follow, until
    /// [`FaultyDisk::release`].
    pub fn stall(&self, skipped: u64, kinds: &[Operation]) {
        self.plan(skipped, kinds, true, Fault::Stall);
    }

    /// Lets what is held go on, and holds nothing more.
    pub fn release(&self) {
        let mut state = self.lock();
        state.plans.retain(|plan| !matches!(plan.fault, Fault::Stall));
        state.released += 1;
        self.changed.notify_all();
    }

    /// Waits until an operation is held. Panics if none is within a minute.
    pub fn wait_stalled(&self) {
        let waited = self.changed.wait_timeout_while(self.lock(), MOST_WAIT, |state| state.stalled == 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.stalled > 0, "no operation that was to be held has come within {MOST_WAIT:?}");
    }

    /// Takes back every plan; what was killed stays so.
    pub fn heal(&self) {
        self.lock().plans.clear();
        self.release();
    }

    /// Whether a [`FaultyDisk::kill`] has struck.
    pub fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// What was attempted so far, in order.
    pub fn attempted(&self) -> Vec<Operation> {
        self.lock().done.clone()
    }

    fn plan(&self, skipped: u64, kinds: &[Operation], lasting: bool, fault: Fault) {
        self.lock().plans.push(Plan { kinds: kinds.to_vec(), left: skipped, lasting, fault });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation. `Some(n)` limits a write to n bytes.
    fn meet(&self, operation: Operation) -> io::Result<Option<usize>> {
        let mut state = self.lock();
        if state.dead {
            return Err(killed());
        }
        state.done.push(operation);
        match state.strike(operation) {
            None => Ok(None),
            Some(Fault::Fail(errno)) => Err(io::Error::from_raw_os_error(errno)),
            Some(Fault::Short(bytes)) => Ok(Some(bytes)),
            Some(Fault::Kill { for_real }) => {
                state.dead = true;
                if for_real && operation != Operation::Write {
                    kill_this_process();
                }
                state.for_real = for_real;
                Err(killed())
            }
            Some(Fault::Stall) => {
                state.stalled += 1;
                self.changed.notify_all();
                let before = state.released;
                while state.released == before {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                state.stalled -= 1;
                Ok(None)
            }
        }
    }

    fn then<T>(&self, operation: Operation, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.meet(operation)?;
        act()
    }
}

impl State {
    /// The fault of the first plan whose turn it is; each plan of the kind counts the operation.
    fn strike(&mut self, operation: Operation) -> Option<Fault> {
        let mut struck = None;
        self.plans.retain_mut(|plan| {
            if !plan.kinds.is_empty() && !plan.kinds.contains(&operation) {
                return true;
            }
            if plan.left > 0 {
                plan.left -= 1;
                return true;
            }
            struck = struck.or(Some(plan.fault));
            plan.lasting
        });
        struck
    }
}

fn kill_this_process() -> ! {
    // SAFETY: no preconditions; it does not return, for SIGKILL can't be caught.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    unreachable!("SIGKILL was sent to this process")
}

fn killed() -> io::Error {
    io::Error::other("the process was killed here")
}

impl Disk for FaultyDisk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.then(Operation::CreateDirectory, || SystemDisk.create_directory(path))
    }

    fn open_append(&self, path: &Path) -> io::Result<File> {
        self.then(Operation::OpenAppend, || SystemDisk.open_append(path))
    }

    fn open_existing(&self, path: &Path) -> io::Result<File> {
        self.then(Operation::OpenAppend, || SystemDisk.open_existing(path))
    }

    fn check_directory(&self, path: &Path) -> io::Result<()> {
        self.then(Operation::StatusAt, || SystemDisk.check_directory(path))
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        self.then(Operation::OpenRead, || SystemDisk.open_read(path))
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.then(Operation::CreateNew, || SystemDisk.create_new(path))
    }

    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        let was_dead = self.is_dead();
        match self.meet(Operation::Write) {
            Ok(limit) => SystemDisk.write(file, &bytes[..limit.unwrap_or(bytes.len()).min(bytes.len())]),
            Err(problem) => {
                if self.is_dead() && !was_dead {
                    // Nobody learns of it; the rest of the line is never written.
                    let _ = SystemDisk.write(file, &bytes[..bytes.len() / 2]);
                    if self.lock().for_real {
                        kill_this_process();
                    }
                }
                Err(problem)
            }
        }
    }

    fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.then(Operation::ReadAt, || SystemDisk.read_at(file, bytes, offset))
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.then(Operation::Sync, || SystemDisk.sync(file))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.then(Operation::SyncDirectory, || SystemDisk.sync_directory(path))
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        self.then(Operation::Truncate, || SystemDisk.truncate(file, len))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.then(Operation::Rename, || SystemDisk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.then(Operation::Remove, || SystemDisk.remove(path))
    }

    fn status(&self, file: &File) -> io::Result<Status> {
        self.then(Operation::Status, || SystemDisk.status(file))
    }

    fn status_at(&self, path: &Path) -> io::Result<Status> {
        self.then(Operation::StatusAt, || SystemDisk.status_at(path))
    }

    fn way(&self, path: &Path) -> io::Result<Way> {
        self.then(Operation::StatusAt, || SystemDisk.way(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.then(Operation::List, || SystemDisk.list(path))
    }

    fn imitate(&self, from: &File, to: &File) -> io::Result<()> {
        self.then(Operation::Imitate, || SystemDisk.imitate(from, to))
    }
}
