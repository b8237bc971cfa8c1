//! Conditions of sinks: which of those that a record is routed to want it by its fields.

use crate::condition::Condition;
use crate::config::{Config, Format, SinkConfig};
use crate::encode::Include;
use crate::encode::json::JsonEncoder;
use crate::encode::validity::is_valid;
use crate::error::Error;
use crate::ring::decoded::DecodedRecord;
use crate::route::SinkSet;

/// The conditions of a configuration's sinks. They look at a record as the line that a JSON file would get,
/// with its secrets masked; it is encoded once for all of them.
pub(crate) struct Conditions {
    /// The sinks that have one.
    sinks: SinkSet,
    /// Each of the conditions, with the sinks that have it.
    all: Vec<(Condition, SinkSet)>,
    encoder: JsonEncoder,
    /// The last record that was looked at.
    line: Vec<u8>,
}

impl Conditions {
    /// Those of `sinks`, in this order, which are sinks of `config`.
    pub(crate) fn new(sinks: &[SinkConfig], config: &Config, include: &Include) -> Result<Self, Error> {
        let mut all = Vec::<(Condition, SinkSet)>::new();
        for (index, sink) in sinks.iter().enumerate() {
            let Some(text) = &sink.condition else { continue };
            let condition = Condition::lasting(text).map_err(|problem| {
                Error::Configuration(format!("handlers.{}.filter.where: {problem}", sink.name))
            })?;
            match all.iter_mut().find(|(known, _)| *known == condition) {
                Some((_, members)) => *members |= 1 << index,
                None => all.push((condition, 1 << index)),
            }
        }
        let sinks = all.iter().fold(0, |sinks, (_, members)| sinks | members);
        let encoder = JsonEncoder::new(config.field_layout, include);
        Ok(Conditions { sinks, all, encoder, line: Vec::new() })
    }

    /// Whether any of these sinks has a condition.
    #[inline]
    pub(crate) fn concern(&self, sinks: SinkSet) -> bool {
        self.sinks & sinks != 0
    }

    /// Those of `sinks` that want `record`, whose secrets are masked.
    #[inline(never)]
    pub(crate) fn wanting(&mut self, mut sinks: SinkSet, record: &DecodedRecord<'_>) -> SinkSet {
        self.line.clear();
        self.encoder.encode(record, &mut self.line);
        let object = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        for (condition, members) in &self.all {
            if sinks & members != 0 && !condition.holds(object) {
                sinks &= !members;
            }
        }
        sinks
    }

    /// The line of the record that was looked at last, with its end.
    #[inline]
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Whether that line is one: a record from damaged memory may have none.
    pub(crate) fn has_valid_line(&self) -> bool {
        is_valid(&Format::Json, &self.line)
    }
}
