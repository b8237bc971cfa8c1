//! Lines for people at a terminal.

use jiff::tz::TimeZone;

use crate::encode::colour::{self, BOLD_RED, DIM, level_colour, painted};
use crate::encode::people::{continuation, lines, push_summary, summary_lines};
use crate::encode::record_time::RecordTime;
use crate::encode::shown_fields::ShownFields;
use crate::encode::text::spec::{Conversion, Spec, char_count, prefix_len};
use crate::encode::views::Views;
use crate::line::escape::escape_controls;
use crate::protection::TRADE;
use crate::ring::decoded::{DecodedRecord, Exception};

const LOGGER_WIDTH: usize = 20;
const LEVEL: Spec = column(8);
const LOGGER: Spec = column(LOGGER_WIDTH);
const MESSAGE: Spec = column(30);
const BARE: Spec = Spec::bare(Conversion::Text);

const fn column(width: usize) -> Spec {
    let mut spec = Spec::bare(Conversion::Text);
    spec.left = true;
    spec.width = width;
    spec
}

/// Writes records aligned: time, level, logger, message, then category and fields as `key=value`, the call's
/// own first; the lines of an exception's traceback and of a stack follow, indented. Without the colours,
/// which change nothing but colour, a line is the same on a terminal and in a file.
///
/// Views say of which records it shows another time than the clock's, and what people need not read in each.
pub struct ConsoleEncoder {
    colour: bool,
    time: RecordTime,
    fields: ShownFields,
}

impl ConsoleEncoder {
    /// An encoder with or without colours.
    pub fn new(colour: bool) -> Self {
        ConsoleEncoder { colour, time: RecordTime::new("%H:%M:%S", b'.'), fields: ShownFields::new(colour) }
    }

    /// The same encoder with times in the `strftime` format `datefmt`; without one, as they were.
    pub fn with_time(self, datefmt: Option<&str>) -> Self {
        ConsoleEncoder { time: self.time.with_format(datefmt), ..self }
    }

    /// The same encoder for records that are shown as `views` want them.
    pub fn with_views(self, views: Views) -> Self {
        ConsoleEncoder { fields: self.fields.with_views(views), ..self }
    }

    /// The same encoder for another time zone than the system's.
    pub fn in_zone(self, zone: TimeZone) -> Self {
        ConsoleEncoder { time: self.time.in_zone(zone), ..self }
    }

    /// Appends `record` as one line, and the lines of its exception and stack.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.reserve(160 + record.message.len());
        let told = self.fields.collect(record);
        let colour = self.colour;
        let time = self.time.text(record.timestamp_ns, told);
        painted(colour, DIM, out, |out| out.extend_from_slice(time));
        self.push_head(record, out);
        self.push_message(record, out);
        self.fields.push(out);
        out.push(b'\n');
        if let Some(exception) = &record.exception {
            self.push_exception(exception, out);
        }
        for line in lines(record.stack.unwrap_or_default()) {
            self.push_line(DIM, line, out);
        }
    }

    fn push_head(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        let colour = self.colour;
        out.push(b' ');
        painted(colour, level_colour(record.level), out, |out| {
            record.with_level_name(|name| LEVEL.push_text(name, out));
        });
        out.push(b' ');
        painted(colour, DIM, out, |out| push_logger(record.logger.raw, out));
        out.push(b' ');
    }

    fn push_message(&self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        // Nothing to align with: no blanks at the line's end.
        let spec = if self.fields.is_empty() { &BARE } else { &MESSAGE };
        let is_trade = record.category.is_some_and(|category| category.raw == TRADE);
        painted(self.colour && is_trade, colour::TRADE, out, |out| spec.push_text(record.message, out));
    }

    fn push_exception(&self, exception: &Exception<'_>, out: &mut Vec<u8>) {
        if exception.stacktrace.is_empty() {
            let push = |out: &mut Vec<u8>| push_summary(exception, out);
            return continuation(out, |out| painted(self.colour, BOLD_RED, out, push));
        }
        let dim = lines(exception.stacktrace)
            .count()
            .saturating_sub(summary_lines(exception.stacktrace, exception.message));
        for (index, line) in lines(exception.stacktrace).enumerate() {
            self.push_line(if index < dim { DIM } else { BOLD_RED }, line, out);
        }
    }

    fn push_line(&self, style: &[u8], line: &[u8], out: &mut Vec<u8>) {
        continuation(out, |out| painted(self.colour, style, out, |out| escape_controls(line, out)));
    }
}

/// Appends a logger's name in its column. One that is too long loses its packages' names from the left,
/// but for their first letters, and then its own beginning.
fn push_logger(name: &[u8], out: &mut Vec<u8>) {
    let mut excess = char_count(name).saturating_sub(LOGGER_WIDTH);
    if excess == 0 {
        return LOGGER.push_text(name, out);
    }
    let mut short = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(point) = rest.iter().position(|&byte| byte == b'.').filter(|_| excess > 0) {
        let initial = prefix_len(&rest[..point], 1);
        short.extend_from_slice(&rest[..initial]);
        short.push(b'.');
        excess = excess.saturating_sub(char_count(&rest[initial..point]));
        rest = &rest[point + 1..];
    }
    short.extend_from_slice(rest);
    if excess > 0 {
        let cut = prefix_len(&short, char_count(&short) - (LOGGER_WIDTH - 1));
        short.splice(..cut, "…".bytes());
    }
    LOGGER.push_text(&short, out);
}
