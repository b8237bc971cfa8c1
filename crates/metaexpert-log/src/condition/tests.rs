//! Tests of the meaning of expressions, and of the errors of those that have none.

use super::*;

/// 2026-12-01T10:00:00Z.
const NOW_NS: i64 = 1_796_119_200_000_000_000;

fn parsed(text: &str) -> Condition {
    let condition = Condition::parse(text, NOW_NS).unwrap_or_else(|error| panic!("{error}"));
    let again = Condition::parse(&condition.to_string(), NOW_NS).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again, condition, "{text} is displayed as {condition}");
    condition
}

#[track_caller]
fn assert_hold(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(parsed(text).holds(line.as_bytes()), "{text} does not hold for {line}");
    }
}

#[track_caller]
fn assert_fail(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(!parsed(text).holds(line.as_bytes()), "{text} holds for {line}");
    }
}

#[track_caller]
fn error(text: &str) -> String {
    Condition::parse(text, NOW_NS).expect_err(text).to_string()
}

#[test]
fn a_number_has_its_value_whatever_its_spelling() {
    for line in [r#"{"price":100}"#, r#"{"price":100.0}"#, r#"{"price":1e2}"#, r#"{"price":"100.00"}"#] {
        assert_hold(
            line,
            &["price = 100", "price = 1e2", "price >= 100.0", "price < 100.0000000000000000001"],
        );
        assert_hold(line, &["price in (1, 100)", "price not in (1, 2)", "not price != 100"]);
        assert_fail(line, &["price != 100", "price > 100", "price in (1, 2)"]);
    }
}

#[test]
fn numbers_are_exact_at_any_size() {
    let line = r#"{"id":9007199254740993,"big":"18446744073709551617","qty":"0.1000"}"#;
    assert_hold(line, &["id > 9007199254740992", "big > 18446744073709551616", "qty = 0.1"]);
    assert_fail(line, &["id = 9007199254740992", "big = 18446744073709551616", "qty > 0.1"]);
}

