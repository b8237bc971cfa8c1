//! Fields captured once and used by many records: bound to a logger, or of a `log_context`.

use std::sync::atomic::{AtomicBool, Ordering};

use metaexpert_log::frame::{NestedWriter, Section, Value, fields_section};
use metaexpert_log::line::names::Names;
use metaexpert_log::pipeline::Pipeline;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::general::plain_fields::{Pairs, PlainFields, Times, write_plain};
use crate::process::exit::Inside;
use crate::process::guarded::Guarded;
use crate::process::key_sets::items;
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
    source: Source,
    is_empty: bool,
    values: Values,
    section: Guarded<Encoded>,
    /// Of a `log_context`: the fields of the one around it.
    around: Option<Py<Fields>>,
    /// Of a `log_context` that was left where the variable could not be set back: a record that still finds
    /// these fields does without.
    is_left: AtomicBool,
}

/// The fields as they were given.
enum Source {
    /// Never changed: it is made here, and only copies are given out.
    Mapping(Py<PyDict>),
    /// Keywords of a call, as many values as names: a logger bound for one call has no need of a dict.
    Keywords { names: Py<PyTuple>, values: Py<PyTuple> },
}

impl Source {
    fn pairs<'a, 'py>(&'a self, py: Python<'py>) -> Pairs<'a, 'py> {
        match self {
            Source::Mapping(mapping) => Pairs::Mapping(mapping.bind(py)),
            // SAFETY: an exact tuple made with as many values as names, and it lives as long as `self`.
            Source::Keywords { names, values } => unsafe {
                Pairs::keywords(names.bind(py), items(values.as_ptr()))
            },
        }
    }
}

/// The place of the values.
enum Values {
    /// In the source: few, small and plain, so they never change.
    Plain,
    /// Here: copies, each with its name.
    Captured(Vec<(Vec<u8>, Captured)>),
}

/// A section, with the generation of the pipeline that knows its names; at first of none.
#[derive(Default)]
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
        match &self.source {
            Source::Mapping(mapping) => mapping.bind(py).copy(),
            Source::Keywords { .. } => self.mapping(py),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.source {
            Source::Mapping(mapping) => visit.call(mapping)?,
            Source::Keywords { names, values } => {
                visit.call(names)?;
                visit.call(values)?;
            }
        }
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
                let merged = base.get().to_dict(py)?;
                merged.update(own.as_mapping())?;
                merged
            }
        };
        let plain = match base.is_none_or(|base| base.get().is_plain()) {
            true => encode_plain(Pairs::Mapping(&merged)),
            false => None,
        };
        let (values, section) = match plain {
            Some(section) => (Values::Plain, section),
            None => (Values::Captured(capture(&own, base, &merged)?), Encoded::default()),
        };
        let is_empty = merged.is_empty();
        Ok(Fields::with(Source::Mapping(merged.unbind()), is_empty, values, section))
    }

    /// The keywords of a call as fields; `None` if they are not few, small and plain.
    ///
    /// # Safety
    /// The values are alive, and as many as the names.
    pub(crate) unsafe fn of_keywords(
        names: Bound<'_, PyTuple>,
        values: &[*mut ffi::PyObject],
    ) -> PyResult<Option<Self>> {
        // SAFETY: by this function's contract.
        let Some(section) = encode_plain(unsafe { Pairs::keywords(&names, values) }) else { return Ok(None) };
        // SAFETY: as above; the tuple is filled before anybody sees it, with references of its own.
        let values = unsafe {
            let kept = ffi::PyTuple_New(values.len() as ffi::Py_ssize_t);
            let kept = Bound::from_owned_ptr_or_err(names.py(), kept)?.cast_into_unchecked();
            for (at, value) in values.iter().enumerate() {
                ffi::PyTuple_SET_ITEM(kept.as_ptr(), at as ffi::Py_ssize_t, ffi::Py_NewRef(*value));
            }
            kept.unbind()
        };
        let source = Source::Keywords { names: names.unbind(), values };
        Ok(Some(Fields::with(source, false, Values::Plain, section)))
    }

    fn with(source: Source, is_empty: bool, values: Values, section: Encoded) -> Self {
        let (section, is_left) = (Guarded::new(section), AtomicBool::new(false));
        Fields { source, is_empty, values, section, around: None, is_left }
    }

    /// The fields of a `log_context` inside of `around`.
    pub(crate) fn of_context(own: Bound<'_, PyDict>, around: Option<Bound<'_, Fields>>) -> PyResult<Self> {
        let fields = Self::of(own, around.as_ref())?;
        Ok(Fields { around: around.map(Bound::unbind), ..fields })
    }

    /// The fields as they were given, in a dict that nobody changes.
    pub(crate) fn mapping<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.source {
            Source::Mapping(mapping) => Ok(mapping.bind(py).clone()),
            Source::Keywords { names, values } => {
                let (mapping, values) = (PyDict::new(py), values.bind(py));
                for (name, value) in names.bind(py).iter_borrowed().zip(values.iter_borrowed()) {
                    mapping.set_item(name, value)?;
                }
                Ok(mapping)
            }
        }
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
            Values::Plain => PlainFields::read(self.source.pairs(py), &mut Times::new()).map_or(0, |plain| {
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
                let pairs = self.source.pairs(py);
                let write = |out: &mut NestedWriter<'_>| write_plain(pairs, usize::MAX, generation, out)?;
                if let Some(section) = fields_section(write) {
                    return section;
                }
                let mut times = Times::new();
                let Some(plain) = PlainFields::read(pairs, &mut times) else {
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

/// The section of fields that are few, small and plain, else `None`; an empty one if the running pipeline does
/// not know the names yet.
fn encode_plain(pairs: Pairs<'_, '_>) -> Option<Encoded> {
    let (most, generation) =
        STATE.with(pairs.py(), |state| (state.limits.bytes as usize / SMALL_SHARE, state.generation));
    let mut is_plain = false;
    let section = fields_section(|out| {
        let keys = write_plain(pairs, most, generation, out)?;
        is_plain = true;
        keys
    });
    let section = section.map(|bytes| Encoded { generation, bytes });
    is_plain.then(|| section.unwrap_or_default())
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
