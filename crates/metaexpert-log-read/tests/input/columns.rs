//! Bytes as a log that becomes columns: each record is one row, of which every column has one value, and what
//! is no record is told as a search tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use metaexpert_log_read::columns::arrow::{Array, BatchSource};
use metaexpert_log_read::columns::{Batches, Survey};
use metaexpert_log_read::{Fault, OpenLogs, Query, Search};

use super::Scratch;

/// Reads a log that has `data` into columns, all of them and each alone.
pub fn check(scratch: &Scratch, data: &[u8]) {
    let data = if matches!(data.first(), Some(0x1f | 0x28 | 0x50..=0x5f)) { &data[1..] } else { data };
    let log = scratch.file("expert.log", data);
    let open = |leaves_checks| {
        let query = Query { leaves_checks, ..Query::default() };
        OpenLogs::at(std::slice::from_ref(&log), query).unwrap()
    };
    let mut survey = Survey::of(open(true)).unwrap();
    while survey.step().unwrap() {}
    let surveyed = Arc::new(survey.finish());
    let told: BTreeMap<Fault, u64> =
        surveyed.report.files.iter().flat_map(|file| file.faults.clone()).collect();
    let mut search = Search::of(&open(false)).unwrap();
    let mut records = 0;
    while let Some(batch) = search.next_batch().unwrap() {
        let is_record = |fault: &Option<Fault>| matches!(fault, None | Some(Fault::DuplicateKey));
        records += batch.lines().iter().filter(|line| is_record(&line.fault)).count();
    }
    let faults: BTreeMap<Fault, u64> =
        search.report().files.iter().flat_map(|file| file.faults.clone()).collect();
    assert_eq!((surveyed.records, told), (records as u64, faults));
    let all: Vec<usize> = (0..surveyed.schema.columns.len()).collect();
    let columns = all.iter().take(12).map(|column| vec![*column]);
    for wanted in std::iter::once(all.clone()).chain(columns) {
        let mut batches = Batches::of(Arc::clone(&surveyed), &wanted).unwrap();
        let mut rows = 0;
        while let Some(batch) = batches.next_batch().unwrap() {
            assert_eq!(batch.children.len(), wanted.len());
            batch.children.iter().for_each(|column| check_column(column, batch.length));
            rows += batch.length;
        }
        assert_eq!(rows, records);
    }
}

fn check_column(column: &Array, rows: usize) {
    assert_eq!(column.length, rows);
    assert!(column.null_count <= rows);
}
