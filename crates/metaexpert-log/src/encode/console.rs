//! Lines for people at a terminal.

mod run;

use jiff::tz::TimeZone;

use crate::encode::console::run::{SimulatedTime, is_run_context, simulated_time};
use crate::encode::escape::escape_plain;
use crate::encode::local_time::{LocalTime, system_zone};
use crate::encode::plain::{continuation, lines, push_key, push_summary, push_value};
use crate::encode::spec::{Conversion, Spec, char_count, prefix_len};
use crate::event::{Event, Exception, Place};
use crate::frame::Value;
use crate::lexicon::Key;

const LOGGER_WIDTH: usize = 20;
const LEVEL: Spec = column(8);
const LOGGER: Spec = column(LOGGER_WIDTH);
const MESSAGE: Spec = column(30);
const PLAIN: Spec = Spec::bare(Conversion::Text);

const fn column(width: usize) -> Spec {
    let mut spec = Spec::bare(Conversion::Text);
    spec.left = true;
    spec.width = width;
    spec
}

const RESET: &[u8] = b"\x1b[0m";
const DIM: &[u8] = b"\x1b[2m";
const CYAN: &[u8] = b"\x1b[36m";
const BOLD_RED: &[u8] = b"\x1b[1;31m";
const TRADE: &[u8] = b"\x1b[1;35m";

/// The colour of a level and of those above it, up to the next.
fn level_colour(level: i32) -> &'static [u8] {
    match level {
        i32::MIN..=19 => b"\x1b[34m",
        20..=29 => b"\x1b[32m",
        30..=39 => b"\x1b[33m",
        40..=49 => b"\x1b[31m",
        _ => b"\x1b[1;37;41m",
    }
}

/// Writes events aligned: time, level, logger, message, then category and fields as `key=value`, the call's
/// own first; the lines of an exception's traceback and of a stack follow, indented. Without the colours,
/// which change nothing but colour, a line is the same on a terminal and in a file.
///
/// A record of an expert's run has the simulated time in place of the clock's, and is without what all
/// records of the run have in common.
pub struct ConsoleEncoder {
    colour: bool,
    time: LocalTime,
    /// The fields of the record in hand, and where each set of them begins, from the context's to its own.
    fields: Vec<u8>,
    starts: Vec<usize>,
}

impl ConsoleEncoder {
    /// An encoder with or without colours.
    pub fn new(colour: bool) -> Self {
        let time = LocalTime::with_millis("%H:%M:%S", b'.', system_zone());
        ConsoleEncoder { colour, time, fields: Vec::new(), starts: Vec::new() }
    }

    /// The same encoder with times in the `strftime` format `datefmt`; without one, as they were.
    pub fn with_time(self, datefmt: Option<&str>) -> Self {
        match datefmt {
            None | Some("") => self,
            Some(format) => ConsoleEncoder { time: LocalTime::new(format, system_zone()), ..self },
        }
    }

    /// The same encoder for another time zone than the system's.
    pub fn in_zone(self, zone: TimeZone) -> Self {
        ConsoleEncoder { time: self.time.in_zone(zone), ..self }
    }

    /// Appends `event` as one line, and the lines of its exception and stack.
    pub fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.reserve(160 + event.message.len());
        let simulated = self.collect_fields(event);
        self.push_head(event, simulated, out);
        self.push_message(event, out);
        self.push_fields(event, out);
        out.push(b'\n');
        if let Some(exception) = &event.exception {
            self.push_exception(exception, out);
        }
        for line in lines(event.stack.unwrap_or_default()) {
            self.push_line(DIM, line, out);
        }
    }

    /// Renders the fields that the line shows, set by set. Returns the simulated time, if there is one.
    fn collect_fields<'a>(&mut self, event: &Event<'a>) -> Option<SimulatedTime<'a>> {
        let ConsoleEncoder { colour, fields: out, starts, .. } = self;
        out.clear();
        starts.clear();
        let (mut simulated, mut latest) = (None, None);
        event.fields.for_each_shown(&mut |place: Place<'_>, value| {
            if latest != Some(place.at) {
                latest = Some(place.at);
                starts.push(out.len());
            }
            let key = &place.keys[place.index];
            match simulated_time(&key.raw, value) {
                Some(time) => simulated = Some(time),
                None if is_run_context(&place) => {}
                None => push_field(*colour, key, value, out),
            }
        });
        simulated
    }

    fn push_head(&mut self, event: &Event<'_>, simulated: Option<SimulatedTime<'_>>, out: &mut Vec<u8>) {
        let colour = self.colour;
        painted(colour, DIM, out, |out| match simulated {
            Some(time) => time.push(out),
            None => out.extend_from_slice(self.time.text(event.timestamp_ns)),
        });
        out.push(b' ');
        painted(colour, level_colour(event.level), out, |out| {
            event.with_level_name(|name| LEVEL.push_text(name, out));
        });
        out.push(b' ');
        painted(colour, DIM, out, |out| push_logger(event.logger.raw, out));
        out.push(b' ');
    }

    fn push_message(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        // Nothing to align with: no blanks at the line's end.
        let has_more = event.category.is_some() || !self.fields.is_empty();
        let spec = if has_more { &MESSAGE } else { &PLAIN };
        let is_trade = event.category.is_some_and(|category| category.raw == b"trade");
        painted(self.colour && is_trade, TRADE, out, |out| spec.push_text(event.message, out));
    }

    fn push_fields(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Some(category) = event.category {
            out.push(b' ');
            painted(self.colour, CYAN, out, |out| out.extend_from_slice(b"category"));
            out.push(b'=');
            push_value(Value::Str(category.raw), out);
        }
        let mut end = self.fields.len();
        for &start in self.starts.iter().rev() {
            out.extend_from_slice(&self.fields[start..end]);
            end = start;
        }
    }

    fn push_exception(&self, exception: &Exception<'_>, out: &mut Vec<u8>) {
        if exception.stacktrace.is_empty() {
            let push = |out: &mut Vec<u8>| push_summary(exception, out);
            return continuation(out, |out| painted(self.colour, BOLD_RED, out, push));
        }
        let plain = lines(exception.stacktrace).count().saturating_sub(summary_lines(exception));
        for (index, line) in lines(exception.stacktrace).enumerate() {
            self.push_line(if index < plain { DIM } else { BOLD_RED }, line, out);
        }
    }

    fn push_line(&self, style: &[u8], line: &[u8], out: &mut Vec<u8>) {
        continuation(out, |out| painted(self.colour, style, out, |out| escape_plain(line, out)));
    }
}

fn push_field(colour: bool, name: &Key, value: Value<'_>, out: &mut Vec<u8>) {
    out.push(b' ');
    painted(colour, CYAN, out, |out| push_key(name, out));
    out.push(b'=');
    push_value(value, out);
}

/// Appends what `push` appends, in `style` if `colour` is wanted.
#[inline]
fn painted(colour: bool, style: &[u8], out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    if !colour {
        return push(out);
    }
    out.extend_from_slice(style);
    push(out);
    out.extend_from_slice(RESET);
}

/// How many lines at a traceback's end are `Type: message`: more than one if the message has more.
fn summary_lines(exception: &Exception<'_>) -> usize {
    let message = exception.message.trim_ascii_end();
    if exception.stacktrace.trim_ascii_end().ends_with(message) { lines(message).count().max(1) } else { 1 }
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
