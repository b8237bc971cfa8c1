//! The general way of a call into the pipeline. Everything that may run Python code happens first. Then room
//! is reserved, and nothing but copying happens until the record is published.

use std::time::{Duration, Instant};

use metaexpert_log::clock::stamp;
use metaexpert_log::frame::{NO_ID, Record, Section};
use metaexpert_log::pipeline::{Pipeline, Refused, Waiter};
use metaexpert_log::stats::Loss;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use crate::general::call::Call;
use crate::general::caller::add_caller;
use crate::general::fields::Fields;
use crate::general::lost::counted;
use crate::general::own_fields::OwnFields;
use crate::general::prepared::Prepared;
use crate::process::state::{STATE, State};
use crate::values::conversion::Conversion;
use crate::values::text::escaped_cost;

/// How long a call at the end of the interpreter waits for its record to be written.
const SYNCHRONOUS_LIMIT: Duration = Duration::from_secs(1);

/// A frame takes at most this much beside its texts: header, lengths, tags.
const FRAME_OVERHEAD_BYTES: usize = 4096;

/// Submits `call` under the logger `name`. Fails only with an exception that must not be swallowed, such as a
/// KeyboardInterrupt from a value's own code, and then after the record was submitted. Returns false if no
/// engine runs.
pub(crate) fn submit(py: Python<'_>, name: &[u8], call: Call<'_, '_>) -> PyResult<bool> {
    let level = call.level;
    counted(py, || level, Ok(true), || capture(py, name, call))
}

fn capture(py: Python<'_>, name: &[u8], mut call: Call<'_, '_>) -> PyResult<bool> {
    let timestamp_ns = call.timestamp_ns.unwrap_or_else(stamp);
    let Some((limits, needs, largest)) = STATE.with(py, |state| {
        let largest = state.pipeline.as_ref()?.max_frame_len();
        Some((state.limits, state.needs, largest))
    }) else {
        return Ok(false);
    };
    let inherited = inherited_len(py, &call) + escaped_cost(name);
    let mut conversion = Conversion::new(limits, largest.saturating_sub(FRAME_OVERHEAD_BYTES), inherited);
    add_caller(py, &mut call, needs);
    let prepared = Prepared::of(&mut conversion, &mut call, timestamp_ns);
    let taken = deliver(py, name, &call, &prepared);
    match conversion.interrupt {
        Some(interrupt) => Err(interrupt),
        None => taken,
    }
}

/// Bytes that the fields of contexts and of the logger take in the record.
fn inherited_len(py: Python<'_>, call: &Call<'_, '_>) -> usize {
    let context = call.context(py);
    let bound = call.bound.map_or(0, |bound| bound.bind(py).get().len(py));
    bound + context.map_or(0, |context| context.get().len(py))
}

/// Tries until the record is in, or is given up and counted. Waits without the GIL. Returns false if the
/// engine was stopped meanwhile and cannot start again; fails as [`submit`] does.
fn deliver(py: Python<'_>, name: &[u8], call: &Call<'_, '_>, prepared: &Prepared) -> PyResult<bool> {
    let context = call.context(py);
    let context = context.as_ref().map(Bound::get);
    // Dropped at the end, where an object's own code may run.
    let mut evicted = None;
    let mut deadline: Option<Instant> = None;
    loop {
        let attempt =
            STATE.with(py, |state| try_submit(py, state, name, call, prepared, context, &mut evicted));
        match attempt {
            Attempt::Done => return Ok(true),
            // Started here and not by the caller, whose second conversion would run the values' own code
            // again.
            Attempt::Stopped if restart(py)? => {}
            Attempt::Stopped => return Ok(false),
            Attempt::Written(waiter, patience) => {
                py.detach(|| match patience {
                    Patience::End => waiter.wait(Some(SYNCHRONOUS_LIMIT)),
                    Patience::Disk(limit) => waiter.wait_for_disk(limit),
                });
                return Ok(true);
            }
            Attempt::Retry(waiter, limit) => {
                let end = *deadline.get_or_insert_with(|| Instant::now() + limit);
                if Instant::now() < end {
                    py.detach(|| waiter.wait_for_room());
                } else {
                    STATE.with(py, |state| {
                        let pipeline = state.pipeline.as_mut();
                        pipeline.map(|pipeline| pipeline.give_up(call.level, Loss::QueueFull))
                    });
                    return Ok(true);
                }
            }
        }
    }
}

/// Starts the engine again, which another thread or a value's own code has stopped meanwhile.
fn restart(py: Python<'_>) -> PyResult<bool> {
    let engine = py.import("metaexpert.logger.process.engine");
    match engine.and_then(|engine| engine.call_method0("ensure_running")?.extract()) {
        Err(problem) if problem.is_instance_of::<PyException>(py) => Ok(false),
        answer => answer,
    }
}

