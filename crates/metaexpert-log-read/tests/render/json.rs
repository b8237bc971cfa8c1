//! JSON Lines.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::text::lines;
use super::{names, shown, style};
use metaexpert_log_read::{Format, Renderer, Style};

fn json(line: &[u8], fields: &[&str], hide: &[&str]) -> String {
    shown(&Style { fields: names(fields), hide: names(hide), ..style(Format::Json) }, &[line])
}

const RECORD: &[u8] = concat!(
    r#"{"timestamp":"2026-12-01T04:18:31Z","message":"m","big":12345678901234567890.10,"#,
    r#""ind":{"rsi":1.50,"ma":{"f":1}},"a.b":[1, 2],"e":{},"\u0061":1}"#
)
.as_bytes();

#[test]
fn without_a_choice_the_line_is_the_same() {
    assert_eq!(json(RECORD, &[], &[]).as_bytes(), [RECORD, b"\n"].concat());
}

#[test]
fn members_are_chosen_and_keep_their_text() {
    for (fields, hide, expected) in [
        (&["big", "ind.rsi"][..], &[][..], r#"{"big":12345678901234567890.10,"ind":{"rsi":1.50}}"#),
        (&["time", "a"], &["a.b"], r#"{"timestamp":"2026-12-01T04:18:31Z","\u0061":1}"#),
        (&["a.*"], &[], r#"{"a.b":[1, 2]}"#),
        (&["e", "nothing"], &[], r#"{"e":{}}"#),
        (&["ind"], &["ind.ma.f"], r#"{"ind":{"rsi":1.50}}"#),
        (&["nothing"], &[], "{}"),
        (&[], &["ind.*", "a*", "timestamp", "big"], r#"{"message":"m","e":{}}"#),
    ] {
        assert_eq!(json(RECORD, fields, hide), format!("{expected}\n"));
    }
}

#[test]
fn what_would_reach_the_terminal_is_an_escape_of_json() {
    let line = b" {\"a\x1b\":\"\xe2\x80\xae\x00\xc2\x85\\\x1b\\u001b\",\r\t\"b\":[\"\xff\"]}\r";
    let expected = "{\"a\\u001b\":\"\\u202e\\u0000\\u0085\\\\\\u001b\\u001b\",  \"b\":[\"\u{fffd}\"]}\n";
    assert_eq!(json(line, &[], &[]), expected);
    assert_eq!(json(line, &["*"], &[]), expected.replace(",  \"b", ",\"b"));
}

#[test]
fn lines_that_are_no_records_have_no_place() {
    let mut renderer = Renderer::new(&style(Format::Json)).unwrap();
    let mut out = b"before\n".to_vec();
    for line in [&b"plain"[..], b"", b"{\"a\":1}{\"b\":2}", b"{\"a\":1 2}", b"{\"a\":\"\\"] {
        assert!(!renderer.render(line, &mut out) && !renderer.render_foreign(line, &mut out));
    }
    assert_eq!(out, b"before\n");
}

/// What a slow reader would leave of a record.
fn chosen(members: &Map<String, Value>, path: &str, is_shown: &dyn Fn(&str) -> bool) -> Map<String, Value> {
    let mut rest = Map::new();
    for (key, value) in members {
        let path = format!("{path}{key}");
        match value {
            Value::Object(within) if !within.is_empty() => {
                let within = chosen(within, &format!("{path}."), is_shown);
                if !within.is_empty() {
                    rest.insert(key.clone(), within.into());
                }
            }
            _ if is_shown(&path) => {
                rest.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    rest
}

fn names_it(name: &str, path: &str) -> bool {
    path == name || path.starts_with(&format!("{name}."))
}

proptest! {
    #[test]
    fn the_same_members_are_read_back(line in lines()) {
        let expected: Value = serde_json::from_slice(&line).unwrap();
        let out = json(&line, &[], &[]);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), expected.clone());
        let out = json(&line, &["*"], &[]);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), expected);
    }

    #[test]
    fn a_choice_is_that_of_a_slow_reader(line in lines()) {
        let record: Map<String, Value> = serde_json::from_slice(&line).unwrap();
        let out: Value = serde_json::from_str(&json(&line, &[], &["a.b", "price"])).unwrap();
        let is_shown = |path: &str| !names_it("a.b", path) && !names_it("price", path);
        prop_assert_eq!(out, Value::Object(chosen(&record, "", &is_shown)));
        let out: Value = serde_json::from_str(&json(&line, &["a.b", "message"], &[])).unwrap();
        let is_shown = |path: &str| names_it("a.b", path) || names_it("message", path);
        prop_assert_eq!(out, Value::Object(chosen(&record, "", &is_shown)));
    }
}
