//! Names and values in pairs, as lists of headers have them: `[("X-MBX-APIKEY", "…"), ("Accept", "*/*")]`.

use std::ops::Range;

use super::base64;
use super::extent::{MOST_OF_NAME, quoted};
use super::keys::Keys;
use super::naming;
use super::verdict::Verdict;

/// The value of the pair whose comma this is, in a text, if it is a secret.
pub(super) fn secret(text: &[u8], comma: usize, keys: &Keys) -> Option<Range<usize>> {
    let (name, before) = name_before(text, comma)?;
    let verdict = match keys.verdict(name) {
        Verdict::Clear if is_of_auth(before, keys) => Verdict::Token,
        verdict => verdict,
    };
    if verdict == Verdict::Clear || !before.ends_with(b"(") && !before.ends_with(b"[") {
        return None;
    }
    let start = comma + 1 + text[comma + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let value = quoted(text, start)?;
    let mut rest =
        text[value.end..].iter().filter(|byte| !byte.is_ascii_whitespace() && !b"\"'\\,".contains(byte));
    let is_pair = rest.next().is_none_or(|byte| b")]".contains(byte));
    (is_pair && covers(verdict, &text[value.clone()], is_listed(&before[..before.len() - 1]), keys))
        .then_some(value)
}

/// Whether a name such as `auth` and a bracket stand before a pair of a user and a password: `auth=(`,
/// `BasicAuth(`.
fn is_of_auth(before: &[u8], keys: &Keys) -> bool {
    let sign = before.trim_ascii_end().split_last().map(|(_, before)| before.trim_ascii_end());
    let is_call = |text: &&[u8]| [&b"Auth"[..], b"auth", b"login"].iter().any(|name| text.ends_with(name));
    if sign.as_ref().is_some_and(is_call) {
        return true;
    }
    let Some(sign) = sign.filter(|text| text.ends_with(b"=") || text.ends_with(b":")) else { return false };
    naming::name_before(sign, sign.len() - 1).is_some_and(|name| keys.verdict(name) == Verdict::Auth)
}

/// The name in quotes before `comma`, and what comes before it.
fn name_before(text: &[u8], comma: usize) -> Option<(&[u8], &[u8])> {
    let close = comma.checked_sub(1).filter(|at| b"\"'".contains(&text[*at]))?;
    let least = close.saturating_sub(MOST_OF_NAME);
    let open = least + text[least..close].iter().rposition(|byte| *byte == text[close])?;
    let before = &text[..open];
    let prefix = before.iter().rev().take(2).take_while(|byte| b"bB\\".contains(byte)).count();
    Some((&text[open + 1..close], &before[..open - prefix]))
}

/// Whether more pairs may stand beside the one that begins behind `before`.
pub(super) fn is_listed(before: &[u8]) -> bool {
    before.iter().rev().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"[({,".contains(byte))
}

/// Whether the second of a pair is a secret. A pair alone may be two names: `("password", "email")`.
pub(super) fn covers(verdict: Verdict, value: &[u8], is_listed: bool, keys: &Keys) -> bool {
    verdict.covers(value) && (is_listed || !is_name(value, keys))
}

/// Whether `value` is a word of small letters, or itself a secret's name: `("API_KEY", "API_SECRET")`.
pub(super) fn is_name(value: &[u8], keys: &Keys) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || b"_-".contains(byte);
    let is_small = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    value.iter().all(is_small) || value.iter().all(is_part) && keys.verdict(value) != Verdict::Clear
}

/// What a name says that may be bytes, which are base64 in a field.
pub(super) fn verdict(name: &[u8], keys: &Keys) -> Verdict {
    match keys.verdict(name) {
        Verdict::Clear if name.len() <= 2 * MOST_OF_NAME => {
            base64::text(name).map_or(Verdict::Clear, |(name, _)| keys.verdict(&name))
        }
        verdict => verdict,
    }
}
