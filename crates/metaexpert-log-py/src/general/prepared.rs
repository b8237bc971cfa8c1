//! A call after conversion: no Python object is left in it.

use metaexpert_log::line::names::Names;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::general::call::Call;
use crate::general::fields::fields_left_out;
use crate::general::message::formatted;
use crate::values::captured::Captured;
use crate::values::conversion::Conversion;
use crate::values::names::name_of;
use crate::values::native::writer::NativeWriter;
use crate::values::nested;
use crate::values::stand_in;
use crate::values::str_of::text_of;
use crate::values::text::{Excerpt, WORST_ESCAPE_BYTES};

/// Of an argument no more bytes are shown on standard error.
const MOST_REPORTED_BYTES: usize = 1 << 16;

/// A nested value that takes at most one part in so many of a record stays in its own types, whatever its
/// text may take.
const SMALL_SHARE: usize = 8;

/// The message and the fields, converted, and the time.
pub(crate) struct Prepared {
    pub(crate) timestamp_ns: i64,
    pub(crate) message: Vec<u8>,
    pub(crate) fields: Vec<(Vec<u8>, FieldValue)>,
}

/// The value of a field of the call's own.
pub(crate) enum FieldValue {
    Captured(Captured),
    /// A list or mapping, still in its own types.
    Nested(Vec<u8>),
}

impl From<Captured> for FieldValue {
    fn from(captured: Captured) -> Self {
        FieldValue::Captured(captured)
    }
}

impl Prepared {
    /// Converts the message and fields of `call`, which may run their own code, and bounds its other texts.
    pub(crate) fn of(conversion: &mut Conversion, call: &mut Call<'_, '_>, timestamp_ns: i64) -> Self {
        let (message, mistake) = formatted(conversion, &call.message, &call.arguments);
        let message = conversion.bounded_message(message);
        let (mut fields, mut names) = capture_fields(conversion, call);
        if let Some(mistake) = mistake {
            fields.extend(explain(conversion, call, &mistake, &mut names));
            call.forget_names();
        }
        if let Some((kind, text, stacktrace)) = &mut call.exception {
            bound_part(conversion, kind);
            // Bounded like a message, so a long one does not cost the record its traceback.
            *text = conversion.bounded_message(std::mem::take(text)).into();
            bound_part(conversion, stacktrace);
        }
        for part in [&mut call.stack, &mut call.level_name, &mut call.category].into_iter().flatten() {
            bound_part(conversion, part);
        }
        // Fields that say what was left out are no part of the call site's key set. One may stand where one
        // was left out.
        if fields.len() != call.fields.len() || fields.len() > conversion.limits.items as usize {
            call.forget_names();
        }
        Prepared { timestamp_ns, message, fields }
    }
}

fn bound_part(conversion: &mut Conversion, part: &mut Excerpt) {
    *part = conversion.bounded_text(std::mem::take(part)).into();
}

fn capture_fields(conversion: &mut Conversion, call: &Call<'_, '_>) -> (Vec<(Vec<u8>, FieldValue)>, Names) {
    let most = conversion.limits.items as usize;
    let mut names = Names::default();
    let mut fields = Vec::with_capacity(call.fields.len().min(most) + 1);
    for (key, value) in call.fields.iter().take(most) {
        let name = names.distinct(name_of(conversion, key));
        let nested = nested_in_its_types(conversion, value);
        fields.push((name, nested.unwrap_or_else(|| nested::capture(conversion, value).into())));
    }
    let left = call.fields.len().saturating_sub(most) + call.fields_left;
    if left > 0 {
        let (name, count) = fields_left_out(&mut names, left);
        fields.push((name, count.into()));
    }
    (fields, names)
}

/// A list or mapping that needs no Python code, and takes a small part of the record's room at most.
fn nested_in_its_types(conversion: &mut Conversion, object: &Bound<'_, PyAny>) -> Option<FieldValue> {
    let mut bytes = Vec::new();
    let room = conversion.budget / SMALL_SHARE;
    let has_nested = {
        let mut writer = NativeWriter::new(object.py(), &conversion.limits, 0, &mut bytes);
        // SAFETY: the object is alive.
        unsafe { writer.field(object.as_ptr()) }?;
        writer.has_nested()
    };
    let most = bytes.len() * WORST_ESCAPE_BYTES;
    if !has_nested || most > room {
        return None;
    }
    conversion.budget -= most;
    Some(FieldValue::Nested(bytes))
}

/// Fields that say which arguments did not fit the message. `logging` shows the mistake on standard error.
fn explain(
    conversion: &mut Conversion,
    call: &Call<'_, '_>,
    mistake: &PyErr,
    names: &mut Names,
) -> Vec<(Vec<u8>, FieldValue)> {
    let py = call.message.py();
    if !conversion.is_exhausted
        && let Err(problem) = report(conversion, call, mistake)
    {
        conversion.note(&call.message, &problem);
    }
    let problem = text_of(conversion, mistake.value(py).as_any());
    let problem = conversion.bounded_text(problem);
    vec![
        (names.distinct(b"format_error".to_vec()), Captured::Text(problem).into()),
        (
            names.distinct(b"format_args".to_vec()),
            nested::capture(conversion, call.arguments.as_any()).into(),
        ),
    ]
}

fn report(conversion: &mut Conversion, call: &Call<'_, '_>, mistake: &PyErr) -> PyResult<()> {
    let budget = conversion.budget;
    conversion.budget = budget.min(MOST_REPORTED_BYTES);
    let result = report_briefly(conversion, call, mistake);
    conversion.budget = budget;
    result
}

fn report_briefly(conversion: &mut Conversion, call: &Call<'_, '_>, mistake: &PyErr) -> PyResult<()> {
    let py = call.message.py();
    let (arguments, _) = stand_in::arguments(conversion, &call.arguments)?;
    let (message, _) = stand_in::arguments(conversion, &PyTuple::new(py, [&call.message])?)?;
    let faults = py.import("metaexpert.logger.capture.faults")?;
    faults.call_method1("report_bad_arguments", (mistake, message.get_item(0)?, arguments))?;
    Ok(())
}
