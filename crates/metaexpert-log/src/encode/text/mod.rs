//! Text lines in a `%`-style format, as `logging.Formatter` writes them.

pub(crate) mod attribute;
pub mod pattern;
pub(crate) mod spec;

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;

use crate::clock::now_ns;
use crate::encode::people::{continuation, json_text, lines, push_summary};
use crate::encode::record_time::RecordTime;
use crate::encode::shown_fields::ShownFields;
use crate::encode::text::attribute::Attribute;
use crate::encode::text::pattern::{Element, Pattern};
use crate::encode::text::spec::{Conversion, Shown, Spec};
use crate::encode::views::Views;
use crate::frame::Value;
use crate::line::escape::escape_controls;
use crate::ring::decoded::{Caller, DecodedRecord};

/// The `text` preset, which the fields follow.
const PRESET: &str = "%(asctime)s %(levelname)-8s %(name)s: %(message)s";

/// `logging.Formatter.default_time_format`; the milliseconds follow a comma.
const DEFAULT_TIME: &str = "%Y-%m-%d %H:%M:%S";

// What `logging` puts into a record whose caller it could not find.
const UNKNOWN_CALLER: Caller<'static> =
    Caller { file: b"(unknown file)", line: 0, function: b"(unknown function)" };

/// The process that `%(process)d`, `%(processName)s` and `%(relativeCreated)d` speak of.
#[derive(Clone, Debug)]
pub struct Process {
    /// The process's id.
    pub id: u32,
    /// The process's name, as `multiprocessing` gives it.
    pub name: String,
    /// When logging began, in nanoseconds since the Unix epoch.
    pub started_ns: i64,
}

impl Process {
    /// This process under the name that `multiprocessing` gives the first one. Its logging began when
    /// this was first asked for.
    pub fn current() -> Process {
        // Without a lock, which a forked child could inherit. No clock shows 0 again.
        static STARTED_NS: AtomicI64 = AtomicI64::new(0);
        let now = now_ns();
        let earlier = STARTED_NS.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).err();
        let started_ns = earlier.unwrap_or(now);
        Process { id: std::process::id(), name: "MainProcess".to_owned(), started_ns }
    }
}

/// Writes records as text lines.
///
/// The first line is that of the format, with nothing in it that could break it; the lines of an
/// exception's traceback and of a stack follow, each indented.
pub struct TextEncoder {
    pattern: Pattern,
    shows_time: bool,
    /// The fields that follow, if any do.
    fields: Option<ShownFields>,
    views: Views,
    time: RecordTime,
    /// Who writes the records.
    process: Process,
}

impl TextEncoder {
    /// The `text` preset: time, level, logger, message, then category and fields as the console shows them.
    pub fn with_fields() -> Self {
        let pattern = Pattern::parse(PRESET).expect("the preset is a valid format");
        TextEncoder { fields: Some(ShownFields::new(false)), ..TextEncoder::new(pattern, None) }
    }

    /// A format of the user's. `%(asctime)s` is local time in the `strftime` format `datefmt`, and
    /// `2026-01-31 23:59:59,123` without one; of a record that tells of another time, it is that in UTC.
    pub fn new(pattern: Pattern, datefmt: Option<String>) -> Self {
        let is_time = |piece: &Element| matches!(piece, Element::Item(Attribute::AscTime, _));
        let shows_time = pattern.pieces.iter().any(is_time);
        let time = RecordTime::new(DEFAULT_TIME, b',').with_format(datefmt.as_deref());
        let process = Process::current();
        TextEncoder { pattern, shows_time, fields: None, views: Views::default(), time, process }
    }

    /// The same encoder with times in the `strftime` format `datefmt`; without one, as they were.
    pub fn with_time(mut self, datefmt: Option<&str>) -> Self {
        self.time = self.time.with_format(datefmt);
        self
    }

    /// The same encoder for records that are shown as `views` want them.
    pub fn with_views(mut self, views: Views) -> Self {
        self.fields = self.fields.map(|fields| fields.with_views(views.clone()));
        self.views = views;
        self
    }

    /// The same encoder for another time zone than the system's.
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.time = self.time.in_zone(zone);
        self
    }

    /// The same encoder for another process than this one.
    pub fn for_process(mut self, process: Process) -> Self {
        self.process = process;
        self
    }

    /// Appends `record` as one line, and the lines of its exception and stack.
    pub fn encode(&mut self, record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
        out.reserve(128 + record.message.len());
        let told = match &mut self.fields {
            Some(fields) => fields.collect(record),
            None if self.shows_time => self.views.time_of(&record.fields),
            None => None,
        };
        for piece in &self.pattern.pieces {
            match piece {
                Element::Literal(text) => out.extend_from_slice(text),
                Element::Item(Attribute::AscTime, spec) => {
                    spec.push_text(self.time.text(record.timestamp_ns, told), out);
                }
                Element::Item(attribute, spec) => push_item(attribute, spec, &self.process, record, out),
            }
        }
        if let Some(fields) = &self.fields {
            fields.push(out);
        }
        out.push(b'\n');
        push_trouble(record, out);
    }
}

