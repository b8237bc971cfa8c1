//! One column of a batch while it is built.

use std::sync::Arc;

use metaexpert_log::jsonl::members::text;
use metaexpert_log::jsonl::{Members, decoded};

use super::arrow::{Array, Buffer};
use super::bits::Bits;
use super::kinds::{f64_of, time_of};
use super::schema::ColumnType;
use super::shape::Shape;

/// The value is not what the survey saw, so the file has other bytes now.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed;

/// The values of a column, and nulls where no record had one.
pub struct ColumnBuilder {
    column_type: ColumnType,
    /// By row, up to the last that has a value.
    is_valid: Bits,
    values: Values,
}

enum Values {
    Bits(Bits),
    /// Integers, doubles and times, in 64 bits each.
    Words(Vec<u64>),
    Text {
        ends: Vec<i32>,
        bytes: Vec<u8>,
    },
    Members(Vec<ColumnBuilder>),
}

impl ColumnBuilder {
    pub fn new(column_type: ColumnType) -> ColumnBuilder {
        let values = match column_type {
            ColumnType::Bool => Values::Bits(Bits::default()),
            ColumnType::Text => Values::Text { ends: vec![0], bytes: Vec::new() },
            ColumnType::Struct(shape) => {
                Values::Members(shape.iter().map(|(_, member)| ColumnBuilder::new(*member)).collect())
            }
            _ => Values::Words(Vec::new()),
        };
        ColumnBuilder { column_type, is_valid: Bits::default(), values }
    }

    /// Puts the value of `row` behind those of earlier rows. A row that has one already, if only a null, keeps
    /// it: false.
    #[inline]
    pub fn put(&mut self, row: usize, raw: &[u8]) -> Result<bool, Changed> {
        if row < self.is_valid.len() {
            return Ok(false);
        }
        if raw == b"null" {
            self.pad(row + 1);
            return Ok(true);
        }
        self.pad(row);
        match (&mut self.values, self.column_type) {
            (Values::Words(words), column_type) => words.push(word(raw, column_type).ok_or(Changed)?),
            (Values::Text { ends, bytes }, _) => {
                put_text(raw, bytes)?;
                ends.push(i32::try_from(bytes.len()).map_err(|_| Changed)?);
            }
            (Values::Bits(bits), _) => bits.push(bool_of(raw).ok_or(Changed)?),
            (Values::Members(members), ColumnType::Struct(shape)) => put_members(members, shape, row, raw)?,
            (Values::Members(_), _) => return Err(Changed),
        }
        self.is_valid.push(true);
        Ok(true)
    }

    /// Nulls for the rows before `rows` that have no value.
    fn pad(&mut self, rows: usize) {
        if self.is_valid.len() >= rows {
            return;
        }
        self.is_valid.extend_to(rows);
        match &mut self.values {
            Values::Bits(bits) => bits.extend_to(rows),
            Values::Words(words) => words.resize(rows, 0),
            Values::Text { ends, bytes } => ends.resize(rows + 1, bytes.len() as i32),
            Values::Members(_) => {}
        }
    }

    /// The column with `rows` rows. One without values costs no memory but what `zeros` has.
    pub fn finish(mut self, rows: usize, zeros: &Arc<[u64]>) -> Array {
        if self.is_valid.count_unset() == self.is_valid.len() {
            return absent(self.column_type, rows, zeros);
        }
        self.pad(rows);
        let null_count = self.is_valid.count_unset();
        let is_valid = if null_count == 0 { Buffer::None } else { Buffer::Bytes(self.is_valid.into_bytes()) };
        let (buffers, children) = match self.values {
            Values::Bits(bits) => (vec![is_valid, Buffer::Bytes(bits.into_bytes())], Vec::new()),
            Values::Words(words) => (vec![is_valid, Buffer::Words(words)], Vec::new()),
            Values::Text { ends, bytes } => {
                (vec![is_valid, Buffer::Ends(ends), Buffer::Bytes(bytes)], Vec::new())
            }
            Values::Members(members) => {
                let members = members.into_iter().map(|member| member.finish(rows, zeros));
                (vec![is_valid], members.collect())
            }
        };
        Array { length: rows, null_count, buffers, children }
    }
}

/// A column of nulls.
fn absent(column_type: ColumnType, rows: usize, zeros: &Arc<[u64]>) -> Array {
    let zeros_of = |count: usize| (0..count).map(|_| Buffer::Zeros(Arc::clone(zeros))).collect();
    let (buffers, children) = match column_type {
        ColumnType::Text => (zeros_of(3), Vec::new()),
        ColumnType::Struct(shape) => {
            (zeros_of(1), shape.iter().map(|(_, member)| absent(*member, rows, zeros)).collect())
        }
        _ => (zeros_of(2), Vec::new()),
    };
    Array { length: rows, null_count: rows, buffers, children }
}

#[inline]
fn word(raw: &[u8], column_type: ColumnType) -> Option<u64> {
    let digits = || std::str::from_utf8(raw).ok();
    match column_type {
        ColumnType::Int64 => digits()?.parse::<i64>().ok().map(|number| number as u64),
        ColumnType::UInt64 => digits()?.parse().ok(),
        ColumnType::Float64 => f64_of(raw).map(f64::to_bits),
        ColumnType::Time => time_of(raw).map(|number| number as u64),
        _ => None,
    }
}

fn bool_of(raw: &[u8]) -> Option<bool> {
    match raw {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

#[inline]
fn put_text(raw: &[u8], bytes: &mut Vec<u8>) -> Result<(), Changed> {
    match raw {
        [b'"', ..] => {
            let (text, _) = text(raw, 0).map_err(|_| Changed)?;
            bytes.extend_from_slice(&decoded(text).map_err(|_| Changed)?);
        }
        _ => bytes.extend_from_slice(raw),
    }
    Ok(())
}

fn put_members(members: &mut [ColumnBuilder], shape: Shape, row: usize, raw: &[u8]) -> Result<(), Changed> {
    for member in Members::of(raw).map_err(|_| Changed)? {
        let (key, value) = member.map_err(|_| Changed)?;
        let key = decoded(key).map_err(|_| Changed)?;
        let place = shape.iter().position(|(name, _)| name.as_bytes() == &*key).ok_or(Changed)?;
        members[place].put(row, value)?;
    }
    Ok(())
}
