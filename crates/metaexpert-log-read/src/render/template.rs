//! Records as a text with names of fields in braces.

use metaexpert_log::jsonl::NotJson;

use super::pieces::{inside, push_value};
use super::style::{Style, StyleError};
use super::time::ZoneTime;
use super::values::Names;

/// Writes a template's text, and the values of a record in the places of their names.
pub(super) struct TemplateFormat {
    /// What stands before each name, and behind the last.
    literals: Vec<Box<[u8]>>,
    names: Names,
    time: ZoneTime,
    memory: Vec<u8>,
}

impl TemplateFormat {
    pub(super) fn of(template: &str, style: &Style) -> Result<TemplateFormat, StyleError> {
        let (mut literals, mut names) = (Vec::new(), Names::default());
        let (mut literal, mut rest) = (String::new(), template);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
            } else {
                let (name, behind) = name(brace).map_err(|problem| refusal(problem, template, brace))?;
                names.add(name);
                literals.push(std::mem::take(&mut literal).into_bytes().into());
                rest = behind;
            }
        }
        literals.push((literal + rest).into_bytes().into());
        Ok(TemplateFormat { literals, names, time: ZoneTime::of(&style.zone)?, memory: Vec::new() })
    }

    /// Appends `line` as the template has it. When it fails, what it appended is no record.
    pub(super) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
        let TemplateFormat { literals, names, time, memory } = self;
        names.find(line, |index, found| {
            out.extend_from_slice(&literals[index]);
            let Some(found) = found else { return };
            let text = inside(found.value).filter(|_| found.is_time);
            if !text.is_some_and(|text| time.push(text, out)) {
                push_value(found.value, memory, out);
            }
        })?;
        out.extend_from_slice(literals.last().map_or(&b""[..], |last| last));
        out.push(b'\n');
        Ok(())
    }
}

/// The name in the braces that `text` begins with, and what is behind them.
fn name(text: &str) -> Result<(&str, &str), &'static str> {
    let inside = text.strip_prefix('{').ok_or("a } that closes nothing; write }} for a brace")?;
    match inside.split_once('}') {
        Some((name, _)) if name.contains('{') => Err("a { that is not closed; write } behind the name"),
        Some((name, _)) if name.trim().is_empty() => Err("no name in its braces; write one, like {message}"),
        Some((name, behind)) => Ok((name.trim(), behind)),
        None => Err("a { that is not closed; write } behind the name, or {{ for a brace"),
    }
}

fn refusal(problem: &str, template: &str, rest: &str) -> StyleError {
    let place = template[..template.len() - rest.len()].chars().count() + 1;
    StyleError::new(format!("the template {template:?} has, at character {place}, {problem}"))
}
