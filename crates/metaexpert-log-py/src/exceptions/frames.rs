//! The frames of a traceback in the words of `traceback`, which is asked once about each.
//!
//! The text of a frame (file, line, function, source line, marks below it) is the same whenever the same
//! instruction of the same code object fails, as long as its source file is the same.

use std::collections::HashMap;
use std::ffi::c_int;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTraceback, PyTuple};

use crate::exceptions::originals::Originals;
use crate::exceptions::sources::Source;
use crate::process::guarded::Guarded;
use crate::values::text::utf8;

/// Frames that are remembered, and bytes of their texts: beyond either, all are forgotten.
const MOST_FRAMES: usize = 4096;
const MOST_BYTES: usize = 4 << 20;
/// A longer text is not remembered: a source line may have any length.
const LONGEST_FRAME: usize = 16 << 10;
/// Frames with more text are left to `traceback`. No record holds as much.
const LONGEST_STACK: usize = 1 << 20;
/// `traceback` sums up more equal lines in a row than these.
const MOST_REPEATED: usize = 3;
/// Frames about which `traceback` is asked at once.
const MOST_AT_ONCE: usize = 32;
/// So often the texts are put together where files change meanwhile.
const MOST_ATTEMPTS: usize = 3;

pub(crate) static FRAMES: Guarded<Frames> =
    Guarded::new(Frames { known: HashMap::with_hasher(BuildHasherDefault::new()), bytes: 0 });

/// The texts that are known.
pub(crate) struct Frames {
    known: HashMap<Place, Frame, BuildHasherDefault<PlaceHasher>>,
    bytes: usize,
}

/// An instruction: the code object's address, the instruction's offset, the line as the traceback has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    code: usize,
    instruction: c_int,
    line: c_int,
}

struct Frame {
    /// Kept, so that no other code object gets its address.
    _code: Py<PyAny>,
    text: Box<[u8]>,
    /// Of file, line and function: frames in which they are equal are summed up.
    line: isize,
    source: Arc<Source>,
}

/// One step of a traceback.
struct Step<'py> {
    trace: Bound<'py, PyTraceback>,
    code: Bound<'py, PyAny>,
    place: Place,
}

/// Appends the frames of `trace` to `out`. False if `traceback` has to write the whole, because it cannot be
/// asked about one frame, or has very much to say. Fails with what is no `Exception`, as an interruption is.
pub(crate) fn push_frames(
    out: &mut Vec<u8>,
    trace: &Bound<'_, PyTraceback>,
    originals: &Originals,
) -> PyResult<bool> {
    let py = trace.py();
    let steps = steps_of(trace);
    let start = out.len();
    for _ in 0..MOST_ATTEMPTS {
        let mut stack = Stack::new(out);
        if !stack.push_all(py, &steps)? {
            return Ok(false);
        }
        let stale = stack.end(py, originals);
        if stale.is_empty() {
            return Ok(true);
        }
        forget(py, &stale);
        out.truncate(start);
    }
    Ok(false)
}

fn steps_of<'py>(trace: &Bound<'py, PyTraceback>) -> Vec<Step<'py>> {
    let py = trace.py();
    let mut steps = Vec::with_capacity(16);
    let mut next = Some(trace.clone());
    while let Some(trace) = next {
        // SAFETY: the GIL is held and the traceback alive, whose frame is set once; a new reference to its
        // code. The next traceback, which is one or null, gets a reference of its own.
        let (code, instruction, line, following) = unsafe {
            let fields = trace.as_ptr().cast::<ffi::PyTracebackObject>();
            let code = ffi::PyFrame_GetCode((*fields).tb_frame).cast();
            let following = with_next(&trace, fields);
            (Bound::from_owned_ptr(py, code), (*fields).tb_lasti, (*fields).tb_lineno, following)
        };
        let place = Place { code: code.as_ptr() as usize, instruction, line };
        steps.push(Step { trace, code, place });
        next = following;
    }
    steps
}

