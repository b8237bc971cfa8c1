//! Secrets within a value that is JSON already: nested fields. What comes out is JSON as well.

use std::collections::HashMap;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::edit::Edit;
use super::rules::{self, Rules};
use super::verdict::Verdict;
use super::{login, names, pairs, spoken, worth};
use crate::line::escape::escape_json;
use crate::line::names::Names;

/// The mask as a JSON string.
pub(super) const MASK_JSON: &[u8] = b"\"***\"";

/// A name that tells a secret is no shorter: `password=abc`.
const LEAST_OF_TELLING_NAME: usize = 12;

/// The containers that are open, under names that say something.
struct Scopes {
    /// What the names say, and how deep each began.
    open: Vec<(Verdict, usize)>,
    depth: usize,
}

impl Scopes {
    fn verdict(&self) -> Verdict {
        self.open.last().map_or(Verdict::Clear, |(verdict, _)| *verdict)
    }

    /// Begins the container whose bracket comes next.
    fn enter(&mut self, verdict: Verdict) {
        if verdict != self.verdict() {
            self.open.push((verdict, self.depth));
        }
    }

    /// Goes over what stands between two strings.
    fn pass(&mut self, between: &[u8]) {
        if self.open.is_empty() {
            return;
        }
        for byte in between {
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.leave(),
                _ => {}
            }
        }
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        let depth = self.depth;
        self.open.retain(|(_, began)| *began < depth);
    }
}

/// `json` with the values of secret names masked, and what looks like a secret in any text; if there is
/// anything. The whole belongs to a name of the verdict `above`.
pub(super) fn masked(json: &[u8], above: Verdict, rules: &Rules) -> Option<Vec<u8>> {
    let mut edit = Edit::new(json);
    let mut scopes = Scopes { open: Vec::new(), depth: 0 };
    let mut alone = begin(json, 0, above, &mut scopes);
    let mut renamed = Renamed::default();
    let mut from = 0;
    while let Some(found) = memchr(b'"', &json[from..]) {
        let text = from + found..string_end(json, from + found);
        scopes.pass(&json[from..text.start]);
        from = text.end;
        let after = skip_blanks(json, text.end);
        if json.get(after) != Some(&b':') {
            let verdict = alone.unwrap_or(scopes.verdict());
            alone = Some(next_of_list(json, &text, after, scopes.verdict(), rules))
                .filter(|verdict| *verdict != Verdict::Clear);
            mask_text(json, text, verdict, rules, &mut edit);
            continue;
        }
        let start = skip_blanks(json, after + 1);
        let name = unescaped(&json[inside(&text)]);
        if name.len() >= LEAST_OF_TELLING_NAME {
            if let Some(masked) = renamed.masked(&name, rules) {
                edit.replace(text, &quoted(masked));
            }
        }
        let verdict = match pairs::verdict(&name, &rules.keys) {
            Verdict::Clear => scopes.verdict().within(names::describes(&name)),
            verdict => verdict,
        };
        let is_login = rules.defaults && login::is_of_arguments(&name) && login::is_login(json, start);
        if verdict.is_certain() || is_login {
            let end = value_end(json, start);
            if is_covered(&json[start..end], if is_login { Verdict::Secret } else { verdict }) {
                edit.replace(start..end, MASK_JSON);
                from = end;
                continue;
            }
        }
        from = start;
        alone = begin(json, start, verdict, &mut scopes);
    }
    edit.finish()
}

/// Enters the container at `start`; returns what is said of the string that may stand there instead.
fn begin(json: &[u8], start: usize, verdict: Verdict, scopes: &mut Scopes) -> Option<Verdict> {
    match json.get(start) {
        Some(b'{' | b'[') if !verdict.is_certain() => scopes.enter(verdict),
        Some(b'"') if !verdict.is_certain() => return Some(verdict),
        _ => {}
    }
    None
}

/// Whether a name of this verdict covers the whole value.
pub(super) fn is_covered(value: &[u8], verdict: Verdict) -> bool {
    match value.first() {
        _ if !verdict.is_certain() || says_nothing(value) => false,
        Some(b'"') => verdict.covers(&unescaped(&value[inside(&(0..value.len()))])),
        Some(b'{' | b'[') => true,
        _ => verdict.covers_number(worth::is_count(value)),
    }
}

/// What a string in a list under `above` says about the one behind it: in a pair, or among the arguments of a
/// program.
fn next_of_list(json: &[u8], first: &Range<usize>, after: usize, above: Verdict, rules: &Rules) -> Verdict {
    let before = json[..first.start].trim_ascii_end();
    let start = skip_blanks(json, after + 1);
    if json.get(after) != Some(&b',') || json.get(start) != Some(&b'"') {
        return Verdict::Clear;
    }
    if let Some(name) = json[inside(first)].strip_prefix(b"--") {
        let is_value = json.get(start + 1) != Some(&b'-');
        return if is_value { spoken::of_argument(name, &rules.keys) } else { Verdict::Clear };
    }
    if !before.ends_with(b"[") {
        return Verdict::Clear;
    }
    let end = string_end(json, start);
    let verdict = match pairs::verdict(&unescaped(&json[inside(first)]), &rules.keys) {
        Verdict::Clear if above == Verdict::Auth => Verdict::Token,
        verdict => verdict,
    };
    let is_pair = json.get(skip_blanks(json, end)) == Some(&b']');
    let is_listed = pairs::is_listed(&before[..before.len() - 1]);
    let second = unescaped(&json[inside(&(start..end))]);
    let is_secret = is_pair && pairs::covers(verdict, &second, is_listed, &rules.keys);
    if is_secret { verdict } else { Verdict::Clear }
}

fn mask_text(json: &[u8], text: Range<usize>, verdict: Verdict, rules: &Rules, edit: &mut Edit<'_>) {
    let raw = &json[inside(&text)];
    let content = unescaped(raw);
    if rules::covers(verdict, &content) {
        return edit.replace(text, MASK_JSON);
    }
    let Some(masked) = rules.value_text(&content) else { return };
    edit.replace(text, &quoted(&masked));
}

/// What names that tell secrets have become. No two become the same: JSON knows each name once.
#[derive(Default)]
struct Renamed {
    by_name: HashMap<Vec<u8>, Vec<u8>>,
    used: Names,
}

impl Renamed {
    /// What to write for `name`, if it tells a secret, as an address with a key does.
    fn masked(&mut self, name: &[u8], rules: &Rules) -> Option<&[u8]> {
        let masked = rules.text(name)?;
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.to_vec(), self.used.numbered(masked));
        }
        self.by_name.get(name).map(Vec::as_slice)
    }
}

/// `text` as a JSON string.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    escape_json(text, &mut quoted);
    quoted.push(b'"');
    quoted
}

fn says_nothing(value: &[u8]) -> bool {
    [&b"null"[..], b"true", b"false", b"\"\"", b"0"].contains(&value)
}

fn inside(text: &Range<usize>) -> Range<usize> {
    // A text that was never closed has nothing after its first quote.
    text.start + 1..(text.end - 1).max(text.start + 1)
}

/// What the inside of a string stands for; as it is, if it stands for nothing.
fn unescaped(raw: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if memchr(b'\\', raw).is_none() {
        return raw.into();
    }
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(raw.into(), |text| text.into_bytes().into())
}

/// Behind the string that begins at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

/// Behind the value that begins at `start`.
fn value_end(json: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

fn skip_blanks(json: &[u8], from: usize) -> usize {
    let rest = &json[from.min(json.len())..];
    from + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
}
