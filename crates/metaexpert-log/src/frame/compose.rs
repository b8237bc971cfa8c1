//! Frames written front to back, straight from their parts, which come one by one and may not fit.

use super::layout::{ALIGN, FIELDS_LEN, FLAGS_OFFSET, HEADER_LEN, Kind, NESTED, check, section, tag};
use super::write::copy;

/// What a frame's header says beside what its parts do.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Severity.
    pub level: i32,
    /// Dictionary id of the logger's name.
    pub logger: u32,
    /// Dictionary id of the category, or [`NO_ID`](super::NO_ID).
    pub category: u32,
    /// When the call was made: [`crate::clock::stamp`].
    pub stamp: i64,
}

/// Writes one frame into a slot that may be longer than it. Each part is `None` if it does not fit; what was
/// written until then is worth nothing.
pub struct Composer<'a> {
    header: &'a mut [u8; HEADER_LEN],
    rest: &'a mut [u8],
    slot_len: usize,
    message_len: u32,
    sections: u8,
    flags: u16,
    /// Of the section that was begun: its first bytes, and what was left of the slot behind them.
    fields: Option<(&'a mut [u8; FIELDS_LEN], usize)>,
}

impl<'a> Composer<'a> {
    /// A frame at the start of `slot`; `None` if not even its header fits.
    #[inline(always)]
    pub fn new(slot: &'a mut [u8]) -> Option<Composer<'a>> {
        let slot_len = slot.len();
        let (header, rest) = slot.split_first_chunk_mut()?;
        Some(Composer { header, rest, slot_len, message_len: 0, sections: 0, flags: 0, fields: None })
    }

    /// The finished message: the first part.
    #[inline(always)]
    pub fn message(&mut self, text: &[u8]) -> Option<()> {
        self.message_len = text.len() as u32;
        self.bytes(text)
    }

    /// A section that [`super::Section::to_bytes`] wrote earlier.
    #[inline(always)]
    pub fn section(&mut self, encoded: &[u8]) -> Option<()> {
        self.sections += 1;
        self.bytes(encoded)
    }

    /// Begins the last section: the fields of the key set `keys`, whose values come next, in its order.
    #[inline(always)]
    pub fn fields(&mut self, keys: u32) -> Option<()> {
        self.sections += 1;
        let (first, rest) = std::mem::take(&mut self.rest).split_first_chunk_mut::<FIELDS_LEN>()?;
        first[0] = section::FIELDS;
        first[1..5].copy_from_slice(&keys.to_le_bytes());
        self.fields = Some((first, rest.len()));
        self.rest = rest;
        Some(())
    }

    /// The values of the fields that were begun, as a [`NestedWriter`](super::NestedWriter) has written them.
    #[inline]
    pub fn written(&mut self, values: &[u8], has_nested: bool) -> Option<()> {
        self.flags |= if has_nested { NESTED } else { 0 };
        self.bytes(values)
    }

    /// A field that is null.
    #[inline(always)]
    pub fn null(&mut self) -> Option<()> {
        self.array([tag::NULL])
    }

    /// A field that is true or false.
    #[inline(always)]
    pub fn bool(&mut self, truth: bool) -> Option<()> {
        self.array([if truth { tag::TRUE } else { tag::FALSE }])
    }

    /// A field that is an integer.
    #[inline(always)]
    pub fn i64(&mut self, number: i64) -> Option<()> {
        self.word(tag::I64, number as u64)
    }

    /// A field that is a float.
    #[inline(always)]
    pub fn f64(&mut self, number: f64) -> Option<()> {
        self.word(tag::F64, number.to_bits())
    }

    /// A field that is text.
    #[inline(always)]
    pub fn str(&mut self, text: &[u8]) -> Option<()> {
        let len = (text.len() as u32).to_le_bytes();
        self.array([tag::STR, len[0], len[1], len[2], len[3]])?;
        self.bytes(text)
    }

    /// Bytes of the frame so far.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.slot_len - self.rest.len()
    }

