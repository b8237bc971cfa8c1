//! Secrets behind their names in a text: `api_key=…`, `"secret": "…"`, `Authorization: …`, `user:…@host`; in messages,
//! addresses, `repr`s, headers, and the source lines of a traceback.

use std::ops::Range;

use memchr::{memchr2, memmem};

use super::edit::Edit;
use super::keys::{Keys, Verdict};

/// A name is looked for within so many bytes.
const MOST_OF_NAME: usize = 64;
/// Quotes, brackets and blanks between a name and its sign: `os.environ["SECRET"] = …`.
const MOST_BETWEEN: usize = 6;
/// A word of a mnemonic (BIP 39) has so many letters.
const WORD_LETTERS: Range<usize> = 3..9;
/// What may come before a credential in a header.
const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"token", b"digest"];
/// A name without a password this long in an address is a token.
const SHORTEST_USER_TOKEN: usize = 20;

/// Texts up to this length are looked through without the overhead that pays for longer ones.
const SHORT: usize = 32;

/// Whether there may be a name with a value in `text`.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    match text.len() {
        0..3 => false,
        3..SHORT => text.iter().fold(false, |found, byte| found | (*byte == b'=') | (*byte == b':')),
        _ => memchr2(b'=', b':', text).is_some(),
    }
}

/// `text` with the values of secret names masked, if there are any.
pub(super) fn masked(text: &[u8], keys: &Keys, defaults: bool) -> Option<Vec<u8>> {
    let mut edit = Edit::new(text);
    let mut from = 0;
    while let Some(found) = memchr2(b'=', b':', &text[from..]) {
        let sign = from + found;
        from = sign + 1;
        let own = || value(text, sign, keys.verdict(name_before(text, sign)?));
        let part = if defaults { address_secret(text, sign).or_else(|| bot_token(text, sign)) } else { None };
        if let Some(part) = part.or_else(own) {
            from = from.max(part.end);
            edit.mask(part);
        }
    }
    edit.finish()
}

/// The password in `://user:password@host`, or a long name alone.
fn address_secret(text: &[u8], colon: usize) -> Option<Range<usize>> {
    let start = colon + 3;
    if text[colon] != b':' || text.get(colon + 1..start)? != b"//" {
        return None;
    }
    let rest = &text[start..];
    let len = rest.iter().position(|byte| byte.is_ascii_whitespace() || b"/\"'<>".contains(byte));
    let authority = &rest[..len.unwrap_or(rest.len())];
    let end = authority.iter().rposition(|byte| *byte == b'@')?;
    match authority[..end].iter().position(|byte| *byte == b':') {
        Some(colon) if colon + 1 < end => Some(start + colon + 1..start + end),
        None if end >= SHORTEST_USER_TOKEN => Some(start..start + end),
        _ => None,
    }
}

/// The second half of a Telegram bot's token, `123456789:AAE…`.
fn bot_token(text: &[u8], colon: usize) -> Option<Range<usize>> {
    let before = text[..colon].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if text[colon] != b':' || !(8..=12).contains(&before) {
        return None;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let len = text[colon + 1..].iter().take_while(is_part).count();
    (30..=50).contains(&len).then_some(colon + 1..colon + 1 + len)
}

/// The name before `sign`, with the word before it: `API key: …`.
fn name_before(text: &[u8], sign: usize) -> Option<&[u8]> {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b']' | b'\\');
    let mut end = sign;
    while end > 0 && sign - end < MOST_BETWEEN && is_between(&text[end - 1]) {
        end -= 1;
    }
    let least = end.saturating_sub(MOST_OF_NAME);
    let word = |end: usize| {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte) || !byte.is_ascii();
        text[least..end].iter().rposition(|byte| !is_part(byte)).map_or(least, |at| least + at + 1)
    };
    let mut start = word(end);
    if start == end {
        return None;
    }
    if start > least + 1 && text[start - 1] == b' ' {
        start = word(start - 1);
    }
    Some(&text[start..end])
}

