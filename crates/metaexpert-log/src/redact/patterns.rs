//! A user's own regular expressions: read, their cost looked at, and put together so that they cost little.

use std::fmt;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::cost::{self, MOST_OF_AUTOMATON, MOST_OF_PATTERNS, MOST_STEPS, Unbounded};
use super::finder::Finder;

/// The longest pattern, in bytes.
const MOST_BYTES: usize = 10_000;

/// Why patterns cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The place of the pattern it is about; `None` if it is about all together.
    pub index: Option<usize>,
    /// What is wrong: "is not …", "costs …".
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { index, problem, advice } = self;
        match index {
            Some(index) => write!(f, "redact.patterns.{index} {problem}; {advice}"),
            None => write!(f, "redact.patterns {problem}; {advice}"),
        }
    }
}

/// Patterns that are masked wherever they match.
pub(super) struct Patterns {
    /// Applied one after the other.
    finders: Vec<Finder>,
}

impl Patterns {
    /// Fails for the first pattern that cannot be used, or if all together cost too much.
    ///
    /// Those at and after each of `passes` are looked for in what the ones before have left, so that they
    /// take nothing away from these: neighbours are searched together otherwise, and the leftmost match
    /// counts.
    pub(super) fn new(patterns: &[String], passes: &[usize]) -> Result<Patterns, Refusal> {
        let (mut each, mut bytes) = (Vec::with_capacity(patterns.len()), 0);
        for (index, pattern) in patterns.iter().enumerate() {
            let read = read(pattern).and_then(|hir| allowed(&hir).map(|size| (hir, size)));
            let (hir, size) =
                read.map_err(|(problem, advice)| Refusal { index: Some(index), problem, advice })?;
            bytes += size;
            if bytes > MOST_OF_PATTERNS {
                return Err(too_large_together());
            }
            each.push(hir);
        }
        let mut finders = Vec::new();
        let has_groups = |hir: &Hir| hir.properties().explicit_captures_len() > 0;
        // In their order: what one masks is not seen by the next. One with groups may leave something to see.
        let mut rest = each.as_slice();
        for end in passes.iter().copied().chain([each.len()]) {
            let begun = each.len() - rest.len();
            let (pass, next) = rest.split_at(end.saturating_sub(begun).min(rest.len()));
            rest = next;
            for stretch in pass.chunk_by(|one, next| !has_groups(one) && !has_groups(next)) {
                gather(stretch, &mut finders)?;
            }
        }
        Ok(Patterns { finders })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.finders.is_empty()
    }

    /// `text` with what the patterns find masked, if they find anything.
    pub(super) fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut masked = None;
        for finder in &self.finders {
            if let Some(next) = finder.masked(masked.as_deref().unwrap_or(text)) {
                masked = Some(next);
            }
        }
        masked
    }
}

/// Adds what finds `patterns`, each of which is allowed alone: one search for all, if that is cheaper than
/// one for each half.
fn gather(patterns: &[Hir], finders: &mut Vec<Finder>) -> Result<(), Refusal> {
    let so_far: usize = finders.iter().map(|finder| finder.steps).sum();
    match Finder::new(patterns) {
        Ok(finder) if so_far + finder.steps <= MOST_STEPS => finders.push(finder),
        // Each costs as much as a search at least: no need to look at all of them.
        _ if patterns.len() == 1 || so_far >= MOST_STEPS => return Err(too_much_together()),
        _ => {
            let (first, second) = patterns.split_at(patterns.len() / 2);
            gather(first, finders)?;
            gather(second, finders)?;
        }
    }
    Ok(())
}

/// What is wrong with patterns of a user's, if anything.
pub fn refusal(patterns: &[String]) -> Option<Refusal> {
    Patterns::new(patterns, &[]).err()
}

type Told = (String, String);

