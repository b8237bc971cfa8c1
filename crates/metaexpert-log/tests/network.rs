//! Records to destinations on the network, which vanish, stall, come back and read slowly.

mod collector;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::thread;
use std::time::{Duration, Instant};

use collector::{
    PATIENCE, Scratch, accept, eventually, file_lines, listen, listen_again, log, number, read_to, remote,
    start, tcp,
};
use metaexpert_log::stats::Loss;
use serde_json::{Value as Json, json};

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
    let report = eventually(&pipeline, |report| report.totals.dropped == 50);
    assert_eq!((report.totals.written, report.totals.errors), (0, 50));
    let stats = pipeline.stats();
    assert_eq!((stats.written[1], stats.dropped[Loss::Sink as usize][1], stats.queued), (0, 50, 0));
    assert!(pipeline.stop().wait(Some(PATIENCE)));
    assert_eq!(file_lines(&scratch.0), 50);
    let told = fs::read_to_string(scratch.0.join("logging_errors.log")).unwrap();
    assert!(told.contains("lost, because nobody listens there"), "{told}");
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
        assert!(message.starts_with("<14>Jan ") && message.contains(&format!(" n={expected} ")), "{message}");
    }
    // The collector comes back as one that takes connections.
    drop(packets);
    fs::remove_file(&path).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    (50..60).for_each(|number| log(&mut pipeline, number, 10));
    let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
    for expected in 50..60 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!(" n={expected} ")), "{line}");
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
