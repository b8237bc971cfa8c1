//! Names of fields as a protocol allows them: the same field has the same name each time, and no two have the
//! same.
//!
//! A name that has to be changed, because it is too long or holds what is not allowed, ends with a hash of
//! the whole.

use std::collections::HashSet;

use super::draft::Parameter;
use crate::fnv::{self, fnv1a};

/// A parameter of ours, in any dialect. A field of such a name gets a trailing underscore.
pub(super) const OWN_NAMES: [&[u8]; 17] = [
    b"module",
    b"category",
    b"level",
    b"seq",
    b"timestamp",
    b"exception_type",
    b"exception_message",
    b"stacktrace",
    b"stack_info",
    b"run_id",
    b"thread_id",
    b"process_id",
    b"caller",
    b"message",
    b"priority",
    b"fields_left_out",
    b"cut_bytes",
];

const HASH_DIGITS: usize = 8;

/// What a protocol allows of a name.
pub(super) struct NameRules {
    /// The longest, in bytes.
    pub(super) most: usize,
    /// The byte that stands for a name's, if it can be told from all others.
    pub(super) exact: fn(u8) -> Option<u8>,
    /// The byte that stands for any other.
    pub(super) similar: fn(u8) -> u8,
    pub(super) may_begin_with: fn(u8) -> bool,
    /// Names with a meaning to the receiver, beside those of ours.
    pub(super) reserved: &'static [&'static str],
}

impl NameRules {
    /// The names of `parameters`, in their order.
    pub(super) fn names(&self, parameters: &[Parameter<'_>]) -> Vec<Vec<u8>> {
        let exact: Vec<Option<Vec<u8>>> = parameters.iter().map(|each| self.exact_name(each)).collect();
        if exact.iter().all(Option::is_some) {
            return exact.into_iter().flatten().collect();
        }
        let mut taken: HashSet<Vec<u8>> = exact.iter().flatten().cloned().collect();
        let name = |(exact, parameter): (Option<Vec<u8>>, &Parameter<'_>)| {
            exact.unwrap_or_else(|| {
                // Only who looks for two names with the same hash meets a second round.
                let mut hashes = (0..).map(|round| self.similar_name(&parameter.name, round));
                let free = hashes.find(|name| !taken.contains(name)).unwrap_or_default();
                taken.insert(free.clone());
                free
            })
        };
        exact.into_iter().zip(parameters).map(name).collect()
    }

    /// The name as it is, in the protocol's spelling; behind a field's that means something else, an
    /// underscore.
    fn exact_name(&self, parameter: &Parameter<'_>) -> Option<Vec<u8>> {
        let mut name: Vec<u8> =
            parameter.name.iter().map(|byte| (self.exact)(*byte)).collect::<Option<_>>()?;
        if !parameter.is_own && self.is_taken(&parameter.name) {
            name.push(b'_');
        }
        let is_allowed =
            name.len() <= self.most && name.first().is_some_and(|first| (self.may_begin_with)(*first));
        is_allowed.then_some(name)
    }

    /// Whether a name but for underscores at its end is one with a meaning: so one more makes another of
    /// each.
    fn is_taken(&self, name: &[u8]) -> bool {
        let end = name.iter().rposition(|byte| *byte != b'_').map_or(0, |last| last + 1);
        let stem = &name[..end];
        OWN_NAMES.contains(&stem) || self.reserved.iter().any(|reserved| reserved.as_bytes() == stem)
    }

    fn similar_name(&self, name: &[u8], round: u64) -> Vec<u8> {
        let room = self.most - HASH_DIGITS - 1;
        let mut similar: Vec<u8> = name.iter().take(room).map(|byte| (self.similar)(*byte)).collect();
        if !similar.first().is_some_and(|first| (self.may_begin_with)(*first)) {
            similar.insert(0, (self.similar)(b'f'));
            similar.truncate(room);
        }
        let hash = format!("_{:08x}", hash(name, round));
        similar.extend(hash.bytes().map(self.similar));
        similar
    }
}

/// Folded to 32 bits, because eight digits of a name are enough. Collectors rely on a name that stays.
fn hash(name: &[u8], round: u64) -> u32 {
    let hash = fnv1a(name, fnv::START ^ round);
    (hash >> 32) as u32 ^ hash as u32
}
