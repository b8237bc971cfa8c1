//! Lines of a file on their way over the network, with an outage in between.

mod collector;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use collector::{PATIENCE, Scratch, accept, listen, listen_again, number, read_to, remote, tcp};
use metaexpert_log::platform::disk::system;
use metaexpert_log::sink::{Opener, Shipment, Sink};

const COUNT: usize = 20_000;

/// A log file of `COUNT` records.
fn write_file(path: &Path) {
    let lines: String =
        (0..COUNT).map(|n| format!("{{\"n\":{n},\"text\":\"{}\"}}\n", "x".repeat(80))).collect();
    fs::write(path, lines).unwrap();
}

/// The lines of a file, with their line breaks.
fn lines_of(path: &Path) -> impl Iterator<Item = Vec<u8>> + use<> {
    let mut file = BufReader::new(File::open(path).unwrap());
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        (file.read_until(b'\n', &mut line).unwrap() > 0).then_some(line)
    })
}

fn open(port: u16) -> Sink {
    let config = serde_json::from_value(remote("tcp", tcp(port))).unwrap();
    Sink::open(&config, &system(), Opener::Configuration).unwrap()
}

/// Ships until `is_so`.
fn turn_until<I: Iterator<Item = Vec<u8>>>(
    shipment: &mut Shipment<I>,
    is_so: impl Fn(&Shipment<I>, bool) -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let goes_on = shipment.turn();
        if is_so(shipment, goes_on) {
            return;
        }
        assert!(Instant::now() < deadline, "{:?}", shipment.report());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_file_is_shipped_whole_and_in_order_though_the_destination_is_away_for_a_while() {
    let scratch = Scratch::new("shipping");
    let path = scratch.0.join("old.log");
    write_file(&path);
    let (listener, port) = listen();
    let mut shipment = Shipment::new(open(port), lines_of(&path));

    // Everything that was sent is read before the connection breaks: what the other side's system has
    // acknowledged and its program has not read would be lost.
    turn_until(&mut shipment, |shipment, _| shipment.position() > 0);
    let sent = shipment.position() as usize;
    let mut reader = accept(&listener);
    let (mut first, mut line, mut read) = (Vec::new(), String::new(), 0);
    while read < sent {
        line.clear();
        read += reader.read_line(&mut line).unwrap();
        first.push(number(&line));
    }
    assert_eq!(first, (0..first.len()).collect::<Vec<_>>());
    assert!(first.len() < COUNT);
    drop((reader, listener));
    turn_until(&mut shipment, |shipment, _| shipment.report().problem.is_some());

    let listener = listen_again(port);
    let reading = thread::spawn(move || {
        let mut reader = accept(&listener);
        // Left open: a connection that ends before its last acknowledgement is a failure.
        (read_to(&mut reader, COUNT - 1), reader)
    });
    turn_until(&mut shipment, |_, goes_on| !goes_on);
    let (second, _reader) = reading.join().unwrap();
    // What had not been acknowledged comes once more, from a whole line on.
    assert!(second[0] <= first.len(), "{} after {}", second[0], first.len());
    assert_eq!(second, (second[0]..COUNT).collect::<Vec<_>>());
    let report = shipment.report();
    assert_eq!((report.totals.written, report.totals.dropped, report.problem), (COUNT as u64, 0, None));
    assert!(report.totals.reconnects >= 1);
    assert_eq!(shipment.position(), fs::metadata(&path).unwrap().len());
}

#[test]
fn a_reader_that_is_slow_gets_each_line_once() {
    let scratch = Scratch::new("slow-shipping");
    let path = scratch.0.join("old.log");
    write_file(&path);
    let (listener, port) = listen();
    let mut shipment = Shipment::new(open(port), lines_of(&path));
    let reading = thread::spawn(move || {
        let mut reader = BufReader::with_capacity(777, accept(&listener).into_inner());
        (read_to(&mut reader, COUNT - 1), reader)
    });
    turn_until(&mut shipment, |_, goes_on| !goes_on);
    assert_eq!(reading.join().unwrap().0, (0..COUNT).collect::<Vec<_>>());
}
