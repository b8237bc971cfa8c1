//! The stages behind the ring for one configuration: route, encoders, sinks.

use std::time::Instant;

use crate::config::{Config, Format};
use crate::encode::{Encoder, Include};
use crate::error::Error;
use crate::event::Event;
use crate::route::{Router, SinkSet};
use crate::sink::{Sink, SinkReport, shows_colour};
use crate::stats::Counters;

/// Route, encoders and sinks of one configuration.
pub(crate) struct Assembly {
    router: Router,
    /// One encoder a format, with the sinks that take its lines.
    encoders: Vec<(Encoder, SinkSet)>,
    sinks: Vec<Sink>,
    line: Vec<u8>,
}

impl Assembly {
    /// Opens every sink of `config`; on an error nothing stays open.
    pub(crate) fn open(config: &Config, include: &Include) -> Result<Assembly, Error> {
        let mut kinds: Vec<(Format, bool)> = Vec::new();
        let (mut encoders, mut sinks) = (Vec::<(Encoder, SinkSet)>::new(), Vec::new());
        for sink in &config.sinks {
            let colour = sink.format == Format::Console && shows_colour(sink);
            let kind = (sink.format.clone(), colour);
            let index = kinds.iter().position(|known| *known == kind).unwrap_or(kinds.len());
            if index == kinds.len() {
                let encoder =
                    Encoder::new(&kind.0, config.field_layout, include, colour).map_err(|problem| {
                        Error::Configuration(format!("handlers.{}.format: {problem}", sink.name))
                    })?;
                encoders.push((encoder, 0));
                kinds.push(kind);
            }
            encoders[index].1 |= 1 << sinks.len();
            sinks.push(Sink::open(sink)?);
        }
        Ok(Assembly { router: Router::new(&config.sinks), encoders, sinks, line: Vec::new() })
    }

    /// Encodes `event` once for each format wanted and gives it to every sink that wants it. Returns false
    /// if a sink had to give it up.
    #[inline]
    pub(crate) fn deliver(&mut self, event: &Event<'_>) -> bool {
        let targets = self.router.targets(event);
        let mut complete = true;
        for (encoder, members) in &mut self.encoders {
            let mut takers = targets & *members;
            if takers == 0 {
                continue;
            }
            let sink = &mut self.sinks[pop(&mut takers)];
            let start = sink.pending().len();
            encoder.encode(event, sink.pending());
            if takers != 0 {
                self.line.clear();
                self.line.extend_from_slice(&sink.pending()[start..]);
            }
            complete &= sink.commit(start, event.timestamp_ns);
            while takers != 0 {
                let sink = &mut self.sinks[pop(&mut takers)];
                let start = sink.pending().len();
                sink.pending().extend_from_slice(&self.line);
                complete &= sink.commit(start, event.timestamp_ns);
            }
        }
        complete
    }

    /// Writes what waits. Returns whether every sink is done.
    pub(crate) fn flush(&mut self, counters: &Counters) -> bool {
        let mut settled = true;
        for sink in &mut self.sinks {
            settled &= sink.flush();
            let (bytes, errors) = sink.take_volume();
            counters.count_volume(bytes, errors);
        }
        settled
    }

    pub(crate) fn hurry(&mut self) {
        self.sinks.iter_mut().for_each(Sink::hurry);
    }

    pub(crate) fn settle(&self, deadline: Instant) {
        self.sinks.iter().for_each(|sink| sink.settle(deadline));
    }

    pub(crate) fn abandon(&mut self) -> u64 {
        self.sinks.iter_mut().map(Sink::abandon).sum()
    }

    pub(crate) fn reports(&self) -> Vec<SinkReport> {
        self.sinks.iter().map(Sink::report).collect()
    }

    pub(crate) fn problems(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().filter_map(Sink::problem)
    }

    /// What went wrong with finished files and the like, which no line waits for.
    pub(crate) fn take_side_problems(&mut self) -> impl Iterator<Item = String> {
        self.sinks.iter_mut().filter_map(Sink::take_side_problem)
    }

    /// Goes on from `earlier`, whose sinks are closed: totals, and lines they could not write.
    pub(crate) fn take_over(&mut self, earlier: &mut Assembly) -> Result<(), String> {
        let mut lost = 0;
        for mut old in std::mem::take(&mut earlier.sinks) {
            old.hurry();
            old.flush();
            let abandoned = old.abandon();
            lost += abandoned;
            let report = old.report();
            if let Some(heir) = self.sinks.iter_mut().find(|sink| sink.name() == report.name) {
                heir.continue_from(report.totals);
            }
        }
        match lost {
            0 => Ok(()),
            lost => Err(format!(
                "{lost} records were lost with handlers that were failing when they were replaced"
            )),
        }
    }

    pub(crate) fn activate(&mut self) -> Result<(), String> {
        for sink in &mut self.sinks {
            sink.activate().map_err(|problem| format!("handler {}: {problem}", sink.name()))?;
        }
        Ok(())
    }
}

/// Takes the lowest member out of a set that is not empty.
#[inline]
fn pop(set: &mut SinkSet) -> usize {
    let index = set.trailing_zeros() as usize;
    *set &= *set - 1;
    index
}
