//! **Render**: one record's line as people and programs are shown it.
//!
//! * **Text** is for people: `2026-12-01 04:18:31.906 INFO     bot    Order filled    price=50000.5`. Time,
//!   level, logger and message stand in columns; `-` stands for one that a record does not have. They are
//!   there unless [`Style::hide`] names them. All other members follow as `key=value`, and those of an object
//!   one by one under the names that expressions have for them: `indicators.rsi=55`. Texts have quotes where
//!   their end would not be seen; arrays, and objects below 64 levels, are JSON. The lines of a stacktrace
//!   and of a stack follow, indented by four spaces. `seq`, `run_id`, `thread_id` and `process_id` are shown
//!   to those who ask for them in [`Style::fields`].
//! * **JSON** has the members that are shown as they stand in the line, in its order, numbers digit by digit.
//!   Without [`Style::fields`] and [`Style::hide`] it is the line.
//! * **Raw** is the line, byte for byte.
//! * **CSV** is RFC 4180 with lines that end as those of a log do. Its columns are [`Style::fields`], without
//!   those that are hidden; else `timestamp`, `level`, `module`, `message`, and `fields`, which has all other
//!   members as a JSON object. Numbers have the digits of the line, objects and arrays are JSON, and what is
//!   missing or null is empty. A text that a spreadsheet would run, because it begins with `=`, `+`, `-`,
//!   `@`, a tab or a line break, has a `'` before it, unless it is a number. Texts keep their line breaks.
//! * **A template** is a text with names of fields in braces. `{{` and `}}` are braces. Texts stand in it
//!   without quotes, objects and arrays as JSON, and for what is missing nothing.
//!
//! In CSV and templates, `time` is the record's `timestamp` as text has it, and `logger` is its `module`.
//! Where a record has no such key, they are fields of these names.
//!
//! In all of them but raw, nothing within a record can break its line or reach the terminal: control
//! characters (C0, C1, DEL), U+2028, U+2029 and bidirectional overrides are shown as escapes, and bytes that
//! are not UTF-8 as U+FFFD. In JSON these are escapes of JSON, with the same meaning. CSV has tabs and line
//! breaks as they are, in quotes.

mod csv;
mod flat;
mod json;
mod pieces;
mod selection;
mod stack;
mod style;
mod template;
mod text;
mod time;
mod values;

pub use style::{Format, Style, StyleError, Zone};

use metaexpert_log::line::escape::escape_controls;

use csv::CsvFormat;
use json::JsonFormat;
use template::TemplateFormat;
use text::TextFormat;

/// Objects below this level are taken as a whole. The engine writes 32 levels unless it is told otherwise.
const MAX_DEPTH: usize = 64;

/// Shows the lines of a log in one style; keeps what consecutive records share.
pub struct Renderer {
    shape: Shape,
}

enum Shape {
    Text(Box<TextFormat>),
    Json(JsonFormat),
    Raw,
    Csv(Box<CsvFormat>),
    Template(Box<TemplateFormat>),
}

impl Renderer {
    /// A renderer that follows `style`, or what is wrong with that: a zone that is not known, a name that is
    /// none, options that the format cannot follow.
    pub fn new(style: &Style) -> Result<Renderer, StyleError> {
        let shape = match &style.format {
            Format::Text => Shape::Text(Box::new(TextFormat::of(style)?)),
            Format::Json => Shape::Json(JsonFormat::of(style)?),
            Format::Raw => {
                refuse_choice(style, "raw shows each line as it is", "write json instead")?;
                Shape::Raw
            }
            Format::Csv => Shape::Csv(Box::new(CsvFormat::of(style)?)),
            Format::Template(template) => {
                refuse_choice(style, "a template names the fields that it shows", "leave the others out")?;
                Shape::Template(Box::new(TemplateFormat::of(template, style)?))
            }
        };
        Ok(Renderer { shape })
    }

    /// Appends what comes before the first record: in CSV, the line with the columns' names.
    pub fn header(&self, out: &mut Vec<u8>) {
        if let Shape::Csv(csv) = &self.shape {
            csv.push_header(out);
        }
    }

    /// Appends the record that `line` is, with a line's end; `line` has none. A line that is no record is
    /// shown as [`Renderer::render_foreign`] does. Returns whether anything is shown.
    pub fn render(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let pushed = match &mut self.shape {
            Shape::Text(text) => text.push(line, out),
            Shape::Json(json) => json.push(line, out),
            Shape::Csv(csv) => csv.push(line, out),
            Shape::Template(template) => template.push(line, out),
            Shape::Raw => return self.render_foreign(line, out),
        };
        pushed.is_ok() || {
            out.truncate(start);
            self.render_foreign(line, out)
        }
    }

    /// Appends `line`, which is no record, and a line's end. Returns false where the format has no place for
    /// it, which is so in JSON and CSV: nothing is appended then.
    pub fn render_foreign(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        match &self.shape {
            Shape::Json(_) | Shape::Csv(_) => return false,
            Shape::Raw => out.extend_from_slice(line),
            Shape::Text(_) | Shape::Template(_) => {
                escape_controls(line.strip_suffix(b"\r").unwrap_or(line), out)
            }
        }
        out.push(b'\n');
        true
    }
}

/// Refuses names of fields for a format that cannot follow them: because of `reason`, so do `advice`.
fn refuse_choice(style: &Style, reason: &str, advice: &str) -> Result<(), StyleError> {
    match style.fields.iter().chain(&style.hide).next() {
        Some(name) => Err(StyleError::new(format!("{reason}, so {name:?} cannot be chosen; {advice}"))),
        None => Ok(()),
    }
}
