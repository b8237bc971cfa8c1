//! Category and fields of a record as people read them, behind its message.

use crate::encode::colour::{CYAN, painted};
use crate::encode::people::{Digits, push_key, push_shown};
use crate::encode::views::{ToldTime, Views};
use crate::frame::Value;
use crate::ring::decoded::DecodedRecord;
use crate::ring::fields::Place;

/// Renders fields as `key=value`, the call's own before the bound ones, and these before the context's.
/// Views say what people need not read in each record.
pub(crate) struct ShownFields {
    colour: bool,
    views: Views,
    /// The fields of the record in hand, and where each set of them begins, from the context's to its own.
    text: Vec<u8>,
    starts: Vec<usize>,
}

impl ShownFields {
    /// Fields with or without colours.
    pub(crate) fn new(colour: bool) -> Self {
        ShownFields { colour, views: Views::default(), text: Vec::new(), starts: Vec::new() }
    }

    /// The same, as `views` want them.
    pub(crate) fn with_views(self, views: Views) -> Self {
        ShownFields { views, ..self }
    }

    /// Renders what is shown of `record`, set by set. Returns the time that it tells of, if it does.
    pub(crate) fn collect<'a>(&mut self, record: &DecodedRecord<'a>) -> Option<ToldTime<'a>> {
        let ShownFields { colour, views, text: out, starts } = self;
        out.clear();
        starts.clear();
        let report = views.report(record);
        let digits = if report.is_some() { Digits::OfMoney } else { Digits::All };
        let (mut told, mut latest) = (None, None);
        record.fields.for_each_shown(&mut |place: Place<'_>, value| {
            if latest != Some(place.at) {
                latest = Some(place.at);
                starts.push(out.len());
            }
            let key = &place.keys[place.index];
            if let Some(time) = views.time(&key.raw, value) {
                told = Some(time);
            } else if !views.is_constant(&place, report)
                && !report.is_some_and(|report| report.leaves_out(&key.raw, value))
            {
                push_field(*colour, |out| push_key(key, out), value, digits, out);
            }
        });
        if let Some(category) = record.category.filter(|_| report.is_none()) {
            starts.push(out.len());
            push_field(
                *colour,
                |out| out.extend_from_slice(b"category"),
                Value::Str(category.raw),
                digits,
                out,
            );
        }
        told
    }

    /// Whether nothing is shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends what was collected.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        let mut end = self.text.len();
        for &start in self.starts.iter().rev() {
            out.extend_from_slice(&self.text[start..end]);
            end = start;
        }
    }
}

fn push_field(
    colour: bool,
    push_name: impl FnOnce(&mut Vec<u8>),
    value: Value<'_>,
    digits: Digits,
    out: &mut Vec<u8>,
) {
    out.push(b' ');
    painted(colour, CYAN, out, push_name);
    out.push(b'=');
    push_shown(value, digits, out);
}
