//! A pipeline without a thread: its backend works when it is told to, so that what it does can be measured
//! alone.

use crate::backend::drain::{Backend, Turn};
use crate::backend::opening::Surroundings;
use crate::config::Config;
use crate::error::Error;
use crate::pipeline::intake::Pipeline;
use crate::sink::Opener;

/// A pipeline and its backend, on one thread.
pub struct Driven {
    /// Where records are submitted; what does not fit into the ring is refused until the backend has worked.
    pub pipeline: Pipeline,
    backend: Backend,
}

impl Driven {
    /// Opens all sinks, as [`Pipeline::start`] does.
    pub fn start(config: &Config, run_id: &str) -> Result<Driven, Error> {
        let (pipeline, backend) =
            Pipeline::prepare(&Surroundings::default(), config, run_id, 1, Opener::Configuration)?;
        Ok(Driven { pipeline, backend })
    }

    /// Writes everything that was submitted.
    pub fn catch_up(&mut self) {
        while self.backend.turn() != Turn::Nothing {}
    }

    /// Ends as a backend does that was told to.
    pub fn finish(self) {
        self.pipeline.stop();
        self.backend.run();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{NO_ID, Record};
    use crate::level::Level;

    const CAPACITY: usize = 256 << 10;

    /// A pipeline into nowhere with a ring of [`CAPACITY`] bytes.
    fn driven(directory: &std::path::Path) -> Driven {
        let queue = format!(
            r#"{{"capacity_bytes": {CAPACITY}, "protect_level": 30, "wait_ms": 0, "crash_safe": false}}"#
        );
        let document = format!(
            r#"{{"directory": {directory:?}, "sinks": [], "queue": {queue}, "limits": {{"depth": 8, "items": 1000, "bytes": 65536}}}}"#
        );
        Driven::start(&Config::from_json(&document).unwrap(), "run").unwrap()
    }

    fn submit(driven: &mut Driven, bytes: usize) {
        let message = vec![b'x'; bytes];
        let record = Record {
            level: Level::INFO.0,
            logger: NO_ID,
            category: NO_ID,
            timestamp_ns: 1,
            message: &message,
            sections: &[],
        };
        driven.pipeline.submit(&record, false).unwrap();
    }

    /// A few records let the next ones gather; many, and what came meanwhile, do not.
    #[test]
    fn a_turn_tells_how_much_there_was() {
        let directory = std::env::temp_dir().join(format!("metaexpert-turns-{}", std::process::id()));
        let mut driven = driven(&directory);

        let nothing = driven.backend.turn();
        submit(&mut driven, 10);
        let little = driven.backend.turn();
        submit(&mut driven, CAPACITY / 32);
        let much = driven.backend.turn();
        let after = driven.backend.turn();

        driven.finish();
        let _ = std::fs::remove_dir_all(directory);
        assert_eq!([nothing, little, much, after], [Turn::Nothing, Turn::Little, Turn::Much, Turn::Nothing]);
    }
}
