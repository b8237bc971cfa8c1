//! Bytes as a line that is shown: in each format nothing that a terminal obeys comes out, and one record
//! stays one record.

use metaexpert_log_read::{Format, Renderer, Style, Zone};
use serde_json::Value;

const TEMPLATE: &str =
    "{time} {level} {logger} {message} {a} {a.b} {price} {exception.stacktrace} {x} {y} {z}";
const FIELDS: [&str; 10] = ["time", "level", "logger", "message", "a", "a.b", "price", "x", "y", "z"];

/// Shows each line of `data` in each format.
pub fn check(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let named = |format| Style { format, fields: FIELDS.map(str::to_owned).to_vec(), ..style() };
    let hidden = |format| Style { format, hide: vec!["a.b".to_owned(), "x*".to_owned()], ..style() };
    for format in [Format::Text, Format::Json, Format::Csv] {
        for style in [Style { format: format.clone(), ..style() }, named(format.clone()), hidden(format)] {
            check_style(&style, &lines);
        }
    }
    check_style(&Style { format: Format::Template(TEMPLATE.to_owned()), ..style() }, &lines);
    check_colours(&lines);
}

fn style() -> Style {
    Style { zone: Zone::Utc, ..Style::default() }
}

fn check_style(style: &Style, lines: &[&[u8]]) {
    let mut renderer = Renderer::new(style).unwrap();
    let mut header = Vec::new();
    renderer.header(&mut header);
    let columns = cells(&header).len();
    for line in lines {
        let mut out = Vec::new();
        if !renderer.render(line, &mut out) {
            assert_eq!(out, b"", "{style:?}");
            continue;
        }
        let text = String::from_utf8(out).unwrap_or_else(|error| panic!("{style:?}: {error}"));
        assert!(text.ends_with('\n'), "{style:?}: {text:?}");
        let is_csv = style.format == Format::Csv;
        let obeyed = text.chars().find(|letter| is_obeyed(*letter, is_csv));
        assert_eq!(obeyed, None, "{style:?}: {text:?}");
        match &style.format {
            Format::Text => {
                let rest = text.lines().skip(1);
                assert!(rest.clone().all(|line| line.is_empty() || line.starts_with("    ")), "{text:?}");
            }
            Format::Json => {
                assert_eq!(text.lines().count(), 1, "{text:?}");
                // Numbers may be beyond those that this reader has.
                if let Ok(shown) = serde_json::from_str::<Value>(&text) {
                    check_members(style, line, &shown);
                }
            }
            Format::Csv => assert_eq!(cells(text.as_bytes()).len(), columns, "{text:?}"),
            _ => assert_eq!(text.matches('\n').count(), 1, "{text:?}"),
        }
        // A record is shown alike, whatever stood before it.
        if style.format != Format::Text {
            let mut alone = Vec::new();
            Renderer::new(style).unwrap().render(line, &mut alone);
            assert_eq!(String::from_utf8_lossy(&alone), text, "{style:?}");
        }
    }
}

/// Without a choice, JSON shows all that the line says.
fn check_members(style: &Style, line: &[u8], shown: &Value) {
    if !style.fields.is_empty() || !style.hide.is_empty() {
        return;
    }
    if let Ok(there) = serde_json::from_slice::<Value>(line) {
        assert_eq!(*shown, there);
    }
}

fn is_obeyed(letter: char, is_csv: bool) -> bool {
    match letter {
        '\n' => false,
        '\t' | '\r' if is_csv => false,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => letter.is_control(),
    }
}

/// Colours add to what is shown, and change nothing of it.
fn check_colours(lines: &[&[u8]]) {
    let mut plain = Renderer::new(&style()).unwrap();
    let mut coloured = Renderer::new(&Style { colour: true, ..style() }).unwrap();
    for line in lines {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        plain.render(line, &mut without);
        coloured.render(line, &mut with);
        let with = String::from_utf8(with).unwrap();
        assert_eq!(without_colours(&with), String::from_utf8(without).unwrap());
    }
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap();
        assert!(codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{codes:?}");
        plain += rest;
    }
    plain
}

/// The cells of one row (RFC 4180).
fn cells(row: &[u8]) -> Vec<Vec<u8>> {
    let mut cells = vec![Vec::new()];
    let mut rest = row.strip_suffix(b"\n").unwrap_or(row).iter().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b',' => cells.push(Vec::new()),
            b'"' => loop {
                match rest.next().expect("a quote is closed") {
                    b'"' if rest.peek() == Some(&&b'"') => {
                        rest.next();
                        cells.last_mut().unwrap().push(b'"');
                    }
                    b'"' => break,
                    other => cells.last_mut().unwrap().push(*other),
                }
            },
            b'\n' => panic!("a row ends within {:?}", String::from_utf8_lossy(row)),
            other => cells.last_mut().unwrap().push(*other),
        }
    }
    cells
}
