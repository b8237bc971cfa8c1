//! The conversion of one record's values, with the room that is left for them.

use metaexpert_log::config::Limits;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::process::reentry;
use crate::values::captured::Captured;
use crate::values::text::{Excerpt, type_name};

/// The end of a container that was cut, with its note, takes at most this many bytes.
const CONTAINER_END_BYTES: usize = 64;

/// One part in so many of a record is kept for names and for the notes about what was cut.
const RESERVE_SHARE: usize = 16;

/// The conversion of one record's values. It never fails: an error becomes a note in the value's place.
pub(crate) struct Conversion {
    pub(crate) limits: Limits,
    /// Bytes of output left for this record.
    pub(crate) budget: usize,
    /// Bytes kept for names, so that a large value does not cost the next one its name.
    pub(crate) names_budget: usize,
    /// No value's own code may run any more: see [`reentry`].
    pub(crate) is_exhausted: bool,
    /// A KeyboardInterrupt or SystemExit that a value's own code raised, to be raised again after the record
    /// is in.
    pub(crate) interrupt: Option<PyErr>,
}

impl Conversion {
    /// For a record of at most `limits.bytes` and `most` bytes, of which `inherited` are taken.
    pub(crate) fn new(limits: Limits, most: usize, inherited: usize) -> Self {
        let bytes = most.min(limits.bytes as usize);
        let reserve = bytes / RESERVE_SHARE;
        Conversion {
            limits,
            budget: bytes.saturating_sub(reserve).saturating_sub(inherited),
            names_budget: reserve / 2,
            is_exhausted: reentry::is_exhausted(),
            interrupt: None,
        }
    }

    /// Takes what was captured before off the budget. A value that is too large for the rest is cut, or
    /// becomes a note.
    pub(crate) fn spend(&mut self, captured: Captured) -> Captured {
        match captured {
            Captured::Text(text) => Captured::Text(self.bounded_text(text.into())),
            Captured::Json(json) if json.len() > self.budget => {
                let note = format!("<{} bytes left out: the record is too large>", json.len());
                Captured::Text(note.into_bytes())
            }
            Captured::Json(json) => {
                self.budget -= json.len();
                Captured::Json(json)
            }
            number => number,
        }
    }

    /// Bytes that are left behind `written`, the beginning of one container: enough is kept to end it.
    pub(crate) fn room(&self, written: &[u8]) -> usize {
        let ends = (CONTAINER_END_BYTES * (self.limits.depth as usize + 2)).min(self.budget / 4);
        (self.budget - ends).saturating_sub(written.len())
    }

    /// The text as far as this record could hold it.
    pub(crate) fn excerpt(&self, text: &Bound<'_, PyString>) -> Excerpt {
        Excerpt::of(text, self.budget)
    }

    /// Cuts `text` to what is left for this record, and says so.
    pub(crate) fn bounded_text(&mut self, text: Excerpt) -> Vec<u8> {
        text.cut(&mut self.budget)
    }

    /// Cuts a message so that it leaves a quarter of the record to the fields.
    pub(crate) fn bounded_message(&mut self, text: Excerpt) -> Vec<u8> {
        let rest = self.budget / 4;
        let mut budget = self.budget - rest;
        let text = text.cut(&mut budget);
        self.budget = budget + rest;
        text
    }

    /// What to write in place of a value whose own code failed.
    pub(crate) fn note(&mut self, object: &Bound<'_, PyAny>, problem: &PyErr) -> String {
        let py = object.py();
        if !problem.is_instance_of::<PyException>(py) {
            self.interrupt = Some(problem.clone_ref(py));
        }
        format!("<unprintable {}: {}>", type_name(&object.get_type()), type_name(&problem.get_type(py)))
    }
}
