//! Comma-separated values.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::text::lines;
use super::{names, shown, style};
use metaexpert_log_read::{Format, Renderer, Style};

fn columns(fields: &[&str]) -> Style {
    Style { fields: names(fields), ..style(Format::Csv) }
}

fn row(line: &str, fields: &[&str]) -> String {
    shown(&columns(fields), &[line.as_bytes()])
}

fn header(style: &Style) -> String {
    let mut out = Vec::new();
    Renderer::new(style).unwrap().header(&mut out);
    String::from_utf8(out).unwrap()
}

/// The rows that RFC 4180 reads, with lines that end in LF. Anything that it does not allow is a panic.
fn read(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (cell, behind) = match rest.strip_prefix('"') {
            Some(inside) => quoted(inside),
            None => rest.split_at(rest.find([',', '\n']).expect("a row ends")),
        };
        let quotes = if rest.starts_with('"') { "" } else { "\"" };
        assert!(quotes.is_empty() || !cell.contains(['"', '\r']), "{cell:?}");
        row.push(if quotes.is_empty() { cell.replace("\"\"", "\"") } else { cell.to_owned() });
        rest = match behind.strip_prefix(',') {
            Some(next) => next,
            None => {
                rows.push(std::mem::take(&mut row));
                behind.strip_prefix('\n').expect("a cell ends")
            }
        };
    }
    rows
}

/// The inside of a cell in quotes, and what is behind these.
fn quoted(inside: &str) -> (&str, &str) {
    let mut at = 0;
    loop {
        at += inside[at..].find('"').expect("quotes are closed");
        if !inside[at + 1..].starts_with('"') {
            return (&inside[..at], &inside[at + 1..]);
        }
        at += 2;
    }
}

#[test]
fn the_core_and_the_rest_are_the_columns_unless_others_are_named() {
    let line = concat!(
        r#"{"timestamp":"2026-12-01T04:18:31.906007655Z","level":"INFO","module":"a","message":"x, y","#,
        r#""p":1.50,"o":{"a":"q"},"seq":1}"#
    );
    assert_eq!(header(&columns(&[])), "timestamp,level,module,message,fields\n");
    assert_eq!(
        row(line, &[]),
        "2026-12-01T04:18:31.906007655Z,INFO,a,\"x, y\",\
         \"{\"\"p\"\":1.50,\"\"o\"\":{\"\"a\"\":\"\"q\"\"},\"\"seq\"\":1}\"\n"
    );
    let less = Style { hide: names(&["o", "seq", "logger"]), ..columns(&[]) };
    assert_eq!(header(&less), "timestamp,level,message,fields\n");
    assert!(shown(&less, &[line.as_bytes()]).ends_with(",INFO,\"x, y\",\"{\"\"p\"\":1.50}\"\n"));
    assert_eq!(row("{}", &[]), ",,,,{}\n");
}

