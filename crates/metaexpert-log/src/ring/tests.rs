//! Facts about the ring.

use std::sync::Arc;

use super::layout::{DATA_OFFSET, DICTIONARY_BYTES, PRESENT_STEP};
use super::store::{Author, Claim, Store};
use super::*;
use crate::frame::{self, Frame, Record};
use proptest::prelude::*;

fn push(producer: &mut Producer, message: &[u8], seq: u64) -> Result<(), Full> {
    let record = Record { level: 20, logger: 1, category: 0, timestamp_ns: 1, message, sections: &[] };
    record.write(producer.reserve(record.frame_len(), 0)?, seq);
    producer.publish();
    Ok(())
}

fn drain(consumer: &mut Consumer, limit: usize) -> Vec<(u64, Vec<u8>)> {
    let mut batch = consumer.batch(limit);
    let mut seen = Vec::new();
    for (_, _, bytes) in batch.by_ref() {
        let frame = Frame::parse(bytes).unwrap();
        seen.push((frame.seq, frame.message.to_vec()));
    }
    let position = batch.position();
    consumer.advance(position);
    consumer.release(position);
    seen
}

#[test]
fn a_full_ring_refuses_and_takes_again_after_release() {
    let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
    let mut accepted = 0;
    while push(&mut producer, &[b'x'; 1000], accepted).is_ok() {
        accepted += 1;
    }
    assert!(accepted > 50, "{accepted}");
    assert_eq!(push(&mut producer, &[b'x'; 1000], 0), Err(Full));
    assert_eq!(drain(&mut consumer, usize::MAX / 2).len() as u64, accepted);
    assert_eq!(push(&mut producer, &[b'x'; 1000], 0), Ok(()));
}

#[test]
fn memory_is_made_present_in_steps_that_leave_what_is_in_it() {
    let (mut producer, mut consumer) = Ring::create(8 * PRESENT_STEP).unwrap();
    let mut steps = 0;
    for seq in 0..100 {
        push(&mut producer, &[b'x'; 10_000], seq).unwrap();
        steps += u32::from(consumer.make_present());
    }
    // None are left where the system cannot do it in steps.
    assert!([0, 7].contains(&steps), "{steps}");
    assert!(!consumer.make_present());
    let seen = drain(&mut consumer, usize::MAX / 2);
    assert_eq!(seen.len(), 100);
    assert!(seen.iter().all(|(_, message)| message == &[b'x'; 10_000]));
}

#[test]
fn names_take_memory_as_they_come_and_outlive_the_process() {
    let path = std::env::temp_dir().join(format!("metaexpert-names-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let author = Author {
        format: store::FORMAT,
        process: std::process::id(),
        run_id: "run".to_owned(),
        started_ns: 1,
        directory: path.clone(),
    };
    let (producer, consumer) = Ring::create_in(&Store::at(&path), &author, "{}", MIN_CAPACITY).unwrap();
    let ring = Arc::clone(consumer.ring());
    let file = || ring.claim().unwrap().file();
    let taken = || std::os::unix::fs::MetadataExt::blocks(&file().metadata().unwrap()) as usize * 512;
    let before = taken();
    assert!(before < DATA_OFFSET, "{before}");
    let mut writer = dictionary::DictionaryWriter::default();
    let mut ids = Vec::new();
    for number in 0..100 {
        let name = format!("{number:01000}");
        ids.push(writer.name(ring.dictionary(), dictionary::Definition::Logger, name.as_bytes()).unwrap());
    }
    let names = taken() - before;
    assert!((100_000..DICTIONARY_BYTES / 2).contains(&names), "{names}");

    let place = ring.claim().unwrap().path().to_owned();
    drop((ring, producer, consumer));
    let left = Ring::adopt(Claim::take(&place).unwrap().unwrap()).unwrap();
    for (number, id) in ids.into_iter().enumerate() {
        let (_, name) = left.ring().dictionary().get(id).unwrap();
        assert_eq!(name, format!("{number:01000}").as_bytes());
    }
    let beyond = (DICTIONARY_BYTES / 8 - 1000) as u32;
    assert_eq!(left.ring().dictionary().get(beyond), None);
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn room_kept_free_is_refused_only_to_those_who_must_leave_it() {
    let (mut producer, _consumer) = Ring::create(MIN_CAPACITY).unwrap();
    while producer.reserve(1024, MIN_CAPACITY / 8).is_ok() {
        frame::write_padding(producer.reserve(1024, 0).unwrap());
        producer.publish();
    }
    assert!(producer.reserve(1024, 0).is_ok());
}

#[test]
fn asking_for_the_backlog_makes_its_bound_exact() {
    let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
    let mut bound = 0;
    for seq in 0..100 {
        push(&mut producer, b"taken at once", seq).unwrap();
        assert_eq!(drain(&mut consumer, usize::MAX / 2).len(), 1);
        producer.reserve(64, 0).unwrap();
        bound = producer.publish();
        assert_eq!(drain_all(&mut consumer), 64);
    }
    assert!(bound > 64, "{bound}");
    assert_eq!(producer.waiting(), 0);
    producer.reserve(64, 0).unwrap();
    assert_eq!(producer.publish(), 64);
}

fn drain_all(consumer: &mut Consumer) -> u64 {
    let before = consumer.position();
    let head = consumer.ring().cursors().head();
    consumer.advance(head);
    consumer.release(head);
    head - before
}

#[test]
fn a_reserved_frame_is_invisible_until_published() {
    let (mut producer, consumer) = Ring::create(MIN_CAPACITY).unwrap();
    producer.reserve(64, 0).unwrap();
    assert!(consumer.batch(1 << 20).next().is_none());
}

proptest! {
    #[test]
    fn every_accepted_record_comes_out_once_in_order(
        sizes in proptest::collection::vec(0usize..9000, 1..200),
        limit in 1usize..40_000,
    ) {
        let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        for (seq, size) in sizes.into_iter().enumerate() {
            let message = vec![b'a' + (seq % 26) as u8; size];
            while push(&mut producer, &message, seq as u64).is_err() {
                let got = drain(&mut consumer, limit);
                prop_assert!(!got.is_empty());
                received.extend(got);
            }
            sent.push((seq as u64, message));
        }
        while received.len() < sent.len() {
            let got = drain(&mut consumer, limit);
            prop_assert!(!got.is_empty());
            received.extend(got);
        }
        prop_assert_eq!(sent, received);
    }
}

#[test]
fn two_threads_pass_every_record_in_order() {
    let (mut producer, mut consumer) = Ring::create(MIN_CAPACITY).unwrap();
    const COUNT: u64 = 100_000;
    let writer = std::thread::spawn(move || {
        for seq in 0..COUNT {
            let message = vec![seq as u8; (seq % 301) as usize];
            while push(&mut producer, &message, seq).is_err() {
                std::thread::yield_now();
            }
        }
    });
    let mut next = 0;
    while next < COUNT {
        for (seq, message) in drain(&mut consumer, 16 << 10) {
            assert_eq!(seq, next);
            assert_eq!(message, vec![seq as u8; (seq % 301) as usize]);
            next += 1;
        }
    }
    writer.join().unwrap();
}
