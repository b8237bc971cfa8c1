//! A search whose time is bounded: each byte of text costs a few steps, whatever the text.
//!
//! The automaton is built while texts are read, each state when it is first needed. For ASCII text it stays
//! small, as [`super::cost`] has shown. For other text it may use up its room; then a text that needs another
//! state is masked to its end, because building states anew for each text would cost a hundred times as much.
//! The automaton begins anew once it has read enough text to be worth it.
//!
//! Each match has a price beyond the reading, and each text an allowance. When the allowance is spent, the
//! rest of the text is masked too.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use regex_automata::hybrid::{dfa, regex::Cache, regex::Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input, Match, MatchError, MatchKind, meta};
use regex_syntax::hir::Hir;

use super::cost::{self, Unbounded};
use super::edit::Edit;

/// What the states of one direction may take in memory, in bytes: several times what [`cost`] allows.
const ROOM: usize = 2 << 20;
/// An automaton that has used up its room begins anew after reading so many bytes: building it costs less
/// than reading them did.
const WORTH_A_NEW_ONE: usize = 4 << 20;
/// What the matches in a text may cost, in steps: a fixed part, and a part per byte of the text.
const ALLOWANCE: (usize, usize) = (2048, 8);
/// What a match costs in steps, beyond what is read for it; and what its groups cost beyond that.
const STEPS_OF_A_MATCH: (usize, usize) = (48, 96);
/// A step that tells groups apart costs as much as so many steps of a search.
const SLOWNESS_OF_GROUPS: usize = 8;
/// A search in a text that is not ASCII costs one step per so many bytes left of it, because how far it reads
/// beyond a match is known for ASCII alone.
const BYTES_FOR_A_STEP: usize = 8;

/// What has been built of an automaton.
struct States {
    cache: Cache,
    /// Bytes that were read since it began.
    read: usize,
}

/// Patterns that are looked for together. The leftmost match counts; of several that begin there, the first
/// pattern's.
pub(super) struct Finder {
    regex: Regex,
    /// For ASCII text, and for other text, which cannot use up the room of the first.
    caches: [Mutex<States>; 2],
    /// What tells the groups of a single pattern apart, and the steps that it takes per byte of a match.
    groups: Option<(meta::Regex, usize)>,
    /// Steps per byte of text, at worst.
    pub(super) steps: usize,
}

impl Finder {
    /// A search for `patterns`: for several, or for one with groups.
    pub(super) fn new(patterns: &[Hir]) -> Result<Finder, Unbounded> {
        let (mut steps, mut groups) = (cost::steps(patterns)?, None);
        if let [pattern] = patterns {
            groups = telling_groups(pattern)?;
            steps += groups.as_ref().map_or(0, |(_, steps)| *steps);
        }
        let regex = Regex::builder().build_from_dfas(automaton(patterns, false)?, automaton(patterns, true)?);
        let caches = std::array::from_fn(|_| Mutex::new(States { cache: regex.create_cache(), read: 0 }));
        Ok(Finder { regex, caches, groups, steps })
    }

    /// `text` with all matches masked, if there are any.
    pub(super) fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let is_ascii = text.is_ascii();
        let mut states = self.caches[usize::from(!is_ascii)].lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = ALLOWANCE.0 + ALLOWANCE.1 * text.len();
        let mut edit = Edit::new(text);
        let mut at = 0;
        while at < text.len() {
            let found = match self.search(&mut states, Input::new(text).span(at..text.len())) {
                Ok(Some(found)) => Some(found.range()),
                Ok(None) => break,
                Err(_) => None,
            };
            let reading = if is_ascii { 0 } else { (text.len() - at) / BYTES_FOR_A_STEP };
            let Some(found) = found.filter(|found| left >= self.price(found) + reading) else {
                edit.mask(at..text.len());
                break;
            };
            left -= self.price(&found) + reading;
            at = found.end;
            self.mask(&mut edit, text, found);
        }
        edit.finish()
    }

    /// Fails if the room for states is used up.
    fn search(&self, states: &mut States, input: Input<'_>) -> Result<Option<Match>, MatchError> {
        states.read += input.get_span().len();
        let found = self.regex.try_search(&mut states.cache, &input);
        if found.is_ok() || states.read < WORTH_A_NEW_ONE {
            return found;
        }
        states.cache.reset(&self.regex);
        states.read = 0;
        self.regex.try_search(&mut states.cache, &input)
    }

    /// What a match costs in steps, with what was read beyond it.
    fn price(&self, found: &Range<usize>) -> usize {
        let of_groups =
            |(_, steps): &(_, usize)| STEPS_OF_A_MATCH.1 + SLOWNESS_OF_GROUPS * steps * found.len();
        STEPS_OF_A_MATCH.0 + self.steps + self.groups.as_ref().map_or(0, of_groups)
    }

    /// Masks a match, or the groups in it.
    fn mask(&self, edit: &mut Edit<'_>, text: &[u8], found: Range<usize>) {
        let Some((groups, _)) = &self.groups else { return edit.mask(found) };
        let mut captures = groups.create_captures();
        let input = Input::new(text).span(found.clone()).anchored(Anchored::Yes);
        groups.search_captures(&input, &mut captures);
        let mut parts = captures.iter().skip(1).flatten().peekable();
        if parts.peek().is_none() {
            edit.mask(found);
        }
        parts.for_each(|part| edit.mask(part.range()));
    }
}

fn automaton(patterns: &[Hir], reverse: bool) -> Result<dfa::DFA, Unbounded> {
    let nfa = cost::nfa(patterns, reverse, WhichCaptures::None)?;
    let kind = if reverse { MatchKind::All } else { MatchKind::LeftmostFirst };
    let config = dfa::Config::new()
        .match_kind(kind)
        .cache_capacity(ROOM)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(0));
    let built = dfa::Builder::new().configure(config).build_from_nfa(nfa);
    built.map_err(|_| Unbounded::TooLarge)
}

fn telling_groups(pattern: &Hir) -> Result<Option<(meta::Regex, usize)>, Unbounded> {
    let steps = cost::steps_of_groups(pattern)?;
    if steps == 0 {
        return Ok(None);
    }
    // What goes from place to place costs what it is counted with; what remembers places clears its memory
    // each time.
    let config = meta::Config::new().utf8_empty(false).hybrid(false).backtrack(false);
    let built = meta::Builder::new().configure(config).build_from_hir(pattern);
    built.map(|groups| Some((groups, steps))).map_err(|_| Unbounded::TooLarge)
}
