//! Records in the formats for people, as the views of a program want them.

#![cfg(not(loom))]

mod shown;

use jiff::tz::TimeZone;
use metaexpert_log::config::View;
use metaexpert_log::encode::console::ConsoleEncoder;
use metaexpert_log::encode::text::TextEncoder;
use metaexpert_log::encode::views::Views;
use metaexpert_log::frame::{Section, Value};
use serde_json::json;
use shown::{format, line_of_sets};

/// The view of a program that trades on simulated time.
fn views() -> Views {
    let view = json!({
        "time": "sim_time",
        "constant": ["strategy_id", "strategy_name", "mode", "session_id", "symbol"],
        "constant_before_time": ["timeframe"],
        "loggers": ["metaexpert.trade", "metaexpert.expert", "metaexpert.market"],
        "event_field": "event_name",
        "left_out": {
            "order.filled": ["order_type", "currency"],
            "expert.stopped": ["rejections", "duration_s"],
        },
        "kept": {"bar.closed": ["timeframe"]},
    });
    let view: View = serde_json::from_value(view).unwrap();
    Views::new(&[view])
}

/// What each record of a run has in its context.
const RUN: [(&str, Value<'_>); 7] = [
    ("strategy_id", Value::I64(1001)),
    ("strategy_name", Value::Str(b"My Strategy")),
    ("mode", Value::Str(b"backtest")),
    ("session_id", Value::Str(b"20240101T000000-12345678")),
    ("symbol", Value::Str(b"BTCUSDT")),
    ("timeframe", Value::Str(b"1h")),
    ("sim_time", Value::Json(b"\"2024-01-02T09:00:00Z\"")),
];

/// The line of the console without colours.
fn console_of_sets(context: &[(&str, Value<'_>)], own: &[(&str, Value<'_>)]) -> String {
    let mut encoder = ConsoleEncoder::new(false).with_views(views()).in_zone(TimeZone::UTC);
    line_of_sets(context, own, &[], |record, out| encoder.encode(record, out))
}

/// What the console shows of a record that the host made in a run.
fn host_fields(logger: &str, own: &[(&str, Value<'_>)]) -> String {
    let mut encoder = ConsoleEncoder::new(false).with_views(views()).in_zone(TimeZone::UTC);
    let more = [Section::Category(b"trade"), Section::Logger(logger.as_bytes())];
    fields_of(&line_of_sets(&RUN, own, &more, |record, out| encoder.encode(record, out))).to_owned()
}

/// What the console shows behind the message of [`console_of_sets`].
fn fields_of(line: &str) -> &str {
    line.trim_end_matches('\n').split_once(" m ").unwrap().1.trim()
}

#[test]
fn a_calls_own_fields_come_before_its_context() {
    let context = [("request", Value::I64(7)), ("side", Value::Str(b"BUY"))];
    let own = [("price", Value::F64(1.5)), ("side", Value::Str(b"SELL"))];
    let line = console_of_sets(&context, &own);
    assert!(line.starts_with("23:59:59.123 INFO "), "{line}");
    assert_eq!(fields_of(&line), "price=1.5 side=SELL request=7");
}

#[test]
fn a_record_of_a_run_shows_its_simulated_time_and_not_what_never_changes() {
    let line = console_of_sets(&RUN, &[("price", Value::F64(1.5))]);
    assert!(line.starts_with("2024-01-02 09:00:00Z INFO "), "{line}");
    assert_eq!(fields_of(&line), "price=1.5");
    assert!(console_of_sets(&RUN, &[]).ends_with(" m\n"));
    assert!(console_of_sets(&RUN[..5], &[]).ends_with(" m\n"));
}

#[test]
fn a_run_of_several_timeframes_shows_which() {
    let mut several = RUN;
    several.swap(5, 6);
    assert_eq!(
        fields_of(&console_of_sets(&several, &[("side", Value::Str(b"BUY"))])),
        "side=BUY timeframe=1h"
    );
    let bar = [("event_name", Value::Str(b"bar.closed")), ("close", Value::F64(1.5))];
    assert_eq!(host_fields("metaexpert.market", &bar), "close=1.5 timeframe=1h");
}

#[test]
fn a_record_of_the_host_is_without_what_says_nothing_or_was_said() {
    let fill = [
        ("event_name", Value::Str(b"order.filled")),
        ("order_id", Value::I64(1)),
        ("position_id", Value::Null),
        ("order_type", Value::Str(b"MARKET")),
        ("price", Value::F64(39_930.484_500_000_04)),
        ("realized_pnl", Value::F64(0.0)),
        ("balance", Value::F64(10_186.777_437_94)),
        ("reduce_only", Value::Bool(false)),
        ("currency", Value::Str(b"USDT")),
    ];
    let shown = host_fields("metaexpert.trade", &fill);
    assert_eq!(shown, "order_id=1 price=39930.48 realized_pnl=0.0 balance=10186.78");
    let stopped = [
        ("event_name", Value::Str(b"expert.stopped")),
        ("bars", Value::I64(4320)),
        ("rejected", Value::I64(0)),
        ("rejections", Value::Json(b"{}")),
        ("currency", Value::Str(b"USDT")),
        ("duration_s", Value::F64(1.5)),
    ];
    assert_eq!(host_fields("metaexpert.expert", &stopped), "bars=4320 currency=USDT");
}

#[test]
fn a_record_of_the_strategy_is_shown_with_all_that_its_call_names() {
    let own = [("event_name", Value::Str(b"order.filled")), ("signal", Value::Null), ("n", Value::I64(0))];
    let shown = host_fields("metaexpert.strategy", &own);
    assert_eq!(shown, "category=trade event_name=order.filled signal=null n=0");
}

#[test]
fn the_text_preset_shows_a_run_as_the_console_does() {
    let own = [("price", Value::F64(0.1 + 0.2))];
    let mut encoder = TextEncoder::with_fields().with_views(views()).in_zone(TimeZone::UTC);
    let line = line_of_sets(&RUN, &own, &[Section::Logger(b"a")], |record, out| encoder.encode(record, out));
    assert_eq!(line, "2024-01-02 09:00:00Z INFO     a: m price=0.3\n");
}

#[test]
fn a_format_of_the_users_shows_the_simulated_time_of_a_record_that_has_one() {
    let shown = |pattern, datefmt, context: &[_]| {
        let mut encoder =
            format(pattern, datefmt).with_views(views()).in_zone(TimeZone::posix("JST-9").unwrap());
        line_of_sets(context, &[], &[], |record, out| encoder.encode(record, out))
    };
    assert_eq!(shown("%(asctime)-21s|%(mode)s", None, &RUN), "2024-01-02 09:00:00Z |backtest\n");
    assert_eq!(shown("%(asctime)s", Some("%d.%m. %H:%M %Z"), &RUN), "02.01. 09:00 UTC\n");
    assert_eq!(shown("%(asctime)s", Some("%d.%m. %H:%M %Z"), &RUN[..6]), "31.01. 08:59 JST\n");
    assert_eq!(shown("%(created).0f", None, &RUN), "1643587199\n");
}

#[test]
fn presets_show_a_simulated_time_in_a_date_format() {
    let mut console = ConsoleEncoder::new(false).with_views(views()).with_time(Some("%H:%M:%S.%3f"));
    let line = line_of_sets(&RUN, &[], &[], |record, out| console.encode(record, out));
    assert!(line.starts_with("09:00:00.000 INFO "), "{line}");
    let no_date = [("sim_time", Value::Str(b"2024-13-99T09:00:00Z"))];
    let line = line_of_sets(&no_date, &[], &[], |record, out| console.encode(record, out));
    assert!(line.starts_with("2024-13-99 09:00:00Z INFO "), "{line}");
}

#[test]
fn what_a_call_names_itself_is_shown_as_is_a_context_of_another_kind() {
    let line = console_of_sets(&RUN, &[("symbol", Value::Str(b"ETHUSDT")), ("mode", Value::I64(1))]);
    assert_eq!(fields_of(&line), "symbol=ETHUSDT mode=1");
    assert_eq!(
        fields_of(&console_of_sets(&RUN[3..5], &[])),
        "session_id=20240101T000000-12345678 symbol=BTCUSDT"
    );
    let line = console_of_sets(&[("sim_time", Value::Str(b"soon"))], &[]);
    assert!(line.starts_with("23:59:59.123 "), "{line}");
    assert_eq!(fields_of(&line), "sim_time=soon");
}
