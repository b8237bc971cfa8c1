//! Each dialect read by its grammar.

mod grammar;

use grammar::{Message, parse, variable, variables};
use proptest::prelude::*;

use super::draft::tests::{drafted, record};
use super::*;
use crate::encode::Include;
use crate::frame::{Section, Value};
use crate::line::escape::escape_controls;

fn spoken(dialect: Dialect, line: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let is_cut = Speaker::new(dialect, "my bot").speak(line, most, &mut out);
    (out, is_cut)
}

fn text(dialect: Dialect, line: &[u8]) -> String {
    let (out, is_cut) = spoken(dialect, line, usize::MAX);
    assert!(!is_cut);
    String::from_utf8(out).unwrap()
}

fn message(level: i32, text_of: &[u8], sections: &[Section<'_>]) -> Message {
    parse(&text(Dialect::Rfc5424, &drafted(&record(level, text_of, sections), &Include::default())))
}

fn escaped(text: &str) -> String {
    let mut out = Vec::new();
    escape_controls(text.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_has_every_part_of_a_message() {
    let fields: [(&[u8], Value<'_>); 3] = [
        (b"price", Value::F64(50000.5)),
        (b"note", Value::Str(b"say \"hi\" [x] \\")),
        (b"amount", Value::Json(b"\"1.50\"")),
    ];
    let sections = [Section::Logger(b"bot"), Section::Category(b"trade"), Section::Inline(&fields)];
    let line = drafted(&record(20, "Исполнен\nfilled".as_bytes(), &sections), &Include::default());
    let line = text(Dialect::Rfc5424, &line);
    let message = parse(&line);
    assert_eq!((message.priority, message.time.as_str()), (14, "2022-01-30T23:59:59.123456Z"));
    assert_eq!((message.app.as_str(), message.id.as_str()), ("my_bot", "trade"));
    assert_eq!(message.process, std::process::id().to_string());
    assert!(!message.host.is_empty());
    assert_eq!(message.structure, "fields@32473");
    let expected = [
        ("module", "bot"),
        ("seq", "7"),
        ("timestamp", "2022-01-30T23:59:59.123456789Z"),
        ("price", "50000.5"),
        ("note", "say \"hi\" [x] \\"),
        ("amount", "1.50"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(message.parameters, expected);
    assert_eq!(message.text, "Исполнен\\nfilled");
    assert!(line.contains(r#"note="say \"hi\" [x\] \\""#), "{line}");
}

#[test]
fn levels_become_severities_of_the_user_facility() {
    let priorities = [10, 20, 25, 30, 40, 50, 99].map(|level| message(level, b"m", &[]).priority);
    assert_eq!(priorities, [15, 14, 14, 12, 11, 10, 10]);
}

#[test]
fn an_exception_is_on_the_same_line() {
    let sections =
        [Section::Exception { kind: b"ValueError", message: b"no", stacktrace: b"Traceback\n  File x\n" }];
    let message = message(40, b"failed", &sections);
    assert_eq!(message.get("stacktrace"), Some("Traceback\\n  File x\\n"));
    assert_eq!(message.id, "-");
}

#[test]
fn what_is_included_is_there_in_every_dialect() {
    let include = Include {
        run_id: Some("r-1".to_owned()),
        process_id: Some(4711),
        thread_id: true,
        caller: true,
        process: None,
    };
    let sections = [
        Section::Thread { ident: 99, name: b"MainThread" },
        Section::Caller { file: b"/bot/a.py", line: 12, function: b"on_bar" },
    ];
    let line = drafted(&record(20, b"m", &sections), &include);
    let message = parse(&text(Dialect::Rfc5424, &line));
    let named = ["run_id", "thread_id", "process_id", "caller"].map(|name| message.get(name).unwrap());
    assert_eq!(named, ["r-1", "99", "4711", "/bot/a.py:12 on_bar"]);
    let local = text(Dialect::Local, &line);
    assert!(
        local.ends_with(r#" run_id=r-1 thread_id=99 process_id=4711 caller="/bot/a.py:12 on_bar""#),
        "{local}"
    );
    let found = variables(&spoken(Dialect::Journal, &line, usize::MAX).0);
    let named = ["RUN_ID", "THREAD_ID", "PROCESS_ID", "CODE_FILE", "CODE_LINE", "CODE_FUNC"];
    let named = named.map(|name| variable(&found, name).unwrap());
    assert_eq!(named, ["r-1", "99", "4711", "/bot/a.py", "12", "on_bar"]);
}

#[test]
fn a_field_can_not_pass_for_one_of_ours() {
    let names: [&[u8]; 4] = [b"seq", b"seq_", b"seq__", b"timestamp"];
    let fields = names.map(|name| (name, Value::Str(name)));
    let message = message(20, b"m", &[Section::Inline(&fields)]);
    assert_eq!(message.get("seq"), Some("7"));
    let expected = [("seq_", "seq"), ("seq__", "seq_"), ("seq___", "seq__"), ("timestamp_", "timestamp")];
    assert_eq!(message.fields(), expected);
}

#[test]
fn names_that_would_become_the_same_are_kept_apart_and_are_the_same_each_time() {
    let long = [b"x".repeat(32), b"x".repeat(33), b"x".repeat(34)];
    let names = ["a b", "a_b", "a=b", "ж", "й", "", "_"].map(str::as_bytes);
    let mut names: Vec<&[u8]> = names.into_iter().chain(long.iter().map(Vec::as_slice)).collect();
    let of = |names: &[&[u8]], dialect: Dialect| {
        let fields: Vec<(&[u8], Value<'_>)> = names.iter().map(|name| (*name, Value::Str(name))).collect();
        let line = drafted(&record(20, b"m", &[Section::Inline(&fields)]), &Include::default());
        let spoken = spoken(dialect, &line, usize::MAX).0;
        let all: Vec<(String, String)> = match dialect {
            Dialect::Journal => {
                let text = |(name, value)| (name, String::from_utf8(value).unwrap());
                variables(&spoken).into_iter().map(text).collect()
            }
            _ => parse(std::str::from_utf8(&spoken).unwrap()).parameters,
        };
        names
            .iter()
            .map(|name| {
                let value = std::str::from_utf8(name).unwrap();
                let own = ["SYSLOG_IDENTIFIER", "MESSAGE", "module", "MODULE"];
                let is_it =
                    |(name, found): &&(String, String)| found == value && !own.contains(&name.as_str());
                all.iter().find(is_it).unwrap_or_else(|| panic!("{value:?} in {all:?}")).0.clone()
            })
            .collect::<Vec<String>>()
    };
    for dialect in [Dialect::Rfc5424, Dialect::Journal] {
        let together = of(&names, dialect);
        let alone: Vec<String> = names.iter().map(|name| of(&[*name], dialect).remove(0)).collect();
        assert_eq!(together, alone);
        names.reverse();
        let mut backwards = of(&names, dialect);
        backwards.reverse();
        assert_eq!(together, backwards);
        names.reverse();
    }
    // As the guide has it.
    assert_eq!(of(&[b"order id"], Dialect::Rfc5424), ["order_id_f29f4136"]);
    assert_eq!(of(&[b"a_b"], Dialect::Rfc5424), ["a_b"]);
    assert_eq!(of(&[b"a_b"], Dialect::Journal), ["A_B"]);
}

#[test]
fn a_name_made_to_look_like_the_hash_of_another_is_kept_apart() {
    let line = |names: &[&[u8]]| {
        let fields: Vec<(&[u8], Value<'_>)> = names.iter().map(|name| (*name, Value::I64(1))).collect();
        message(20, b"m", &[Section::Inline(&fields)])
    };
    let changed = line(&[b"a b"]).fields()[0].0.to_owned();
    // `parse` refuses a name that comes twice.
    assert_eq!(line(&[b"a b", changed.as_bytes()]).fields().len(), 2);
}

#[test]
fn the_machines_own_socket_gets_what_syslog_3_writes() {
    let fields: [(&[u8], Value<'_>); 2] = [(b"price", Value::F64(1.5)), (b"note", Value::Str(b"a b\nc"))];
    let sections = [Section::Logger(b"bot"), Section::Category(b"trade"), Section::Inline(&fields)];
    let line = drafted(&record(30, b"a\0b\nc", &sections), &Include::default());
    let local = text(Dialect::Local, &line);
    let rest = local.strip_prefix("<12>").unwrap();
    let (time, rest) = rest.split_at("Jan 31 23:59:59".len());
    assert!(time.starts_with("Jan 3") && time.as_bytes()[9] == b':', "{time}");
    let expected = format!(
        " my_bot[{}]: a\\x00b\\nc module=bot seq=7 category=trade \
         timestamp=2022-01-30T23:59:59.123456789Z price=1.5 note=\"a b\\nc\"",
        std::process::id()
    );
    assert_eq!(rest, expected);
    let remote = text(Dialect::Rfc3164, &line);
    let host = remote.split(' ').nth(3).unwrap();
    assert_eq!(remote.replacen(&format!("{host} "), "", 1), local);
}

#[test]
fn the_journal_gets_fields_as_variables_and_tracebacks_with_their_lines() {
    let fields: [(&[u8], Value<'_>); 4] = [
        (b"order_id", Value::I64(17)),
        (b"message", Value::Str(b"not this one")),
        (b"_pid", Value::I64(1)),
        (b"note", Value::Str(b"a\nPRIORITY=0")),
    ];
    let stacktrace = b"Traceback\n  File \x1b[2J\nValueError: no\n";
    let sections = [
        Section::Category(b"trade"),
        Section::Inline(&fields),
        Section::Exception { kind: b"ValueError", message: b"no", stacktrace },
    ];
    let line = drafted(&record(40, b"failed\nMESSAGE=x", &sections), &Include::default());
    let found = variables(&spoken(Dialect::Journal, &line, usize::MAX).0);
    let expected = [
        ("MESSAGE", "failed\\nMESSAGE=x"),
        ("PRIORITY", "3"),
        ("SYSLOG_IDENTIFIER", "my bot"),
        ("CATEGORY", "trade"),
        ("TIMESTAMP", "2022-01-30T23:59:59.123456789Z"),
        ("ORDER_ID", "17"),
        ("MESSAGE_", "not this one"),
        ("NOTE", "a\\nPRIORITY=0"),
        ("STACKTRACE", "Traceback\n  File \\x1b[2J\nValueError: no\n"),
    ];
    for (name, value) in expected {
        assert_eq!(variable(&found, name), Some(value), "{name}");
    }
    assert!(found.iter().any(|(name, value)| name.contains("PID_") && value == b"1"));
}

#[test]
fn a_long_message_is_cut_in_its_text_and_keeps_what_identifies_and_explains_it() {
    let long = "ж\"]\\".repeat(10_000);
    let fields: [(&[u8], Value<'_>); 3] =
        [(b"order_id", Value::I64(17)), (b"book", Value::Str(long.as_bytes())), (b"price", Value::F64(1.5))];
    let sections = [
        Section::Logger(b"bot"),
        Section::Inline(&fields),
        Section::Exception { kind: b"ValueError", message: long.as_bytes(), stacktrace: long.as_bytes() },
    ];
    let include = Include { run_id: Some("r-1".to_owned()), ..Include::default() };
    let line = drafted(&record(40, long.as_bytes(), &sections), &include);
    for most in [2048, 8000, 65_000] {
        let (out, is_cut) = spoken(Dialect::Rfc5424, &line, most);
        assert!(is_cut && out.len() <= most && out.len() > most * 3 / 4, "{} of {most}", out.len());
        let message = parse(std::str::from_utf8(&out).unwrap());
        assert!(
            message.text.starts_with("ж\"]\\") && message.text.ends_with(" bytes cut>"),
            "{}",
            message.text
        );
        let named = ["module", "seq", "run_id", "exception_type", "order_id", "price", "fields_left_out"];
        let named = named.map(|name| message.get(name).unwrap_or_default());
        assert_eq!(named, ["bot", "7", "r-1", "ValueError", "17", "1.5", "1"]);
        assert!(message.get("exception_message").unwrap().ends_with(" bytes cut>"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_text_reads_back_but_for_its_control_characters(
        name in any::<String>(), value in any::<String>(), message in any::<String>(), category in any::<String>()
    ) {
        let fields: [(&[u8], Value<'_>); 1] = [(name.as_bytes(), Value::Str(value.as_bytes()))];
        let sections = [Section::Category(category.as_bytes()), Section::Inline(&fields)];
        let line = drafted(&record(30, message.as_bytes(), &sections), &Include::default());
        let read = parse(&text(Dialect::Rfc5424, &line));
        prop_assert_eq!(&read.text, &escaped(&message));
        prop_assert_eq!(&read.parameters.last().unwrap().1, &escaped(&value));
        prop_assert!(read.id.len() <= 32);
        let found = variables(&spoken(Dialect::Journal, &line, usize::MAX).0);
        prop_assert_eq!(variable(&found, "MESSAGE").unwrap(), escaped(&message));
        let local = text(Dialect::Local, &line);
        prop_assert!(!local.contains(|character: char| character.is_control()));
    }

    #[test]
    fn no_message_is_longer_than_it_may_be_or_loses_its_form(
        most in 480usize..3000,
        message in "[a-zж\"\\]\\\\\u{85}\n]{0,1500}",
        fields in proptest::collection::vec(("[a-z ж]{0,40}", "[a-zж\"\\]\n]{0,900}"), 0..8),
    ) {
        let mut names = std::collections::HashSet::new();
        let fields: Vec<(&[u8], Value<'_>)> = fields
            .iter()
            .filter(|(name, _)| names.insert(name))
            .map(|(name, value)| (name.as_bytes(), Value::Str(value.as_bytes())))
            .collect();
        let sections = [
            Section::Inline(&fields),
            Section::Exception { kind: b"E", message: message.as_bytes(), stacktrace: message.as_bytes() },
        ];
        let line = drafted(&record(30, message.as_bytes(), &sections), &Include::default());
        for dialect in [Dialect::Rfc5424, Dialect::Rfc3164, Dialect::Local, Dialect::Journal] {
            let (whole, _) = spoken(dialect, &line, usize::MAX);
            let (out, is_cut) = spoken(dialect, &line, most);
            prop_assert!(out.len() <= most);
            prop_assert_eq!(is_cut, whole.len() > most);
            prop_assert!(is_cut || out == whole);
            match dialect {
                Dialect::Rfc5424 => {
                    let read = parse(std::str::from_utf8(&out).unwrap());
                    prop_assert_eq!(is_cut, read.text.ends_with(" bytes cut>"));
                    prop_assert_eq!(read.get("seq"), Some("7"));
                }
                Dialect::Journal => prop_assert!(variable(&variables(&out), "MESSAGE").is_some()),
                Dialect::Rfc3164 | Dialect::Local => {
                    let read = std::str::from_utf8(&out).unwrap();
                    prop_assert_eq!(is_cut, read.contains(" bytes cut> "));
                    prop_assert!(read.contains(" seq=7 "), "{}", read);
                }
            }
        }
    }
}