/// The traceback behind this one, which a program may replace.
///
/// # Safety
/// `fields` are those of `trace`.
unsafe fn with_next<'py>(
    trace: &Bound<'py, PyTraceback>,
    fields: *mut ffi::PyTracebackObject,
) -> Option<Bound<'py, PyTraceback>> {
    pyo3::sync::critical_section::with_critical_section(trace, || {
        // SAFETY: by this function's contract; null, or alive while the traceback is not changed.
        let next = unsafe { Bound::from_borrowed_ptr_or_opt(trace.py(), (*fields).tb_next.cast())? };
        next.cast_into::<PyTraceback>().ok()
    })
}

/// The text that is being put together.
struct Stack<'a> {
    out: &'a mut Vec<u8>,
    /// Of the last frame, and how many had it.
    line: isize,
    repeated: usize,
    sources: Vec<Arc<Source>>,
    /// Texts and lines of frames that are not remembered beyond this traceback.
    passing: HashMap<Place, (Vec<u8>, isize)>,
}

impl<'a> Stack<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Stack { out, line: 0, repeated: 0, sources: Vec::new(), passing: HashMap::new() }
    }

    fn push_all(&mut self, py: Python<'_>, steps: &[Step<'_>]) -> PyResult<bool> {
        let mut at = 0;
        loop {
            at += FRAMES.with(py, |frames| self.push_known(frames, &steps[at..]));
            let Some(step) = steps.get(at) else { return Ok(true) };
            if self.out.len() > LONGEST_STACK {
                return Ok(false);
            }
            if let Some((text, line)) = self.passing.get(&step.place).cloned() {
                self.push(&text, line);
                at += 1;
                continue;
            }
            let unknown = self.unknown(py, &steps[at..]);
            match Rendered::of(unknown) {
                Ok(rendered) => self.push_rendered(unknown, rendered),
                Err(problem) if problem.is_instance_of::<PyException>(py) => return Ok(false),
                Err(interrupt) => return Err(interrupt),
            }
            at += unknown.len();
        }
    }

    /// The first steps, none of which is known, each at another place.
    fn unknown<'s, 'py>(&self, py: Python<'py>, steps: &'s [Step<'py>]) -> &'s [Step<'py>] {
        let is_known = |place| self.passing.contains_key(place);
        let count = FRAMES.with(py, |frames| {
            let few = steps.iter().take(MOST_AT_ONCE).enumerate();
            few.take_while(|(at, step)| {
                let is_repeated = steps[..*at].iter().any(|before| before.place == step.place);
                *at == 0 || !(is_repeated || is_known(&step.place) || frames.known.contains_key(&step.place))
            })
            .count()
        });
        &steps[..count]
    }

    fn push_rendered(&mut self, steps: &[Step<'_>], rendered: Vec<Rendered<'_>>) {
        for (step, frame) in steps.iter().zip(rendered) {
            self.push(&frame.text, frame.line);
            match frame.remember(step) {
                Some(source) => self.note(&source),
                None => {
                    self.passing.insert(step.place, (frame.text, frame.line));
                }
            }
        }
    }

    /// Appends frames up to the first that is not known, and returns how many those are.
    fn push_known(&mut self, frames: &Frames, steps: &[Step<'_>]) -> usize {
        for (at, step) in steps.iter().enumerate() {
            let Some(frame) = frames.known.get(&step.place).filter(|_| self.out.len() <= LONGEST_STACK)
            else {
                return at;
            };
            self.push(&frame.text, frame.line);
            self.note(&frame.source);
        }
        steps.len()
    }

    fn push(&mut self, text: &[u8], line: isize) {
        if self.repeated > 0 && self.line == line {
            self.repeated += 1;
        } else {
            self.sum_up();
            (self.line, self.repeated) = (line, 1);
        }
        if self.repeated <= MOST_REPEATED {
            self.out.extend_from_slice(text);
        }
    }

    fn sum_up(&mut self) {
        if let more @ 1.. = self.repeated.saturating_sub(MOST_REPEATED) {
            let plural = if more > 1 { "s" } else { "" };
            let line = format!("  [Previous line repeated {more} more time{plural}]\n");
            self.out.extend_from_slice(line.as_bytes());
        }
    }

    /// Notes that the text has lines of a file.
    fn note(&mut self, source: &Arc<Source>) {
        if !self.sources.iter().rev().any(|known| Arc::ptr_eq(known, source)) {
            self.sources.push(source.clone());
        }
    }

    /// Ends the text, and returns the files in it that have changed since their lines were read.
    fn end(mut self, py: Python<'_>, originals: &Originals) -> Vec<Arc<Source>> {
        self.sum_up();
        let cache = originals.cache(py);
        self.sources.retain(|source| !source.is_fresh(cache));
        self.sources
    }
}

/// A frame as `traceback` shows it.
struct Rendered<'py> {
    text: Vec<u8>,
    line: isize,
    file: Bound<'py, PyString>,
    /// What `linecache` holds under the file's name.
    held: Option<Bound<'py, PyTuple>>,
}

type Answer<'py> = (Bound<'py, PyString>, isize, Bound<'py, PyString>, Option<Bound<'py, PyTuple>>);

impl<'py> Rendered<'py> {
    /// Asks for the frames of steps that follow each other.
    fn of(steps: &[Step<'py>]) -> PyResult<Vec<Self>> {
        let first = &steps[0].trace;
        let module = first.py().import("metaexpert.logger.capture.tracebacks")?;
        let answers = module.call_method1("rendered_frames", (first, steps.len()))?;
        let answers: Vec<Answer<'_>> = answers.extract()?;
        if answers.len() != steps.len() {
            return Err(PyRuntimeError::new_err("the traceback has changed meanwhile"));
        }
        let of = |(text, line, file, held)| Rendered { text: utf8(&text), line, file, held };
        Ok(answers.into_iter().map(of).collect())
    }

    /// Remembers the frame as that of `step`, and returns its file. `None` if its text may change without
    /// notice.
    fn remember(&self, step: &Step<'py>) -> Option<Arc<Source>> {
        if self.text.len() > LONGEST_FRAME {
            return None;
        }
        let py = step.trace.py();
        let source = Source::of(&self.file, self.held.clone())?;
        let frame = |source: &Arc<Source>| Frame {
            _code: step.code.clone().unbind(),
            text: self.text.as_slice().into(),
            line: self.line,
            source: source.clone(),
        };
        let (source, forgotten) = FRAMES.with(py, |frames| {
            let source = frames.shared(source);
            let forgotten = frames.insert(step.place, frame(&source));
            (source, forgotten)
        });
        // Out of the guard, because freeing a code object may run anybody's code.
        drop(forgotten);
        Some(source)
    }
}

impl Frames {
    /// The same file as other frames have it.
    fn shared(&self, source: Source) -> Arc<Source> {
        let known = self.known.values().find(|frame| frame.source.is_same(&source));
        known.map_or_else(|| Arc::new(source), |frame| frame.source.clone())
    }

    /// Returns what makes room.
    fn insert(&mut self, place: Place, frame: Frame) -> Vec<Frame> {
        let mut forgotten = Vec::new();
        if self.known.len() >= MOST_FRAMES || self.bytes > MOST_BYTES {
            forgotten.extend(self.known.drain().map(|(_, frame)| frame));
            self.bytes = 0;
        }
        self.bytes += frame.text.len();
        if let Some(replaced) = self.known.insert(place, frame) {
            self.bytes -= replaced.text.len();
            forgotten.push(replaced);
        }
        forgotten
    }
}

/// Forgets the frames of files that have changed.
fn forget(py: Python<'_>, stale: &[Arc<Source>]) {
    let forgotten = FRAMES.with(py, |frames| {
        let is_stale = |frame: &Frame| stale.iter().any(|source| Arc::ptr_eq(source, &frame.source));
        let places: Vec<Place> =
            frames.known.iter().filter(|(_, frame)| is_stale(frame)).map(|(place, _)| *place).collect();
        let forgotten: Vec<Frame> = places.iter().filter_map(|place| frames.known.remove(place)).collect();
        frames.bytes -= forgotten.iter().map(|frame| frame.text.len()).sum::<usize>();
        forgotten
    });
    drop(forgotten);
}

/// Addresses and numbers need no hash that withstands chosen keys.
#[derive(Default)]
struct PlaceHasher(u64);

impl PlaceHasher {
    fn add(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}

impl Hasher for PlaceHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.add(u64::from(*byte)));
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn write_i32(&mut self, number: i32) {
        self.add(u64::from(number as u32));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