fn read(pattern: &str) -> Result<Hir, Told> {
    if pattern.len() > MOST_BYTES {
        let problem = format!("has {} bytes, and {MOST_BYTES} are allowed", pattern.len());
        return Err((problem, "split it into several".into()));
    }
    let hir = ParserBuilder::new().utf8(false).build().parse(pattern).map_err(|problem| {
        let text = problem.to_string();
        let reason = text.rsplit("error: ").next().unwrap_or(&text);
        let problem = format!("is not a regular expression that can be used: {}", reason.trim());
        (problem, "write it as Rust's regex wants it, without look-around and backreferences".into())
    })?;
    if hir.properties().minimum_len() == Some(0) {
        let advice = "say what must be there, such as + instead of *";
        return Err(("can match an empty text".into(), advice.into()));
    }
    Ok(with_ascii_words(&hir))
}

/// Returns what the pattern takes in memory.
fn allowed(pattern: &Hir) -> Result<usize, Told> {
    let found = Finder::new(std::slice::from_ref(pattern));
    match found.and_then(|finder| Ok((finder.steps, cost::size(pattern)?))) {
        Ok((steps, size)) if steps <= MOST_STEPS => Ok(size),
        Ok((steps, _)) => Err((
            format!("costs up to {steps} steps per byte of ASCII text, and {MOST_STEPS} are allowed"),
            "make it clear where a group begins and ends, or leave out its groups".into(),
        )),
        Err(Unbounded::ReadsOn) => Err((
            format!(
                "costs more than the {MOST_STEPS} steps per byte of ASCII text that are allowed: after a \
                 match it reads on in search of a better one"
            ),
            "bound what follows an optional part, as in {0,8}, or make two patterns of it".into(),
        )),
        Err(Unbounded::TooLarge) => Err((
            format!(
                "is too large a regular expression: its automaton over ASCII text takes more than the \
                 {} KiB that are allowed",
                MOST_OF_AUTOMATON >> 10
            ),
            "use fewer and smaller repetitions, or begin it with a word".into(),
        )),
    }
}

fn too_large_together() -> Refusal {
    let problem = format!("take more than {} MiB with their repetitions written out", MOST_OF_PATTERNS >> 20);
    let advice = "use fewer and smaller repetitions, or switch Unicode off in them, as in (?-u:\\w{1,30})";
    Refusal { index: None, problem, advice: advice.into() }
}

fn too_much_together() -> Refusal {
    Refusal {
        index: None,
        problem: format!(
            "cost more than the {MOST_STEPS} steps per byte of ASCII text that are allowed for all together"
        ),
        advice: "join those with groups with |, begin and end others with words, or use fewer".into(),
    }
}

