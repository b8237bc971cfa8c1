//! Changes of the configuration while the pipeline runs.

use std::time::{Duration, Instant};

use crate::backend::opening::{InForce, Opened, Surroundings};
use crate::backend::shared::{Next, lock};
use crate::config::{Config, QueueConfig};
use crate::error::Error;
use crate::frame::{self, HEADER_LEN};
use crate::pipeline::intake::Pipeline;
use crate::sink::Opener;

/// How long a change of configuration waits for room in the ring.
pub const SWITCH_LIMIT: Duration = Duration::from_secs(5);
/// What is wrong if there was no room for a change.
pub const QUEUE_STAYED_FULL: &str = "the log queue stayed full for 5 s; the old configuration stays in force";

impl Pipeline {
    /// What is in force, for [`Opened::new`].
    pub fn in_force(&self) -> InForce {
        InForce { config: self.config.clone(), epoch: self.epoch }
    }

    /// Puts `opened` in force for every record submitted after this call. Gives it back if there is no room
    /// in the ring for the change now, or if another configuration came between. The queue's size stays as it
    /// is; only a new pipeline changes it.
    pub fn switch_to(&mut self, opened: Box<Opened>) -> Result<(), Box<Opened>> {
        if opened.after != Some(self.epoch) {
            return Err(opened);
        }
        let epoch = self.epoch + 1;
        let kept = match self.producer.ring().claim() {
            Some(claim) => claim.write_config(epoch, &opened.config.to_json()),
            None => Ok(()),
        };
        let Ok(slot) = self.producer.reserve(HEADER_LEN, 0) else {
            self.shared.wake();
            return Err(opened);
        };
        if kept.is_err() {
            return Err(opened);
        }
        frame::write_switch(slot, epoch);
        let Opened { config, include, needs, stages, .. } = *opened;
        lock(&self.shared.switches).insert(epoch, Next { stages, include });
        self.producer.publish();
        self.epoch = epoch;
        self.shared.wake();
        self.needs = needs;
        self.queue = QueueConfig { capacity_bytes: self.queue.capacity_bytes, ..config.queue };
        self.config = config;
        Ok(())
    }

    /// Opens what `config` needs and puts it in force, waiting for room in the ring for at most 5 s. On an
    /// error nothing changes.
    pub fn reconfigure(
        &mut self,
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
    ) -> Result<(), Error> {
        let in_force = self.in_force();
        let opened = Opened::new(surroundings, config, run_id, Some(&in_force), Opener::Configuration)?;
        let mut opened = Box::new(opened);
        let deadline = Instant::now() + SWITCH_LIMIT;
        while let Err(again) = self.switch_to(opened) {
            if Instant::now() > deadline {
                return Err(Error::Configuration(QUEUE_STAYED_FULL.into()));
            }
            opened = again;
            self.waiter().wait_for_room();
        }
        Ok(())
    }
}
