//! Records to destinations on the network, which vanish, stall, come back and read slowly.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use metaexpert_log::config::Config;
use metaexpert_log::frame::{Record, Section, Value};
use metaexpert_log::pipeline::Pipeline;
use metaexpert_log::sink::Opener;
use metaexpert_log::sink::SinkReport;
use metaexpert_log::stats::Loss;
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(30);

/// A directory of its own for each test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("metaexpert-net-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn remote(kind: &str, endpoint: Json) -> Json {
    let format =
        if kind == "syslog" { json!({"kind": "syslog", "app_name": "bot"}) } else { json!({"kind": "json"}) };
    json!({"name": "remote", "type": kind, "level": 0, "format": format, "endpoint": endpoint})
}

fn tcp(port: u16) -> Json {
    json!({"transport": "tcp", "host": "127.0.0.1", "port": port})
}

/// A pipeline with a file beside the network destination.
fn start(directory: &Path, remote: Json, capacity_bytes: usize) -> Pipeline {
    let file = json!({"name": "file", "type": "file", "level": 0, "format": {"kind": "json"},
                      "path": directory.join("expert.log")});
    let document = json!({
        "directory": directory, "sinks": [remote, file],
        "queue": {"capacity_bytes": capacity_bytes, "protect_level": 30, "wait_ms": 10},
        "limits": {"depth": 8, "items": 1000, "bytes": 1 << 20},
    });
    Pipeline::start(&Config::from_json(&document.to_string()).unwrap(), "run", 1, Opener::Configuration)
        .unwrap()
}

fn log(pipeline: &mut Pipeline, number: usize, padding: usize) {
    let logger = pipeline.logger_id(b"app").unwrap();
    let keys = pipeline.keys_id(&[b"n", b"padding"]).unwrap();
    let text = "x".repeat(padding);
    let values = [Value::U64(number as u64), Value::Str(text.as_bytes())];
    let sections = [Section::Fields { keys, values: &values }];
    let record =
        Record { level: 20, logger, category: 0, timestamp_ns: 1, message: b"tick", sections: &sections };
    while pipeline.submit(&record, false).is_err() {
        pipeline.waiter().wait_for_room();
    }
}

/// The report of the network destination, once `is_so`.
fn eventually(pipeline: &Pipeline, is_so: impl Fn(&SinkReport) -> bool) -> SinkReport {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let report = pipeline.sinks().into_iter().find(|sink| sink.name == "remote").unwrap();
        if is_so(&report) {
            return report;
        }
        assert!(Instant::now() < deadline, "{report:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The number in a line, which must be whole.
fn number(line: &str) -> usize {
    let record: Json = serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line:?}"));
    record["n"].as_u64().unwrap() as usize
}

/// Reads lines up to that of `last`, and returns their numbers.
fn read_to(reader: &mut impl BufRead, last: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut line = String::new();
    while numbers.last() != Some(&last) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "ended after {:?}", numbers.last());
        numbers.push(number(&line));
    }
    numbers
}

fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Listens on a port that was used a moment ago.
fn listen_again(port: u16) -> TcpListener {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return listener,
            Err(problem) => assert!(Instant::now() < deadline, "{problem}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn file_lines(directory: &Path) -> usize {
    fs::read_to_string(directory.join("expert.log")).unwrap().lines().count()
}

#[test]
fn lines_arrive_in_order_over_a_connection() {
    let scratch = Scratch::new("tcp");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 1 << 20);
    (0..1000).for_each(|number| log(&mut pipeline, number, 100));
    let numbers = read_to(&mut accept(&listener), 999);
    assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    assert_eq!((pipeline.stats().written[1], pipeline.stats().queued), (1000, 0));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn a_destination_that_comes_later_gets_everything() {
    let scratch = Scratch::new("later");
    let (listener, port) = listen();
    drop(listener);
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 1 << 20);
    (0..100).for_each(|number| log(&mut pipeline, number, 10));
    let report = eventually(&pipeline, |report| report.problem.is_some());
    assert!(report.problem.unwrap().contains(&format!("handler remote (tcp://127.0.0.1:{port}): ")));
    let listener = listen_again(port);
    assert_eq!(read_to(&mut accept(&listener), 99), (0..100).collect::<Vec<_>>());
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    eventually(&pipeline, |report| report.problem.is_none() && report.totals.written == 100);
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn nothing_is_lost_or_torn_when_the_other_side_closes_and_comes_back() {
    let scratch = Scratch::new("back");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 1 << 20);
    let mut numbers = Vec::new();
    let mut first = Some(listener);
    for round in 0..5 {
        let listener = first.take().unwrap_or_else(|| listen_again(port));
        (round * 100..round * 100 + 50).for_each(|number| log(&mut pipeline, number, 500));
        numbers.extend(read_to(&mut accept(&listener), round * 100 + 49));
        // The connection is gone, and nobody listens: what is logged meanwhile arrives in the next round.
        drop(listener);
        (round * 100 + 50..round * 100 + 100).for_each(|number| log(&mut pipeline, number, 500));
    }
    let listener = listen_again(port);
    numbers.extend(read_to(&mut accept(&listener), 499));
    // A line may come twice, in the order of its first time.
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
    let report = eventually(&pipeline, |report| report.problem.is_none());
    assert!(report.totals.reconnects >= 5, "{report:?}");
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn a_destination_that_stalls_holds_up_no_other_and_costs_what_is_beyond_the_budget() {
    let scratch = Scratch::new("stall");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 1 << 16);
    let stalled = accept(&listener);
    // More than the system's buffers and the ring together.
    let count = 20_000;
    (0..count).for_each(|number| log(&mut pipeline, number, 1000));
    let deadline = Instant::now() + PATIENCE;
    while file_lines(&scratch.0) < count {
        assert!(Instant::now() < deadline, "the file has {} lines", file_lines(&scratch.0));
        thread::sleep(Duration::from_millis(5));
    }
    let report = eventually(&pipeline, |report| report.totals.dropped > 0 && report.problem.is_some());
    assert!(report.problem.unwrap().ends_with("takes nothing now"));
    let reading = thread::spawn(move || {
        let mut numbers = Vec::new();
        let mut gaps = 0;
        for line in stalled.lines() {
            let line = line.unwrap();
            if line.contains("log.gap") {
                gaps += serde_json::from_str::<Json>(&line).unwrap()["dropped"].as_u64().unwrap();
                continue;
            }
            numbers.push(number(&line));
        }
        (numbers, gaps)
    });
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    let stats = pipeline.stats();
    assert!(pipeline.stop().wait(Some(PATIENCE)));
    let (numbers, gaps) = reading.join().unwrap();
    assert!(!numbers.is_empty() && numbers.is_sorted_by(|one, next| one < next));
    assert_eq!(numbers.len() as u64 + gaps, count as u64);
    assert_eq!(stats.dropped[Loss::Sink as usize][1], gaps);
}

#[test]
fn a_slow_reader_gets_every_line_whole_and_once() {
    let scratch = Scratch::new("slow");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 8 << 20);
    let mut stream = accept(&listener).into_inner();
    let reading = thread::spawn(move || {
        let (mut bytes, mut some) = (Vec::new(), [0; 3001]);
        while let Ok(count @ 1..) = stream.read(&mut some) {
            bytes.extend_from_slice(&some[..count]);
            thread::yield_now();
        }
        bytes
    });
    (0..2500).for_each(|number| log(&mut pipeline, number, 1000));
    assert!(pipeline.waiter().wait(Some(PATIENCE)));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
    let bytes = reading.join().unwrap();
    let numbers: Vec<_> = String::from_utf8(bytes).unwrap().lines().map(number).collect();
    assert_eq!(numbers, (0..2500).collect::<Vec<_>>());
}

#[test]
fn what_never_finds_its_destination_is_counted_as_lost_at_the_end() {
    let scratch = Scratch::new("never");
    let (listener, port) = listen();
    drop(listener);
    let mut pipeline = start(&scratch.0, remote("tcp", tcp(port)), 1 << 16);
    (0..7).for_each(|number| log(&mut pipeline, number, 10));
    let stopping = pipeline.stop();
    assert!(stopping.wait(Some(PATIENCE)));
    let (stats, _) = stopping.outcome();
    assert_eq!((stats.dropped[Loss::Sink as usize][1], stats.queued), (7, 0));
    assert_eq!(file_lines(&scratch.0), 7);
    let told = fs::read_to_string(scratch.0.join("logging_errors.log")).unwrap();
    assert!(told.contains("Connection refused"), "{told}");
}

