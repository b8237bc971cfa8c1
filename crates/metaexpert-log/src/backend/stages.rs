//! The stages behind the ring for one configuration: route, redactor, conditions, encoders, sinks.

use std::borrow::Cow;
use std::sync::Arc;

use crate::backend::conditions::Conditions;
use crate::backend::replay::Part;
use crate::config::{Config, Format};
use crate::encode::{Encoder, Include};
use crate::error::Error;
use crate::platform::disk::Disk;
use crate::redact::Redactor;
use crate::ring::decoded::DecodedRecord;
use crate::ring::{Gap, Ring};
use crate::route::{Router, SinkSet};
use crate::sink::trouble::TroubleLog;
use crate::sink::{Opener, Settled, Sink, SinkReport, shows_colour};
use crate::stats::Counters;

/// Route, redactor, conditions, encoders and sinks of one configuration.
pub(crate) struct Stages {
    config: Config,
    router: Router,
    redactor: Redactor,
    conditions: Conditions,
    /// One encoder a format, with the sinks that take its lines.
    encoders: Vec<(Encoder, SinkSet)>,
    /// `None` until it is taken over from the configuration before.
    sinks: Vec<Option<Sink>>,
    /// Sinks that have fallen behind and get nothing until they have caught up.
    behind: SinkSet,
    line: Vec<u8>,
}

/// A sink of an earlier configuration that is still behind, with stages of its own.
pub(crate) struct Straggler {
    router: Router,
    redactor: Redactor,
    conditions: Conditions,
    encoder: Encoder,
    pub(crate) sink: Sink,
    /// From here on another configuration is in force.
    pub(crate) until: u64,
}

impl Straggler {
    pub(crate) fn part(&mut self) -> Part<'_> {
        let Straggler { router, redactor, conditions, encoder, sink, .. } = self;
        Part { router, redactor, conditions, encoder, bit: 1, sink }
    }
}

impl Stages {
    /// The stages of `config` without any sink, which are added one by one.
    pub(crate) fn bare(config: &Config, include: &Include) -> Result<Stages, Error> {
        let bare = Config { sinks: Vec::new(), ..config.clone() };
        let mut stages =
            Stages::open(&bare, include, None, &crate::platform::disk::system(), Opener::Configuration)?;
        for sink in &config.sinks {
            let encoder = encoder(config, include, &sink.name, &sink.format, false)?;
            stages.encoders.push((encoder, 1 << stages.sinks.len()));
            stages.sinks.push(None);
        }
        stages.router = Router::new(&config.sinks);
        stages.conditions = Conditions::new(&config.sinks, config, include)?;
        stages.config = config.clone();
        Ok(stages)
    }

    /// Puts `sink` at `index`.
    pub(crate) fn put(&mut self, index: usize, sink: Sink) {
        self.sinks[index] = Some(sink);
    }

    /// Opens every sink of `config`; on an error nothing stays open. What `before` has as well is not opened
    /// again but taken over later, wherever it is.
    pub(crate) fn open(
        config: &Config,
        include: &Include,
        before: Option<&Config>,
        disk: &Arc<dyn Disk>,
        opener: Opener,
    ) -> Result<Stages, Error> {
        let redactor = Redactor::new(&config.redact)?;
        let conditions = Conditions::new(&config.sinks, config, include)?;
        let mut kinds: Vec<(Format, bool)> = Vec::new();
        let mut encoders = Vec::<(Encoder, SinkSet)>::new();
        let mut sinks = Vec::with_capacity(config.sinks.len());
        for sink in &config.sinks {
            let colour = matches!(sink.format, Format::Console { .. }) && shows_colour(sink);
            let kind = (sink.format.clone(), colour);
            let index = kinds.iter().position(|known| *known == kind).unwrap_or(kinds.len());
            if index == kinds.len() {
                encoders.push((encoder(config, include, &sink.name, &sink.format, colour)?, 0));
                kinds.push(kind);
            }
            encoders[index].1 |= 1 << sinks.len();
            let is_known =
                before.is_some_and(|before| before.writes_alike(config) && before.sinks.contains(sink));
            sinks.push(if is_known { None } else { Some(Sink::open(sink, disk, opener)?) });
        }
        let router = Router::new(&config.sinks);
        let config = config.clone();
        Ok(Stages { config, router, redactor, conditions, encoders, sinks, behind: 0, line: Vec::new() })
    }