/// Where the value behind `sign` is that a name of this verdict covers.
fn value(text: &[u8], sign: usize, verdict: Verdict) -> Option<Range<usize>> {
    if verdict == Verdict::Clear {
        return None;
    }
    let skip = |from: usize, is_skipped: fn(&u8) -> bool| {
        text[from..].iter().position(|byte| !is_skipped(byte)).map_or(text.len(), |len| from + len)
    };
    let start = skip(sign + 1, |byte| b"=>:".contains(byte));
    let start = skip(start, |byte| b" \t".contains(byte));
    if let Some(content) = quoted(text, start) {
        return verdict.covers(&text[content.clone()]).then_some(content);
    }
    let mut end = unquoted_end(text, start);
    let value = &text[start..end];
    if value.is_empty() || says_nothing(value) || !verdict.covers(value) {
        return None;
    }
    if verdict == Verdict::Token && value.iter().all(u8::is_ascii_lowercase) && value.len() <= 12 {
        return None; // prose: `invalid token: expected a number`
    }
    if verdict == Verdict::Line {
        end = start
            + text[start..].iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(text.len() - start);
    } else if SCHEMES.iter().any(|scheme| value.eq_ignore_ascii_case(scheme)) {
        end = unquoted_end(text, skip(end, |byte| b" \t".contains(byte)));
    }
    while let Some(longer) = Some(end).filter(|_| verdict.has_words()).and_then(|end| next_word(text, end)) {
        end = longer;
    }
    Some(start..end)
}

fn says_nothing(value: &[u8]) -> bool {
    [&b"None"[..], b"null", b"True", b"true", b"False", b"false", b"nil"].contains(&value)
}

/// The inside of the quotes that begin at `start`, also behind a prefix (`b'…'`), tripled, or escaped themselves. A quote
/// ends the text only where something else could begin; without an end, all that follows is inside.
fn quoted(text: &[u8], start: usize) -> Option<Range<usize>> {
    let prefix = text[start..].iter().take(2).take_while(|byte| b"bBrRuUfF".contains(byte)).count();
    let escapes = text[start + prefix..].iter().take_while(|byte| **byte == b'\\').count();
    let open = start + prefix + escapes;
    let quote = *text.get(open).filter(|byte| b"\"'".contains(byte))?;
    let mut mark = text[open - escapes..=open].to_vec();
    if escapes == 0 && text[open..].starts_with(&[quote; 3]) {
        mark = vec![quote; 3];
    }
    let begin = open - escapes + mark.len();
    let mut from = begin;
    while let Some(found) = memmem::find(&text[from..], &mark) {
        let end = from + found;
        let is_escaped = text[begin..end].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        if !is_escaped && ends_value(text, end + mark.len()) {
            return Some(begin..end);
        }
        from = end + 1;
    }
    Some(begin..text.len())
}

/// Where a value without quotes ends that begins at `start`: brackets that it opens belong to it, with all inside.
fn unquoted_end(text: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b'"' | b'\'' if depth > 0 => {
                at = quoted(text, at).map_or(at, |inside| inside.end);
            }
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b' ' | b'\t' | b'\r' | b'\n' => break,
            b'"' | b'\'' | b')' | b']' | b'}' | b'>' | b',' | b';' | b'&' | b'|'
                if ends_value(text, at + 1) =>
            {
                break;
            }
            _ => {}
        }
        at += 1;
    }
    at.min(text.len())
}

/// Whether a value may have ended before `at`: nothing follows, a separator does, or another name with its sign.
fn ends_value(text: &[u8], at: usize) -> bool {
    let Some(&byte) = text.get(at) else { return true };
    if byte.is_ascii_whitespace() || b"\"'()[]{}<>,;:&|\\=#".contains(&byte) {
        return true;
    }
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let name = text[at..].iter().take(MOST_OF_NAME).take_while(is_name).count();
    name > 0 && text.get(at + name).is_some_and(|byte| b"=:".contains(byte)) || b".!?+*/".contains(&byte)
}

