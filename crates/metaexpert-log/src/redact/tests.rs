//! Records as a whole: what is masked, what is not, and that nothing breaks.

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::verdict::Verdict;
use super::*;
use crate::config::{Layout, Redact};
use crate::encode::Include;
use crate::encode::json::JsonEncoder;
use crate::frame::{NO_ID, Record, Section, Value};
use crate::ring::decoded::DecodedRecord;
use crate::ring::dictionary::Dictionary;
use crate::ring::lexicon::Lexicon;

fn redactor(keys: &[&str], patterns: &[&str]) -> Redactor {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Redactor::new(&Redact { defaults: true, keys: owned(keys), patterns: owned(patterns), passes: vec![] })
        .unwrap()
}

/// The line that a record with these sections becomes.
fn line(redactor: &mut Redactor, message: &str, sections: &[Section<'_>]) -> Tree {
    let record = Record {
        level: 20,
        logger: NO_ID,
        category: NO_ID,
        timestamp_ns: 0,
        message: message.as_bytes(),
        sections,
    };
    let mut frame = vec![0; record.frame_len()];
    record.write(&mut frame, 1);
    let mut lexicon = Lexicon::default();
    let record = DecodedRecord::decode(&frame, Dictionary::empty(), &mut lexicon).unwrap();
    let record = redactor.redact(&record).unwrap_or(record);
    let mut out = Vec::new();
    JsonEncoder::new(Layout::Flat, &Include::default()).encode(&record, &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn with_fields(redactor: &mut Redactor, fields: &[(&str, Value<'_>)]) -> Tree {
    let fields: Vec<(&[u8], Value<'_>)> =
        fields.iter().map(|(name, value)| (name.as_bytes(), *value)).collect();
    line(redactor, "m", &[Section::Logger(b"bot"), Section::Inline(&fields)])
}

#[test]
fn values_of_secret_fields_are_masked_and_their_neighbours_stay() {
    let found = with_fields(
        &mut redactor(&[], &[]),
        &[
            ("api_key", Value::Str(b"abc")),
            ("qty", Value::F64(0.5)),
            ("password", Value::I64(1234)),
            ("secret", Value::Null),
            ("has_password", Value::Bool(true)),
            ("passphrase", Value::Str(b"")),
            ("token", Value::Str(b"BTC")),
            ("bot_token", Value::Str(b"x7y8z9")),
            ("seed", Value::U64(42)),
            ("credentials", Value::Json(br#"{"user":"a"}"#)),
            ("note", Value::Str(b"password=abc!")),
        ],
    );
    let shown = |name: &str| found[name].clone();
    assert_eq!(shown("api_key"), "***");
    assert_eq!(shown("qty"), 0.5);
    assert_eq!(shown("password"), "***");
    assert_eq!(shown("secret"), Tree::Null);
    assert_eq!(shown("has_password"), true);
    assert_eq!(shown("passphrase"), "");
    assert_eq!(shown("token"), "BTC");
    assert_eq!(shown("bot_token"), "***");
    assert_eq!(shown("seed"), 42);
    assert_eq!(shown("credentials"), "***");
    assert_eq!(shown("note"), "password=***");
}

#[test]
fn nested_values_are_masked_where_they_are() {
    let nested = json!({
        "account": {"api_secret": "s", "name": "main", "keys": [{"private_key": [1, 2]}, {"id": 1}]},
        "token": ["BTC", "h7j8k9l0m1"],
        "url": "https://x.com/?signature=0af1",
        "apiKey": null,
        "passw\u{6f}rd": "a\"b\\c",
        "text": "line\nAuthorization: Bearer \"x\"\nend",
    });
    let text = nested.to_string();
    let found = with_fields(&mut redactor(&[], &[]), &[("order", Value::Json(text.as_bytes()))]);
    assert_eq!(
        found["order"],
        json!({
            "account": {"api_secret": "***", "name": "main", "keys": [{"private_key": "***"}, {"id": 1}]},
            "token": ["BTC", "***"],
            "url": "https://x.com/?signature=***",
            "apiKey": null,
            "password": "***",
            "text": "line\nAuthorization: ***\nend",
        })
    );
}

#[test]
fn names_of_mappings_that_tell_secrets_are_masked_and_stay_different() {
    let given = json!([
        {"https://u:hunter2!x@a.com/": 200, "https://u:other2!x@a.com/": 404, "https://b.com/?symbol=BTC": 1},
        {"https://u:hunter2!x@a.com/": 201, "password=abc1": {"password=abc1": [2]}},
    ]);
    let text = given.to_string();
    let found = with_fields(&mut redactor(&[], &[]), &[("seen", Value::Json(text.as_bytes()))]);
    assert_eq!(
        found["seen"],
        json!([
            {"https://u:***@a.com/": 200, "https://u:***@a.com/_1": 404, "https://b.com/?symbol=BTC": 1},
            {"https://u:***@a.com/": 201, "password=***": {"password=***": [2]}},
        ])
    );
}

#[test]
fn what_stands_in_a_container_is_judged_by_its_own_name_and_the_one_above() {
    let given = json!({
        "token": {"value": "hunter2", "symbol": "wBTC", "chain": "ethereum", "n": 8},
        "after": "hunter2",
        "tokens": ["BTC", "bitcoin", "vmPUZE6mv9SD5VNHk4HlWFsO"],
        "n_secrets": 3,
        "signature": "on_bar(rates)",
        "access_tokens": ["a"],
        "headers": [["X-MBX-APIKEY", "a"], ["WC1NQlgtQVBJS0VZ", "YWJj"], ["Accept", "b"]],
        "missing": ["password", "email"],
        "login": {"op": "auth", "args": ["k1", 1, "0af1"]},
        "wallet": {"last_tx": "ab".repeat(32), "txs": ["ab".repeat(32)], "order": [["ab".repeat(32)], 1]},
        "auth": ["me", "hunter2!x"],
        "argv": ["--api-secret", "abc", "--secret", "--v", "abc"],
        "deep": [{"token": [[{"x": "hunter2"}], "ETH"]}, "hunter2"],
    });
    let mut wanted = given.clone();
    wanted["token"]["value"] = json!("***");
    wanted["tokens"][2] = json!("***");
    wanted["access_tokens"] = json!("***");
    wanted["headers"][0][1] = json!("***");
    wanted["headers"][1][1] = json!("***");
    wanted["login"]["args"] = json!("***");
    wanted["wallet"]["txs"][0] = json!("***");
    wanted["auth"][1] = json!("***");
    wanted["argv"][1] = json!("***");
    wanted["deep"][0]["token"][0][0]["x"] = json!("***");
    let text = given.to_string();
    let found = with_fields(&mut redactor(&[], &[]), &[("order", Value::Json(text.as_bytes()))]);
    assert_eq!(found["order"], wanted);
}

#[test]
fn exceptions_and_stacks_are_masked() {
    let sections = [
        Section::Exception {
            kind: b"ValueError",
            message: b"bad api_key=abc",
            stacktrace: b"  login(secret='s3')\nValueError: bad api_key=abc",
        },
        Section::Stack(b"  File\n    connect(password='x')"),
    ];
    let found = line(&mut redactor(&[], &[]), "m", &sections);
    assert_eq!(found["exception"]["message"], "bad api_key=***");
    assert_eq!(found["exception"]["stacktrace"], "  login(secret='***')\nValueError: bad api_key=***");
    assert_eq!(found["stack_info"], "  File\n    connect(password='***')");
}

#[test]
fn own_keys_and_patterns_are_added_to_the_defaults() {
    let mut redactor = redactor(&["account", "-signature"], &["acct-[0-9]+"]);
    let fields = [
        ("account", Value::I64(7)),
        ("signature", Value::Str(b"0af1")),
        ("secret", Value::Str(b"s")),
        ("note", Value::Str(b"of acct-17")),
    ];
    let found = with_fields(&mut redactor, &fields);
    assert_eq!(
        [&found["account"], &found["signature"], &found["secret"], &found["note"]],
        ["***", "0af1", "***", "of ***"]
    );
    assert_eq!(line(&mut redactor, "account=7 acct-8", &[])["message"], "account=*** ***");
}

#[test]
fn without_defaults_only_what_is_named_is_masked() {
    let config = Redact { defaults: false, keys: vec!["pin".into()], patterns: vec![], passes: vec![] };
    let mut redactor = Redactor::new(&config).unwrap();
    let text = "pin=1234 secret=abc Bearer s3cr3t-value";
    assert_eq!(line(&mut redactor, text, &[])["message"], "pin=*** secret=abc Bearer s3cr3t-value");
    let mut none = Redactor::new(&Redact { keys: vec![], ..config }).unwrap();
    assert_eq!(line(&mut none, text, &[])["message"], text);
}

#[test]
fn the_arguments_of_a_login_are_masked_in_a_field_of_their_own() {
    let arguments = Value::Json(br#"["k1",17,"0af1"]"#);
    for (op, args, shown) in [
        ("auth", arguments, json!("***")),
        ("subscribe", arguments, json!(["k1", 17, "0af1"])),
        ("auth", Value::Json(b"[]"), json!([])),
    ] {
        let note = ("note", Value::Str(b"login"));
        let fields = [("secret", Value::Str(b"s")), ("args", args), ("op", Value::Str(op.as_bytes())), note];
        let found = with_fields(&mut redactor(&[], &[]), &fields);
        assert_eq!((&found["args"], &found["op"], &found["secret"]), (&shown, &json!(op), &json!("***")));
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        "\\PC{0,12}".prop_map(Tree::from),
        "(secret|api_key|token|Bearer|-----BEGIN|auth|--secret|c2VjcmV0PWFiY2RlZmdoaWpr|[\"'\\\\\\[\\]{}(),;&=: \n]|[a-zA-Z0-9é]){0,12}"
            .prop_map(Tree::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = "(secrets?|apiKey|tokens?|seed|sign|auth|wallet|params|c2VjcmV0|signature|args|qty|a\"b|x\\\\y|[a-z]{0,6})";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Tree::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived_and_utf_8_stays_utf_8(
        text in "(.|[\"'(\\[{}\\])=:, \n-]|sign|token){0,40}",
        sign in "(=|:|: *\n *|', *['\"]| \\| | is |: *\n1. |: \\|\n  |\\(['\"]| \\(a\\): |( |', '))",
        name in concat!(
            "(secret|token|Cookie|seed|sign|key|signature|passphrase|tokens|args|ssh_key|wallet",
            "|\\['token|\\| secret|--secret|auth=|op=auth params)",
        ),
    ) {
        let redactor = redactor(&[], &["x+y"]);
        let text = format!("{name}{sign}{text}");
        let once = redactor.text(text.as_bytes()).into_owned();
        prop_assert!(std::str::from_utf8(&once).is_ok());
        let damaged: Vec<u8> = text.bytes().map(|byte| byte ^ 0x80).collect();
        redactor.text(&damaged);
    }

    #[test]
    fn json_stays_json_and_its_shape_where_nothing_is_secret(tree in tree()) {
        let text = tree.to_string();
        let rules = redactor(&[], &[]).rules.unwrap();
        if let Some(masked) = fragment::masked(text.as_bytes(), Verdict::Clear, &rules) {
            let masked: Tree = serde_json::from_slice(&masked).unwrap();
            prop_assert!(masked != tree);
        }
        for end in 0..text.len() {
            fragment::masked(&text.as_bytes()[..end], Verdict::Token, &rules);
        }
    }

    #[test]
    fn a_secret_is_nowhere_in_the_line(secret in "[a-zA-Z0-9_/+@!%^*-]{8,40}", qty in any::<i32>()) {
        prop_assume!(!"api_key password secret url https message".contains(&secret));
        let nested = json!({"list": [{"api_secret": secret, "qty": qty}], "text": format!("password={secret}")}).to_string();
        let texts = [
            format!("login failed, api_key={secret}"),
            format!("config {{'passphrase': '{secret}', 'qty': {qty}}}"),
            format!("POST https://api.x.com/v3/order?qty={qty}&signature={secret}"),
            format!("Authorization: Bearer {secret}"),
            format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
        ];
        let mut redactor = redactor(&[], &[]);
        for text in &texts {
            let fields: [(&[u8], Value<'_>); 4] = [
                (b"secret", Value::Str(secret.as_bytes())),
                (b"nested", Value::Json(nested.as_bytes())),
                (b"text", Value::Str(text.as_bytes())),
                (b"qty", Value::I64(i64::from(qty))),
            ];
            let trouble = Section::Exception { kind: b"E", message: text.as_bytes(), stacktrace: text.as_bytes() };
            let found = line(&mut redactor, text, &[Section::Inline(&fields), trouble, Section::Stack(text.as_bytes())]);
            prop_assert!(!found.to_string().contains(&secret), "{found}");
            prop_assert_eq!(&found["qty"], &json!(qty));
            prop_assert_eq!(&found["nested"]["list"][0]["qty"], &json!(qty));
        }
    }

    #[test]
    fn ordinary_values_are_untouched(text in "[a-zA-Z0-9 .,€_/-]{0,60}", number in any::<f64>()) {
        prop_assume!(!["basic", "bearer", "eyJ", "AKIA", "ASIA"].iter().any(|word| text.to_lowercase().contains(&word.to_lowercase())));
        let found = with_fields(&mut redactor(&[], &[]), &[("note", Value::Str(text.as_bytes())), ("price", Value::F64(number))]);
        prop_assert_eq!(found["note"].as_str(), Some(text.as_str()));
    }
}
