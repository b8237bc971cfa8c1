//! Fields captured once and used by many records: bound to a logger, or of a `log_context`.

use metaexpert_log::frame::{Section, Value};
use metaexpert_log::pipeline::Pipeline;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use crate::convert::{Captured, Converter, Names, escaped_cost, utf8};
use crate::exit::Inside;
use crate::state::{GilCell, STATE};

/// An immutable set of fields, its values captured when it was made.
#[pyclass(frozen, module = "metaexpert.logger._native")]
pub(crate) struct Fields {
    mapping: Py<PyDict>,
    captured: Vec<(Vec<u8>, Captured)>,
    len: usize,
    section: GilCell<Encoded>,
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
        let py = mapping.py();
        let _inside = Inside::enter(py);
        let merged = match base {
            Some(base) => base.get().mapping.bind(py).copy()?,
            None => PyDict::new(py),
        };
        merged.update(mapping.as_mapping())?;
        let limits = STATE.with(py, |state| state.limits);
        // A third each for contexts, the logger and the call.
        let mut converter = Converter::new(limits, limits.bytes as usize / 3, 0);
        let mut names = Names::default();
        let mut captured: Vec<(Vec<u8>, Captured)> = Vec::with_capacity(merged.len());
        for (key, value) in merged.iter() {
            let name = match key.cast() {
                Ok(text) => utf8(text),
                Err(_) => converter.text_of(&key),
            };
            let inherited = base.filter(|_| !mapping.contains(&key).unwrap_or(true)).and_then(|base| {
                base.get().captured.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
            });
            let value = match inherited {
                Some(value) => converter.spend(value),
                None => converter.capture(&value),
            };
            captured.push((names.distinct(converter.bounded_name(name)), value));
        }
        match converter.interrupt {
            Some(interrupt) => Err(interrupt),
            None => Ok(Fields {
                mapping: merged.unbind(),
                len: captured.iter().map(|(name, value)| escaped_cost(name) + value.len()).sum(),
                captured,
                section: GilCell::new(Encoded { generation: 0, bytes: Vec::new() }),
            }),
        }
    }

    /// A copy of the fields as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.mapping.bind(py).copy()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.mapping)
    }
}

impl Fields {
    /// Bytes that the fields take in a JSON line.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.captured.is_empty()
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
                section.bytes = self.encode(pipeline);
                section.generation = generation;
            }
            body(pipeline, &section.bytes)
        })
    }

    #[cold]
    fn encode(&self, pipeline: &mut Pipeline) -> Vec<u8> {
        let names: Vec<&[u8]> = self.captured.iter().map(|(name, _)| name.as_slice()).collect();
        let values: Vec<Value<'_>> = self.captured.iter().map(|(_, value)| value.value()).collect();
        match pipeline.keys_id(&names) {
            Some(keys) => Section::Fields { keys, values: &values }.to_bytes(),
            None => {
                let pairs: Vec<(&[u8], Value<'_>)> = names.into_iter().zip(values).collect();
                Section::Inline(&pairs).to_bytes()
            }
        }
    }
}