#[test]
fn a_quoted_value_is_a_text_alone() {
    assert_hold(r#"{"x":"100"}"#, &["x = '100'", "x = \"100\"", "x = 100.0", "x = '\\u0031\\u00300'"]);
    assert_fail(r#"{"x":"100"}"#, &["x = '100.0'", "x = '1e2'"]);
    assert_fail(r#"{"x":100}"#, &["x = '100'", "x < '2'", "x > '0'"]);
    assert_hold(r#"{"x":100}"#, &["x != '100'", "x not in ('100')"]);
}

#[test]
fn a_number_and_a_text_have_no_order() {
    assert_fail(r#"{"x":"many"}"#, &["x = 1", "x < 1", "x > 1", "x <= 1", "x >= 1"]);
    assert_hold(r#"{"x":"many"}"#, &["x != 1"]);
    assert_fail(r#"{"x":5}"#, &["x = many", "x < many", "x > many"]);
}

#[test]
fn missing_is_not_null() {
    assert_hold(r#"{"x":null}"#, &["x = null", "x exists", "x != 1", "x in (1, NULL)", "x != 'null'"]);
    assert_fail(
        r#"{"x":null}"#,
        &["x = 0", "x != null", "x = 'null'", "x ~ null", "x !~ null", "x not exists"],
    );
    let missing =
        ["x = null", "x != null", "x != 1", "x < 1", "x !~ a", "x not in (1)", "x exists", "x.y exists"];
    assert_fail(r#"{"y":1}"#, &missing);
    assert_hold(r#"{"y":1}"#, &["not (x = 1)", "x not exists", "not x exists"]);
}

#[test]
fn booleans_are_not_texts() {
    assert_hold(r#"{"x":true,"y":"true"}"#, &["x = true", "x != false", "y = 'true'", "x = True", "x ~ tru"]);
    assert_fail(r#"{"x":true,"y":"true"}"#, &["x = 'true'", "y = true"]);
}

#[test]
fn levels_are_ordered_by_severity() {
    assert_hold(r#"{"level":"ERROR"}"#, &["level >= warning", "level = error", "level > Info", "level < 50"]);
    assert_hold(r#"{"level":"ERROR"}"#, &["level in (warning, 'error')", "level != CRITICAL", "level ~ ERR"]);
    assert_fail(r#"{"level":"DEBUG"}"#, &["level >= warning", "level = error", "level < trace"]);
    assert_hold(
        r#"{"level":"Level 25"}"#,
        &["level > info", "level < warning", "level = 25", "level = 'Level 25'"],
    );
    assert_hold(r#"{"level":"Notice"}"#, &["level = NOTICE", "level != info"]);
    assert_fail(r#"{"level":"Notice"}"#, &["level < critical", "level >= trace", "level = info"]);
    assert_hold(r#"{"context":{"level":"low"}}"#, &["context.level > high"]);
}

#[test]
fn times_are_exact_to_the_nanosecond() {
    let line =
        r#"{"timestamp":"2026-12-01T09:59:59.999999999Z","due":"2026-12-01T11:59:59.999999999+02:00"}"#;
    let equal = ["timestamp = 2026-12-01T09:59:59.999999999Z", "timestamp = '2026-12-01 09:59:59.999999999'"];
    assert_hold(line, &equal);
    assert_hold(
        line,
        &["timestamp < 2026-12-01T10:00:00Z", "timestamp < 2026-12-01T10:00:00", "timestamp > 1s"],
    );
    assert_hold(line, &["timestamp > 2026-12-01", "timestamp > 10m", "timestamp > 1d2h"]);
    assert_fail(line, &["timestamp = 2026-12-01T09:59:59.999999998Z", "timestamp > 2026-12-01T10:00:00Z"]);
    assert_hold(line, &["due = 2026-12-01T09:59:59.999999999Z", "due > 1s", "due < 2026-12-02"]);
    assert_fail(line, &["due = '2026-12-01T09:59:59.999999999Z'"]);
    assert_hold(r#"{"interval":"10m"}"#, &["interval = 10m", "interval in (5m, 10m)", "interval != 5m"]);
    assert_fail(r#"{"interval":"10m"}"#, &["interval > 5m", "interval < 5m"]);
}

#[test]
fn patterns_are_found_in_texts_and_in_what_a_number_looks_like() {
    let line = r#"{"message":"Order FILLED für 5","price":100.50,"tags":["Order"],"path":"a/b"}"#;
    assert_hold(
        line,
        &["message ~ /filled f.r/i", "message ~ FILLED", "message ~ 'r 5'", "message !~ filled"],
    );
    assert_hold(line, &["price ~ /\\.50$/", "price ~ 100.5", "path ~ /a\\/b/", "message ~ /^Order/"]);
    assert_fail(
        line,
        &["message ~ /filled/", "message !~ Order", "tags ~ Order", "tags !~ x", "message ~ 'O.der'"],
    );
}

#[test]
fn lists_are_not_looked_into() {
    let line = r#"{"tags":["x"],"context":{"a":{"b":2}}}"#;
    assert_fail(line, &["tags = x", "tags in (x)", "tags < x", "tags = null", "context = a"]);
    assert_hold(
        line,
        &["tags exists", "tags != x", "tags not in (x)", "context.a exists", "context.a.b in (1, 2)"],
    );
}

#[test]
fn look_alikes_are_not_taken_for_fields() {
    let line =
        r#"{"message":"{\"price\":7}","context":{"price":7},"a":[{"price":7}],"note":"\\","z":"price\":7"}"#;
    assert_fail(line, &["price exists", "price = 7"]);
    assert_hold(line, &["context.price = 7", "note = '\\\\'", "z ~ price"]);
}

#[test]
fn names_may_be_odd() {
    let line = r#"{"odd name":1,"in":2,"a\"b":3,"7":4,"logger":5,"module":"app.db","ä":6}"#;
    assert_hold(line, &["\"odd name\" = 1", "`odd name` = 1", "\"in\" = 2", "'x' = x or \"7\" = 4"][..2]);
    assert_hold(line, &["\"in\" = 2", "\"7\" = 4", "`a\"b` = 3", "\"a\\\"b\" = 3", "\u{e4} = 6"]);
    assert_hold(
        line,
        &["logger = app.db", "module = app.db", "\"logger\" = 5", "levle = 1 or module exists"],
    );
}

#[test]
fn not_binds_closest_and_or_last() {
    let line = r#"{"a":1,"b":2}"#;
    assert_hold(
        line,
        &["a = 1 or a = 2 and b = 9", "not a = 2 and b = 2", "NOT (a = 1 AND b = 1)", "not not a = 1"],
    );
    assert_fail(line, &["(a = 1 or a = 2) and b = 9", "not a = 1 or b = 9", "not (a = 1 or b = 9)"]);
}

#[test]
fn what_is_no_object_holds_for_nothing() {
    for line in ["", "{", "not json", "[1]", "7", "{\"x\":1", "{\"y\":tru}", "{\"y\":\"\\x\"}", "\u{0}\u{0}"]
    {
        assert_fail(line, &["x = 1", "not (y = 1)", "y not exists"]);
    }
    let deep = format!("{{\"a\":{}{},\"x\":1}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_hold(&deep, &["x = 1", "a exists"]);
    assert!(parsed("x ~ b").holds(b"{\"x\":\"\xffb\"}"));
}

#[test]
fn an_error_shows_the_place_and_suggests() {
    for (text, expected) in [
        ("a == 1", "== is no operator; write =\n  a == 1\n    ^"),
        ("a = 1 && b = 2", "&& is no operator; write and\n  a = 1 && b = 2\n        ^"),
        ("a = 1 || b = 2", "|| is no operator; write or\n  a = 1 || b = 2\n        ^"),
        ("!a = 1", "! is no operator; write not\n  !a = 1\n  ^"),
        ("a = 'x", "the quote ' is not closed; write ' at its end\n  a = 'x\n      ^"),
        ("(a = 1", "the parenthesis is not closed; write ) at its end\n  (a = 1\n  ^"),
        ("a = 1)", "the parenthesis was not opened; leave it out\n  a = 1)\n       ^"),
        ("a like b", "like is no operator; write ~ for a part of a text\n  a like b\n    ^"),
        ("a = ", "a value is missing after =; write a word, a number, or a text in quotes\n  a = \n      ^"),
        (
            "timestamp > soon",
            "soon is no time; write one like 2026-12-01T10:00:00Z, 2026-12-01 or 10m\n  \
          timestamp > soon\n              ^",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn every_mistake_is_named() {
    for (text, message) in [
        ("", "the expression is empty"),
        ("  ", "the expression is empty"),
        ("a", "an operator is missing after a"),
        ("a and b = 1", "an operator is missing after a"),
        ("a foo b", "foo is no operator"),
        ("a in 1", "a list is missing after in"),
        ("a in ()", "a value is missing after ("),
        ("a in (1 2)", "a comma is missing in the list"),
        ("a in (1,", "a value is missing after the comma"),
        ("a in (1", "the list is not closed"),
        ("a = (1)", "a list stands after ="),
        ("a = 1 b = 2", "and or or is missing here"),
        ("a = Order filled", "and or or is missing here"),
        ("a = /x/", "a regular expression stands where a value should"),
        ("a ~ /(/", "the regular expression is not valid: unclosed group"),
        ("a ~ /x", "the regular expression is not closed"),
        ("a ~ /x/g", "g is no flag"),
        ("a ~ /\\w{999}/", "the regular expression is not valid: "),
        ("1 < a", "1 stands where a field's name should"),
        ("'a' = 1", "a text stands where a field's name should"),
        ("in = 1", "in stands where a field's name should"),
        ("a = `b`", "a name in backticks stands where a value should"),
        ("a = and", "and stands where a value should"),
        ("a not = 1", "in or exists is missing after not"),
        ("a = 1 and", "a field's name is missing"),
        ("= 1", "a field's name is missing before ="),
        ("a < null", "null has no order"),
        ("a >= true", "true has no order"),
        ("level > warnning", "warnning is no level with an order"),
        ("a ? 1", "'?' is not expected here"),
        ("a = \"\\q\"", "\\q is no escape"),
    ] {
        assert!(error(text).starts_with(message), "{text}: {}", error(text));
    }
}

#[test]
fn an_expression_is_bounded() {
    let nested = |depth: usize| format!("{}a = 1{}", "(".repeat(depth), ")".repeat(depth));
    parsed(&nested(200));
    assert!(error(&nested(201)).starts_with("parentheses and not are nested more than 200 deep"));
    assert!(error(&format!("{}a = 1", "not ".repeat(201))).starts_with("parentheses and not"));
    assert!(error(&format!("a = {}", "\u{e4}".repeat(40_000))).starts_with("the expression has 80004 bytes"));
    parsed(&format!("{}a = 1", "a = 1 or ".repeat(7_000)));
    parsed(&format!("{} = 1", vec!["a"; 201].join(".")));
    assert!(
        error(&format!("{} = 1", vec!["a"; 202].join("."))).starts_with("the name has more than 200 dots")
    );
    let many = |count: usize| vec!["a ~ /x/"; count].join(" or ");
    parsed(&many(64));
    assert!(error(&many(65)).starts_with("there are more than 64 regular expressions"));
}

#[test]
fn the_rarest_texts_are_looked_for() {
    for (text, expected) in [
        ("level >= error and symbol = BTCUSDT and price > 100", Some(vec!["\"BTCUSDT\""])),
        ("symbol in (BTCUSDT, ETHUSDT)", Some(vec!["\"BTCUSDT\"", "\"ETHUSDT\""])),
        ("symbol = BTCUSDT or message ~ filled", Some(vec!["\"BTCUSDT\"", "filled"])),
        ("message ~ /filled/", Some(vec!["message\""])),
        ("exception.type exists", Some(vec!["type\""])),
        ("logger = a", Some(vec!["\"a\""])),
        ("exception not exists", None),
        ("not symbol = BTCUSDT", None),
        ("symbol = BTCUSDT or not price = 1", None),
    ] {
        let expected = expected.map(|texts| texts.iter().map(|text| text.as_bytes().to_vec()).collect());
        assert_eq!(parsed(text).needles().map(|needles| needles.any_of), expected, "{text}");
    }
}

#[test]
fn a_lasting_condition_has_no_now_to_count_back_from() {
    let lasting = |text: &str| Condition::lasting(text).unwrap_or_else(|error| panic!("{error}"));
    for text in ["timestamp > 10m", "timestamp != '1h'", "timestamp in (2026-12-01, 1w)", "due <= 1h30m"] {
        let error = Condition::lasting(text).expect_err(text).to_string();
        assert!(error.contains("would be counted back from now, and a filter stays in force"), "{error}");
    }
    // Fixed times are times; elsewhere a span is a text like any other.
    assert!(lasting("timestamp >= 2026-12-01").holds(br#"{"timestamp":"2026-12-01T00:00:00Z"}"#));
    for text in ["bar = 10m", "bar in (1m, 10m)", "bar != 1m", "bar ~ 10m", "bar > '0'"] {
        assert!(lasting(text).holds(br#"{"bar":"10m"}"#), "{text}");
    }
    assert!(!lasting("bar = 10m").holds(br#"{"bar":"10M"}"#));
    assert_eq!(lasting("bar = 10m and not a in (1)").to_string(), "bar = 10m and not a in (1)");
}
