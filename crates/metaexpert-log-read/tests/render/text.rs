//! Lines for people.

use proptest::prelude::*;

use super::{names, shown, style};
use metaexpert_log_read::{Format, Style};

fn text(line: &str) -> String {
    shown(&style(Format::Text), &[line.as_bytes()])
}

/// What is behind the columns of a record with `members`.
fn fields_of(members: &str, options: Style) -> String {
    let line = format!(r#"{{"timestamp":"2026-12-01T04:18:31Z","level":"INFO","module":"m",{members}}}"#);
    let all = shown(&options, &[line.as_bytes()]);
    all.strip_prefix("2026-12-01 04:18:31.000 INFO     m                   ").unwrap().to_owned()
}

fn fields(members: &str) -> String {
    fields_of(members, style(Format::Text))
}

#[test]
fn a_record_is_aligned_and_its_fields_follow() {
    let line = concat!(
        r#"{"timestamp":"2026-12-01T04:18:31.906007655Z","level":"WARNING","module":"a.b","#,
        r#""message":"Order filled","category":"trade","price":50000.50,"symbol":"BTC/USDT","#,
        r#""note":"two words","none":null,"seq":17,"run_id":"ab","thread_id":1,"process_id":2}"#
    );
    assert_eq!(
        text(line),
        "2026-12-01 04:18:31.906 WARNING  a.b                  Order filled                   \
         category=trade price=50000.50 symbol=BTC/USDT note=\"two words\" none=null\n"
    );
}

#[test]
fn without_fields_a_message_ends_the_line() {
    let line =
        r#"{"timestamp":"2026-12-01T04:18:31.9Z","level":"INFO","module":"a","message":"Ready","seq":1}"#;
    assert_eq!(text(line), "2026-12-01 04:18:31.900 INFO     a                    Ready\n");
}

#[test]
fn keys_may_come_in_any_order_and_with_escapes() {
    let line = concat!(
        r#" { "x" : 1 , "message" : "Ready" , "modul\u0065" : "a" , "level" : "INFO" , "#,
        r#""timestamp" : "2026-12-01T04:18:31Z" } "#
    );
    assert_eq!(
        text(line),
        "2026-12-01 04:18:31.000 INFO     a                    Ready                          x=1\n"
    );
}

#[test]
fn records_of_other_programs_are_shown_with_all_they_have() {
    assert_eq!(
        text(r#"{"time":1796098711906,"level":30,"msg":"up","pid":7}"#),
        "-                       30       -                    time=1796098711906 msg=up pid=7\n"
    );
    assert_eq!(
        text(r#"{"timestamp":"01/Dec/2026 04:18","message":{"a":[1, 2]}}"#),
        "01/Dec/2026 04:18       -        -                    {\"a\":[1, 2]}\n"
    );
}

#[test]
fn members_of_objects_have_the_names_that_expressions_have_for_them() {
    let members = r#""indicators":{"rsi":55.0,"ma":{"fast":1,"slow":2}},"a.b":{"c":[{"d":1}]},"none":{}"#;
    assert_eq!(
        fields(members),
        " indicators.rsi=55.0 indicators.ma.fast=1 indicators.ma.slow=2 a.b.c=[{\"d\":1}] none={}\n"
    );
}

#[test]
fn names_and_patterns_choose_fields() {
    let members = r#""message":"hi","a":1,"ind":{"rsi":2,"ma":3},"index":4,"seq":5"#;
    let chosen = |fields: &[&str], hide: &[&str]| {
        fields_of(members, Style { fields: names(fields), hide: names(hide), ..style(Format::Text) })
    };
    let message = format!(" {:30}", "hi");
    assert_eq!(chosen(&["ind.rsi", "seq"], &[]), format!("{message} ind.rsi=2 seq=5\n"));
    assert_eq!(chosen(&["ind*"], &["index"]), format!("{message} ind.rsi=2 ind.ma=3\n"));
    assert_eq!(chosen(&[], &["ind.*"]), format!("{message} a=1 index=4\n"));
    assert_eq!(chosen(&[], &["message", "a", "ind*"]), "\n");
    assert_eq!(chosen(&["*"], &["ind*"]), format!("{message} a=1 seq=5\n"));
}

#[test]
fn columns_can_be_hidden() {
    let line = br#"{"timestamp":"2026-12-01T04:18:31Z","level":"INFO","module":"m","message":"hi","a":1}"#;
    let hidden = |hide: &[&str]| shown(&Style { hide: names(hide), ..style(Format::Text) }, &[line]);
    assert_eq!(hidden(&["time", "logger", "a"]), "INFO     hi\n");
    assert_eq!(hidden(&["time", "level", "logger", "message"]), "a=1\n");
    assert_eq!(hidden(&["*"]), "\n");
}

#[test]
fn the_second_of_two_keys_is_shown_too() {
    assert_eq!(
        fields(r#""message":"one","level":"ERROR","a":1,"a":2"#),
        format!(" {:30} level=ERROR a=1 a=2\n", "one")
    );
}

const FAILED: &str = concat!(
    r#""message":"Failed","exception":{"type":"ValueError","message":"bad\nthing","#,
    r#""stacktrace":"Traceback:\n  File \"x.py\"\n\nValueError: bad\nthing","notes":["n"]},"#,
    r#""stack_info":"Stack:\n  here","a":1"#
);

#[test]
fn the_lines_of_an_exception_and_of_a_stack_follow_indented() {
    assert_eq!(
        fields(FAILED),
        format!(" {:30} exception.notes=[\"n\"] a=1\n", "Failed")
            + "    Traceback:\n      File \"x.py\"\n    \n    ValueError: bad\n    thing\n"
            + "    Stack:\n      here\n"
    );
    let summary = fields(r#""message":"Failed","exception":{"type":"E","message":"a\nb","stacktrace":""}"#);
    assert_eq!(summary, " Failed\n    E: a\\nb\n");
}

#[test]
fn parts_of_an_exception_are_fields_where_the_rest_is_not_wanted() {
    let hide = Style { hide: names(&["exception.stacktrace", "stack_info"]), ..style(Format::Text) };
    assert_eq!(
        fields_of(FAILED, hide),
        format!(
            " {:30} exception.type=ValueError exception.message=\"bad\\nthing\" \
             exception.notes=[\"n\"] a=1\n",
            "Failed"
        )
    );
    let only = Style { fields: names(&["exception.type"]), ..style(Format::Text) };
    assert_eq!(fields_of(FAILED, only), format!(" {:30} exception.type=ValueError\n", "Failed"));
}

#[test]
fn constants_are_shown_where_they_change() {
    let lines: Vec<String> = [("x", 1), ("x", 2), ("y", 3), ("y", 4)]
        .iter()
        .map(|(run, n)| format!(r#"{{"message":"m","run":{{"name":"{run}"}},"n":{n}}}"#))
        .collect();
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let constant = Style { constant: names(&["run"]), ..style(Format::Text) };
    let rows = shown(&constant, &lines);
    let rows: Vec<&str> = rows.lines().map(|row| row.rsplit("  ").next().unwrap().trim()).collect();
    assert_eq!(rows, ["run.name=x n=1", "n=2", "run.name=y n=3", "n=4"]);
    let asked = Style { fields: names(&["run"]), ..constant };
    assert_eq!(shown(&asked, &lines).matches("run.name=").count(), 4);
}

#[test]
fn colours_are_those_of_the_console() {
    let coloured = |line: &str| {
        let out = shown(&Style { colour: true, ..style(Format::Text) }, &[line.as_bytes()]);
        out.replace('\x1b', "^")
    };
    assert_eq!(
        coloured(r#"{"timestamp":"2026-12-01T04:18:31Z","level":"ERROR","message":"hi","category":"trade"}"#),
        "^[2m2026-12-01 04:18:31.000^[0m ^[31mERROR   ^[0m ^[2m-                   ^[0m \
         ^[1;35mhi                            ^[0m ^[36mcategory^[0m=trade\n"
    );
    let trace = coloured(
        r#"{"message":"m","exception":{"type":"E","message":"a\nb","stacktrace":"T:\n f\nE: a\nb"}}"#,
    );
    assert!(
        trace.ends_with("    ^[2mT:^[0m\n    ^[2m f^[0m\n    ^[1;31mE: a^[0m\n    ^[1;31mb^[0m\n"),
        "{trace}"
    );
}

#[test]
fn nothing_in_a_record_reaches_the_terminal() {
    assert_eq!(
        fields(r#""message":"a\nb\u001b[2J\u202e\u0085","\u001bk\n":"v\r\u0000","plain":"a\"b\\""#),
        format!(" {:30} \"\\u001bk\\n\"=\"v\\r\\u0000\" plain=\"a\\\"b\\\\\"\n", r"a\nb\x1b[2J\u202e\x85")
    );
    let raw = b"{\"message\":\"\x1b[2J\xff\xe2\x80\xae\",\"k\x1b\":[\"\x1b\xff\", \x1b 1],\
        \"n\":{\"\xff\":\"\x7f\"}}";
    let out = shown(&style(Format::Text), &[raw]);
    let message = format!(" {:30}", "\\x1b[2J\u{fffd}\\u202e");
    let fields = " \"k\\u001b\"=[\"\\u001b\u{fffd}\", \\x1b 1] \"n.\u{fffd}\"=\"\\u007f\"\n";
    assert!(out.ends_with(&(message + fields)), "{out}");
}

#[test]
fn what_is_no_record_is_shown_as_it_is_but_for_controls() {
    for (line, expected) in [
        (&b"plain words"[..], "plain words\n"),
        (b"", "\n"),
        (b"\0\0\x1b[31m\xff\r", "\\x00\\x00\\x1b[31m\u{fffd}\n"),
        (b"{\"a\":1}{\"b\":2}", "{\"a\":1}{\"b\":2}\n"),
        (b"{\"a\":{\"b\":1 2}}", "{\"a\":{\"b\":1 2}}\n"),
        (b"[1]", "[1]\n"),
    ] {
        assert_eq!(shown(&style(Format::Text), &[line]), expected);
    }
}

#[test]
fn depth_and_size_cost_no_more_than_they_must() {
    let deep = format!(r#"{{"message":"m","a":{}1{}}}"#, r#"{"a":"#.repeat(2000), "}".repeat(2000));
    let out = text(&deep);
    assert!(out.contains(&format!(" {}a={{\"a\":", "a.".repeat(63))), "{out}");
    let large = format!(r#"{{"message":"m","a":"{}"}}"#, "é".repeat(500_000));
    assert!(text(&large).len() > 1_000_000);
}

/// JSON lines of any content, and damaged ones.
pub fn lines() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        "timestamp|level|module|message|exception|stack_info|seq|category|a|b|a\\.b|time|price",
        any::<String>()
    ];
    let leaf = prop_oneof![
        any::<String>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        "[-+=@\t\r,;\"]{0,2}[0-9a-z]{0,3}".prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        Just(serde_json::Value::from("2026-12-01T04:18:31.5Z")),
    ];
    let keys = key.clone();
    let value = leaf.prop_recursive(4, 20, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::vec((keys.clone(), inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    proptest::collection::vec((key, value), 0..8)
        .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()).to_string().into_bytes())
}

fn every_style() -> impl Iterator<Item = Style> {
    let template = Format::Template("{a.b} {time}".to_owned());
    let all = [Format::Text, Format::Json, Format::Csv, template].map(style);
    let some = [Format::Text, Format::Json, Format::Csv].map(style);
    all.into_iter().chain(some.map(|some| Style { fields: names(&["a.b", "message"]), ..some }))
}

fn is_calm(out: &str) -> bool {
    let is_dangerous = |letter: char| {
        letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !out.replace('\n', "").contains(is_dangerous)
}

proptest! {
    #[test]
    fn a_record_is_one_line_and_those_of_its_stacks(line in lines()) {
        let out = shown(&style(Format::Text), &[&line]);
        prop_assert!(out.ends_with('\n') && is_calm(&out), "{out:?}");
        let hide = names(&["exception", "stack_info"]);
        let rest = shown(&Style { hide, ..style(Format::Text) }, &[&line]);
        prop_assert_eq!(rest.matches('\n').count(), 1);
        prop_assert!(out.lines().skip(1).all(|row| row.starts_with("    ")), "{out:?}");
    }

    #[test]
    fn any_bytes_are_shown_on_one_line_or_not_at_all(
        line in proptest::collection::vec(any::<u8>().prop_filter("an end", |byte| *byte != b'\n'), 0..80),
        cut in lines(),
        at in 0usize..200,
    ) {
        let cut = &cut[..at.min(cut.len())];
        for style in every_style() {
            for line in [&line[..], cut, &[cut, &line].concat()] {
                let out = shown(&style, &[line]);
                if style.format == Format::Csv {
                    // Texts of records have their line breaks in quotes.
                    prop_assert!(out.is_empty() || out.ends_with('\n'), "{out:?}");
                    continue;
                }
                prop_assert!(is_calm(&out), "{out:?}");
                prop_assert!(out.lines().skip(1).all(|row| row.starts_with("    ")), "{out:?}");
                prop_assert!(out.ends_with('\n') || style.format == Format::Json, "{out:?}");
            }
        }
    }
}
