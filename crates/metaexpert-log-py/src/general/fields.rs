//! Fields captured once and used by many records: bound to a logger, or of a `log_context`.

use std::sync::atomic::{AtomicBool, Ordering};

use metaexpert_log::frame::{Section, Value, fields_section};
use metaexpert_log::line::names::Names;
use metaexpert_log::pipeline::Pipeline;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use crate::general::plain_fields::{PlainFields, Times, plain_size, write_plain};
use crate::process::exit::Inside;
use crate::process::guarded::Guarded;
use crate::process::state::STATE;
use crate::values::captured::{Captured, cost_of};
use crate::values::conversion::Conversion;
use crate::values::names::name_of;
use crate::values::nested;
use crate::values::text::escaped_cost;

/// Fields that take at most one part in so many of a record need not be cut, however much is escaped.
const SMALL_SHARE: usize = 32;

/// An immutable set of fields, its values captured when it was made.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Fields {
    /// Never changed: it is made here, and only copies are given out.
    mapping: Py<PyDict>,
    is_empty: bool,
    values: Values,
    section: Guarded<Encoded>,
    /// Of a `log_context`: the fields of the one around it.
    around: Option<Py<Fields>>,
    /// Of a `log_context` that was left where the variable could not be set back: a record that still finds
    /// these fields does without.
    is_left: AtomicBool,
}

/// The place of the values.
enum Values {
    /// In the mapping: few, small and plain, so they never change.
    Plain,
    /// Here: copies, each with its name.
    Captured(Vec<(Vec<u8>, Captured)>),
}

struct Encoded {
    generation: u32,
    bytes: Vec<u8>,
}

#[pymethods]
impl Fields {
    /// The fields of `base` updated with `mapping`.
    #[new]
    #[pyo3(signature = (mapping, base=None))]
    fn new(mapping: &Bound<'_, PyDict>, base: Option<&Bound<'_, Fields>>) -> PyResult<Self> {
        Self::of(mapping.copy()?, base)
    }

    /// A copy of the fields as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.mapping.bind(py).copy()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.mapping)?;
        self.around.as_ref().map_or(Ok(()), |around| visit.call(around))
    }
}

impl Fields {
    /// The fields of `base` updated with `own`, which nobody changes from now on.
    pub(crate) fn of(own: Bound<'_, PyDict>, base: Option<&Bound<'_, Fields>>) -> PyResult<Self> {
        let py = own.py();
        let merged = match base {
            None => own.clone(),
            Some(base) => {
                let merged = base.get().mapping.bind(py).copy()?;
                merged.update(own.as_mapping())?;
                merged
            }
        };
        let values = if base.is_none_or(|base| base.get().is_plain()) && is_small_and_plain(&merged) {
            Values::Plain
        } else {
            Values::Captured(capture(&own, base, &merged)?)
        };
        let section = Guarded::new(Encoded { generation: 0, bytes: Vec::new() });
        let (is_empty, is_left) = (merged.is_empty(), AtomicBool::new(false));
        Ok(Fields { is_empty, mapping: merged.unbind(), values, section, around: None, is_left })
    }

    /// The fields of a `log_context` inside of `around`.
    pub(crate) fn of_context(own: Bound<'_, PyDict>, around: Option<Bound<'_, Fields>>) -> PyResult<Self> {
        let fields = Self::of(own, around.as_ref())?;
        Ok(Fields { around: around.map(Bound::unbind), ..fields })
    }