    /// Whether the frame is empty: never, it has a header.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Completes the frame under the number `seq`. Returns its length, which is that of
    /// [`super::Record::frame_len`], padding included; `None` if that does not fit.
    #[inline(always)]
    pub fn finish(self, head: &Head, seq: u64) -> Option<usize> {
        let len = self.len().next_multiple_of(ALIGN);
        if len > self.slot_len {
            return None;
        }
        if let Some((first, behind)) = self.fields {
            first[5..9].copy_from_slice(&((behind - self.rest.len()) as u32).to_le_bytes());
        }
        let Head { level, logger, category, stamp } = *head;
        let len32 = len as u32;
        let flags = u32::from(self.flags) << (8 * (FLAGS_OFFSET - size_of::<u32>()));
        let two = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let words = [
            two(len32, u32::from(Kind::Record as u8) | u32::from(self.sections) << 8 | flags),
            seq,
            stamp as u64,
            two(level as u32, logger),
            two(category, self.message_len),
            two(check(len32, seq), 0),
        ];
        for (chunk, word) in self.header.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Some(len)
    }

    #[inline(always)]
    fn word(&mut self, tag: u8, word: u64) -> Option<()> {
        let (first, rest) = std::mem::take(&mut self.rest).split_first_chunk_mut::<9>()?;
        first[0] = tag;
        first[1..9].copy_from_slice(&word.to_le_bytes());
        self.rest = rest;
        Some(())
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) -> Option<()> {
        let (first, rest) = std::mem::take(&mut self.rest).split_first_chunk_mut::<N>()?;
        *first = bytes;
        self.rest = rest;
        Some(())
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let (here, rest) = std::mem::take(&mut self.rest).split_at_mut_checked(bytes.len())?;
        copy(here, bytes);
        self.rest = rest;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Frame, Record, Section, Value};
    use super::*;

    const HEAD: Head = Head { level: -20, logger: 3, category: 9, stamp: -5 };

    fn value(composer: &mut Composer<'_>, value: &Value<'_>) -> Option<()> {
        match value {
            Value::Null => composer.null(),
            Value::Bool(truth) => composer.bool(*truth),
            Value::I64(number) => composer.i64(*number),
            Value::F64(number) => composer.f64(*number),
            Value::Str(text) => composer.str(text),
            other => panic!("{other:?}"),
        }
    }

    fn compose(slot: &mut [u8], message: &[u8], bound: &[u8], values: &[Value<'_>]) -> Option<usize> {
        let mut composer = Composer::new(slot)?;
        composer.message(message)?;
        if !bound.is_empty() {
            composer.section(bound)?;
        }
        if !values.is_empty() {
            composer.fields(7)?;
            for each in values {
                value(&mut composer, each)?;
            }
        }
        composer.finish(&HEAD, 41)
    }

    fn flat_value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::I64),
            any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::F64),
            proptest::collection::vec(any::<u8>(), 0..60)
                .prop_map(|text| Value::Str(Box::leak(text.into_boxed_slice()))),
        ]
    }

    proptest! {
        #[test]
        fn it_is_the_frame_that_a_record_writes_or_nothing(
            message in proptest::collection::vec(any::<u8>(), 0..60),
            values in proptest::collection::vec(flat_value(), 0..6),
            is_bound in any::<bool>(),
            spare in 0usize..64,
            missing in 1usize..64,
        ) {
            let bound = Section::Fields { keys: 5, values: &[Value::I64(1)] }.to_bytes();
            let bound = if is_bound { &bound[..] } else { &[] };
            let own = Section::Fields { keys: 7, values: &values };
            let sections: Vec<_> = [(Section::Encoded(bound), is_bound), (own, !values.is_empty())]
                .into_iter()
                .filter_map(|(section, is_there)| is_there.then_some(section))
                .collect();
            let Head { level, logger, category, stamp: timestamp_ns } = HEAD;
            let record =
                Record { level, logger, category, timestamp_ns, message: &message, sections: &sections };
            let mut written = vec![0xAA; record.frame_len()];
            record.write(&mut written, 41);

            let mut slot = vec![0xAA; written.len() + spare];
            prop_assert_eq!(compose(&mut slot, &message, bound, &values), Some(written.len()));
            prop_assert_eq!(&slot[..written.len()], &written[..]);
            prop_assert!(Frame::parse(&written).is_ok());
            let too_short = written.len().saturating_sub(missing);
            prop_assert_eq!(compose(&mut vec![0; too_short], &message, bound, &values), None);
        }
    }
}
