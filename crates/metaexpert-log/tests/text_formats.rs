//! Formats for people, against what Python's `logging` makes of the same record and format.

#![cfg(not(loom))]

mod shown;

use jiff::tz::TimeZone;
use metaexpert_log::encode::console::ConsoleEncoder;
use metaexpert_log::encode::text::TextEncoder;
use metaexpert_log::encode::text::pattern::Pattern;
use metaexpert_log::frame::{Section, Value};
use proptest::prelude::*;
use shown::{console, format, text, with_decoded};

/// The record of the tables below.
fn order_filled(encoder: TextEncoder) -> String {
    let fields = [
        (&b"symbol"[..], Value::Str(b"BTCUSDT")),
        (b"price", Value::F64(50000.5)),
        (b"qty", Value::I64(-3)),
        (b"ident", Value::U64(u64::MAX)),
        (b"note", Value::Str(b"it's")),
    ];
    let sections = [
        Section::Logger(b"app.db.pool"),
        Section::Inline(&fields),
        Section::Caller { file: b"/srv/bots/my.strategy.py", line: 42, function: b"on_bar" },
        Section::Thread { ident: 140_735, name: b"MainThread" },
        Section::Task(b"Task-7"),
    ];
    text(encoder, 20, "Order filled — цена €5".as_bytes(), &sections)
}

