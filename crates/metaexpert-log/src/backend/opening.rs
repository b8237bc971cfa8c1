//! Opening: files and stages of a configuration are made ready before it is put in force. That may take long,
//! so the change itself does not.

use std::sync::Arc;

use crate::backend::stages::Stages;
use crate::config::{Config, Format, IncludeKey, Sync};
use crate::encode::Include;
use crate::encode::text::pattern::Pattern;
use crate::error::Error;
use crate::platform::disk::{self, Disk};
use crate::ring::store::Store;
use crate::sink::Opener;

/// The system around the engine.
#[derive(Clone)]
pub struct Surroundings {
    /// Where files are.
    pub disk: Arc<dyn Disk>,
    /// Where rings outlive their process, if anywhere.
    pub store: Option<Store>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Surroundings { disk: disk::system(), store: Store::of_user() }
    }
}

/// What the capture side has to do because of some sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Collect file, line and function of the call.
    pub caller: bool,
    /// Collect the calling thread.
    pub thread: bool,
    /// Collect the running asyncio task.
    pub task: bool,
    /// Records from this level on wait until the disk has them.
    pub durable_level: Option<i32>,
    /// So do records of any category from this level on.
    pub durable_category_level: Option<i32>,
}

impl Needs {
    fn of(config: &Config) -> Result<Needs, Error> {
        let mut needs = Needs {
            caller: config.include.contains(&IncludeKey::Caller),
            thread: config.include.contains(&IncludeKey::ThreadId),
            ..Needs::default()
        };
        for sink in &config.sinks {
            if let Format::Percent { pattern, .. } = &sink.format {
                let pattern = Pattern::parse(pattern).map_err(|problem| {
                    Error::Configuration(format!("handlers.{}.format: {problem}", sink.name))
                })?;
                needs.caller |= pattern.needs_caller();
                needs.thread |= pattern.needs_thread();
                needs.task |= pattern.needs_task();
            }
            if sink.file().is_some_and(|file| file.sync == Sync::Always) {
                let level = match sink.category {
                    None => &mut needs.durable_level,
                    Some(_) => &mut needs.durable_category_level,
                };
                *level = Some(level.map_or(sink.level, |other| other.min(sink.level)));
            }
        }
        Ok(needs)
    }

    /// Whether a call returns only once the disk has its record.
    #[inline]
    pub fn is_durable(&self, level: i32, has_category: bool) -> bool {
        self.durable_level.is_some_and(|least| level >= least)
            || (has_category && self.durable_category_level.is_some_and(|least| level >= least))
    }
}

/// A configuration with everything opened.
pub struct Opened {
    pub(crate) config: Config,
    pub(crate) include: Include,
    pub(crate) needs: Needs,
    pub(crate) stages: Stages,
    /// The configuration that it takes sinks over from.
    pub(crate) after: Option<u64>,
}

impl Opened {
    /// Opens everything that `config` needs and the configuration in force, `before`, does not have. On an
    /// error nothing stays open.
    pub fn new(
        surroundings: &Surroundings,
        config: &Config,
        run_id: &str,
        before: Option<&InForce>,
        opener: Opener,
    ) -> Result<Opened, Error> {
        let include = include(config, run_id);
        let needs = Needs::of(config)?;
        let known = before.map(|before| &before.config);
        let stages = Stages::open(config, &include, known, &surroundings.disk, opener)?;
        Ok(Opened {
            config: config.clone(),
            include,
            needs,
            stages,
            after: before.map(|before| before.epoch),
        })
    }

    /// What the capture side has to do.
    pub fn needs(&self) -> Needs {
        self.needs
    }
}

/// A configuration that is in force, and its number.
#[derive(Clone)]
pub struct InForce {
    pub(crate) config: Config,
    pub(crate) epoch: u64,
}

fn include(config: &Config, run_id: &str) -> Include {
    let has = |key| config.include.contains(&key);
    Include {
        run_id: has(IncludeKey::RunId).then(|| run_id.to_owned()),
        process_id: has(IncludeKey::ProcessId).then(std::process::id),
        process: None,
        thread_id: has(IncludeKey::ThreadId),
        caller: has(IncludeKey::Caller),
    }
}
