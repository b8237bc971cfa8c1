//! A pipeline without a thread: its backend works when it is told to, so that what it does can be measured alone.

use crate::config::Config;
use crate::error::Error;
use crate::pipeline::{Pipeline, Surroundings};
use crate::worker::Worker;

/// A pipeline and its backend, on one thread.
pub struct Driven {
    /// Where records are submitted; what does not fit into the ring is refused until the backend has worked.
    pub pipeline: Pipeline,
    worker: Worker,
}

impl Driven {
    /// Opens all sinks, as [`Pipeline::start`] does.
    pub fn start(config: &Config, run_id: &str) -> Result<Driven, Error> {
        let (pipeline, worker) = Pipeline::prepare(&Surroundings::default(), config, run_id, 1)?;
        Ok(Driven { pipeline, worker })
    }

    /// Writes everything that was submitted.
    pub fn catch_up(&mut self) {
        while self.worker.turn() {}
    }

    /// Ends as a backend does that was told to.
    pub fn finish(self) {
        self.pipeline.stop();
        self.worker.run();
    }
}
