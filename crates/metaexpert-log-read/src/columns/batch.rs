//! A number of records as columns.

use std::sync::Arc;

use metaexpert_log::jsonl::Members;

use super::arrow::{Array, Buffer};
use super::column::{Changed, ColumnBuilder};
use super::keys::Keys;
use super::kinds::time_of;
use super::schema::TIMESTAMP;
use super::survey::Surveyed;

/// Columns of one length.
pub type Batch = Array;

/// A batch while it is built.
pub struct BatchBuilder {
    surveyed: Arc<Surveyed>,
    /// Its guesses differ from those of other readings, the numbers are the same.
    keys: Keys,
    /// By place in the schema: where the column is among those that are wanted.
    place_of_column: Vec<Option<usize>>,
    columns: Vec<ColumnBuilder>,
    wanted: Vec<usize>,
    /// How many columns a record has to fill until the rest of it is of no interest. None where columns are
    /// wanted that any key may be in.
    enough: Option<usize>,
    rows: usize,
    /// The fields of a record that have no column, as JSON.
    others: Vec<u8>,
    zeros: Arc<[u64]>,
}

impl BatchBuilder {
    /// One of the columns at these places of the schema, each named once.
    pub fn new(surveyed: Arc<Surveyed>, wanted: &[usize]) -> BatchBuilder {
        let mut place_of_column = vec![None; surveyed.schema.columns.len()];
        for (place, column) in wanted.iter().enumerate() {
            place_of_column[*column] = Some(place);
        }
        let gathering = [surveyed.schema.timestamp_text, surveyed.schema.other_fields];
        let has_gathering = wanted.iter().any(|column| gathering.contains(&Some(*column)));
        let mut builder = BatchBuilder {
            keys: surveyed.keys.clone(),
            surveyed,
            place_of_column,
            columns: Vec::new(),
            wanted: wanted.to_owned(),
            enough: (!has_gathering).then_some(wanted.len()),
            rows: 0,
            others: Vec::new(),
            zeros: Arc::new([]),
        };
        builder.columns = builder.empty();
        builder
    }

    fn empty(&self) -> Vec<ColumnBuilder> {
        let columns = &self.surveyed.schema.columns;
        self.wanted.iter().map(|column| ColumnBuilder::new(columns[*column].column_type)).collect()
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds the record that `line` is, which the survey has seen.
    #[inline]
    pub fn push(&mut self, line: &[u8]) -> Result<(), Changed> {
        // A text that is not UTF-8 must not get into a column, whatever was written over the file.
        std::str::from_utf8(line).map_err(|_| Changed)?;
        let (mut place, mut filled) = (0, 0);
        for member in Members::of(line).map_err(|_| Changed)? {
            let (key, value) = member.map_err(|_| Changed)?;
            match self.keys.find(place, key).map_err(|_| Changed)? {
                Some(number) => {
                    place = number + 1;
                    filled += usize::from(self.put(number, value)?);
                }
                None => {
                    place = 0;
                    self.put_aside(key.bytes, value);
                }
            }
            if Some(filled) == self.enough {
                break;
            }
        }
        self.put_others()?;
        self.rows += 1;
        Ok(())
    }

    /// Puts a value into its column, if that is wanted; true where it is the first one of its record.
    #[inline]
    fn put(&mut self, number: usize, value: &[u8]) -> Result<bool, Changed> {
        let column = self.surveyed.column_of_key[number].ok_or(Changed)?;
        let mut is_first = false;
        if let Some(place) = self.place_of_column[column] {
            let is_no_time = column == TIMESTAMP && time_of(value).is_none();
            is_first = self.columns[place].put(self.rows, if is_no_time { b"null" } else { value })?;
        }
        if column == TIMESTAMP {
            self.put_timestamp_text(value)?;
        }
        Ok(is_first)
    }

    /// Keeps what no time is.
    fn put_timestamp_text(&mut self, value: &[u8]) -> Result<(), Changed> {
        let Some(column) = self.surveyed.schema.timestamp_text else { return Ok(()) };
        match self.place_of_column[column] {
            Some(place) => {
                let text = if time_of(value).is_some() { b"null" } else { value };
                self.columns[place].put(self.rows, text).map(|_| ())
            }
            None => Ok(()),
        }
    }

    fn put_aside(&mut self, key: &[u8], value: &[u8]) {
        let before: &[u8] = if self.others.is_empty() { b"{\"" } else { b",\"" };
        for part in [before, key, b"\":", value] {
            self.others.extend_from_slice(part);
        }
    }

    fn put_others(&mut self) -> Result<(), Changed> {
        if self.others.is_empty() {
            return Ok(());
        }
        self.others.push(b'}');
        let column = self.surveyed.schema.other_fields.ok_or(Changed)?;
        let put = match self.place_of_column[column] {
            Some(place) => self.columns[place].put(self.rows, &self.others).map(|_| ()),
            None => Ok(()),
        };
        self.others.clear();
        put
    }

    /// The records so far, as a batch; the next one begins.
    pub fn finish(&mut self) -> Batch {
        let rows = std::mem::take(&mut self.rows);
        if self.zeros.len() <= rows {
            self.zeros = vec![0; rows + 1].into();
        }
        let next = self.empty();
        let columns = std::mem::replace(&mut self.columns, next).into_iter();
        let children = columns.map(|column| column.finish(rows, &self.zeros)).collect();
        Array { length: rows, null_count: 0, buffers: vec![Buffer::None], children }
    }
}
