//! The start of a pipeline: what killed processes have left first, then files, ring and thread.

use std::sync::Arc;

use crate::backend::drain::Backend;
use crate::backend::notice::Notice;
use crate::backend::opening::{Opened, Surroundings};
use crate::backend::shared::{Shared, lock};
use crate::clock::{self, now_ns};
use crate::config::Config;
use crate::error::Error;
use crate::frame;
use crate::pipeline::intake::Pipeline;
use crate::platform::thread;
use crate::recovery::{self, Report};
use crate::ring::dictionary::DictionaryWriter;
use crate::ring::store::{Author, FORMAT, Store};
use crate::ring::{Consumer, Gap, Producer, Ring};
use crate::sink::Opener;
use crate::sink::trouble::TroubleLog;
use crate::stats::Reasons;

impl Pipeline {
    /// Writes what killed processes have left in the log directory, opens all sinks and starts the backend
    /// thread. Records are numbered from `first_seq`.
    pub fn start(config: &Config, run_id: &str, first_seq: u64, opener: Opener) -> Result<Pipeline, Error> {
        Pipeline::launch(&Surroundings::default(), config, run_id, first_seq, opener)
    }

    /// As [`Pipeline::start`], in other surroundings than the system's usual ones. All files must open.
    pub fn start_in(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
    ) -> Result<Pipeline, Error> {
        Pipeline::launch(surroundings, config, run_id, first_seq, Opener::Configuration)
    }

    fn launch(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
        opener: Opener,
    ) -> Result<Pipeline, Error> {
        let (mut pipeline, backend) = Pipeline::prepare(surroundings, config, run_id, first_seq, opener)?;
        let thread = thread::spawn("metaexpert-log", move || backend.run()).map_err(Error::Thread)?;
        pipeline.backend = Some(thread);
        Ok(pipeline)
    }

    /// As [`Pipeline::start_in`], with a backend that somebody else runs.
    pub(crate) fn prepare(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        first_seq: u64,
        opener: Opener,
    ) -> Result<(Pipeline, Backend), Error> {
        clock::prepare_stamps();
        let store = surroundings.store.as_ref().filter(|_| config.queue.crash_safe);
        let mut trouble = TroubleLog::new(config.directory.clone());
        let files: Vec<_> = config.sinks.iter().filter_map(|sink| Some(sink.file()?.path.clone())).collect();
        let recovered =
            store.map(|_| recovery::recover(surroundings, &config.directory, &files, &mut trouble));
        let mut opened = Opened::new(surroundings, config, run_id, None, opener)?;
        recovery::repair(&mut opened.stages, &mut trouble);
        let (producer, consumer) = make_ring(store, config, run_id, &mut trouble)?;
        opened.stages.begin(consumer.ring(), &mut trouble);
        let shared = Arc::new(Shared::default());
        *lock(&shared.sinks) = opened.stages.reports();
        let backend = Backend::new(consumer, Arc::clone(&shared), opened.stages, opened.include, trouble);
        let capacity = producer.ring().capacity();
        let mut pipeline = Pipeline {
            producer,
            dictionary: DictionaryWriter::default(),
            shared,
            backend: None,
            needs: opened.needs,
            config: config.clone(),
            queue: config.queue,
            reserve_bytes: capacity / 8,
            relief_bytes: capacity / 2,
            high_water_bytes: capacity / 2,
            max_frame_len: frame::MAX_LEN.min(capacity / 4),
            seq: first_seq.max(1) - 1,
            epoch: 0,
            gap: Gap::default(),
            gap_reasons: Reasons::default(),
        };
        if let Some(report) = recovered {
            pipeline.tell_of(&report);
        }
        Ok((pipeline, backend))
    }

    /// Logs what was recovered.
    fn tell_of(&mut self, report: &Report) {
        for ring in report.rings.iter().filter(|ring| ring.records > 0) {
            let notice = Notice::recovered(ring.process, &ring.run_id, ring.records, ring.unreadable);
            // An empty ring has room for it.
            let _ = notice.with_record(|record| self.submit_leaving(record, 0));
        }
    }
}

/// The ring, where it outlives the process if that is wanted and possible.
fn make_ring(
    store: Option<&Store>,
    config: &Config,
    run_id: &str,
    trouble: &mut TroubleLog,
) -> Result<(Producer, Consumer), Error> {
    let capacity = config.queue.capacity_bytes;
    if let Some(store) = store {
        let author = Author {
            format: FORMAT,
            process: std::process::id(),
            run_id: run_id.to_owned(),
            started_ns: now_ns(),
            directory: config.directory.clone(),
        };
        match Ring::create_in(store, &author, &config.to_json(), capacity) {
            Ok(ends) => return Ok(ends),
            Err(problem) => trouble.report(&format!(
                "the queue lies in ordinary memory, so that what is in it dies with the process: {problem}"
            )),
        }
    }
    Ring::create(capacity)
}