#[test]
fn each_record_is_a_packet_over_udp() {
    let scratch = Scratch::new("udp");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let endpoint = json!({"transport": "udp", "host": "127.0.0.1", "port": port});
    let mut pipeline = start(&scratch.0, remote("udp", endpoint), 1 << 20);
    let mut packet = vec![0; 1 << 16];
    for expected in 0..20 {
        log(&mut pipeline, expected, 10);
        let len = socket.recv(&mut packet).unwrap();
        let line = std::str::from_utf8(&packet[..len]).unwrap();
        assert!(!line.ends_with('\n'));
        assert_eq!(number(line), expected);
    }
    log(&mut pipeline, 20, 100_000);
    let len = socket.recv(&mut packet).unwrap();
    let short: Json = serde_json::from_slice(&packet[..len]).unwrap();
    assert_eq!(short["message"], "tick");
    assert!(short["cut_bytes"].as_u64().unwrap() > 100_000);
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn packets_that_nobody_takes_are_counted_and_hold_up_nothing() {
    let scratch = Scratch::new("nobody");
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = json!({"transport": "udp", "host": "127.0.0.1", "port": port});
    let mut pipeline = start(&scratch.0, remote("udp", endpoint), 1 << 20);
    for number in 0..50 {
        log(&mut pipeline, number, 10);
        assert!(pipeline.waiter().wait(Some(PATIENCE)));
    }
    let report = eventually(&pipeline, |report| report.totals.errors > 0);
    assert_eq!(report.totals.dropped, 0);
    assert!(pipeline.stop().wait(Some(PATIENCE)));
    assert_eq!(file_lines(&scratch.0), 50);
}

#[test]
fn syslog_over_tcp_counts_octets() {
    let scratch = Scratch::new("octets");
    let (listener, port) = listen();
    let mut pipeline = start(&scratch.0, remote("syslog", tcp(port)), 1 << 20);
    (0..100).for_each(|number| log(&mut pipeline, number, number));
    let mut reader = accept(&listener);
    for expected in 0..100 {
        let mut len = Vec::new();
        reader.read_until(b' ', &mut len).unwrap();
        let len: usize = std::str::from_utf8(&len).unwrap().trim_end().parse().unwrap();
        let mut message = vec![0; len];
        reader.read_exact(&mut message).unwrap();
        let message = String::from_utf8(message).unwrap();
        assert!(message.starts_with("<14>1 1970-01-01T00:00:00.000000Z "), "{message}");
        assert!(message.contains(&format!(" n=\"{expected}\" ")) && message.ends_with("] tick"), "{message}");
    }
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn syslog_finds_out_what_kind_a_unix_socket_is() {
    let scratch = Scratch::new("unix");
    let path = scratch.0.join("log.sock");
    let endpoint = json!({"transport": "unix", "path": path});
    let packets = UnixDatagram::bind(&path).unwrap();
    packets.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut pipeline = start(&scratch.0, remote("syslog", endpoint), 1 << 20);
    (0..50).for_each(|number| log(&mut pipeline, number, 10));
    let mut packet = vec![0; 1 << 16];
    for expected in 0..50 {
        let len = packets.recv(&mut packet).unwrap();
        let message = std::str::from_utf8(&packet[..len]).unwrap();
        assert!(message.contains(&format!(" n=\"{expected}\" ")) && message.ends_with("] tick"), "{message}");
    }
    // The collector comes back as one that takes connections.
    drop(packets);
    fs::remove_file(&path).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    (50..60).for_each(|number| log(&mut pipeline, number, 10));
    let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
    for expected in 50..60 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!(" n=\"{expected}\" ")), "{line}");
    }
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}

#[test]
fn a_name_is_looked_up_without_holding_up_the_file() {
    let scratch = Scratch::new("name");
    let (listener, port) = listen();
    let endpoint = json!({"transport": "tcp", "host": "localhost", "port": port});
    let mut pipeline = start(&scratch.0, remote("tcp", endpoint), 1 << 20);
    log(&mut pipeline, 0, 10);
    assert_eq!(read_to(&mut accept(&listener), 0), [0]);
    assert!(pipeline.stop().wait(Some(PATIENCE)));
}
