//! Records as lines for people.

use metaexpert_log::encode::colour::{self, DIM, level_colour, painted};
use metaexpert_log::jsonl::{Members, NotJson, decoded, severity};
use metaexpert_log::protection;

use super::flat::FlatFields;
use super::pieces::{inside, push_value, text_of};
use super::selection::Selection;
use super::stack::{Exception, push_exception, push_stack};
use super::style::{Style, StyleError};
use super::time::{TIME_WIDTH, ZoneTime};

const LEVEL_WIDTH: usize = 8;
const LOGGER_WIDTH: usize = 20;
const MESSAGE_WIDTH: usize = 30;

/// What stands in the column of a key that a record does not have.
const MISSING: &[u8] = b"-";

/// The keys that every record has, in the order of their columns.
const CORE: [&[u8]; 4] = [b"timestamp", b"level", b"module", b"message"];
const TIMESTAMP: usize = 0;
const LEVEL: usize = 1;
const MODULE: usize = 2;
const MESSAGE: usize = 3;

/// Writes records aligned: time, level, logger, message, then the fields as `key=value`, and behind that the
/// lines of an exception and of a stack.
pub(super) struct TextFormat {
    colour: bool,
    time: ZoneTime,
    /// Which of the core's keys are hidden.
    is_hidden: [bool; 4],
    selection: Selection,
    fields: FlatFields,
    constants: Constants,
    memory: Vec<u8>,
}

/// What of a record has a place of its own in the text.
#[derive(Default)]
struct Parts<'l> {
    core: [Option<&'l [u8]>; 4],
    is_trade: bool,
    exception: Option<Exception<'l>>,
    stack: Option<&'l [u8]>,
}

impl TextFormat {
    pub(super) fn of(style: &Style) -> Result<TextFormat, StyleError> {
        let selection = Selection::of(style)?;
        let constants = if selection.has_wanted() { &[][..] } else { &style.constant };
        Ok(TextFormat {
            colour: style.colour,
            time: ZoneTime::of(&style.zone)?,
            is_hidden: CORE.map(|key| selection.hides(key)),
            selection,
            fields: FlatFields::new(style.colour),
            constants: Constants::of(constants),
            memory: Vec::new(),
        })
    }

