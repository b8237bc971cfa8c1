//! The short way of a LogRecord of plain values.

use metaexpert_log::frame::{NO_ID, Record, Section, Value};
use metaexpert_log::level::Level;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::general::context_variable::current_context;
use crate::general::fields::Fields;
use crate::general::log_record::parts::{Attribute, Parts};
use crate::process::state::{STATE, State};
use crate::values::plain::{plain_text, plain_value};
use crate::values::text::WORST_ESCAPE_BYTES;

/// A LogRecord with more fields, or a longer name of one, takes the general way.
const MOST_PLAIN_FIELDS: usize = 32;
const MOST_PLAIN_NAME_BYTES: usize = 256;

/// Submits a record of plain values of which no format shows more. False if it is none, or was not taken.
/// Runs no Python code.
pub(crate) fn submit_plain(py: Python<'_>, parts: &Parts<'_>, bound: Option<&Py<Fields>>) -> bool {
    let Some(plain) = PlainRecord::of(parts) else { return false };
    let context = current_context(py);
    let inherited = [context.as_ref().map(Bound::get), bound.map(|bound| bound.bind(py).get())];
    STATE.with(py, |state| plain.submit(py, state, inherited).is_some())
}

/// A record of nothing but plain values, borrowed from its parts.
struct PlainRecord<'a> {
    level: i32,
    name: &'a [u8],
    category: Option<&'a [u8]>,
    message: &'a [u8],
    timestamp_ns: i64,
    keys: Vec<&'a [u8]>,
    values: Vec<Value<'a>>,
}

impl<'a> PlainRecord<'a> {
    fn of(parts: &'a Parts<'_>) -> Option<Self> {
        let is_none = |attribute| parts.get(attribute).is_none_or(|value| value.is_none());
        let has_arguments = parts.get(Attribute::Arguments).is_some_and(|args| {
            !args.is_none() && !args.cast_exact::<PyTuple>().is_ok_and(|args| args.is_empty())
        });
        if has_arguments || !is_none(Attribute::Stack) || parts.fields.len() > MOST_PLAIN_FIELDS {
            return None;
        }
        let level = parts.level();
        if Level(level).name()?.as_bytes() != text_of(parts.get(Attribute::LevelName)?)? {
            return None;
        }
        let mut keys = Vec::with_capacity(parts.fields.len());
        let mut values = Vec::with_capacity(parts.fields.len());
        for (key, value) in &parts.fields {
            keys.push(text_of(key).filter(|key| key.len() <= MOST_PLAIN_NAME_BYTES)?);
            // SAFETY: the GIL is held, and `parts` keeps the value alive for 'a.
            values.push(unsafe { plain_value(value.as_ptr()) }?);
        }
        Some(PlainRecord {
            level,
            name: text_of(parts.get(Attribute::Name)?)?,
            category: match parts.get(Attribute::Category) {
                Some(category) => Some(text_of(category)?),
                None => None,
            },
            message: text_of(parts.get(Attribute::Message)?)?,
            timestamp_ns: parts.timestamp_ns?,
            keys,
            values,
        })
    }

    /// Whether it stays within `limit` bytes, however much is escaped. Others are measured and cut on the
    /// general way.
    fn is_small(&self, limit: u32) -> bool {
        let names: usize = self.keys.iter().map(|key| key.len()).sum();
        let values: usize = self.values.iter().map(Value::encoded_len).sum();
        self.name.len() + self.message.len() + names + values <= limit as usize / WORST_ESCAPE_BYTES
    }

    /// Submits it with the fields of context and logger. `None` if it has to take the general way.
    fn submit(&self, py: Python<'_>, state: &mut State, inherited: [Option<&Fields>; 2]) -> Option<()> {
        let few = self.keys.len() <= state.limits.items as usize;
        if !state.is_simple || !few || !self.is_small(state.limits.bytes) {
            return None;
        }
        let State { pipeline: Some(pipeline), generation, .. } = state else { return None };
        let generation = *generation;
        let keys = if self.keys.is_empty() { NO_ID } else { pipeline.keys_id(&self.keys)? };
        let category = match self.category {
            Some(category) => pipeline.category_id(category)?,
            None => NO_ID,
        };
        let logger = pipeline.logger_id(self.name)?;
        let encoded = inherited.map(|fields| {
            let fields = fields.filter(|fields| !fields.is_empty())?;
            Some(fields.with_section(py, pipeline, generation, |_, section| section.to_vec()))
        });
        let mut sections = [Section::Encoded(&[]); 3];
        let mut count = 0;
        for section in encoded.iter().flatten() {
            sections[count] = Section::Encoded(section);
            count += 1;
        }
        if keys != NO_ID {
            sections[count] = Section::Fields { keys, values: &self.values };
            count += 1;
        }
        let record = Record {
            level: self.level,
            logger,
            category,
            timestamp_ns: self.timestamp_ns,
            message: self.message,
            sections: &sections[..count],
        };
        // A record that is refused goes the general way, which waits for room or counts it as lost.
        pipeline.submit(&record, false).ok()
    }
}

/// The UTF-8 text of an exact `str`.
#[inline]
fn text_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    let text = object.cast_exact::<PyString>().ok()?;
    // SAFETY: an exact str, alive for 'a; the GIL is held.
    unsafe { plain_text(text.as_ptr()) }
}
