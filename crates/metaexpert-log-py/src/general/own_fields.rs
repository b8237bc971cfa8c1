//! The call's own fields on their way into a frame.

use metaexpert_log::frame::{NestedWriter, Section, Value, json_of};
use pyo3::prelude::*;

use crate::general::call::Call;
use crate::general::prepared::{FieldValue, Prepared};
use crate::process::call_sites::{Site, Way};
use crate::process::key_sets::items;
use crate::process::state::State;

/// What a section is made of.
pub(crate) enum OwnFields<'a> {
    None,
    Keyed {
        keys: u32,
        values: Vec<u8>,
        has_nested: bool,
    },
    /// With their names, because the dictionary is full. Beside them the JSON of nested values.
    Inline(&'a Prepared, Vec<Vec<u8>>),
}

impl<'a> OwnFields<'a> {
    /// Those of `call`, whose names are remembered for calls to come. A tuple of names that made room becomes
    /// `evicted`. There is a pipeline.
    pub(crate) fn of(
        py: Python<'_>,
        state: &mut State,
        call: &Call<'_, '_>,
        prepared: &'a Prepared,
        evicted: &mut Option<Py<PyAny>>,
    ) -> Self {
        if prepared.fields.is_empty() {
            return OwnFields::None;
        }
        let names: Vec<&[u8]> = prepared.fields.iter().map(|(name, _)| name.as_slice()).collect();
        let keys = state.pipeline.as_mut().and_then(|pipeline| pipeline.keys_id(&names));
        let Some(keys) = keys else { return OwnFields::Inline(prepared, nested_texts(prepared)) };
        if let Some(made_room) = remember(py, state, call, keys) {
            *evicted = Some(made_room);
        }
        let mut values = Vec::new();
        let has_nested = write_values(prepared, &mut values);
        OwnFields::Keyed { keys, values, has_nested }
    }

    /// Names and values of fields that have no key set.
    pub(crate) fn pairs(&self) -> Vec<(&[u8], Value<'_>)> {
        let OwnFields::Inline(prepared, texts) = self else { return Vec::new() };
        let value = |(value, text): (&'a FieldValue, _)| match value {
            FieldValue::Captured(captured) => captured.value(),
            FieldValue::Nested(_) => Value::Json(text),
        };
        let pairs = prepared.fields.iter().zip(texts);
        pairs.map(|((name, field), text)| (name.as_slice(), value((field, text.as_slice())))).collect()
    }

    /// The section, if there are any; `pairs` are those of [`OwnFields::pairs`].
    pub(crate) fn section<'s>(&'s self, pairs: &'s [(&'s [u8], Value<'s>)]) -> Option<Section<'s>> {
        match self {
            OwnFields::None => None,
            OwnFields::Keyed { keys, values, has_nested } => {
                Some(Section::Written { keys: *keys, values, has_nested: *has_nested })
            }
            OwnFields::Inline(..) => Some(Section::Inline(pairs)),
        }
    }
}

/// Appends the values. Returns whether some are nested.
fn write_values(prepared: &Prepared, out: &mut Vec<u8>) -> bool {
    let mut writer = NestedWriter::new(out);
    for (_, value) in &prepared.fields {
        match value {
            FieldValue::Captured(captured) => writer.value(captured.value()),
            FieldValue::Nested(bytes) => writer.nested(bytes),
        }
    }
    writer.has_nested()
}

/// The JSON of nested values, by the fields' order; empty for others.
fn nested_texts(prepared: &Prepared) -> Vec<Vec<u8>> {
    let text = |value: &FieldValue| match value {
        FieldValue::Captured(_) => Vec::new(),
        FieldValue::Nested(bytes) => json_of(bytes).unwrap_or_default(),
    };
    prepared.fields.iter().map(|(_, value)| text(value)).collect()
}

/// Remembers the call site, if its names are the key set. Returns the tuple that made room.
fn remember(py: Python<'_>, state: &mut State, call: &Call<'_, '_>, keys: u32) -> Option<Py<PyAny>> {
    let State { generation, sites, key_sets, extra_sets, .. } = state;
    let generation = *generation;
    if call.is_all_of_extra {
        let names: Vec<_> = call.fields.iter().map(|(name, _)| name.as_ptr()).collect();
        // SAFETY: the call holds the names.
        unsafe { extra_sets.remember(py, &names, generation, keys) };
    }
    if call.names.is_null() {
        return None;
    }
    // SAFETY: the caller of the builtin keeps its names tuple alive during the call.
    let names = unsafe { Bound::from_borrowed_ptr(py, call.names) };
    // SAFETY: as above.
    unsafe { key_sets.remember(py, items(names.as_ptr()), generation, keys) };
    sites.remember(&names, Site { keys, generation, way: Way::Plain })
}
