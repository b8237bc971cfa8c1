//! Secrets behind their names without a sign: the arguments of a program, `--api-key K`; rows of tables,
//! `| api_key | K |`; sentences, `the API key is K`.

use std::ops::Range;

use memchr::{memchr2_iter, memmem};

use super::edit::Edit;
use super::extent::{MOST_OF_NAME, is_prose, last_end, quoted, skip, unquoted_end};
use super::keys::Keys;
use super::naming::name_before;
use super::verdict::Verdict;
use super::{pairs, worth};

/// Words of prose that may follow an argument's name are no longer: `--api-key or`.
const MOST_OF_PROSE: usize = 12;
/// A cell of a table is looked at up to this length.
const MOST_OF_CELL: usize = 1024;
/// What the value decides about is no longer.
const MOST_OF_VALUE: usize = worth::MOST_OF_RANDOM + MOST_OF_NAME;
/// What ends a cell, besides `|`: the lines that `rich` and others draw.
const LINES: [&str; 3] = ["│", "┃", "║"];

/// `text` with the values masked that are told in words, if there are any.
pub(super) fn masked(text: &[u8], keys: &Keys) -> Option<Vec<u8>> {
    let mut masked = None;
    for step in [arguments, rows, sentences] {
        if let Some(next) = step(masked.as_deref().unwrap_or(text), keys) {
            masked = Some(next);
        }
    }
    masked
}

/// `bot.py --api-key K`, `['--api-key', 'K']`
fn arguments(text: &[u8], keys: &Keys) -> Option<Vec<u8>> {
    all_behind("--", text, |from| argument(text, from, keys))
}

/// `text` with each part masked that `part` finds behind a `mark`. What is masked is not looked through.
fn all_behind(mark: &str, text: &[u8], part: impl Fn(usize) -> Option<Range<usize>>) -> Option<Vec<u8>> {
    let mut edit = Edit::new(text);
    let mut from = 0;
    while let Some(found) = memmem::find(&text[from..], mark.as_bytes()) {
        from += found + mark.len();
        if let Some(part) = part(from) {
            from = from.max(part.end);
            edit.mask(part);
        }
    }
    edit.finish()
}

/// The value of the argument whose name begins at `start`.
fn argument(text: &[u8], start: usize, keys: &Keys) -> Option<Range<usize>> {
    let rest = &text[start..text.len().min(start + MOST_OF_NAME)];
    let name =
        &rest[..rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count()];
    let verdict = of_argument(name, keys);
    if verdict == Verdict::Clear {
        return None;
    }
    let end = start + name.len();
    let begin = skip(text, end, |byte| b"\\\"',".contains(byte));
    let value = skip(text, begin, |byte| b" \t".contains(byte));
    // `['--api-key']` ends with a quote, too.
    let is_apart = value > begin || text[end..begin].contains(&b',');
    if !is_apart || text.get(value) == Some(&b'-') {
        return None;
    }
    // What is not certain is short, so nobody looks further for its end.
    let most = if verdict.is_certain() { text.len() } else { text.len().min(value + MOST_OF_VALUE) };
    let text = &text[..most];
    if let Some(content) = quoted(text, value) {
        return verdict.covers(&text[content.clone()]).then_some(content);
    }
    let end = unquoted_end(text, value);
    let word = &text[value..end];
    let counts = verdict.covers(word) && !is_prose(word, MOST_OF_PROSE);
    counts.then(|| value..last_end(text, value, end, verdict))
}

/// What the name of an argument says about the next one, without its dashes.
pub(super) fn of_argument(name: &[u8], keys: &Keys) -> Verdict {
    if name.len() > MOST_OF_NAME { Verdict::Clear } else { keys.verdict(name) }
}