#[test]
fn named_columns_have_what_the_names_lead_to() {
    let line = concat!(
        r#"{"timestamp":"2026-12-01T04:18:31.9Z","module":"a","n":null,"o":{"a":1},"o.b":[1, "x"],"#,
        r#""big":12345678901234567890.10}"#
    );
    let fields = ["big", "time", "timestamp", "logger", "o.a", "o", "o.b", "n", "nothing"];
    assert_eq!(header(&columns(&fields)), "big,time,timestamp,logger,o.a,o,o.b,n,nothing\n");
    assert_eq!(
        row(line, &fields),
        "12345678901234567890.10,2026-12-01 04:18:31.900,2026-12-01T04:18:31.9Z,a,1,\"{\"\"a\"\":1}\",\
         \"[1, \"\"x\"\"]\",,\n"
    );
    assert_eq!(
        row(r#"{"time":"2026-12-01T04:18:31Z","logger":7}"#, &["time", "logger"]),
        "2026-12-01T04:18:31Z,7\n"
    );
    assert_eq!(header(&Style { hide: names(&["o"]), ..columns(&["o.a", "n"]) }), "n\n");
}

#[test]
fn what_a_spreadsheet_would_run_is_text() {
    for (value, expected) in [
        (r#""=1+1""#, "'=1+1"),
        (r#""+cmd""#, "'+cmd"),
        (r#""-cmd""#, "'-cmd"),
        (r#""@SUM(A1)""#, "'@SUM(A1)"),
        (r#""＝1""#, "'＝1"),
        (r#""\t=1""#, "\"'\t=1\""),
        (r#""\r=1""#, "\"'\r=1\""),
        (r#""a;=1""#, "\"a;=1\""),
        (r#""=\"a\",b""#, "\"'=\"\"a\"\",b\""),
        (r#""-1.50""#, "-1.50"),
        (r#""-1e5""#, "-1e5"),
        ("-1.50", "-1.50"),
        ("-1-cmd", "'-1-cmd"),
        (r#""1=1""#, "1=1"),
        (r#""""#, ""),
        ("true", "true"),
    ] {
        assert_eq!(row(&format!(r#"{{"a":{value}}}"#), &["a"]), format!("{expected}\n"), "{value}");
    }
    assert_eq!(header(&columns(&["=a", "b"])), "'=a,b\n");
}

#[test]
fn texts_keep_their_lines_and_lose_other_controls() {
    let line = r#"{"a":"x\r\ny\tz\u001b[2J\u0000\u202e"}"#;
    assert_eq!(row(line, &["a"]), "\"x\r\ny\tz\\x1b[2J\\x00\\u202e\"\n");
}

#[test]
fn columns_without_names_are_refused() {
    for style in [columns(&["a", "ind.*"]), Style { hide: names(&["a"]), ..columns(&["a"]) }, columns(&[""])]
    {
        let error = Renderer::new(&style).err().unwrap().to_string();
        assert!(error.contains("; "), "{error}");
    }
}

#[test]
fn lines_that_are_no_records_have_no_row() {
    let mut renderer = Renderer::new(&columns(&["a", "b"])).unwrap();
    let mut out = Vec::new();
    for line in [&b"plain"[..], b"", b"{\"a\":1 2}", b"{\"b\":1}{\"a\":2}"] {
        assert!(!renderer.render(line, &mut out) && !renderer.render_foreign(line, &mut out));
    }
    assert_eq!(out, b"");
}

/// The cell of a text, None where it has an escape in it.
fn cell_of(text: &str) -> Option<String> {
    let kept = text.replace(['\t', '\r', '\n'], "");
    if kept.contains(|c: char| c.is_control() || ('\u{2028}'..='\u{2069}').contains(&c)) {
        return None;
    }
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = text.trim() == text && serde_json::from_str::<f64>(text).is_ok();
    Some(if begins && !is_number { format!("'{text}") } else { text.to_owned() })
}

proptest! {
    #[test]
    fn rows_are_read_back(lines in proptest::collection::vec(lines(), 0..5)) {
        let records: Vec<Map<String, Value>> =
            lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect();
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let rows = read(&shown(&columns(&["a", "price"]), &lines));
        prop_assert_eq!(rows.len(), records.len());
        for (row, record) in rows.iter().zip(&records) {
            for (cell, value) in row.iter().zip(["a", "price"].map(|name| record.get(name))) {
                match value {
                    None | Some(Value::Null) => prop_assert_eq!(cell, ""),
                    Some(Value::String(text)) => if let Some(expected) = cell_of(text) {
                        prop_assert_eq!(cell, &expected);
                    },
                    Some(value) => prop_assert_eq!(&serde_json::from_str::<Value>(cell).unwrap(), value),
                }
            }
        }
    }

    #[test]
    fn what_has_no_column_is_read_back(line in lines()) {
        let mut rest: Map<String, Value> = serde_json::from_slice(&line).unwrap();
        rest.retain(|key, _| !["timestamp", "level", "module", "message"].contains(&key.as_str()));
        let rows = read(&shown(&columns(&[]), &[&line]));
        prop_assert_eq!(rows.len(), 1);
        prop_assert_eq!(rows[0].len(), 5);
        prop_assert_eq!(serde_json::from_str::<Value>(&rows[0][4]).unwrap(), Value::Object(rest));
    }
}
