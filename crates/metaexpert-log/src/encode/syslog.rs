//! Syslog messages (RFC 5424), for whatever collects them.
//!
//! ```text
//! <14>1 2026-01-31T23:59:59.123456Z host app 4711 trade [fields@32473 module="bot" seq="7" price="50000.5"] Filled
//! ```

use crate::clock::Rfc3339;
use crate::encode::Include;
use crate::encode::decimal::{push_signed, push_unsigned};
use crate::encode::escape::escape_plain;
use crate::encode::number::push_shortest;
use crate::encode::plain::json_text;
use crate::event::{Caller, Event};
use crate::frame::Value;
use crate::level::Level;

/// User-level messages (RFC 5424, 6.2.1): what a program is that is no part of the system.
const FACILITY: i32 = 1;
/// Under the number that is reserved for examples (RFC 5612), since the project has none of its own.
const STRUCTURE: &str = "fields@32473";
/// Parameters of ours; a field of such a name gets a trailing underscore.
const OWN_NAMES: [&[u8]; 8] = [
    b"module",
    b"level",
    b"seq",
    b"exception_type",
    b"exception_message",
    b"stacktrace",
    b"stack_info",
    b"caller",
];
// The longest that RFC 5424, 6, allows.
const HOSTNAME_BYTES: usize = 255;
const APP_NAME_BYTES: usize = 48;
const MSGID_BYTES: usize = 32;
const PARAM_NAME_BYTES: usize = 32;
const MICROSECONDS_LEN: usize = "2026-01-31T23:59:59.123456".len();

/// Writes events as one syslog message a line.
pub struct SyslogEncoder {
    clock: Rfc3339,
    /// ` HOSTNAME APP-NAME PROCID `.
    origin: Vec<u8>,
    caller: bool,
    scratch: Vec<u8>,
}

impl SyslogEncoder {
    /// An encoder for messages of the program `app_name`.
    pub fn new(app_name: &str, include: &Include) -> Self {
        let process = include.process.as_ref().map_or_else(std::process::id, |process| process.id);
        let mut origin = vec![b' '];
        push_name(host_name().as_bytes(), HOSTNAME_BYTES, &mut origin);
        origin.push(b' ');
        push_name(app_name.as_bytes(), APP_NAME_BYTES, &mut origin);
        origin.push(b' ');
        origin.extend_from_slice(itoa::Buffer::new().format(process).as_bytes());
        origin.push(b' ');
        SyslogEncoder { clock: Rfc3339::default(), origin, caller: include.caller, scratch: Vec::new() }
    }

    /// Appends `event` as one line.
    pub fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.reserve(256 + event.message.len());
        out.push(b'<');
        let priority = FACILITY * 8 + severity(Level(event.level));
        out.extend_from_slice(itoa::Buffer::new().format(priority).as_bytes());
        out.extend_from_slice(b">1 ");
        // No more digits are allowed.
        out.extend_from_slice(&self.clock.format(event.timestamp_ns)[..MICROSECONDS_LEN]);
        out.push(b'Z');
        out.extend_from_slice(&self.origin);
        push_name(event.category.map_or(&b""[..], |category| category.raw), MSGID_BYTES, out);
        out.extend_from_slice(b" [");
        out.extend_from_slice(STRUCTURE.as_bytes());
        self.push_parameters(event, out);
        out.extend_from_slice(b"] ");
        escape_plain(event.message, out);
        out.push(b'\n');
    }

    fn push_parameters(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let scratch = &mut self.scratch;
        push_text(b"module", event.logger.raw, scratch, out);
        if let Some(name) = event.level_name {
            push_text(b"level", name, scratch, out);
        }
        push_text(b"seq", itoa::Buffer::new().format(event.seq).as_bytes(), scratch, out);
        event.fields.for_each(|key, value| {
            begin(out);
            push_parameter_name(&key.raw, out);
            end(value, scratch, out);
        });
        if let Some(exception) = &event.exception {
            push_text(b"exception_type", exception.kind, scratch, out);
            push_text(b"exception_message", exception.message, scratch, out);
            push_text(b"stacktrace", exception.stacktrace, scratch, out);
        }
        if let Some(stack) = event.stack {
            push_text(b"stack_info", stack, scratch, out);
        }
        if let (true, Some(Caller { file, line, function })) = (self.caller, event.caller) {
            let line = line.to_string();
            push_text(b"caller", &[file, b":", line.as_bytes(), b" ", function].concat(), scratch, out);
        }
    }
}

