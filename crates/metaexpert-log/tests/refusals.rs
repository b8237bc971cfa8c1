//! Records that a destination on the network does not take as they are: too long, or not at all.

mod collector;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use collector::{PATIENCE, Scratch, accept, eventually, file_lines, listen, log, remote, start, tcp};
use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::stats::Loss;
use serde_json::{Value as Json, json};

#[test]
fn a_port_that_is_there_again_is_told_what_it_has_missed() {
    let scratch = Scratch::new("missed");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let endpoint = json!({"transport": "udp", "host": "127.0.0.1", "port": port});
    let mut pipeline = start(&scratch.0, remote("udp", endpoint), 1 << 20);
    (0..7).for_each(|number| log(&mut pipeline, number, 10));
    eventually(&pipeline, |report| report.totals.dropped == 7);
    let socket = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    log(&mut pipeline, 7, 10);
    let mut packets = [0; 2].map(|_: u8| {
        let mut packet = vec![0; 1 << 16];
        let len = socket.recv(&mut packet).unwrap();
        serde_json::from_slice::<Json>(&packet[..len]).unwrap()
    });
    packets.sort_by_key(|packet| packet["n"].is_null());
    assert_eq!((&packets[0]["n"], &packets[1]["event_name"]), (&json!(7), &json!("log.gap")));
    assert_eq!((&packets[1]["dropped"], &packets[1]["first_seq"]), (&json!(7), &json!(1)));
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    let stats = pipeline.stats();
    assert_eq!((stats.written[1], stats.dropped[Loss::Sink as usize][1], stats.queued), (1, 7, 0));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

/// A pipeline that sends over UDP, with `run_id` and this layout.
fn start_udp(directory: &Path, port: u16, layout: &str) -> Pipeline {
    let endpoint = json!({"transport": "udp", "host": "127.0.0.1", "port": port});
    let document = json!({
        "directory": directory, "sinks": [remote("udp", endpoint)], "include": ["run_id"],
        "field_layout": layout,
        "queue": {"capacity_bytes": 8 << 20, "protect_level": 30, "wait_ms": 10},
        "limits": {"depth": 8, "items": 1000, "bytes": 1 << 20},
    });
    Pipeline::start(
        &Config::from_json(&document.to_string()).unwrap(),
        "run-1",
        1,
        metaexpert_log::sink::Opener::Configuration,
    )
    .unwrap()
}

/// Logs a record all of whose texts are `long`.
fn log_long(pipeline: &mut Pipeline, long: &[u8]) {
    let fields: [(&[u8], Value<'_>); 3] =
        [(b"order_id", Value::I64(17)), (b"book", Value::Str(long)), (b"price", Value::F64(1.5))];
    let sections = [
        Section::Logger(b"bot"),
        Section::Category(b"trade"),
        Section::Inline(&fields),
        Section::Exception { kind: b"E", message: long, stacktrace: long },
    ];
    let record =
        Record { level: 40, logger: 0, category: 0, timestamp_ns: 1, message: long, sections: &sections };
    pipeline.submit(&record, false).unwrap();
}

#[test]
fn a_record_beyond_a_packet_keeps_what_identifies_and_explains_it_and_is_counted() {
    let scratch = Scratch::new("cut");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut packet = vec![0; 1 << 16];
    let long = "ж\u{1}\"".repeat(30_000);
    for layout in ["flat", "nested"] {
        let mut pipeline = start_udp(&scratch.0, port, layout);
        log_long(&mut pipeline, long.as_bytes());
        let len = socket.recv(&mut packet).unwrap();
        assert!((50_000..=65_000).contains(&len), "{len}");
        let record: Json = serde_json::from_slice(&packet[..len]).unwrap();
        let fields = if layout == "nested" { &record["context"] } else { &record };
        assert_eq!((&fields["order_id"], &fields["price"]), (&json!(17), &json!(1.5)));
        assert!(fields["book"].is_null());
        let named = ["module", "category", "level", "run_id"].map(|key| record[key].as_str().unwrap());
        assert_eq!(named, ["bot", "trade", "ERROR", "run-1"]);
        assert_eq!((&record["seq"], &record["fields_left_out"]), (&json!(1), &json!(1)));
        assert!(record["cut_bytes"].as_u64().unwrap() > 100_000);
        let exception = &record["exception"];
        assert_eq!(exception["type"], "E");
        for text in [&record["message"], &exception["message"], &exception["stacktrace"]] {
            let text = text.as_str().unwrap();
            let (start, mark) = text.rsplit_once('…').unwrap();
            assert!(start.len() > 1000 && long.starts_with(start) && mark.ends_with(" bytes cut>"), "{mark}");
        }
        let report = eventually(&pipeline, |report| report.totals.written == 1);
        assert_eq!((report.totals.cut, report.totals.dropped), (1, 0));
        assert!(pipeline.stop().wait(Some(PATIENCE)));
    }
}

/// A collector that closes the connection at a message or line of more than `most` bytes, and hands out the
/// others.
fn picky(
    accept: impl FnMut() -> Box<dyn Read> + Send + 'static,
    is_counted: bool,
    most: usize,
) -> Receiver<String> {
    let (told, messages) = channel();
    let mut accept = accept;
    thread::spawn(move || {
        loop {
            let mut reader = BufReader::with_capacity(512, accept());
            while let Some(message) = next_message(&mut reader, is_counted, most) {
                if told.send(message).is_err() {
                    return;
                }
            }
        }
    });
    messages
}

/// The next message; `None` at the end, and at one that is too long, most of which is not read.
fn next_message(reader: &mut impl BufRead, is_counted: bool, most: usize) -> Option<String> {
    let mut message = Vec::new();
    if is_counted {
        let mut len = Vec::new();
        reader.read_until(b' ', &mut len).ok()?;
        let len: usize = std::str::from_utf8(&len).unwrap().trim_end().parse().ok()?;
        message.resize(if len > most { return None } else { len }, 0);
        reader.read_exact(&mut message).ok()?;
    } else {
        reader.take(most as u64 + 1).read_until(b'\n', &mut message).ok()?;
        if message.pop() != Some(b'\n') {
            return None;
        }
    }
    Some(String::from_utf8(message).unwrap())
}

/// A listener with so little room that no long message is acknowledged as a whole.
fn narrow() -> (TcpListener, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(8).unwrap();
    let listener = TcpListener::from(socket);
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Logs one record that the collector will not have between others, which all arrive; it is counted and told.
fn one_is_refused(name: &str, remote: Json, messages: &Receiver<String>) {
    let scratch = Scratch::new(name);
    let mut pipeline = start(&scratch.0, remote, 8 << 20);
    (0..20).for_each(|number| log(&mut pipeline, number, 10));
    log(&mut pipeline, 20, 900_000);
    (21..40).for_each(|number| log(&mut pipeline, number, 10));
    let is_of = |message: &str, number: usize| {
        message.contains(&format!("\"n\":{number},")) || message.contains(&format!(" n=\"{number}\" "))
    };
    let (mut got, mut gap) = (Vec::new(), None);
    while gap.is_none() || !got.contains(&39) {
        let message = messages.recv_timeout(PATIENCE).unwrap();
        match (0..40).find(|number| is_of(&message, *number)) {
            Some(number) => got.push(number),
            None => gap = Some(message),
        }
    }
    got.dedup();
    let mut all: Vec<usize> = got.clone();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, (0..40).filter(|number| *number != 20).collect::<Vec<_>>());
    let gap = gap.unwrap();
    assert!(gap.contains("log.gap") && gap.contains("1 record was lost"), "{gap}");
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    let report = eventually(&pipeline, |report| report.totals.written == 39 && report.problem.is_none());
    assert_eq!(report.totals.dropped, 1);
    let stopping = pipeline.stop();
    assert!(stopping.wait(Some(PATIENCE)));
    let (stats, _) = stopping.outcome();
    assert_eq!((stats.written[1], stats.dropped[Loss::Sink as usize][1], stats.queued), (39, 1, 0));
    assert_eq!(file_lines(&scratch.0), 40);
    let told = fs::read_to_string(scratch.0.join("logging_errors.log")).unwrap();
    assert!(told.contains("1 record was lost, because three connections in a row broke on it"), "{told}");
}

#[test]
fn a_message_that_a_collector_refuses_again_and_again_is_given_up_alone() {
    let (listener, port) = narrow();
    let messages = picky(move || Box::new(listener.accept().unwrap().0), true, 8192);
    let mut remote = remote("syslog", tcp(port));
    remote["format"]["max_bytes"] = json!(1_000_000);
    one_is_refused("refused-syslog", remote, &messages);
}

#[test]
fn so_is_a_line_over_tcp() {
    let (listener, port) = narrow();
    let messages = picky(move || Box::new(listener.accept().unwrap().0), false, 8192);
    one_is_refused("refused-tcp", remote("tcp", tcp(port)), &messages);
}

#[test]
fn so_is_a_line_over_a_unix_socket() {
    let scratch = Scratch::new("refused-unix-socket");
    let path = scratch.0.join("lines.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let messages = picky(move || Box::new(listener.accept().unwrap().0), false, 8192);
    one_is_refused("refused-unix", remote("tcp", json!({"transport": "unix", "path": path})), &messages);
}

#[test]
fn no_message_is_longer_than_the_collector_takes_so_none_begins_within_another() {
    let scratch = Scratch::new("capped");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("syslog", tcp(port)), 1 << 20);
    let forged = "x".repeat(7990) + "\n\0<8>1 2026-01-01T00:00:00Z bank pay 1 - - forged";
    let (logger, sections) = (pipeline.logger_id(b"app").unwrap(), []);
    for at in 0..64 {
        let message = &forged.as_bytes()[at..];
        let record = Record { level: 20, logger, category: 0, timestamp_ns: 1, message, sections: &sections };
        pipeline.submit(&record, false).unwrap();
    }
    let mut reader = accept(&listener);
    for _ in 0..64 {
        let message = next_message(&mut reader, true, 8000).unwrap();
        assert!(message.starts_with("<14>1 1970-") && message.ends_with(" bytes cut>"), "{message}");
        assert!(!message.contains(['\n', '\0']));
    }
    let report = eventually(&pipeline, |report| report.totals.written == 64);
    assert_eq!(report.totals.cut, 64);
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

fn packets(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn receive(socket: &UnixDatagram) -> Vec<u8> {
    let mut packet = vec![0; 1 << 20];
    let len = socket.recv(&mut packet).unwrap();
    packet.truncate(len);
    packet
}

#[test]
fn the_journals_socket_gets_its_own_protocol() {
    let scratch = Scratch::new("journal");
    let (dev_log, native) = (scratch.0.join("dev-log"), packets(&scratch.0.join("socket")));
    let legacy = packets(&dev_log);
    let link = scratch.0.join("log");
    std::os::unix::fs::symlink(&dev_log, &link).unwrap();
    let endpoint = json!({"transport": "unix", "path": link});
    let mut pipeline = start(&scratch.0, remote("syslog", endpoint.clone()), 1 << 20);
    log(&mut pipeline, 0, 10);
    let packet = String::from_utf8(receive(&native)).unwrap();
    assert!(
        packet.contains("PRIORITY=6\n") && packet.contains("\nMESSAGE=tick\n") && packet.contains("\nN=0\n")
    );
    assert!(pipeline.stop().wait(Some(PATIENCE)));
    // What is asked for wins over what is found.
    for (protocol, start_of) in [("rfc3164", "<14>Jan "), ("rfc5424", "<14>1 1970-")] {
        let mut remote = remote("syslog", endpoint.clone());
        remote["format"]["protocol"] = json!(protocol);
        let mut pipeline = start(&scratch.0, remote, 1 << 20);
        log(&mut pipeline, 0, 10);
        let packet = String::from_utf8(receive(&legacy)).unwrap();
        assert!(packet.starts_with(start_of), "{packet}");
        assert!(pipeline.stop().wait(Some(PATIENCE)));
    }
}

#[test]
fn a_packet_that_a_unix_socket_does_not_take_is_cut_until_it_does() {
    let scratch = Scratch::new("emsgsize");
    let path = scratch.0.join("socket");
    let socket = packets(&path);
    let mut remote = remote("syslog", json!({"transport": "unix", "path": path}));
    remote["format"]["max_bytes"] = json!(1_000_000);
    remote["format"]["protocol"] = json!("journald");
    let mut pipeline = start(&scratch.0, remote, 8 << 20);
    log(&mut pipeline, 0, 900_000);
    log(&mut pipeline, 1, 10);
    let first = String::from_utf8(receive(&socket)).unwrap();
    assert!(first.contains("\nN=0\n") && first.contains("\nFIELDS_LEFT_OUT=1\n"), "{first}");
    assert!(first.contains("\nMESSAGE=tick… <9000"), "{first}");
    assert!(String::from_utf8(receive(&socket)).unwrap().contains("\nN=1\n"));
    let report = eventually(&pipeline, |report| report.totals.written == 2);
    assert_eq!((report.totals.cut, report.totals.dropped), (1, 0));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn a_collector_that_makes_its_unix_socket_anew_gets_what_was_logged_meanwhile() {
    let scratch = Scratch::new("anew");
    let path = scratch.0.join("log.sock");
    let mut socket = packets(&path);
    let mut pipeline =
        start(&scratch.0, remote("syslog", json!({"transport": "unix", "path": path})), 1 << 20);
    for round in 0..3 {
        (round * 10..round * 10 + 5).for_each(|number| log(&mut pipeline, number, 10));
        for expected in round * 10..round * 10 + 5 {
            assert!(String::from_utf8(receive(&socket)).unwrap().contains(&format!(" n={expected} ")));
        }
        drop(socket);
        fs::remove_file(&path).unwrap();
        (round * 10 + 5..round * 10 + 10).for_each(|number| log(&mut pipeline, number, 10));
        eventually(&pipeline, |report| report.problem.is_some());
        socket = packets(&path);
        for expected in round * 10 + 5..round * 10 + 10 {
            assert!(String::from_utf8(receive(&socket)).unwrap().contains(&format!(" n={expected} ")));
        }
    }
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    let stats = pipeline.stats();
    assert_eq!((stats.written[1], stats.dropped[Loss::Sink as usize][1], stats.queued), (30, 0, 0));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}