fn push_item(
    attribute: &Attribute,
    spec: &Spec,
    process: &Process,
    record: &DecodedRecord<'_>,
    out: &mut Vec<u8>,
) {
    match attribute {
        Attribute::Name => spec.push_text(record.logger.raw, out),
        Attribute::Message => spec.push_text(record.message, out),
        Attribute::LevelName => record.with_level_name(|name| spec.push_text(name, out)),
        Attribute::Field(name) => match record.fields.get(name.as_bytes()) {
            Some(value) => spec.push(shown_field(value, spec.conversion), out),
            None => spec.push(Shown::Absent, out),
        },
        other => spec.push(shown(other, process, record), out),
    }
}

/// The value of an attribute that needs no work before it is shown.
fn shown<'a>(attribute: &Attribute, process: &'a Process, record: &DecodedRecord<'a>) -> Shown<'a> {
    let caller = record.caller.unwrap_or(UNKNOWN_CALLER);
    let ns = record.timestamp_ns;
    match attribute {
        Attribute::LevelNo => Shown::Integer(record.level.into()),
        Attribute::PathName => Shown::Text(caller.file),
        Attribute::FileName => Shown::Text(file_name(caller.file)),
        Attribute::Module => Shown::Text(file_stem(caller.file)),
        Attribute::LineNo => Shown::Integer(caller.line.into()),
        Attribute::FuncName => Shown::Text(caller.function),
        Attribute::Created => Shown::Float(ns as f64 / 1e9),
        Attribute::Msecs => Shown::Float((ns.rem_euclid(1_000_000_000) / 1_000_000) as f64),
        Attribute::RelativeCreated => Shown::Float(ns.saturating_sub(process.started_ns) as f64 / 1e6),
        Attribute::Process => Shown::Integer(process.id.into()),
        Attribute::ProcessName => Shown::Text(process.name.as_bytes()),
        Attribute::Thread => {
            record.thread.map_or(Shown::Absent, |thread| Shown::Integer(thread.ident.into()))
        }
        Attribute::ThreadName => record.thread.map_or(Shown::Absent, |thread| Shown::Text(thread.name)),
        // As `logging` shows it outside of a task.
        Attribute::TaskName => Shown::Text(record.task.unwrap_or(b"None")),
        Attribute::Category => record.category.map_or(Shown::Absent, |category| Shown::Text(category.raw)),
        Attribute::Seq => Shown::Integer(record.seq.into()),
        Attribute::Name
        | Attribute::Message
        | Attribute::LevelName
        | Attribute::AscTime
        | Attribute::Field(_) => Shown::Absent,
    }
}

/// A field's value; a number in a JSON string, such as a decimal's, counts as one where one is wanted.
fn shown_field(value: Value<'_>, conversion: Conversion) -> Shown<'_> {
    match value {
        Value::Null => Shown::Text(b"null"),
        Value::Bool(truth) => Shown::Bool(truth),
        Value::I64(number) => Shown::Integer(number.into()),
        Value::U64(number) => Shown::Integer(number.into()),
        Value::F64(number) => Shown::Float(number),
        Value::Str(text) => Shown::Text(text),
        Value::Json(json) => {
            let text = json_text(json).unwrap_or(json);
            let number = || std::str::from_utf8(text).ok()?.parse().ok();
            match conversion {
                Conversion::Decimal | Conversion::Float(_) => {
                    number().map_or(Shown::Text(text), Shown::Float)
                }
                _ => Shown::Text(text),
            }
        }
    }
}

fn push_trouble(record: &DecodedRecord<'_>, out: &mut Vec<u8>) {
    if let Some(exception) = &record.exception {
        if exception.stacktrace.is_empty() {
            continuation(out, |out| push_summary(exception, out));
        }
        push_lines(exception.stacktrace, out);
    }
    push_lines(record.stack.unwrap_or_default(), out);
}

fn push_lines(text: &[u8], out: &mut Vec<u8>) {
    for line in lines(text) {
        continuation(out, |out| escape_controls(line, out));
    }
}

/// The part after the last separator, as `os.path.basename` cuts it.
fn file_name(path: &[u8]) -> &[u8] {
    let is_separator = |&byte: &u8| byte == b'/' || (cfg!(windows) && byte == b'\\');
    path.iter().rposition(is_separator).map_or(path, |at| &path[at + 1..])
}

/// The file's name without its extension, as `os.path.splitext` cuts it: leading points start none.
fn file_stem(path: &[u8]) -> &[u8] {
    let name = file_name(path);
    match name.iter().rposition(|&byte| byte == b'.') {
        Some(at) if name[..at].iter().any(|&byte| byte != b'.') => &name[..at],
        _ => name,
    }
}
