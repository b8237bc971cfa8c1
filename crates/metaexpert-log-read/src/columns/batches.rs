//! The second reading of a log: its records in batches.

use std::io;
use std::sync::Arc;

use super::arrow::BatchSource;
use super::batch::{Batch, BatchBuilder};
use super::column::Changed;
use super::schema::Column;
use super::survey::Surveyed;
use crate::scan::Batch as Lines;
use crate::search::Search;

/// A batch has at most this many rows.
const MAX_ROWS: usize = 64 << 10;
/// A batch has fewer rows where there are so many columns that it would have more cells than this.
const MAX_CELLS: usize = 4 << 20;
const MIN_ROWS: usize = 1 << 10;
/// A batch ends behind the line that takes it beyond this, so that 32 bits count the bytes of a column.
const MAX_BYTES_IN_ALL: usize = 64 << 20;

/// The records of a survey, in batches.
pub struct Batches {
    surveyed: Arc<Surveyed>,
    search: Search,
    lines: Lines,
    /// The place of the next line among those of the batch, and among all.
    next: usize,
    line: usize,
    builder: BatchBuilder,
    columns: Vec<Column>,
    max_rows: usize,
    is_ended: bool,
}

impl Batches {
    /// The columns at these places of the schema, each of which is named once. Fails where threads cannot be
    /// started.
    pub fn of(surveyed: Arc<Surveyed>, wanted: &[usize]) -> io::Result<Batches> {
        let columns = wanted.iter().map(|column| surveyed.schema.columns[*column].clone()).collect();
        Ok(Batches {
            search: Search::of(&surveyed.logs)?,
            lines: Lines::default(),
            next: 0,
            line: 0,
            builder: BatchBuilder::new(Arc::clone(&surveyed), wanted),
            columns,
            max_rows: (MAX_CELLS / wanted.len().max(1)).clamp(MIN_ROWS, MAX_ROWS),
            is_ended: false,
            surveyed,
        })
    }

    fn fill(&mut self) -> Result<(), Unread> {
        let mut bytes_in_all = 0;
        while self.builder.rows() < self.max_rows && bytes_in_all < MAX_BYTES_IN_ALL {
            let Some(line) = self.lines.lines().get(self.next) else {
                if self.is_last()? {
                    return Ok(());
                }
                continue;
            };
            let text = self.lines.text(line);
            if self.surveyed.is_record.get(self.line) {
                bytes_in_all += text.len();
                self.builder.push(text)?;
            }
            self.next += 1;
            self.line += 1;
        }
        Ok(())
    }

    /// Takes the next lines, if there are any.
    fn is_last(&mut self) -> Result<bool, Unread> {
        if let Some(lines) = self.search.next_batch()? {
            (self.lines, self.next) = (lines, 0);
            return Ok(false);
        }
        self.is_ended = true;
        // The survey has seen as many lines, unless a file is shorter now.
        if self.line == self.surveyed.is_record.len() { Ok(true) } else { Err(Changed.into()) }
    }
}

/// Why there is no next batch.
struct Unread(String);

impl From<Changed> for Unread {
    fn from(_: Changed) -> Unread {
        Unread("a file of the log was written over while it was read; read it again".to_owned())
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Unread {
        Unread(error.to_string())
    }
}

impl BatchSource for Batches {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next batch, None behind the last one. Fails where a file was changed in place meanwhile.
    fn next_batch(&mut self) -> Result<Option<Batch>, String> {
        if self.is_ended {
            return Ok(None);
        }
        if let Err(Unread(reason)) = self.fill() {
            self.is_ended = true;
            return Err(reason);
        }
        Ok((self.builder.rows() > 0).then(|| self.builder.finish()))
    }
}
