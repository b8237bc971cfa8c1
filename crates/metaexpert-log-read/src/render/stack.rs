//! The lines of exceptions and stacks, which follow the line of their record.

use std::borrow::Cow;

use metaexpert_log::encode::colour::{BOLD_RED, DIM, painted};
use metaexpert_log::encode::people::{continuation, lines, summary_lines};
use metaexpert_log::jsonl::{Members, NotJson, RawText, decoded};
use metaexpert_log::line::escape::escape_controls;

use super::pieces::inside;

/// An exception's texts, each as it stands between its quotes in the line, and empty if there is none.
#[derive(Default)]
pub(super) struct Exception<'l> {
    kind: &'l [u8],
    message: &'l [u8],
    stacktrace: &'l [u8],
}

impl<'l> Exception<'l> {
    /// The exception that `value` is, if it is an object with a type or a stacktrace; `push_rest` takes each
    /// member that is none of its texts.
    pub(super) fn of(
        value: &'l [u8],
        mut push_rest: impl FnMut(&[u8], &'l [u8]) -> Result<(), NotJson>,
    ) -> Result<Option<Exception<'l>>, NotJson> {
        if value[0] != b'{' {
            return Ok(None);
        }
        let mut exception = Exception::default();
        let mut rest = Vec::new();
        for member in Members::of(value)? {
            let (key, value) = member?;
            let key = decoded(key)?;
            let place = match &*key {
                b"type" => &mut exception.kind,
                b"message" => &mut exception.message,
                b"stacktrace" => &mut exception.stacktrace,
                _ => {
                    rest.push((key, value));
                    continue;
                }
            };
            match inside(value).filter(|_| place.is_empty()) {
                Some(text) => *place = text,
                None => rest.push((key, value)),
            }
        }
        if exception.kind.is_empty() && exception.stacktrace.is_empty() {
            return Ok(None);
        }
        rest.into_iter().try_for_each(|(key, value)| push_rest(&key, value))?;
        Ok(Some(exception))
    }
}

/// Appends the lines of the exception's stacktrace, or one that says what it is.
pub(super) fn push_exception(exception: &Exception<'_>, colour: bool, out: &mut Vec<u8>) {
    let [kind, message, stacktrace] = [exception.kind, exception.message, exception.stacktrace].map(text);
    if stacktrace.is_empty() {
        let colon: &[u8] = if message.is_empty() { b"" } else { b": " };
        return push_line(BOLD_RED, &[&kind, colon, &message].concat(), colour, out);
    }
    let dim = lines(&stacktrace).count().saturating_sub(summary_lines(&stacktrace, &message));
    for (index, line) in lines(&stacktrace).enumerate() {
        push_line(if index < dim { DIM } else { BOLD_RED }, line, colour, out);
    }
}

/// Appends the lines of a stack, which stands between its quotes in the line as `stack`.
pub(super) fn push_stack(stack: &[u8], colour: bool, out: &mut Vec<u8>) {
    for line in lines(&text(stack)) {
        push_line(DIM, line, colour, out);
    }
}

fn push_line(style: &[u8], line: &[u8], colour: bool, out: &mut Vec<u8>) {
    continuation(out, |out| painted(colour, style, out, |out| escape_controls(line, out)));
}

/// The text without its escapes; with one that JSON does not have, as it is.
fn text(inside: &[u8]) -> Cow<'_, [u8]> {
    decoded(RawText { bytes: inside, has_escapes: true }).unwrap_or(Cow::Borrowed(inside))
}
