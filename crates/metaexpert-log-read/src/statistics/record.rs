//! What statistics look at in a record, found in one pass over its line.

use metaexpert_log::jsonl::{Members, NotJson};

/// Values of a record as they stand in its line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record<'l> {
    pub(super) timestamp: Option<&'l [u8]>,
    pub(super) level: Option<&'l [u8]>,
    pub(super) logger: Option<&'l [u8]>,
    pub(super) message: Option<&'l [u8]>,
    pub(super) event: Option<&'l [u8]>,
    pub(super) exception: Option<&'l [u8]>,
    pub(super) caller: Option<&'l [u8]>,
    pub(super) seq: Option<u64>,
    pub(super) run_id: Option<&'l [u8]>,
    /// The object that has the fields: the record itself, or its `context`.
    pub(super) fields: &'l [u8],
}

impl<'l> Record<'l> {
    /// The record that `line` is. Of two equal keys the first counts.
    pub(super) fn of(line: &'l [u8]) -> Result<Record<'l>, NotJson> {
        let mut record = Record { fields: line, ..Record::default() };
        let mut context = None;
        for member in Members::of(line)? {
            let (key, value) = member?;
            let place = match key.bytes {
                b"timestamp" => &mut record.timestamp,
                b"level" => &mut record.level,
                b"module" => &mut record.logger,
                b"message" => &mut record.message,
                b"event_name" => &mut record.event,
                b"exception" => &mut record.exception,
                b"caller" => &mut record.caller,
                b"run_id" => &mut record.run_id,
                b"context" => &mut context,
                b"seq" => {
                    record.seq = record.seq.or_else(|| std::str::from_utf8(value).ok()?.parse().ok());
                    continue;
                }
                _ => continue,
            };
            place.get_or_insert(value);
        }
        if let (None, Some(context @ [b'{', ..])) = (record.event, context) {
            record.take_context(context)?;
        }
        Ok(record)
    }

    /// With the nested layout the fields are in an object of their own.
    fn take_context(&mut self, context: &'l [u8]) -> Result<(), NotJson> {
        for member in Members::of(context)? {
            let (key, value) = member?;
            if key.bytes == b"event_name" {
                (self.event, self.fields) = (Some(value), context);
                break;
            }
        }
        Ok(())
    }
}
