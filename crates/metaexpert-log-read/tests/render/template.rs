//! Templates.

use proptest::prelude::*;

use super::text::lines;
use super::{names, shown, style};
use metaexpert_log_read::{Format, Renderer, Style};

const RECORD: &str = concat!(
    r#"{"timestamp":"2026-12-01T04:18:31.906007655Z","level":"INFO","module":"a.b","message":"two\nwords","#,
    r#""price":1.50,"o":{"a":[1, 2],"b.c":true},"n":null,"exception":{"type":"E"}}"#
);

fn filled(template: &str, line: &str) -> String {
    shown(&style(Format::Template(template.to_owned())), &[line.as_bytes()])
}

#[test]
fn names_are_replaced_by_values() {
    for (template, expected) in [
        ("{time} {level} {logger} {message}", r"2026-12-01 04:18:31.906 INFO a.b two\nwords"),
        ("{timestamp}|{module}", "2026-12-01T04:18:31.906007655Z|a.b"),
        ("{price}{price}", "1.501.50"),
        ("{o.a} {o.b.c} {o}", r#"[1, 2] true {"a":[1, 2],"b.c":true}"#),
        ("<{nothing}> <{n}> <{o.x}>", "<> <null> <>"),
        ("{ exception.type }", "E"),
        ("{{{level}}} }}{{", "{INFO} }{"),
        ("цена\t{price}", "цена\t1.50"),
        ("", ""),
    ] {
        assert_eq!(filled(template, RECORD), format!("{expected}\n"), "{template}");
    }
}

#[test]
fn short_names_are_fields_where_a_record_has_no_such_key() {
    assert_eq!(filled("{time} {logger}", r#"{"time":17,"logger":"x"}"#), "17 x\n");
    assert_eq!(filled("{time}", r#"{"timestamp":"noon","time":17}"#), "noon\n");
}

#[test]
fn more_names_than_few_are_filled() {
    let template: String = (0..20).map(|number| format!("{{f{number}}},")).collect();
    let line = format!("{{{}}}", (0..20).map(|n| format!(r#""f{n}":{n}"#)).collect::<Vec<_>>().join(","));
    let expected: String = (0..20).map(|number| format!("{number},")).collect();
    assert_eq!(filled(&template, &line), expected + "\n");
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_place() {
    for (template, place, problem) in [
        ("{time} {level", "character 8", "not closed; write }"),
        ("ä{a{b}", "character 2", "not closed; write }"),
        ("ab}", "character 3", "closes nothing; write }}"),
        ("{}", "character 1", "no name"),
        ("{ }", "character 1", "no name"),
    ] {
        let error = Renderer::new(&style(Format::Template(template.to_owned()))).err().unwrap().to_string();
        assert!(error.contains(place) && error.contains(problem), "{error}");
    }
}

#[test]
fn a_template_names_its_own_fields() {
    let options = Style { hide: names(&["a"]), ..style(Format::Template("{a}".to_owned())) };
    let error = Renderer::new(&options).err().unwrap().to_string();
    assert!(error.contains("\"a\""), "{error}");
}

#[test]
fn what_is_no_record_is_shown_as_it_is_but_for_controls() {
    for line in ["plain", "{\"a\":1 2}", "", "[1]"] {
        assert_eq!(filled("<{a} {b}>", line), format!("{line}\n"));
    }
    assert_eq!(filled("{a}", "\x1b[2J"), "\\x1b[2J\n");
}

proptest! {
    #[test]
    fn any_template_is_taken_or_refused(template in any::<String>()) {
        let _ = Renderer::new(&style(Format::Template(template)));
    }

    #[test]
    fn a_record_is_one_line(line in lines()) {
        let out = shown(&style(Format::Template("{time} {a} {a.b} {message}".to_owned())), &[&line]);
        prop_assert_eq!(out.matches(char::is_control).count(), 1);
    }
}