/// Formats, and what `logging.Formatter(format, validate=False)` of Python 3.11 writes, under TZ=UTC, for
/// `logging.makeLogRecord` of the attributes and fields in [`order_filled`], `created=1643587199.123456789`,
/// `msecs=123.0`, `relativeCreated=1500.25`, `process=4711`.
const BY_LOGGING: &[(&str, &str)] = &[
    ("%(message)s", "Order filled — цена €5"),
    (
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        "2022-01-30 23:59:59,123 INFO app.db.pool Order filled — цена €5",
    ),
    (
        "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
        "2022-01-30 23:59:59,123 - app.db.pool - INFO - Order filled — цена €5",
    ),
    ("%(asctime)-26s|", "2022-01-30 23:59:59,123   |"),
    ("%(asctime)26s|", "   2022-01-30 23:59:59,123|"),
    ("%(asctime).10s|", "2022-01-30|"),
    ("%(levelname)-8s|%(levelname)8s|", "INFO    |    INFO|"),
    ("[%(levelname).1s] %(name)s", "[I] app.db.pool"),
    ("%(name).6s|%(name)-14s|%(name)14.3s|", "app.db|app.db.pool   |           app|"),
    ("%(message)30s|", "        Order filled — цена €5|"),
    ("%(message)-30s|", "Order filled — цена €5        |"),
    ("%(message).16s|", "Order filled — ц|"),
    ("%(message)a", r#"'Order filled \u2014 \u0446\u0435\u043d\u0430 \u20ac5'"#),
    ("%(message)r", "'Order filled — цена €5'"),
    ("%(note)r|%(note)a|%(note)12r|%(symbol)r", r#""it's"|"it's"|      "it's"|'BTCUSDT'"#),
    (
        "%(levelno)s|%(levelno)d|%(levelno)05d|%(levelno)-5d|%(levelno)+d|%(levelno)x|%(levelno)#o|%(levelno).4d",
        "20|20|00020|20   |+20|14|0o24|0020",
    ),
    ("%(levelno)f|%(levelno).1e|%(levelno)g", "20.000000|2.0e+01|20"),
    ("%(pathname)s:%(lineno)d %(funcName)s()", "/srv/bots/my.strategy.py:42 on_bar()"),
    ("%(filename)s %(module)s", "my.strategy.py my.strategy"),
    ("%(filename)-16s|%(module)16s|%(lineno)5d|", "my.strategy.py  |     my.strategy|   42|"),
    ("%(created)f", "1643587199.123457"),
    ("%(created).3f", "1643587199.123"),
    ("%(created).0f", "1643587199"),
    ("%(created)d", "1643587199"),
    ("%(created)s", "1643587199.1234567"),
    ("%(created)e", "1.643587e+09"),
    (
        "%(created)16.2f|%(created)-16.2f|%(created)016.2f|",
        "   1643587199.12|1643587199.12   |0001643587199.12|",
    ),
    ("%(created)g|%(created).15g|%(created)G", "1.64359e+09|1643587199.12346|1.64359E+09"),
    (
        "%(msecs)03d|%(msecs)d|%(msecs)s|%(msecs).1f|%(msecs)6d|%(msecs)-6d|",
        "123|123|123.0|123.0|   123|123   |",
    ),
    (
        "%(relativeCreated)d|%(relativeCreated)s|%(relativeCreated)8.2f|%(relativeCreated)08d|",
        "1500|1500.25| 1500.25|00001500|",
    ),
    ("%(thread)d|%(thread)s|%(thread)#x|%(thread)X|%(thread)10d|", "140735|140735|0x225bf|225BF|    140735|"),
    ("%(threadName)s|%(threadName)-12s|%(threadName).4s", "MainThread|MainThread  |Main"),
    ("%(taskName)s", "Task-7"),
    ("%(process)d|%(process)5d|%(process)06d|%(process)-7s|", "4711| 4711|004711|4711   |"),
    ("%(processName)s", "MainProcess"),
    ("100%% of %(symbol)s", "100% of BTCUSDT"),
    ("%%(message)s %(symbol)s", "%(message)s BTCUSDT"),
    ("%(symbol)s@%(price)s x %(qty)s", "BTCUSDT@50000.5 x -3"),
    (
        "%(price).2f|%(price)12.3f|%(price)d|%(price)012.1f|%(price)+.1f|%(price)e|%(price)g",
        "50000.50|   50000.500|50000|0000050000.5|+50000.5|5.000050e+04|50000.5",
    ),
    (
        "%(qty)d|%(qty)5d|%(qty)-5d|%(qty)05d|%(qty)x|%(qty)f|%(qty)s|%(qty) d|%(qty)i|%(qty)u|%(qty)#06x",
        "-3|   -3|-3   |-0003|-3|-3.000000|-3|-3|-3|-3|-0x003",
    ),
    (
        "%(ident)d|%(ident)s|%(ident)x|%(ident)25d|",
        "18446744073709551615|18446744073709551615|ffffffffffffffff|     18446744073709551615|",
    ),
    ("%(symbol)10.3s|%(symbol)-10.3s|%(symbol)08s|", "       BTC|BTC       | BTCUSDT|"),
    ("%(levelname)s:%(name)s:%(message)s", "INFO:app.db.pool:Order filled — цена €5"),
    (r#"{"level": "%(levelname)s", "logger": "%(name)s"}"#, r#"{"level": "INFO", "logger": "app.db.pool"}"#),
    ("%(levelno)hd|%(levelno)ld|%(levelno)Ld", "20|20|20"),
];

/// Date formats, and what `%(asctime)s|` shows with them in the same record.
const DATES_BY_LOGGING: &[(&str, &str)] = &[
    ("%H:%M:%S", "23:59:59|"),
    ("%Y-%m-%dT%H:%M:%S%z", "2022-01-30T23:59:59+0000|"),
    ("%d/%b/%Y:%H:%M:%S", "30/Jan/2022:23:59:59|"),
    ("%a %A %B %j %y %I %p", "Sun Sunday January 030 22 11 PM|"),
    ("%c", "Sun Jan 30 23:59:59 2022|"),
    ("%x %X", "01/30/22 23:59:59|"),
    ("%D %T %F %R", "01/30/22 23:59:59 2022-01-30 23:59|"),
    ("%e|%k|%l|%U|%W|%u|%w|%V|%G|%g|%C|%s|%h", "30|23|11|05|04|7|0|04|2022|22|20|1643587199|Jan|"),
    ("%%", "%|"),
    ("%Z", "UTC|"),
    ("Zeit: %H Uhr — é", "Zeit: 23 Uhr — é|"),
];

#[test]
fn every_format_shows_what_logging_shows() {
    for (pattern, expected) in BY_LOGGING {
        assert_eq!(order_filled(format(pattern, None)), format!("{expected}\n"), "{pattern}");
    }
}

#[test]
fn every_date_format_shows_what_logging_shows() {
    for (datefmt, expected) in DATES_BY_LOGGING {
        let shown = order_filled(format("%(asctime)s|", Some(datefmt)));
        assert_eq!(shown, format!("{expected}\n"), "{datefmt}");
    }
}

#[test]
fn presets_show_the_time_in_a_date_format() {
    let text = TextEncoder::with_fields().with_time(Some("%d.%m.%y"));
    assert!(order_filled(text).starts_with("30.01.22 INFO "));
    let mut console = ConsoleEncoder::new(false).with_time(Some("%H:%M %Z")).in_zone(TimeZone::UTC);
    let mut out = Vec::new();
    with_decoded(20, b"Ready", &[], |record| console.encode(record, &mut out));
    assert!(out.starts_with(b"23:59 UTC INFO "), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn an_empty_date_format_is_the_default_one() {
    assert_eq!(order_filled(format("%(asctime)s", Some(""))), "2022-01-30 23:59:59,123\n");
}

#[test]
fn what_a_record_lacks_is_shown_as_logging_shows_it_or_empty() {
    let pattern = "%(pathname)s|%(filename)s|%(module)s|%(lineno)d|%(funcName)s|%(taskName)s|\
                   %(threadName)s|%(thread)4d|%(nothing)s|%(nothing)5d|%(category)s|%(seq)d";
    assert_eq!(
        text(format(pattern, None), 20, b"m", &[]),
        "(unknown file)|(unknown file)|(unknown file)|0|(unknown function)|None||    ||     ||7\n"
    );
}

#[test]
fn a_module_is_the_file_name_up_to_its_last_point() {
    for (file, module) in [("a/b.tar.py", "b.tar"), (".profile", ".profile"), ("..a.py", "..a"), ("a/", "")] {
        let caller = Section::Caller { file: file.as_bytes(), line: 1, function: b"f" };
        assert_eq!(text(format("%(module)s", None), 20, b"", &[caller]), format!("{module}\n"), "{file}");
    }
}

#[test]
fn levels_have_their_given_their_standard_or_a_numbered_name() {
    let shown = |level, sections: &[Section<'_>]| text(format("%(levelname)s", None), level, b"", sections);
    assert_eq!(shown(35, &[Section::LevelName(b"NOTICE\n")]), "NOTICE\\n\n");
    assert_eq!([shown(50, &[]), shown(35, &[])], ["CRITICAL\n", "Level 35\n"]);
}

#[test]
fn values_are_shown_in_a_format_as_in_json() {
    let fields = [
        (&b"none"[..], Value::Null),
        (b"ok", Value::Bool(true)),
        (b"amount", Value::Json(b"\"1.50\"")),
        (b"book", Value::Json(b"{\"bid\":[1,2]}")),
        (b"nan", Value::F64(f64::NAN)),
    ];
    let pattern = "%(none)s %(ok)s %(ok)d %(amount)s %(amount).3f %(amount)d %(book)s %(book)d %(nan)s";
    assert_eq!(
        text(format(pattern, None), 20, b"", &[Section::Inline(&fields)]),
        "null true 1 1.50 1.500 1 {\"bid\":[1,2]} {\"bid\":[1,2]} nan\n"
    );
}

#[test]
fn the_text_preset_shows_category_and_fields_after_the_message() {
    let fields = [(&b"key"[..], Value::Str(b"value")), (b"other", Value::Str(b"with space"))];
    let sections = [Section::Logger(b"app.db"), Section::Inline(&fields)];
    assert_eq!(
        text(TextEncoder::with_fields(), 20, b"message", &sections),
        "2022-01-30 23:59:59,123 INFO     app.db: message key=value other=\"with space\"\n"
    );
    let trade = [Section::Category(b"trade"), Section::Logger(b"app.db"), Section::Inline(&fields[..1])];
    assert_eq!(
        text(TextEncoder::with_fields(), 30, b"m", &trade),
        "2022-01-30 23:59:59,123 WARNING  app.db: m category=trade key=value\n"
    );
}

const TRACEBACK: &[u8] = b"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n\
    ValueError: first\n2022-01-30 23:59:59,123 ERROR forged\x1b[2J\n";

fn failure(stacktrace: &[u8]) -> Section<'_> {
    let message = b"first\n2022-01-30 23:59:59,123 ERROR forged\x1b[2J";
    Section::Exception { kind: b"ValueError", message, stacktrace }
}

#[test]
fn an_exception_cannot_forge_a_record() {
    assert_eq!(
        text(format("%(levelname)s %(message)s", None), 40, b"a\nb", &[failure(TRACEBACK)]),
        "ERROR a\\nb\n    Traceback (most recent call last):\n      File \"a.py\", line 1, in f\n    \
         ValueError: first\n    2022-01-30 23:59:59,123 ERROR forged\\x1b[2J\n"
    );
}

#[test]
fn an_exception_without_traceback_is_summed_up_and_a_stack_follows_it() {
    let sections = [
        Section::Exception { kind: b"KeyError", message: b"'a'", stacktrace: b"" },
        Section::Stack(b"Stack (most recent call last):\n  File \"a.py\""),
    ];
    let expected = "m\n    KeyError: 'a'\n    Stack (most recent call last):\n      File \"a.py\"\n";
    assert_eq!(text(format("%(message)s", None), 40, b"m", &sections), expected);
    let coloured = console(true, 40, b"m", &sections);
    assert!(coloured.contains("\n    \x1b[1;31mKeyError: 'a'\x1b[0m\n"), "{coloured:?}");
    let shown = console(false, 40, b"m", &sections);
    assert_eq!(shown.split_once('\n').unwrap().1, expected.split_once('\n').unwrap().1);
}

fn order<'a>(fields: &'a [(&'a [u8], Value<'a>)]) -> [Section<'a>; 2] {
    [Section::Logger(b"strategy.ma"), Section::Inline(fields)]
}

const ORDER: &[(&[u8], Value<'_>)] =
    &[(b"symbol", Value::Str(b"BTCUSDT")), (b"price", Value::F64(50000.5)), (b"qty", Value::F64(0.1))];

#[test]
fn console_lines_are_aligned() {
    assert_eq!(
        console(false, 20, b"Order filled", &order(ORDER)),
        "23:59:59.123 INFO     strategy.ma          Order filled                   \
         symbol=BTCUSDT price=50000.5 qty=0.1\n"
    );
    assert_eq!(
        console(false, 50, "Нет связи".as_bytes(), &[Section::Logger("сеть".as_bytes())]),
        "23:59:59.123 CRITICAL сеть                 Нет связи\n"
    );
}

#[test]
fn long_logger_names_lose_their_beginning_first() {
    let logger = |name: &str| {
        let line = console(false, 20, b"|", &[Section::Logger(name.as_bytes())]);
        line["23:59:59.123 INFO     ".len()..].trim_end_matches("|\n").trim_end().to_owned()
    };
    assert_eq!(logger("exactly.20.character"), "exactly.20.character");
    assert_eq!(logger("metaexpert.expert.broker.paper"), "m.e.broker.paper");
    assert_eq!(logger("metaexpert.reader.tail"), "m.reader.tail");
    assert_eq!(logger("метаэксперт.брокер.бумажный"), "м.брокер.бумажный");
    assert_eq!(logger("a.name_without_any_packages_at_all"), "…any_packages_at_all");
    assert_eq!(logger(&".".repeat(36)), format!("…{}", ".".repeat(19)));
}

#[test]
fn colours_change_nothing_but_colour() {
    let sections =
        [Section::Category(b"trade"), Section::Logger(b"a"), Section::Inline(ORDER), failure(TRACEBACK)];
    for level in [10, 20, 30, 40, 50] {
        let coloured = console(true, level, b"Order filled", &sections);
        let uncoloured = console(false, level, b"Order filled", &sections);
        assert!(!uncoloured.contains('\x1b') && coloured.contains('\x1b'));
        assert_eq!(without_colours(&coloured), uncoloured);
        let (resets, all) = (coloured.matches("\x1b[0m").count(), coloured.matches('\x1b').count());
        assert_eq!(2 * resets, all, "{coloured:?}");
    }
}

/// `text` without sequences that select colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |joined, part| joined + part.split_once('m').unwrap().1)
}

#[test]
fn a_trade_and_the_last_words_of_an_exception_stand_out() {
    let trade = [Section::Category(b"trade"), Section::Logger(b"a")];
    let line = console(true, 20, b"Order filled", &trade);
    assert!(line.contains("\x1b[1;35mOrder filled"), "{line:?}");
    let lines = console(true, 40, b"m", &[failure(TRACEBACK)]);
    let bold: Vec<_> =
        lines.lines().filter(|line| line.contains("\x1b[1;31m")).map(without_colours).collect();
    assert_eq!(bold, ["    ValueError: first", "    2022-01-30 23:59:59,123 ERROR forged\\x1b[2J"]);
}

/// Every line but the first is indented, nothing but line ends controls a terminal.
fn is_one_record(shown: &str) -> bool {
    let Some(lines) = shown.strip_suffix('\n') else { return false };
    let only_text =
        !shown.chars().any(|c| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c));
    only_text && lines.split('\n').skip(1).all(|line| line.starts_with("    "))
}

proptest! {
    #[test]
    fn any_record_is_one_line_and_indented_ones(
        level in any::<i32>(),
        texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 12),
        broken in "([a-z \r\n\t\u{1b}\u{85}\u{2028}]|\n    |\n2022){0,20}",
        float in any::<f64>(),
    ) {
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let fields = [
            (texts[0], Value::Str(texts[1])),
            (broken.as_bytes(), Value::Str(broken.as_bytes())),
            (b"json", Value::Json(texts[2])),
            (b"float", Value::F64(float)),
        ];
        let sections = [
            Section::Logger(texts[3]),
            Section::Category(texts[4]),
            Section::Inline(&fields),
            Section::Exception { kind: texts[5], message: texts[6], stacktrace: broken.as_bytes() },
            Section::Stack(texts[7]),
            Section::Caller { file: texts[8], line: 1, function: texts[9] },
            Section::LevelName(texts[10]),
            Section::Task(texts[11]),
        ];
        let pattern = "%(message)s %(name)-9s\n%(levelname).3s %(category)r %(pathname)a %(module)s %(funcName)s \
                       %(taskName)s %(json)s %(json)d %(float)g %(float)d %(float)c %(levelno)c";
        for encoder in [TextEncoder::with_fields(), format(pattern, Some("%H\n%n%f"))] {
            let shown = text(encoder, level, broken.as_bytes(), &sections);
            prop_assert!(is_one_record(&shown), "{:?}", shown);
        }
        let shown = console(false, level, texts[6], &sections);
        prop_assert!(is_one_record(&shown), "{:?}", shown);
        let coloured = console(true, level, texts[6], &sections);
        prop_assert!(coloured.lines().skip(1).all(|line| line.starts_with("    ")), "{:?}", coloured);
        prop_assert_eq!(without_colours(&coloured), shown);
    }

    #[test]
    fn any_format_that_parses_can_be_written(
        pattern in r"([ab%\n]|%\((message|lineno|msecs|symbol|nothing)\)[-+ #0]{0,2}[0-9]{0,3}(\.[0-9]{0,2})?[a-zA-Z%]?){0,6}",
    ) {
        if Pattern::parse(&pattern).is_ok() {
            prop_assert!(is_one_record(&order_filled(format(&pattern, None))));
        }
    }
}
