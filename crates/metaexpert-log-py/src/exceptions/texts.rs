//! Type, message and traceback of an ordinary exception, as `traceback.format_exception` writes them.

use std::cell::Cell;
use std::sync::Arc;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTraceback};

use crate::exceptions::attributes::{Attributes, Size, traceback_of};
use crate::exceptions::classes::{TextBy, UsualClass, usual_class};
use crate::exceptions::frames::push_frames;
use crate::exceptions::originals::Originals;
use crate::process::reentry::is_exhausted;
use crate::values::repr::size::has_large_str;
use crate::values::text::utf8;

/// Exceptions in a chain of causes beyond which `traceback` is asked.
const MOST_CAUSES: usize = 16;
/// Of arguments with more characters the message shows the beginning alone.
const MOST_CHARACTERS: usize = 1 << 16;

const HEAD: &[u8] = b"Traceback (most recent call last):\n";
const CAUSE: &[u8] = b"\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &[u8] = b"\nDuring handling of the above exception, another exception occurred:\n\n";

thread_local! {
    /// A class's own code is being asked for a text on this thread. It may log exceptions itself, for which
    /// the Python side sees to an end.
    static IS_ASKING: Cell<bool> = const { Cell::new(false) };
}

/// What a record says of an exception.
pub(crate) struct Texts {
    pub(crate) kind: Vec<u8>,
    pub(crate) message: Vec<u8>,
    /// Without line breaks at its end.
    pub(crate) stacktrace: Vec<u8>,
}

/// One exception of a chain of causes.
struct Link<'py> {
    value: Bound<'py, PyAny>,
    class: Arc<UsualClass>,
    size: Size,
    trace: Option<Bound<'py, PyTraceback>>,
    /// What is said between it and the exception before it, which it caused or preceded.
    joint: &'static [u8],
}

/// The texts of an exception, with `trace` in place of its own traceback. `None` for an unusual one: with
/// suggestions, notes or parts, of a class that has its own ways, with a text that cannot be had or is very
/// long, or among many causes; and where the program limits or replaces what `traceback` does. A class's own
/// `__str__` is run once. Fails with what is no `Exception`, as an interruption is.
pub(crate) fn usual_texts(
    value: &Bound<'_, PyAny>,
    trace: Option<Bound<'_, PyTraceback>>,
) -> PyResult<Option<Texts>> {
    let Some(originals) = Originals::in_force(value.py()) else { return Ok(None) };
    let Some(chain) = chain_of(value, trace) else { return Ok(None) };
    // All before any frame is looked at, because a class's own code may do anything.
    let mut texts = Vec::with_capacity(chain.len());
    for link in &chain {
        let Some(text) = link.text()? else { return Ok(None) };
        texts.push(utf8(&text));
    }
    let mut stacktrace = Vec::with_capacity(1024);
    for (link, text) in chain.iter().zip(&texts).rev() {
        if let Some(trace) = &link.trace {
            stacktrace.extend_from_slice(HEAD);
            if !push_frames(&mut stacktrace, trace, originals)? {
                return Ok(None);
            }
        }
        stacktrace.extend_from_slice(&link.class.shown);
        if !text.is_empty() {
            stacktrace.extend_from_slice(b": ");
            stacktrace.extend_from_slice(text);
        }
        stacktrace.push(b'\n');
        stacktrace.extend_from_slice(link.joint);
    }
    let end = stacktrace.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    stacktrace.truncate(end);
    Ok(Some(Texts { kind: chain[0].class.name.clone(), message: texts.swap_remove(0), stacktrace }))
}

/// An exception and those that `traceback` shows before it, the last one first. Runs nobody's code.
fn chain_of<'py>(
    value: &Bound<'py, PyAny>,
    trace: Option<Bound<'py, PyTraceback>>,
) -> Option<Vec<Link<'py>>> {
    let mut chain: Vec<Link<'py>> = Vec::with_capacity(2);
    let (mut value, mut trace, mut joint) = (value.clone(), trace, &b""[..]);
    loop {
        let class = usual_class(&value)?;
        let own = Attributes::of(&value);
        let size = own.size(MOST_CHARACTERS);
        let is_circle = chain.iter().any(|link| link.value.is(&value));
        if is_circle || own.has_notes || size == Size::Large || chain.len() > MOST_CAUSES {
            return None;
        }
        chain.push(Link { value, class, size, trace, joint });
        (value, joint) = match (own.cause, own.context) {
            (Some(cause), _) => (cause, CAUSE),
            (None, Some(context)) if !own.hides_context => (context, CONTEXT),
            _ => return Some(chain),
        };
        trace = traceback_of(&value);
    }
}

impl<'py> Link<'py> {
    /// `str()` of the exception; `None` if that fails, is of a class of its own, or is not to be asked for.
    fn text(&self) -> PyResult<Option<Bound<'py, PyString>>> {
        if self.size == Size::Plain && self.class.text == TextBy::Arguments {
            return self.asked();
        }
        if IS_ASKING.get() || is_exhausted() {
            return Ok(None);
        }
        if self.class.text != TextBy::Class && has_large_str(&self.value) {
            return Ok(None);
        }
        IS_ASKING.set(true);
        let text = self.asked();
        IS_ASKING.set(false);
        text
    }

    fn asked(&self) -> PyResult<Option<Bound<'py, PyString>>> {
        match self.value.str() {
            Ok(text) => Ok(text.cast_into_exact().ok()),
            Err(problem) if problem.is_instance_of::<PyException>(self.value.py()) => Ok(None),
            Err(interrupt) => Err(interrupt),
        }
    }
}
