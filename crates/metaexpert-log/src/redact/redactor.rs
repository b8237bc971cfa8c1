//! Records with their secrets masked; what was found out about a set of names is remembered.

use std::borrow::Cow;
use std::sync::Arc;

use super::edit::MASK;
use super::keys::Keys;
use super::login::{self, Login};
use super::patterns::Patterns;
use super::rules::{Rules, covers};
use super::verdict::Verdict;
use super::{fragment, glance, text};
use crate::config::Redact;
use crate::error::Error;
use crate::frame::{Value, Values};
use crate::ring::decoded::{DecodedRecord, Exception};
use crate::ring::fields::{Place, Replaced, Replacement};

/// The field with the arguments that did not fit their message.
const UNFITTED: &[u8] = b"format_args";

/// Whole numbers below this may count secrets.
const MORE_THAN_A_COUNT: i64 = 1_000_000;

/// What was found out about a set of keys: nothing yet, or what each says.
type Verdicts = Option<SetVerdicts>;

struct SetVerdicts {
    each: Box<[Verdict]>,
    /// None of them says anything.
    are_clear: bool,
    /// One may have the arguments of a request that another one names.
    has_arguments: bool,
}

/// Masks secrets; remembers what it found out about each set of names.
pub struct Redactor {
    /// `None` if nothing is to be masked.
    pub(super) rules: Option<Arc<Rules>>,
    by_set: Vec<Verdicts>,
    masked: Masked,
}

/// What one record has instead of its own.
#[derive(Default)]
struct Masked {
    message: Option<Vec<u8>>,
    exception: Option<Vec<u8>>,
    stacktrace: Option<Vec<u8>>,
    stack: Option<Vec<u8>>,
    fields: Vec<Replaced>,
}

impl Redactor {
    /// A redactor for what `config` names. Fails on patterns that have a [`refusal`](super::refusal).
    pub fn new(config: &Redact) -> Result<Redactor, Error> {
        let patterns = Patterns::new(&config.patterns, &config.passes)
            .map_err(|refusal| Error::Configuration(refusal.to_string()))?;
        let has_keys = config.defaults || !config.keys.is_empty();
        let rules = (has_keys || !patterns.is_empty()).then(|| {
            let keys = Keys::new(config.defaults, &config.keys);
            Arc::new(Rules { keys, defaults: config.defaults, has_keys, patterns })
        });
        Ok(Redactor { rules, by_set: Vec::new(), masked: Masked::default() })
    }

    /// Another one for the same secrets.
    pub fn another(&self) -> Redactor {
        Redactor { rules: self.rules.clone(), by_set: Vec::new(), masked: Masked::default() }
    }

    /// `record` with its secrets masked, or `None` if it has none. Its sets of names are those of one
    /// dictionary for as long as the redactor lives.
    pub fn redact<'s>(&'s mut self, record: &DecodedRecord<'s>) -> Option<DecodedRecord<'s>> {
        let rules = self.rules.as_deref()?;
        if rules.is_clear(record, &self.by_set) { None } else { self.mask(record) }
    }

    /// As [`Redactor::redact`], for a record that cannot be judged at a glance.
    fn mask<'s>(&'s mut self, record: &DecodedRecord<'s>) -> Option<DecodedRecord<'s>> {
        let rules = self.rules.as_deref()?;
        let masked = &mut self.masked;
        masked.message = rules.text(record.message);
        let mut is_changed = masked.message.is_some();
        let has_secret_in_message = is_changed;
        if record.exception.is_some() || record.stack.is_some() {
            is_changed |= masked.trouble(record, rules);
        }
        let by_set = &mut self.by_set;
        masked.fields.clear();
        let mut login = Login::default();
        let mut ordinal = 0;
        record.fields.for_each_placed(|place, value| {
            login.see(ordinal, &place.keys[place.index].raw, value);
            // What the message's own names would have told of them, had they fitted it.
            let is_unfitted = || has_secret_in_message && &*place.keys[place.index].raw == UNFITTED;
            let found = rules.value(verdict(by_set, &rules.keys, place), value);
            let found = if is_unfitted() { Some(Replacement::Fixed(MASK)) } else { found };
            if let Some(by) = found {
                masked.fields.push(Replaced { ordinal, by });
            }
            ordinal += 1;
        });
        if let Some(ordinal) = login.arguments().filter(|_| rules.defaults) {
            masked.put(ordinal);
        }
        if !is_changed && masked.fields.is_empty() {
            return None;
        }
        Some(self.masked.applied(record))
    }

    /// `text` with its secrets masked.
    pub fn text<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.rules.as_ref().and_then(|rules| rules.text(text)).map_or(text.into(), Cow::Owned)
    }
}

#[inline]
fn verdict(by_set: &mut Vec<Verdicts>, keys: &Keys, place: Place<'_>) -> Verdict {
    let Some((set, index)) = place.set else { return keys.verdict(&place.keys[place.index].raw) };
    if let Some(Some(verdicts)) = by_set.get(set as usize) {
        return verdicts.each[index];
    }
    learn(by_set, keys, place, set as usize)[index]
}