/// `| api_key | K |`
fn rows(text: &[u8], keys: &Keys) -> Option<Vec<u8>> {
    let mut edit = Edit::new(text);
    let mut name: Verdict = Verdict::Clear;
    let mut begin = 0;
    let mut is_first = true;
    for at in memchr2_iter(b'|', b'\xE2', text) {
        let line = LINES.iter().find(|line| text[at..].starts_with(line.as_bytes())).map(|line| line.len());
        let Some(len) = line.or((text[at] == b'|').then_some(1)) else { continue };
        let cell = trimmed(text, begin..at);
        let is_cell = !is_first && cell.len() <= MOST_OF_CELL && !text[cell.clone()].contains(&b'\n');
        if is_cell {
            let value = &text[cell.clone()];
            if name.covers(value) && !is_prose(value, MOST_OF_PROSE) && !pairs::is_name(value, keys) {
                edit.mask(cell.clone());
            }
        }
        name = if is_cell && cell.len() <= MOST_OF_NAME { keys.verdict(&text[cell]) } else { Verdict::Clear };
        (begin, is_first) = (at + len, false);
    }
    edit.finish()
}

/// `range` without the blanks and quotes at its ends.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let is_edge = |byte: &u8| b" \t\"'`*".contains(byte);
    let cell = &text[range.clone()];
    let start = cell.iter().position(|byte| !is_edge(byte)).unwrap_or(cell.len());
    let end = cell.iter().rposition(|byte| !is_edge(byte)).map_or(start, |at| at + 1);
    range.start + start..range.start + end
}

/// `the API key is K`
fn sentences(text: &[u8], keys: &Keys) -> Option<Vec<u8>> {
    let is = all_behind(" is", text, |end| told(text, " is", end, keys));
    let was = {
        let text = is.as_deref().unwrap_or(text);
        all_behind(" was", text, |end| told(text, " was", end, keys))
    };
    was.or(is)
}

/// The value behind the verb that ends at `end`, if a secret's name stands before it, and nobody would say it
/// of one.
fn told(text: &[u8], verb: &str, end: usize, keys: &Keys) -> Option<Range<usize>> {
    let start = skip(text, end, |byte| b": \t".contains(byte));
    if start == end || !keys.verdict(name_before(text, end - verb.len())?).is_certain() {
        return None;
    }
    let text = &text[..text.len().min(start + MOST_OF_VALUE)];
    let range = quoted(text, start).unwrap_or_else(|| start..unquoted_end(text, start));
    let value = &text[range.clone()];
    let value = value.strip_suffix(b".").unwrap_or(value);
    let is_secret = Verdict::Tokens.covers(value) || worth::is_uuid(value);
    is_secret.then_some(range.start..range.start + value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let masked = masked(text.as_bytes(), &Keys::new(true, &[])).unwrap_or_else(|| text.into());
        String::from_utf8(masked).unwrap()
    }

    #[test]
    fn a_value_without_a_sign_is_masked() {
        for (text, masked) in [
            ("bot --api-key K1 --secret \"a b\" -v", "bot --api-key *** --secret \"***\" -v"),
            ("['--api-secret', 'hunter', '-v']", "['--api-secret', '***', '-v']"),
            (r#"[\"--api-secret\", \"a1\"]"#, r#"[\"--api-secret\", \"***\"]"#),
            ("| okx | api_key | a1 |\n| `secret` | `b 2` |", "| okx | api_key | *** |\n| `secret` | `***` |"),
            ("│ api_secret │ a1 │", "│ api_secret │ *** │"),
            ("The API key is 7f3a9c0e5b2d4186a0c3e9f17b5d2846.", "The API key is ***."),
            ("my password was: 'hunter2!x'", "my password was: '***'"),
            ("api key is b2c4e6f8-1a3c-4e5f-8a7b-9c0d1e2f3a4b", "api key is ***"),
        ] {
            assert_eq!(seen(text), masked);
        }
    }

    #[test]
    fn what_begins_again_and_again_is_looked_through_once() {
        for text in ["--secret \"", "--sign \"x ", "secret is \"a ", "secret is (", "| secret "] {
            let once = seen(&text.repeat(100_000));
            assert!(once.len() <= 100_000 * text.len());
        }
    }

    #[test]
    fn words_without_a_secret_stay() {
        for text in [
            "",
            "--",
            "use --api-key or --secret, --password",
            "['--api-key']",
            "--password-file a1 --token",
            "| password | required |\n| api_key | secret |",
            "| secret |\n| b2 |",
            "a | secret || b",
            "the api key is base64-encoded, the secret is 32 bytes",
            "password is",
            "the order is 7f3a9c0e5b2d4186a0c3e9f17b5d2846",
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