    /// The fields as they were given, which nobody changes.
    pub(crate) fn mapping<'py>(&self, py: Python<'py>) -> &Bound<'py, PyDict> {
        self.mapping.bind(py)
    }

    /// Notes that the context was left, for records that still find it.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    /// These fields, or those of the nearest context around them that was not left.
    #[inline]
    pub(crate) fn in_force<'py>(mut fields: Bound<'py, Fields>) -> Option<Bound<'py, Fields>> {
        while fields.get().is_left.load(Ordering::Relaxed) {
            fields = fields.get().around.as_ref()?.bind(fields.py()).clone();
        }
        Some(fields)
    }

    fn is_plain(&self) -> bool {
        matches!(self.values, Values::Plain)
    }

    /// Bytes that the fields take in a JSON line, at most.
    pub(crate) fn len(&self, py: Python<'_>) -> usize {
        match &self.values {
            Values::Captured(captured) => {
                captured.iter().map(|(name, value)| escaped_cost(name) + value.len()).sum()
            }
            Values::Plain => PlainFields::read(self.mapping.bind(py), &mut Times::new()).map_or(0, |plain| {
                plain.pairs().map(|(name, value)| escaped_cost(name) + cost_of(value)).sum()
            }),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Calls `body` with the encoded section for the running pipeline.
    #[inline]
    pub(crate) fn with_section<R>(
        &self,
        py: Python<'_>,
        pipeline: &mut Pipeline,
        generation: u32,
        body: impl FnOnce(&mut Pipeline, &[u8]) -> R,
    ) -> R {
        self.section.with(py, |section| {
            if section.generation != generation {
                section.bytes = self.encode(py, pipeline, generation);
                section.generation = generation;
            }
            body(pipeline, &section.bytes)
        })
    }

    /// Runs no Python code, because it is called while a record is being submitted.
    fn encode(&self, py: Python<'_>, pipeline: &mut Pipeline, generation: u32) -> Vec<u8> {
        match &self.values {
            Values::Captured(captured) => {
                let names: Vec<&[u8]> = captured.iter().map(|(name, _)| name.as_slice()).collect();
                let values: Vec<Value<'_>> = captured.iter().map(|(_, value)| value.value()).collect();
                section_of(pipeline.keys_id(&names), &names, &values)
            }
            Values::Plain => {
                let mapping = self.mapping.bind(py);
                if let Some(section) = fields_section(|out| write_plain(mapping, generation, out)) {
                    return section;
                }
                let mut times = Times::new();
                let Some(plain) = PlainFields::read(mapping, &mut times) else {
                    return Vec::new();
                };
                section_of(plain.keys_id(py, pipeline, generation), plain.names(), plain.values())
            }
        }
    }
}

fn section_of(keys: Option<u32>, names: &[&[u8]], values: &[Value<'_>]) -> Vec<u8> {
    match keys {
        Some(keys) => Section::Fields { keys, values }.to_bytes(),
        None => {
            let pairs: Vec<(&[u8], Value<'_>)> = names.iter().copied().zip(values.iter().copied()).collect();
            Section::Inline(&pairs).to_bytes()
        }
    }
}

fn is_small_and_plain(mapping: &Bound<'_, PyDict>) -> bool {
    let most = STATE.with(mapping.py(), |state| state.limits.bytes as usize / SMALL_SHARE);
    plain_size(mapping).is_some_and(|size| size <= most)
}

/// Copies the values of `merged`. Those that are not in `own` may have been captured with `base`, and are
/// taken from it.
#[cold]
fn capture(
    own: &Bound<'_, PyDict>,
    base: Option<&Bound<'_, Fields>>,
    merged: &Bound<'_, PyDict>,
) -> PyResult<Vec<(Vec<u8>, Captured)>> {
    let _inside = Inside::enter(own.py());
    let limits = STATE.with(own.py(), |state| state.limits);
    // A third each for contexts, the logger and the call.
    let mut conversion = Conversion::new(limits, limits.bytes as usize / 3, 0);
    let mut names = Names::default();
    let mut captured: Vec<(Vec<u8>, Captured)> = Vec::with_capacity(merged.len());
    let earlier = base.map_or(&[][..], |base| match &base.get().values {
        Values::Plain => &[],
        Values::Captured(earlier) => earlier,
    });
    let most = limits.items as usize;
    // Taken first, because a value's own code may run below.
    for (key, value) in merged.iter().take(most).collect::<Vec<_>>() {
        let name = name_of(&mut conversion, &key);
        let inherited = match own.contains(&key).unwrap_or(true) {
            true => None,
            false => earlier.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
        };
        let value = match inherited {
            Some(value) => conversion.spend(value),
            None => nested::capture(&mut conversion, &value),
        };
        captured.push((names.distinct(name), value));
    }
    if merged.len() > most {
        captured.push(fields_left_out(&mut names, merged.len() - most));
    }
    match conversion.interrupt {
        Some(interrupt) => Err(interrupt),
        None => Ok(captured),
    }
}

/// The field that says how many fields a record has no room for.
pub(crate) fn fields_left_out(names: &mut Names, count: usize) -> (Vec<u8>, Captured) {
    (names.distinct(b"fields_left_out".to_vec()), Captured::Number(Value::I64(count as i64)))
}
