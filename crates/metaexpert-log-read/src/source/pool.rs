//! Threads that scan blocks.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};

use metaexpert_log::platform::thread;

/// More threads read no faster than one disk.
const MAX_THREADS: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do what they are given in the order in which it came, until they are dropped.
#[derive(Debug)]
pub(crate) struct Pool {
    /// None when the pool is being dropped.
    jobs: Option<Sender<Job>>,
    is_stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    process: u32,
}

impl Pool {
    pub(crate) fn new() -> io::Result<Pool> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let count = available_parallelism().map_or(1, |count| count.get().min(MAX_THREADS));
        let mut pool =
            Pool { jobs: Some(jobs), is_stopped, threads: Vec::new(), process: std::process::id() };
        for _ in 0..count {
            let (waiting, is_stopped) = (waiting.clone(), pool.is_stopped.clone());
            pool.threads.push(thread::spawn("metaexpert-read", move || work(&waiting, &is_stopped))?);
        }
        Ok(pool)
    }

    /// How many blocks can be scanned at a time.
    pub(crate) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Has `job` done by one of the threads.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            // Fails when all threads have panicked; who waits for the job is told by its channel.
            let _ = jobs.send(Box::new(job));
        }
    }

    /// Fails in a process that has been forked from the pool's own, because it has none of the threads.
    pub(crate) fn check_process(&self) -> io::Result<()> {
        if self.process == std::process::id() {
            Ok(())
        } else {
            Err(io::Error::other(
                "the search belongs to the process that began it; begin a new one after a fork",
            ))
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.jobs = None;
        if self.process == std::process::id() {
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, is_stopped: &AtomicBool) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) if !is_stopped.load(Ordering::Relaxed) => job(),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
