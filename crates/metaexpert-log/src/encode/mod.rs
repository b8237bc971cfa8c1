//! **Encode**: a record as one line of a format, one file per format.

pub mod colour;
pub mod console;
pub mod ecs;
pub mod gcp;
pub(crate) mod include;
pub mod json;
pub mod local_time;
pub mod logfmt;
mod members;
pub mod otel;
pub mod people;
mod record_time;
mod shown_fields;
mod structured;
pub mod syslog;
pub mod text;
pub(crate) mod validity;
pub mod views;

pub use include::Include;

use crate::config::{Format, Layout, View};
use crate::ring::decoded::DecodedRecord;

/// An encoder for one format; keeps what consecutive records share.
pub enum Encoder {
    /// JSON Lines.
    Json(json::JsonEncoder),
    /// Aligned and, on a terminal, coloured.
    Console(console::ConsoleEncoder),
    /// A `%`-style format of `logging`.
    Text(text::TextEncoder),
    /// Drafts of syslog messages.
    Syslog(syslog::SyslogEncoder),
    /// Elastic Common Schema.
    Ecs(ecs::EcsEncoder),
    /// Google Cloud Logging.
    Gcp(gcp::GcpEncoder),
    /// OTLP in JSON.
    Otel(otel::OtelEncoder),
    /// logfmt.
    Logfmt(logfmt::LogfmtEncoder),
}

impl Encoder {
    /// The encoder for `format`. `colour` says whether the destination shows colours. Fails on a pattern that
    /// [`text::pattern::Pattern::parse`] refuses.
    pub fn new(
        format: &Format,
        layout: Layout,
        views: &[View],
        include: &Include,
        colour: bool,
    ) -> Result<Self, String> {
        let views = || views::Views::new(views);
        let text = |encoder: text::TextEncoder| match &include.process {
            Some(process) => Encoder::Text(encoder.with_views(views()).for_process(process.clone())),
            None => Encoder::Text(encoder.with_views(views())),
        };
        Ok(match format {
            Format::Json => Encoder::Json(json::JsonEncoder::new(layout, include)),
            Format::Console { datefmt } => {
                let encoder = console::ConsoleEncoder::new(colour).with_views(views());
                Encoder::Console(encoder.with_time(datefmt.as_deref()))
            }
            Format::Syslog { .. } => Encoder::Syslog(syslog::SyslogEncoder::new(include)),
            Format::Ecs => Encoder::Ecs(ecs::EcsEncoder::new(include)),
            Format::Gcp => Encoder::Gcp(gcp::GcpEncoder::new(layout, include)),
            Format::Otel => Encoder::Otel(otel::OtelEncoder::new(include)),
            Format::Logfmt => Encoder::Logfmt(logfmt::LogfmtEncoder::new(layout, include)),
            Format::Text { datefmt } => text(text::TextEncoder::with_fields().with_time(datefmt.as_deref())),
            Format::Percent { pattern, datefmt } => {
                text(text::TextEncoder::new(text::pattern::Pattern::parse(pattern)?, datefmt.clone()))
            }
        })
    }

    /// Appends `record` and a line end to `out`.
    #[inline]
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        match self {
            Encoder::Json(encoder) => encoder.encode(record, out),
            Encoder::Console(encoder) => encoder.encode(record, out),
            Encoder::Text(encoder) => encoder.encode(record, out),
            Encoder::Syslog(encoder) => encoder.encode(record, out),
            Encoder::Ecs(encoder) => encoder.encode(record, out),
            Encoder::Gcp(encoder) => encoder.encode(record, out),
            Encoder::Otel(encoder) => encoder.encode(record, out),
            Encoder::Logfmt(encoder) => encoder.encode(record, out),
        }
    }
}