fn next_word(text: &[u8], end: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix(b" ")?;
    let len = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let is_whole = rest.get(len).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"=:_".contains(byte));
    (WORD_LETTERS.contains(&len) && is_whole).then_some(end + 1 + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let keys = Keys::new(true, &[]);
        let masked = masked(text.as_bytes(), &keys, true).unwrap_or_else(|| text.into());
        String::from_utf8(masked).unwrap()
    }

    #[test]
    fn a_value_is_masked_whole_and_nothing_around_it() {
        for (text, masked) in [
            ("api_key=abc123", "api_key=***"),
            ("login with api_key=abc, qty=3", "login with api_key=***, qty=3"),
            ("password=ab,cd", "password=***"),
            ("password=a&b&c=1", "password=***&c=1"),
            (
                "https://x.com/o?symbol=BTC&signature=0af&listenKey=q1",
                "https://x.com/o?symbol=BTC&signature=***&listenKey=***",
            ),
            (r#"{"secret": "s3", "qty": 1}"#, r#"{"secret": "***", "qty": 1}"#),
            (r#"{"secret":"a\"b","qty":1}"#, r#"{"secret":"***","qty":1}"#),
            (r#"{\"secret\": \"a,b\", \"qty\": 1}"#, r#"{\"secret\": \"***\", \"qty\": 1}"#),
            ("{'api_secret': 'a b', 'x': 'y'}", "{'api_secret': '***', 'x': 'y'}"),
            ("{'api_secret': b'a b'}", "{'api_secret': b'***'}"),
            (
                "Client(api_key='a', api_secret=\"b\", qty=1)",
                "Client(api_key='***', api_secret=\"***\", qty=1)",
            ),
            ("os.environ['API_SECRET'] = 'q'", "os.environ['API_SECRET'] = '***'"),
            ("password = Secret('a, b')", "password = ***"),
            ("password = os.environ[\"PW\"]", "password = ***"),
            ("API key: abc", "API key: ***"),
            ("X-MBX-APIKEY: abc\nAccept: */*", "X-MBX-APIKEY: ***\nAccept: */*"),
            ("Authorization: Bearer a.b.c\nAccept: x", "Authorization: ***\nAccept: x"),
            ("Cookie: a=1; b=2", "Cookie: ***"),
            ("access_token: Bearer abc def", "access_token: *** def"),
            ("mnemonic: abandon ability able about, 12", "mnemonic: ***, 12"),
            ("postgres://bot:pa@ss@db:5432/x", "postgres://bot:***@db:5432/x"),
            ("https://ghp_0123456789abcdef0123@github.com", "https://***@github.com"),
            ("POST /bot123456789:AAEabcdefghijklmnopqrstuvwxyz0123456/send", "POST /bot123456789:***/send"),
            ("note 'password=abc', ok", "note 'password=***', ok"),
            ("password='unfinished and cut", "password='***"),
            ("secret = \"\"\"a\nb\"\"\"", "secret = \"\"\"***\"\"\""),
            ("пароль password=абв конец", "пароль password=*** конец"),
            ("if token == 'x1y2z3w':", "if token == '***':"),
        ] {
            assert_eq!(seen(text), masked);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "",
            "=",
            ":",
            "::",
            "=:= ::",
            "password:",
            "password: \n next",
            "12:30:45 order filled: BTCUSDT price=50000.5",
            "token=BTC, token='ETH', seed=42",
            "invalid token: expected a number",
            "max_tokens=4096 tokens_per_second=17",
            "secretary: Anna",
            "password=None api_key=null secret=False",
            "api_key=*** done",
            "https://x.com:8080/a@b",
            "key=3",
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
