//! Records as comma-separated values.

use metaexpert_log::jsonl::{Decimal, Members, NotJson, decoded};
use metaexpert_log::line::escape::escape_controls;

use super::json::ShownMembers;
use super::pieces::{inside, push_json, text_of};
use super::selection::Selection;
use super::style::{Style, StyleError};
use super::time::ZoneTime;
use super::values::Names;

/// The columns that there are unless others are named, but for the one with all other members.
const CORE: [&str; 4] = ["timestamp", "level", "module", "message"];
/// The column with all other members.
const REST: &str = "fields";

/// Writes records as rows.
pub(super) struct CsvFormat {
    columns: Columns,
    header: Vec<u8>,
    cells: Cells,
}

enum Columns {
    Standard(Standard),
    Named { names: Names, time: ZoneTime },
}

/// Of the core's columns those that are not hidden, and one for all other members.
struct Standard {
    is_hidden: [bool; 4],
    members: ShownMembers,
    rest: Vec<u8>,
}

impl CsvFormat {
    pub(super) fn of(style: &Style) -> Result<CsvFormat, StyleError> {
        let selection = Selection::of(style)?;
        let is_shown = |name: &&str| !selection.hides(name.as_bytes());
        let (columns, titles) = if style.fields.is_empty() {
            let is_hidden = CORE.map(|name| !is_shown(&name));
            let columns = Standard { is_hidden, members: ShownMembers::of(style)?, rest: Vec::new() };
            (Columns::Standard(columns), CORE.into_iter().filter(is_shown).chain([REST]).collect())
        } else {
            let titles: Vec<&str> = style.fields.iter().map(String::as_str).filter(is_shown).collect();
            (named(&titles, style)?, titles)
        };
        let mut cells = Cells::default();
        let mut header = Vec::new();
        for (index, title) in titles.iter().enumerate() {
            begin_cell(index, &mut header);
            cells.push_text(title.as_bytes(), &mut header);
        }
        header.push(b'\n');
        Ok(CsvFormat { columns, header, cells })
    }

    pub(super) fn push_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header);
    }

    /// Appends `line` as a row. When it fails, what it appended is no record.
    pub(super) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
        let CsvFormat { columns, cells, .. } = self;
        match columns {
            Columns::Standard(columns) => columns.push(line, cells, out)?,
            Columns::Named { names, time } => names.find(line, |index, found| {
                begin_cell(index, out);
                let Some(found) = found else { return };
                let text = inside(found.value).filter(|_| found.is_time);
                if !text.is_some_and(|text| time.push(text, out)) {
                    cells.push_value(found.value, out);
                }
            })?,
        }
        out.push(b'\n');
        Ok(())
    }
}

fn named(titles: &[&str], style: &Style) -> Result<Columns, StyleError> {
    if let Some(many) = titles.iter().find(|title| title.ends_with('*')) {
        let problem = format!("{many:?} names any number of columns, and CSV has the same in each row");
        return Err(StyleError::new(problem + "; write the name of each"));
    }
    if titles.is_empty() {
        let problem = "CSV has no columns, because all fields that it should show are hidden";
        return Err(StyleError::new(format!("{problem}; hide less")));
    }
    let mut names = Names::default();
    titles.iter().for_each(|title| names.add(title));
    Ok(Columns::Named { names, time: ZoneTime::of(&style.zone)? })
}

impl Standard {
    fn push(&mut self, line: &[u8], cells: &mut Cells, out: &mut Vec<u8>) -> Result<(), NotJson> {
        let mut core = [None; 4];
        self.rest.clear();
        self.rest.push(b'{');
        for member in Members::of(line)? {
            let (key, value) = member?;
            let name = decoded(key)?;
            match CORE.iter().position(|core| core.as_bytes() == &*name) {
                Some(index) if core[index].is_none() => core[index] = Some(value),
                _ => self.members.push((key, value), &mut self.rest)?,
            }
        }
        self.rest.push(b'}');
        let shown = core.into_iter().zip(self.is_hidden).filter(|(_, is_hidden)| !is_hidden);
        let mut index = 0;
        for (value, _) in shown {
            begin_cell(index, out);
            value.into_iter().for_each(|value| cells.push_value(value, out));
            index += 1;
        }
        begin_cell(index, out);
        push_cell(&self.rest, out);
        Ok(())
    }
}

/// Writes the cells of a row.
#[derive(Default)]
struct Cells {
    json: Vec<u8>,
    memory: Vec<u8>,
    safe: Vec<u8>,
}

impl Cells {
    /// Appends a value as it stands in its line.
    #[inline]
    fn push_value(&mut self, value: &[u8], out: &mut Vec<u8>) {
        match value {
            b"null" => {}
            [b'{' | b'[', ..] => {
                self.json.clear();
                push_json(value, &mut self.json);
                push_cell(&self.json, out);
            }
            _ => {
                let mut memory = std::mem::take(&mut self.memory);
                let text = inside(value).map_or(value, |inside| text_of(inside, &mut memory));
                self.push_text(text, out);
                self.memory = memory;
            }
        }
    }

    /// Appends a text.
    #[inline]
    fn push_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.safe.clear();
        if is_run(text) {
            self.safe.push(b'\'');
        } else if text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'..=b':' | b'_'))
        {
            return out.extend_from_slice(text);
        }
        push_safe(text, &mut self.safe);
        push_cell(&self.safe, out);
    }
}

/// Begins the cell with this place in its row.
fn begin_cell(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

/// Whether a spreadsheet would run the text as a formula.
fn is_run(text: &[u8]) -> bool {
    // The signs have a full width in East Asia, where they are run, too.
    let wide = ["＝", "＋", "－", "＠"];
    let begins = matches!(text, [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n', ..])
        || (text.first() == Some(&0xef) && wide.iter().any(|sign| text.starts_with(sign.as_bytes())));
    begins && Decimal::parse(text).is_none()
}

/// Appends a text with its tabs and line breaks, and with no other control characters.
fn push_safe(text: &[u8], out: &mut Vec<u8>) {
    for part in text.split_inclusive(|byte| matches!(byte, b'\t' | b'\r' | b'\n')) {
        match part.split_last() {
            Some((end @ (b'\t' | b'\r' | b'\n'), part)) => {
                escape_controls(part, out);
                out.push(*end);
            }
            _ => escape_controls(part, out),
        }
    }
}

/// Appends a cell's content, in quotes where it needs them: `;` and tabs separate cells in some places.
fn push_cell(content: &[u8], out: &mut Vec<u8>) {
    let needs_quotes = |byte: &u8| matches!(byte, b'"' | b',' | b';' | b'\t' | b'\r' | b'\n');
    if !content.iter().any(needs_quotes) {
        return out.extend_from_slice(content);
    }
    let start = out.len();
    // Room for a quote behind each byte, and for those at both ends.
    out.resize(start + 2 * content.len() + 2, b'"');
    let mut at = start + 1;
    for byte in content {
        out[at] = *byte;
        // Written over unless the byte is a quote.
        at += 1 + usize::from(*byte == b'"');
    }
    out.truncate(at);
    out.push(b'"');
}