#[cold]
fn learn<'m>(by_set: &'m mut Vec<Verdicts>, keys: &Keys, place: Place<'_>, set: usize) -> &'m [Verdict] {
    if by_set.len() <= set {
        by_set.resize_with(set + 1, || None);
    }
    let each: Box<[Verdict]> = place.keys.iter().map(|key| keys.verdict(&key.raw)).collect();
    let are_clear = each.iter().all(|verdict| *verdict == Verdict::Clear);
    let has_arguments = place.keys.iter().any(|key| login::is_of_arguments(&key.raw));
    &by_set[set].insert(SetVerdicts { each, are_clear, has_arguments }).each
}

impl Masked {
    #[cold]
    fn trouble(&mut self, record: &DecodedRecord<'_>, rules: &Rules) -> bool {
        self.exception = record.exception.and_then(|exception| rules.text(exception.message));
        self.stacktrace = record.exception.and_then(|exception| rules.text(exception.stacktrace));
        self.stack = record.stack.and_then(|stack| rules.text(stack));
        self.exception.is_some() || self.stacktrace.is_some() || self.stack.is_some()
    }

    /// Puts the mask in the place of one more field.
    #[cold]
    fn put(&mut self, ordinal: usize) {
        let replaced = Replaced { ordinal, by: Replacement::Fixed(MASK) };
        match self.fields.binary_search_by_key(&ordinal, |replaced| replaced.ordinal) {
            Ok(at) => self.fields[at] = replaced,
            Err(at) => self.fields.insert(at, replaced),
        }
    }

    #[cold]
    fn applied<'s>(&'s self, record: &DecodedRecord<'s>) -> DecodedRecord<'s> {
        let mut record = *record;
        record.message = self.message.as_deref().unwrap_or(record.message);
        if let Some(exception) = record.exception {
            record.exception = Some(Exception {
                message: self.exception.as_deref().unwrap_or(exception.message),
                stacktrace: self.stacktrace.as_deref().unwrap_or(exception.stacktrace),
                ..exception
            });
        }
        if record.stack.is_some() {
            record.stack = self.stack.as_deref().or(record.stack);
        }
        record.fields.replace(&self.fields);
        record
    }
}

impl Rules {
    /// Whether a glance shows that `record` has nothing to mask. The sets of its names must be known.
    #[inline]
    fn is_clear(&self, record: &DecodedRecord<'_>, by_set: &[Verdicts]) -> bool {
        let Some(mut sets) = record.fields.sets() else { return false };
        record.exception.is_none()
            && record.stack.is_none()
            && self.is_clear_text(record.message)
            && sets.all(|(id, values)| match by_set.get(id as usize) {
                Some(Some(verdicts)) => !verdicts.has_arguments && self.are_clear(verdicts, values),
                _ => false,
            })
    }

    #[inline]
    fn are_clear(&self, verdicts: &SetVerdicts, mut values: Values<'_>) -> bool {
        if !verdicts.are_clear {
            let mut each = verdicts.each.iter();
            return values
                .all(|value| each.next().is_none_or(|verdict| self.value(*verdict, value).is_none()));
        }
        values.texts().all(|value| match value {
            Value::Str(text) => self.is_clear_text(text) && self.bytes(text).is_none(),
            Value::Json(json) => fragment::masked(json, Verdict::Clear, self).is_none(),
            _ => true,
        })
    }

    #[inline(always)]
    fn is_clear_text(&self, text: &[u8]) -> bool {
        let is_short = text.len() < text::SHORTEST_WITHOUT_DIGIT;
        is_short && self.patterns.is_empty() && !glance::has_digit_or_sign(text) || self.has_no_secret(text)
    }

    #[inline(never)]
    fn has_no_secret(&self, text: &[u8]) -> bool {
        self.text(text).is_none()
    }

    /// What to write instead of a field's value, if it is not to be written.
    #[inline]
    fn value(&self, verdict: Verdict, value: Value<'_>) -> Option<Replacement> {
        match value {
            Value::Null | Value::Bool(_) | Value::I64(0) | Value::U64(0) => None,
            Value::I64(_) | Value::U64(_) | Value::F64(_) if !verdict.is_certain() => None,
            Value::I64(_) | Value::U64(_) | Value::F64(_) => {
                verdict.covers_number(is_count(value)).then_some(Replacement::Fixed(MASK))
            }
            Value::Str(text) if covers(verdict, text) => Some(Replacement::Fixed(MASK)),
            Value::Str(text) => self.value_text(text).map(Replacement::Text),
            Value::Json(json) if fragment::is_covered(json, verdict) => Some(Replacement::Fixed(MASK)),
            Value::Json(json) => fragment::masked(json, verdict, self).map(Replacement::Json),
        }
    }
}

/// Whether a number may say how many there are.
#[cold]
fn is_count(value: Value<'_>) -> bool {
    match value {
        Value::I64(number) => (0..MORE_THAN_A_COUNT).contains(&number),
        Value::U64(number) => number < MORE_THAN_A_COUNT.unsigned_abs(),
        _ => false,
    }
}
