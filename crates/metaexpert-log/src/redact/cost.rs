//! The cost of a user's regular expression, known before it is used: steps per byte of text, at worst.
//!
//! Nothing is timed. Both automata of a search are built in full for ASCII text, and the cost is read off
//! them. A small automaton reads each byte once on the way to a match's end, and once on the way back to its
//! beginning. Bytes that it reads beyond a match are read again by the next search, so they count for every
//! byte. Groups take one more pass, or one pass per place in the pattern that a text can be at.
//!
//! For other text nothing is proven: [`super::finder`] gives up where an automaton becomes too large.

use regex_automata::dfa::{Automaton, StartKind, dense, onepass};
use regex_automata::nfa::thompson::{self, Compiler, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind};

/// What an automaton, and the tables that it is made with, may take in memory, in bytes. A larger one does
/// not fit a processor's cache.
pub(super) const MOST_OF_AUTOMATON: usize = 256 << 10;
/// What all patterns may take in memory with their repetitions written out, in bytes.
pub(super) const MOST_OF_PATTERNS: usize = 4 << 20;
/// What an automaton that tells groups apart in one pass may take in memory, in bytes.
const MOST_OF_GROUPS: usize = 1 << 20;
/// Steps that all patterns together may take per byte of text.
pub(super) const MOST_STEPS: usize = 32;
/// Forth, and back.
const STEPS_OF_A_SEARCH: usize = 2;

type Dense = dense::DFA<Vec<u32>>;
/// The states that follow each state, by the state's place among the reachable ones.
type Graph = (Vec<StateID>, Vec<Vec<usize>>);

/// Why a pattern has no cost that could be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unbounded {
    /// Its automaton is too large.
    TooLarge,
    /// Each match may cost as much as a long stretch of the text after it.
    ReadsOn,
}

/// The steps per byte of text that one search for any of `patterns` takes at worst, without its groups.
pub(super) fn steps(patterns: &[Hir]) -> Result<usize, Unbounded> {
    let forward = automaton(patterns, false)?;
    automaton(patterns, true)?;
    Ok(STEPS_OF_A_SEARCH + beyond_match(&forward).ok_or(Unbounded::ReadsOn)?)
}

/// What a pattern takes in memory with its repetitions written out, in bytes.
pub(super) fn size(pattern: &Hir) -> Result<usize, Unbounded> {
    Ok(nfa(std::slice::from_ref(pattern), false, WhichCaptures::None)?.memory_usage())
}

/// The further steps per byte of a match that its groups take; 0 without groups.
pub(super) fn steps_of_groups(pattern: &Hir) -> Result<usize, Unbounded> {
    if pattern.properties().explicit_captures_len() == 0 {
        return Ok(0);
    }
    let nfa = nfa(std::slice::from_ref(pattern), false, WhichCaptures::All)?;
    let config = onepass::Config::new().size_limit(Some(MOST_OF_GROUPS));
    let is_one_pass = onepass::Builder::new().configure(config).build_from_nfa(nfa).is_ok();
    Ok(if is_one_pass { 1 } else { places(pattern) })
}

/// What both directions of a search are made from.
pub(super) fn nfa(patterns: &[Hir], reverse: bool, captures: WhichCaptures) -> Result<NFA, Unbounded> {
    let config = thompson::Config::new()
        .utf8(false)
        .reverse(reverse)
        .which_captures(captures)
        .nfa_size_limit(Some(MOST_OF_PATTERNS));
    let built = Compiler::new().configure(config).build_many_from_hir(patterns);
    built.map_err(|_| Unbounded::TooLarge)
}

fn automaton(patterns: &[Hir], reverse: bool) -> Result<Dense, Unbounded> {
    let nfa = nfa(patterns, reverse, WhichCaptures::None)?;
    let mut config = dense::Config::new()
        .dfa_size_limit(Some(MOST_OF_AUTOMATON))
        .determinize_size_limit(Some(MOST_OF_AUTOMATON));
    config = if reverse {
        config.start_kind(StartKind::Anchored).match_kind(MatchKind::All)
    } else {
        config.start_kind(StartKind::Unanchored)
    };
    for byte in 0x80..=0xFF {
        config = config.quit(byte, true);
    }
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Unbounded::TooLarge)
}

/// How many bytes a search may read beyond a match for a better one; `None` for more than [`MOST_STEPS`].
fn beyond_match(dfa: &Dense) -> Option<usize> {
    let (states, next) = graph(dfa);
    let is_open = |index: &usize| {
        let state = states[*index];
        !dfa.is_match_state(state) && !dfa.is_dead_state(state) && !dfa.is_quit_state(state)
    };
    let followers = |from: &[usize]| {
        let mut after: Vec<usize> = from.iter().flat_map(|index| &next[*index]).copied().collect();
        after.sort_unstable();
        after.dedup();
        after.retain(is_open);
        after
    };
    let matches: Vec<usize> = (0..states.len()).filter(|index| dfa.is_match_state(states[*index])).collect();
    let mut open = followers(&matches);
    for bytes in 0..=MOST_STEPS {
        if open.is_empty() {
            return Some(bytes);
        }
        open = followers(&open);
    }
    None
}

/// Every state that a search through ASCII text can reach.
fn graph(dfa: &Dense) -> Graph {
    let begin = |before| {
        let config = start::Config::new().anchored(Anchored::No).look_behind(before);
        dfa.start_state(&config).ok()
    };
    let mut states: Vec<StateID> = (0..0x80).map(Some).chain([None]).filter_map(begin).collect();
    states.sort_unstable();
    states.dedup();
    let mut places: std::collections::HashMap<_, _> =
        states.iter().copied().enumerate().map(|(at, state)| (state, at)).collect();
    let mut next: Vec<Vec<usize>> = Vec::new();
    while next.len() < states.len() {
        let state = states[next.len()];
        let mut followers: Vec<usize> = (0..0x80)
            .map(|byte| {
                let follower = dfa.next_state(state, byte);
                *places.entry(follower).or_insert_with(|| {
                    states.push(follower);
                    states.len() - 1
                })
            })
            .collect();
        followers.sort_unstable();
        followers.dedup();
        next.push(followers);
    }
    (states, next)
}

/// In how many places of the pattern a text can be at the same time, at most.
fn places(pattern: &Hir) -> usize {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(_) | Class::Unicode(_)) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.max(1)) as usize;
            places(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(0, usize::saturating_add)
        }
    }
}