    /// Appends `line` as one line, and the lines of its stacks. Nothing is appended when it fails.
    pub(super) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
        let parts = self.collect(line).inspect_err(|_| self.constants.forget())?;
        let start = out.len();
        self.push_head(&parts, out);
        self.push_message(&parts, out);
        self.fields.append_to(out);
        if self.is_hidden[TIMESTAMP] && out.get(start) == Some(&b' ') {
            // It would separate the first column from the time.
            out.remove(start);
        }
        out.push(b'\n');
        if let Some(exception) = &parts.exception {
            push_exception(exception, self.colour, out);
        }
        if let Some(stack) = parts.stack {
            push_stack(stack, self.colour, out);
        }
        Ok(())
    }

    /// Finds what has a place of its own, and writes all other members into `self.fields`.
    fn collect<'l>(&mut self, line: &'l [u8]) -> Result<Parts<'l>, NotJson> {
        let mut parts = Parts::default();
        self.fields.clear();
        for member in Members::of(line)? {
            let (key, value) = member?;
            let key = decoded(key)?;
            if let Some(column @ None) = column(&key).map(|index| &mut parts.core[index]) {
                *column = Some(value);
            } else if !self.is_placed(&key, value, &mut parts)? && !self.constants.is_known(&key, value) {
                self.fields.push(&key, value, &self.selection)?;
            }
        }
        Ok(parts)
    }

    /// Whether the member is one that stands behind the line, and none did so far, or nobody asked for it.
    #[inline]
    fn is_placed<'l>(&mut self, key: &[u8], value: &'l [u8], parts: &mut Parts<'l>) -> Result<bool, NotJson> {
        Ok(match key {
            // What people need not read in each record.
            b"seq" | b"run_id" | b"thread_id" | b"process_id" => !self.selection.has_wanted(),
            b"category" => {
                parts.is_trade |= inside(value) == Some(protection::TRADE);
                false
            }
            b"exception" if parts.exception.is_none() && self.selection.has(b"exception.stacktrace") => {
                let (fields, selection) = (&mut self.fields, &self.selection);
                parts.exception =
                    Exception::of(value, |rest, value| fields.push_within(key, rest, value, selection))?;
                parts.exception.is_some()
            }
            b"stack_info" if parts.stack.is_none() && self.selection.has(key) => {
                parts.stack = inside(value);
                parts.stack.is_some()
            }
            _ => false,
        })
    }

    fn push_head(&mut self, parts: &Parts<'_>, out: &mut Vec<u8>) {
        if !self.is_hidden[TIMESTAMP] {
            let (time, memory) = (&mut self.time, &mut self.memory);
            painted(self.colour, DIM, out, |out| push_time(parts.core[TIMESTAMP], time, memory, out));
        }
        if !self.is_hidden[LEVEL] {
            let level = parts.core[LEVEL];
            let style = if self.colour { self.level_style(level) } else { b"" };
            out.push(b' ');
            painted(self.colour, style, out, |out| push_column(level, LEVEL_WIDTH, &mut self.memory, out));
        }
        if !self.is_hidden[MODULE] {
            let (module, memory) = (parts.core[MODULE], &mut self.memory);
            out.push(b' ');
            painted(self.colour, DIM, out, |out| push_column(module, LOGGER_WIDTH, memory, out));
        }
    }

    fn level_style(&mut self, level: Option<&[u8]>) -> &'static [u8] {
        let text = level.map(|value| text_of(inside(value).unwrap_or(value), &mut self.memory));
        let severity = text.and_then(severity::rank).unwrap_or(0);
        level_colour(severity.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }

    fn push_message(&mut self, parts: &Parts<'_>, out: &mut Vec<u8>) {
        let Some(message) = parts.core[MESSAGE].filter(|_| !self.is_hidden[MESSAGE]) else { return };
        // Nothing to align with: no blanks at the line's end.
        let width = if self.fields.is_empty() { 0 } else { MESSAGE_WIDTH };
        let memory = &mut self.memory;
        out.push(b' ');
        painted(self.colour && parts.is_trade, colour::TRADE, out, |out| {
            push_column(Some(message), width, memory, out);
        });
    }
}

/// The column of a key that every record has.
#[inline]
fn column(key: &[u8]) -> Option<usize> {
    // Compared with texts of a known length, because that needs no call.
    Some(match key {
        b"timestamp" => TIMESTAMP,
        b"level" => LEVEL,
        b"module" => MODULE,
        b"message" => MESSAGE,
        _ => return None,
    })
}

/// Appends the time, or what stands in its place.
fn push_time(timestamp: Option<&[u8]>, time: &mut ZoneTime, memory: &mut Vec<u8>, out: &mut Vec<u8>) {
    let text = timestamp.and_then(inside);
    if !text.is_some_and(|text| time.push(text, out)) {
        push_column(timestamp, TIME_WIDTH, memory, out);
    }
}

/// Appends a value, with blanks up to `width` characters.
#[inline]
fn push_column(value: Option<&[u8]>, width: usize, memory: &mut Vec<u8>, out: &mut Vec<u8>) {
    let start = out.len();
    match value {
        Some(value) => push_value(value, memory, out),
        None => out.extend_from_slice(MISSING),
    }
    // More bytes than four for each column: no need to count.
    if out.len() - start < 4 * width {
        let shown = out[start..].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        out.resize(out.len() + width.saturating_sub(shown), b' ');
    }
}

/// Fields that are shown when they change.
struct Constants {
    /// Their names, and the values that the last record had.
    known: Vec<(Box<[u8]>, Vec<u8>)>,
}

impl Constants {
    fn of(names: &[String]) -> Constants {
        Constants { known: names.iter().map(|name| (name.as_bytes().into(), Vec::new())).collect() }
    }

    /// Whether the record before had this field with this value.
    #[inline]
    fn is_known(&mut self, key: &[u8], value: &[u8]) -> bool {
        let Some((_, last)) = self.known.iter_mut().find(|(name, _)| **name == *key) else { return false };
        if last == value {
            return true;
        }
        last.clear();
        last.extend_from_slice(value);
        false
    }

    fn forget(&mut self) {
        self.known.iter_mut().for_each(|(_, last)| last.clear());
    }
}