/// The severity (RFC 5424, 6.2.1) that a level stands for.
fn severity(level: Level) -> i32 {
    match level.0 {
        50.. => 2,
        40..50 => 3,
        30..40 => 4,
        20..30 => 6,
        _ => 7,
    }
}

fn push_text(name: &[u8], text: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    begin(out);
    out.extend_from_slice(name);
    end(Value::Str(text), scratch, out);
}

fn begin(out: &mut Vec<u8>) {
    out.push(b' ');
}

/// Appends `="value"`: text without control characters, `"`, `\` and `]` escaped (RFC 5424, 6.3.3).
fn end(value: Value<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    match value {
        Value::Null => scratch.extend_from_slice(b"null"),
        Value::Bool(truth) => scratch.extend_from_slice(if truth { b"true" } else { b"false" }),
        Value::I64(number) => push_signed(number, scratch),
        Value::U64(number) => push_unsigned(number, scratch),
        Value::F64(number) => push_shortest(number, scratch),
        Value::Str(text) => escape_plain(text, scratch),
        Value::Json(json) => escape_plain(json_text(json).unwrap_or(json), scratch),
    }
    out.extend_from_slice(b"=\"");
    for &byte in scratch.iter() {
        if matches!(byte, b'"' | b'\\' | b']') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends a field's name as a parameter's, with `_` for what that may not hold.
fn push_parameter_name(name: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    for &byte in name.iter().take(PARAM_NAME_BYTES) {
        let is_allowed = byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
        out.push(if is_allowed { byte } else { b'_' });
    }
    if out.len() == start || OWN_NAMES.contains(&&out[start..]) {
        out.push(b'_');
    }
}

/// Appends printable ASCII, with `_` for what is not, or `-` for nothing.
fn push_name(name: &[u8], most: usize, out: &mut Vec<u8>) {
    if name.is_empty() {
        out.push(b'-');
    }
    out.extend(name.iter().take(most).map(|byte| if byte.is_ascii_graphic() { *byte } else { b'_' }));
}

/// The machine's name; empty if it has none.
fn host_name() -> String {
    let mut name = [0u8; HOSTNAME_BYTES + 1];
    // SAFETY: the buffer is exclusively borrowed and as long as said.
    let outcome = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let len = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    if outcome == 0 { String::from_utf8_lossy(&name[..len]).into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{NO_ID, Record, Section};
    use crate::lexicon::Lexicon;
    use crate::ring::dictionary::Dictionary;
    use proptest::prelude::*;

    /// A message as RFC 5424, 6, has it, read by its grammar.
    #[derive(Debug, PartialEq)]
    struct Message {
        priority: u32,
        time: String,
        host: String,
        app: String,
        process: String,
        id: String,
        structure: String,
        parameters: Vec<(String, String)>,
        text: String,
    }

    fn parse(line: &str) -> Message {
        let line = line.strip_suffix('\n').unwrap();
        assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
        let (priority, rest) = line.strip_prefix('<').unwrap().split_once(">1 ").unwrap();
        let mut words = rest.splitn(6, ' ');
        let mut word = || words.next().unwrap().to_owned();
        let (time, host, app, process, id) = (word(), word(), word(), word(), word());
        let rest = words.next().unwrap().strip_prefix('[').unwrap().to_owned();
        let (structure, mut rest) = rest.split_once(' ').map(|(id, rest)| (id.to_owned(), rest)).unwrap();
        let mut parameters = Vec::new();
        let text = loop {
            let (name, after) = rest.split_once("=\"").unwrap();
            assert!(
                (1..=33).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()),
                "{name:?}"
            );
            let (value, after) = unescape(after);
            parameters.push((name.to_owned(), value));
            match after.strip_prefix(' ') {
                Some(next) => rest = next,
                None => break after.strip_prefix("] ").unwrap().to_owned(),
            }
        };
        let priority = priority.parse().unwrap();
        Message { priority, time, host, app, process, id, structure, parameters, text }
    }

    /// The value before the closing quote, and what follows it.
    fn unescape(text: &str) -> (String, &str) {
        let mut value = String::new();
        let mut characters = text.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return (value, &text[at + 1..]),
                ']' => panic!("a bracket that is not escaped"),
                '\\' => value.push(characters.next().unwrap().1),
                other => value.push(other),
            }
        }
        panic!("a value without its end: {text:?}")
    }

    fn encoded(record: &Record<'_>) -> String {
        let mut frame = vec![0; record.frame_len()];
        record.write(&mut frame, 7);
        let mut lexicon = Lexicon::default();
        let event = Event::decode(&frame, Dictionary::empty(), &mut lexicon).unwrap();
        let mut out = Vec::new();
        SyslogEncoder::new("my bot", &Include::default()).encode(&event, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn record<'a>(level: i32, message: &'a [u8], sections: &'a [Section<'a>]) -> Record<'a> {
        let timestamp_ns = 1_643_587_199_123_456_789;
        Record { level, logger: NO_ID, category: NO_ID, timestamp_ns, message, sections }
    }

    fn plain(text: &str) -> String {
        let mut out = Vec::new();
        escape_plain(text.as_bytes(), &mut out);
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
        let line = encoded(&record(20, "Исполнен\nfilled".as_bytes(), &sections));
        let message = parse(&line);
        assert_eq!((message.priority, message.time.as_str()), (14, "2022-01-30T23:59:59.123456Z"));
        assert_eq!((message.app.as_str(), message.id.as_str()), ("my_bot", "trade"));
        assert_eq!(message.process, std::process::id().to_string());
        assert!(!message.host.is_empty());
        assert_eq!(message.structure, "fields@32473");
        let expected = [
            ("module", "bot"),
            ("seq", "7"),
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
        let priorities =
            [10, 20, 25, 30, 40, 50, 99].map(|level| parse(&encoded(&record(level, b"m", &[]))).priority);
        assert_eq!(priorities, [15, 14, 14, 12, 11, 10, 10]);
    }

    #[test]
    fn an_exception_is_on_the_same_line() {
        let sections = [Section::Exception {
            kind: b"ValueError",
            message: b"no",
            stacktrace: b"Traceback\n  File x\n",
        }];
        let message = parse(&encoded(&record(40, b"failed", &sections)));
        assert!(
            message.parameters.contains(&("stacktrace".to_owned(), "Traceback\\n  File x\\n".to_owned()))
        );
        assert_eq!(message.id, "-");
    }

    #[test]
    fn a_field_can_not_pass_for_one_of_ours() {
        let fields: [(&[u8], Value<'_>); 2] = [(b"seq", Value::I64(1)), (b"", Value::I64(2))];
        let message = parse(&encoded(&record(20, b"m", &[Section::Inline(&fields)])));
        let names: Vec<_> = message.parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["module", "seq", "seq_", "_"]);
    }

    proptest! {
        #[test]
        fn every_text_reads_back_but_for_its_control_characters(
            name in any::<String>(), value in any::<String>(), text in any::<String>(), category in any::<String>()
        ) {
            let fields: [(&[u8], Value<'_>); 1] = [(name.as_bytes(), Value::Str(value.as_bytes()))];
            let sections = [Section::Category(category.as_bytes()), Section::Inline(&fields)];
            let message = parse(&encoded(&record(30, text.as_bytes(), &sections)));
            prop_assert_eq!(&message.text, &plain(&text));
            prop_assert_eq!(&message.parameters.last().unwrap().1, &plain(&value));
            prop_assert!(message.id.len() <= 32);
        }
    }
}