/// The same pattern, but that `\b` and its like know ASCII words alone: no automaton knows others.
fn with_ascii_words(pattern: &Hir) -> Hir {
    match pattern.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => pattern.clone(),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(repetition) => {
            Hir::repetition(repetition.with(with_ascii_words(&repetition.sub)))
        }
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(with_ascii_words(&capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(with_ascii_words).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(with_ascii_words).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Result<Patterns, Refusal> {
        Patterns::new(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), &[])
    }

    fn masked(texts: &[&str], text: &str) -> String {
        let found = patterns(texts).unwrap_or_else(|refusal| panic!("{refusal}")).masked(text.as_bytes());
        String::from_utf8(found.unwrap_or_else(|| text.into())).unwrap()
    }

    fn problem(pattern: &str) -> String {
        let refusal = patterns(&["a", pattern]).err().unwrap_or_else(|| panic!("{pattern} is allowed"));
        assert_eq!(refusal.index, Some(1), "{pattern}");
        refusal.to_string()
    }

    fn cost(texts: &[&str]) -> usize {
        patterns(texts).unwrap().finders.iter().map(|finder| finder.steps).sum()
    }

    #[test]
    fn matches_are_masked_or_the_groups_in_them() {
        let given = ["acct-[0-9]+", "pin (\\d+)", "(?i)user=(\\w+) id=(\\w+)"];
        for (text, expected) in [
            ("acct-17 has pin 1234, acct-18", "*** has pin ***, ***"),
            ("nothing", "nothing"),
            ("", ""),
            ("USER=ann id=7 acct-1", "USER=*** id=*** ***"),
            ("счёт acct-17, pin ١٢٣, пин", "счёт ***, pin ***, пин"),
        ] {
            assert_eq!(masked(&given, text), expected);
        }
        assert_eq!(patterns(&given).unwrap().masked(b"nothing"), None);
    }

    #[test]
    fn a_pattern_of_a_later_pass_takes_nothing_from_those_before() {
        let texts = ["acct-\\d+", "of acct", "(l)ogin"].map(str::to_owned);
        for (passes, expected) in [
            (&[][..], "***ogin ***-4711"),
            (&[1], "***ogin of ***"),
            (&[1, 2], "***ogin of ***"),
            (&[1, 1, 9], "***ogin of ***"),
        ] {
            let found = Patterns::new(&texts, passes).unwrap_or_else(|refusal| panic!("{refusal}"));
            let masked = found.masked(b"login of acct-4711").unwrap();
            assert_eq!(String::from_utf8(masked).unwrap(), expected, "{passes:?}");
        }
    }

    #[test]
    fn a_group_that_took_no_part_leaves_the_match_masked() {
        assert_eq!(masked(&["key (?:none|(\\w+))"], "key none, key abc"), "***, key ***");
        assert_eq!(masked(&["pass.*?([a-z]+)!"], "password is abc!"), "password is ***!");
    }

    #[test]
    fn the_next_pattern_sees_what_the_one_before_has_left() {
        assert_eq!(masked(&["code (\\d+)", "code"], "code 12"), "*** ***");
        assert_eq!(masked(&["code", "code (\\d+)"], "code 12"), "*** 12");
        assert_eq!(masked(&["pin \\d+ code (\\d+)", "pin (\\d+)"], "pin 12 code 34"), "pin *** code ***");
    }

    #[test]
    fn of_several_at_one_place_the_first_counts_and_else_the_leftmost() {
        assert_eq!(masked(&["ab", "abc"], "abcd"), "***cd");
        assert_eq!(masked(&["abc", "ab"], "abcd abd"), "***d ***d");
        assert_eq!(masked(&["bcd", "abc"], "abcd"), "***d");
    }

    #[test]
    fn word_boundaries_are_those_of_ascii() {
        assert_eq!(masked(&["\\bid\\b"], "id, did, ёid"), "***, did, ё***");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_looked_through() {
        let found = patterns(&["acct-\\d+", "(?-u)\\xff+"]).unwrap().masked(b"\xC3 acct-1 \xFF\xFE").unwrap();
        assert_eq!(found, b"\xC3 *** ***\xFE");
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert_eq!(
            problem("("),
            "redact.patterns.1 is not a regular expression that can be used: unclosed group; write it as \
             Rust's regex wants it, without look-around and backreferences"
        );
        assert!(problem("(?<=a)b").contains("look-around"));
        assert!(problem(r"(a)\1").contains("backreferences are not supported"));
        for empty in ["a*", "", "(?:)", "x|", "\\b", "(a?)"] {
            assert!(problem(empty).contains("can match an empty text"), "{empty}");
        }
        assert!(problem(&"a".repeat(10_001)).contains("has 10001 bytes, and 10000 are allowed"));
    }

    #[test]
    fn what_costs_too_much_is_refused_with_its_cost() {
        for large in ["(?:a{1000}){1000}", "[01]*1[01]{14}", "z(?:x{0,90}y{0,90}){0,90}z", "(?s).{1,5000}z"] {
            let problem = problem(large);
            assert!(problem.contains("is too large a regular expression"), "{large}: {problem}");
            assert!(problem.contains("more than the 256 KiB that are allowed"), "{problem}");
        }
        for reading in ["a.*z|a", "[a-z]+(?: .*end)?", "(?:ab*c|a)", "x(?s:.{0,100}y)?"] {
            let problem = problem(reading);
            assert!(
                problem.contains("costs more than the 32 steps per byte of ASCII text that are allowed"),
                "{reading}: {problem}"
            );
        }
        let problem = problem("secret of the house of the king (.*) (.*)");
        assert!(
            problem.contains("costs up to 37 steps per byte of ASCII text, and 32 are allowed"),
            "{problem}"
        );
    }

    #[test]
    fn what_people_look_for_costs_little() {
        for (pattern, steps) in [
            ("acct-\\d+", 2),
            ("[\\w.+-]+@[\\w-]+\\.[\\w.-]+", 2),
            (r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b", 2),
            (r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b", 2),
            ("0x[0-9a-fA-F]{40}", 2),
            ("(?i)user (\\S+)", 3),
            ("sk-\\w{1,64}", 2),
            ("\\bacct-\\w{8,20}\\b", 2),
            ("(?i)пароль: *[^ ]+", 2),
            (r"\d{4}-\d{4}(-\d{4})?", 7),
            ("password.*?(\\w+)", 12),
        ] {
            assert_eq!(cost(&[pattern]), steps, "{pattern}");
        }
    }

    #[test]
    fn many_cost_as_much_as_one_where_they_fit_together() {
        let words: Vec<String> = (0..100).map(|number| format!("account{number}-[0-9]+")).collect();
        assert_eq!(Patterns::new(&words, &[]).unwrap().finders.len(), 1);
        // An address may begin with what an account is, and would be looked for to the end of each.
        assert_eq!(cost(&["[\\w.-]+@[\\w.]+", "acct-\\d+", "id \\d+"]), 4);
    }

    #[test]
    fn many_that_do_not_fit_together_are_refused_as_a_whole() {
        // In each there may be another, which ends before it.
        let many: Vec<String> = ('A'..='T').map(|end| format!("from[^{end}]*{end}")).collect();
        let refusal = Patterns::new(&many, &[]).err().unwrap();
        assert_eq!(refusal.index, None);
        assert!(refusal.to_string().starts_with("redact.patterns cost more than the 32 steps"), "{refusal}");
        let groups: Vec<String> = (0..11).map(|number| format!("pin{number} (\\d+)")).collect();
        assert!(Patterns::new(&groups, &[]).is_err());
        assert_eq!(Patterns::new(&groups[..10], &[]).unwrap().finders.len(), 10);
    }

    #[test]
    fn many_that_take_much_memory_are_refused_as_a_whole() {
        let many: Vec<String> = (0..100).map(|number| format!("id{number}\\w{{1,20}}")).collect();
        let refusal = Patterns::new(&many, &[]).err().unwrap();
        assert_eq!(refusal.index, None);
        assert!(refusal.to_string().starts_with("redact.patterns take more than 4 MiB"), "{refusal}");
    }

    #[test]
    fn a_text_full_of_matches_is_masked_to_its_end_when_its_allowance_is_spent() {
        let digits = patterns(&["[0-9]"]).unwrap();
        assert_eq!(digits.masked("1".repeat(40).as_bytes()).unwrap(), "***".repeat(40).as_bytes());
        let found = digits.masked("1".repeat(10_000).as_bytes()).unwrap();
        assert!((4_500..6_500).contains(&found.len()), "{}", found.len());
        // One in a line of text is what a text may have, however long.
        let text = "order 1 was filled\n".repeat(10_000);
        assert_eq!(digits.masked(text.as_bytes()).unwrap(), text.replace('1', "***").as_bytes());
        let group = patterns(&["order (.*?) (\\w+)"]).unwrap();
        let found = group.masked(text.as_bytes()).unwrap();
        assert!(found.starts_with(b"order *** *** filled\norder ***") && found.ends_with(b"***"));
    }

    #[test]
    fn a_text_that_no_automaton_is_built_for_is_masked_to_its_end_and_others_are_looked_through() {
        let given = patterns(&["[а-я]*а[а-я]{14}y"]).unwrap();
        let mut state = 1_u32;
        let letters: String = (0..200_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 31 == 0 { 'я' } else { 'а' }
            })
            .collect();
        let found = given.masked(letters.as_bytes()).unwrap();
        assert!(found.ends_with(b"***") && found.len() < letters.len(), "{}", found.len());
        assert_eq!(given.masked(b"only x y"), None);
        // It has used up its room, and gets room again for having read enough.
        assert_eq!(given.masked("абy acct".as_bytes()).unwrap(), b"***");
        given.masked("я".repeat(2 << 20).as_bytes());
        assert_eq!(given.masked("абy acct".as_bytes()), None);
    }
}