    /// Begins with an empty ring as its first configuration.
    pub(crate) fn begin(&mut self, ring: &Arc<Ring>, trouble: &mut TroubleLog) {
        for (index, sink) in self.sinks() {
            if let Err(problem) = sink.begin(ring, 0, index, 0) {
                trouble.report(&format!("handler {}: {problem}", sink.config().name));
            }
        }
    }

    /// What it was opened with.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Every sink, with its index.
    pub(crate) fn sinks(&mut self) -> impl Iterator<Item = (usize, &mut Sink)> {
        self.sinks.iter_mut().enumerate().filter_map(|(index, sink)| Some((index, sink.as_mut()?)))
    }

    /// Sinks that get nothing until they have caught up.
    #[inline]
    pub(crate) fn behind(&self) -> SinkSet {
        self.behind
    }

    pub(crate) fn set_behind(&mut self, index: usize, is_behind: bool) {
        self.behind = self.behind & !(1 << index) | SinkSet::from(is_behind) << index;
    }

    /// One sink's share of the stages.
    pub(crate) fn part(&mut self, index: usize) -> Option<Part<'_>> {
        let bit = 1 << index;
        let Stages { router, redactor, conditions, encoders, sinks, .. } = self;
        let (encoder, _) = encoders.iter_mut().find(|(_, members)| members & bit != 0)?;
        let sink = sinks[index].as_mut()?;
        Some(Part { router, redactor, conditions, encoder, bit, sink })
    }

    /// `text` with its secrets masked.
    pub(crate) fn redacted<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.redactor.text(text)
    }

    /// Masks the secrets of `record`, of the frame at ring position `at`, encodes it once for each format
    /// wanted, and for conditions, and gives it to every sink that is in step and wants it.
    #[inline]
    pub(crate) fn deliver(&mut self, record: &DecodedRecord<'_>, at: u64) {
        let mut targets = self.router.targets(record) & !self.behind;
        if targets == 0 {
            return;
        }
        let redacted = self.redactor.redact(record);
        let record = redacted.as_ref().unwrap_or(record);
        let has_line = self.conditions.concern(targets);
        if has_line {
            targets = self.conditions.wanting(targets, record);
        }
        let mut failed = 0;
        for (encoder, members) in &mut self.encoders {
            let mut takers = targets & *members;
            if takers == 0 {
                continue;
            }
            let first = pop(&mut takers);
            let Some(sink) = self.sinks[first].as_mut() else { continue };
            let start = sink.pending().len();
            match encoder {
                Encoder::Json(_) if has_line => sink.pending().extend_from_slice(self.conditions.line()),
                _ => encoder.encode(record, sink.pending()),
            }
            if takers != 0 {
                self.line.clear();
                self.line.extend_from_slice(&sink.pending()[start..]);
            }
            failed |= SinkSet::from(!sink.accept(start, at, record.timestamp_ns, record.level, record.seq))
                << first;
            while takers != 0 {
                let index = pop(&mut takers);
                let Some(sink) = self.sinks[index].as_mut() else { continue };
                let start = sink.pending().len();
                sink.pending().extend_from_slice(&self.line);
                failed |=
                    SinkSet::from(!sink.accept(start, at, record.timestamp_ns, record.level, record.seq))
                        << index;
            }
        }
        self.behind |= failed;
    }

    /// Writes what waits, and moves the marks of the sinks in step to `position`, forcing files to the disk
    /// where that is due or `wanted`.
    pub(crate) fn settle(&mut self, position: u64, wanted: bool) {
        let mut failed = 0;
        let behind = self.behind;
        for (index, sink) in self.sinks().filter(|(index, _)| behind & (1 << index) == 0) {
            if !sink.flush() || sink.settle(position, wanted) == Settled::Behind {
                failed |= 1 << index;
            }
        }
        self.behind |= failed;
    }

    /// Whether the sink at `index` writes to the same file as `other`.
    pub(crate) fn shares_file(&self, index: usize, other: &Sink) -> bool {
        self.sinks[index].as_ref().is_some_and(|sink| sink.shares_file(other))
    }

    /// Makes the sink that writes to the same file as `straggler` wait for it.
    pub(crate) fn follow_later(&mut self, straggler: &Sink) {
        for index in 0..self.sinks.len() {
            if self.shares_file(index, straggler) {
                self.set_behind(index, true);
            }
        }
    }

    /// Lets the sink that has waited for `straggler` go on from where that has come, and tell of `gap`.
    pub(crate) fn follow(&mut self, straggler: &Sink, mut gap: Option<&Gap>) {
        for index in 0..self.sinks.len() {
            if self.shares_file(index, straggler) {
                if let Some(sink) = &mut self.sinks[index] {
                    sink.take_over_file();
                    if let Some(gap) = gap.take() {
                        sink.gap.join(gap);
                    }
                }
            }
        }
    }

    pub(crate) fn count_volume(&mut self, counters: &Counters) {
        for (_, sink) in self.sinks() {
            let (bytes, errors) = sink.take_volume();
            counters.count_volume(bytes, errors);
        }
    }

    /// The position that every sink has passed.
    pub(crate) fn settled_to(&self) -> Option<u64> {
        self.sinks.iter().flatten().map(|sink| sink.mark().position).min()
    }

    pub(crate) fn reports(&self) -> Vec<SinkReport> {
        self.sinks.iter().flatten().map(Sink::report).collect()
    }

    pub(crate) fn problems(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().flatten().filter_map(Sink::problem)
    }

    /// Begins at `position` as the configuration `epoch`. Sinks of `earlier` that go on are taken over, and
    /// what it leaves behind is returned.
    pub(crate) fn take_over(
        &mut self,
        earlier: &mut Stages,
        ring: &Arc<Ring>,
        epoch: u64,
        position: u64,
        include: &Include,
        problems: &mut Vec<String>,
    ) -> Vec<Straggler> {
        for index in 0..self.sinks.len() {
            if self.sinks[index].is_none() {
                self.inherit(index, earlier, ring, epoch);
            }
        }
        let stragglers = earlier.leave_stragglers(include, position);
        for (index, sink) in self.sinks.iter_mut().enumerate() {
            let Some(sink) = sink.as_mut().filter(|sink| sink.mark().position < position) else { continue };
            if self.behind & (1 << index) != 0 {
                continue;
            }
            if let Err(problem) = sink.begin(ring, epoch, index, position) {
                problems.push(format!("handler {}: {problem}", sink.config().name));
            }
        }
        stragglers
    }

    /// Takes over the sink at `index` as it is.
    fn inherit(&mut self, index: usize, earlier: &mut Stages, ring: &Arc<Ring>, epoch: u64) {
        let wanted = &self.config.sinks[index];
        let found =
            earlier.sinks.iter().position(|sink| sink.as_ref().is_some_and(|sink| sink.config() == wanted));
        let Some(from) = found else { return };
        if let Some(mut sink) = earlier.sinks[from].take() {
            sink.move_to(ring, epoch, index);
            self.set_behind(index, earlier.behind & (1 << from) != 0);
            self.sinks[index] = Some(sink);
        }
    }

    /// Closes the sinks that have everything, and gives the others stages of their own.
    fn leave_stragglers(&mut self, include: &Include, until: u64) -> Vec<Straggler> {
        let behind = self.behind;
        let mut stragglers = Vec::new();
        for (index, slot) in self.sinks.iter_mut().enumerate() {
            let Some(mut sink) = slot.take() else { continue };
            if behind & (1 << index) == 0 && sink.mark().position >= until && !sink.is_in_transit() {
                continue;
            }
            let config = sink.config().clone();
            let colour = matches!(config.format, Format::Console { .. }) && shows_colour(&config);
            let Ok(encoder) = encoder(&self.config, include, &config.name, &config.format, colour) else {
                continue;
            };
            sink.leave_place();
            let only = [config];
            // It was read before.
            let Ok(conditions) = Conditions::new(&only, &self.config, include) else { continue };
            let (router, redactor) = (Router::new(&only), self.redactor.another());
            stragglers.push(Straggler { router, redactor, conditions, encoder, sink, until });
        }
        stragglers
    }
}

fn encoder(
    config: &Config,
    include: &Include,
    name: &str,
    format: &Format,
    colour: bool,
) -> Result<Encoder, Error> {
    Encoder::new(format, config.field_layout, &config.views, include, colour)
        .map_err(|problem| Error::Configuration(format!("handlers.{name}.format: {problem}")))
}

/// Takes the lowest member out of a set that is not empty.
#[inline]
fn pop(set: &mut SinkSet) -> usize {
    let index = set.trailing_zeros() as usize;
    *set &= *set - 1;
    index
}
