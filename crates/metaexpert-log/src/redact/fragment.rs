//! Secrets within a value that is JSON already: nested fields. What comes out is JSON as well.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::Rules;
use super::edit::Edit;
use super::keys::Verdict;
use crate::encode::escape::escape_json;

/// The mask as a JSON string.
pub(super) const MASK_JSON: &[u8] = b"\"***\"";

/// `json` with the values of secret names masked, and what looks like a secret in any text; if there is anything. The
/// whole belongs to a name of the verdict `above`.
pub(super) fn masked(json: &[u8], above: Verdict, rules: &Rules) -> Option<Vec<u8>> {
    let mut edit = Edit::new(json);
    // A list of tokens is judged one by one.
    let mut list = if json.first() == Some(&b'[') { (above, json.len()) } else { (Verdict::Clear, 0) };
    let mut alone = if list.1 == 0 { above } else { Verdict::Clear };
    let mut from = 0;
    while let Some(found) = memchr(b'"', &json[from..]) {
        let text = from + found..string_end(json, from + found);
        from = text.end;
        let after = skip_blanks(json, text.end);
        if json.get(after) == Some(&b':') {
            let start = skip_blanks(json, after + 1);
            from = start;
            let verdict = rules.keys.verdict(&unescaped(&json[inside(&text)]));
            if verdict.is_certain() {
                from = value_end(json, start);
                if !says_nothing(&json[start..from]) {
                    edit.replace(start..from, MASK_JSON);
                }
            } else if json.get(start) == Some(&b'[') {
                list = (verdict, value_end(json, start));
            } else {
                alone = verdict;
            }
            continue;
        }
        let verdict = match std::mem::take(&mut alone) {
            Verdict::Clear if text.start < list.1 => list.0,
            verdict => verdict,
        };
        mask_text(json, text, verdict, rules, &mut edit);
    }
    edit.finish()
}

fn mask_text(json: &[u8], text: Range<usize>, verdict: Verdict, rules: &Rules, edit: &mut Edit<'_>) {
    let raw = &json[inside(&text)];
    let content = unescaped(raw);
    if verdict.covers(&content) {
        return edit.replace(text, MASK_JSON);
    }
    let Some(masked) = rules.text(&content) else { return };
    let mut quoted = vec![b'"'];
    escape_json(&masked, &mut quoted);
    quoted.push(b'"');
    edit.replace(text, &quoted);
}

fn says_nothing(value: &[u8]) -> bool {
    [&b"null"[..], b"true", b"false", b"\"\""].contains(&value)
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