/// Why a call waits for its record.
enum Patience {
    /// The interpreter is about to end.
    End,
    /// The record must be on the disk before the call returns, or so long has passed.
    Disk(Duration),
}

enum Attempt {
    /// Submitted, or lost and counted.
    Done,
    /// Submitted, and to be written before the call returns.
    Written(Waiter, Patience),
    /// There is no engine.
    Stopped,
    /// There is no room now, and the record is protected.
    Retry(Waiter, Duration),
}

fn try_submit(
    py: Python<'_>,
    state: &mut State,
    name: &[u8],
    call: &Call<'_, '_>,
    prepared: &Prepared,
    context: Option<&Fields>,
    evicted: &mut Option<Py<PyAny>>,
) -> Attempt {
    if state.pipeline.is_none() {
        return Attempt::Stopped;
    }
    let own = OwnFields::of(py, state, call, prepared, evicted);
    let pairs = own.pairs();
    let State { pipeline: Some(pipeline), generation, synchronous, needs, .. } = state else {
        return Attempt::Stopped;
    };
    let inherited = encoded_inherited(py, pipeline, *generation, call, context);
    let mut sections: Vec<Section<'_>> = Vec::with_capacity(8);
    sections.extend(inherited.iter().map(|section| Section::Encoded(section)));
    sections.extend(own.section(&pairs));
    push_parts(&mut sections, call);
    let (logger, category) = ids_of(pipeline, name, call, &mut sections);
    let record = Record {
        level: call.level,
        logger,
        category,
        timestamp_ns: prepared.timestamp_ns,
        message: &prepared.message,
        sections: &sections,
    };
    let protected =
        pipeline.protects(call.level, call.category.as_ref().map(|category| category.text.as_slice()));
    let patience = match *synchronous {
        true => Some(Patience::End),
        false => {
            let is_durable = needs.is_durable(call.level, call.category.is_some());
            is_durable.then(|| Patience::Disk(pipeline.wait_limit()))
        }
    };
    finish_attempt(pipeline, &record, protected, patience)
}

/// The dictionary's ids of logger and category; what it has no room for becomes a section.
fn ids_of<'a>(
    pipeline: &mut Pipeline,
    name: &'a [u8],
    call: &'a Call<'_, '_>,
    sections: &mut Vec<Section<'a>>,
) -> (u32, u32) {
    let logger = pipeline.logger_id(name).unwrap_or_else(|| {
        sections.push(Section::Logger(name));
        NO_ID
    });
    let category = match &call.category {
        None => NO_ID,
        Some(category) => pipeline.category_id(&category.text).unwrap_or_else(|| {
            sections.push(Section::Category(&category.text));
            NO_ID
        }),
    };
    (logger, category)
}

/// The fields of context and logger, encoded for this pipeline.
fn encoded_inherited(
    py: Python<'_>,
    pipeline: &mut Pipeline,
    generation: u32,
    call: &Call<'_, '_>,
    context: Option<&Fields>,
) -> Vec<Vec<u8>> {
    [context, call.bound.map(|bound| bound.bind(py).get())]
        .into_iter()
        .flatten()
        .filter(|fields| !fields.is_empty())
        .map(|fields| fields.with_section(py, pipeline, generation, |_, section| section.to_vec()))
        .collect()
}

fn finish_attempt(
    pipeline: &mut Pipeline,
    record: &Record<'_>,
    protected: bool,
    patience: Option<Patience>,
) -> Attempt {
    match (pipeline.submit(record, protected), patience) {
        (Ok(()), Some(patience)) => Attempt::Written(pipeline.waiter(), patience),
        (Ok(()), None) => Attempt::Done,
        (Err(Refused::Full), _) if protected => Attempt::Retry(pipeline.waiter(), pipeline.wait_limit()),
        (Err(Refused::Full), _) => {
            pipeline.give_up(record.level, Loss::QueueFull);
            Attempt::Done
        }
        (Err(Refused::TooLarge), _) => {
            pipeline.give_up(record.level, Loss::TooLarge);
            Attempt::Done
        }
    }
}

fn push_parts<'a>(sections: &mut Vec<Section<'a>>, call: &'a Call<'_, '_>) {
    if let Some((kind, message, stacktrace)) = &call.exception {
        sections.push(Section::Exception {
            kind: &kind.text,
            message: &message.text,
            stacktrace: &stacktrace.text,
        });
    }
    if let Some(stack) = &call.stack {
        sections.push(Section::Stack(&stack.text));
    }
    if let Some((file, line, function)) = &call.caller {
        sections.push(Section::Caller { file: &file.text, line: *line, function: &function.text });
    }
    if let Some((ident, name)) = &call.thread {
        sections.push(Section::Thread { ident: *ident, name: &name.text });
    }
    if let Some(name) = &call.level_name {
        sections.push(Section::LevelName(&name.text));
    }
    if let Some(name) = &call.task {
        sections.push(Section::Task(&name.text));
    }
}
