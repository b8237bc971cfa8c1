//! Secrets behind their names in a text: `api_key=…`, `"secret": "…"`, `Authorization: …`, `user:…@host`;
//! in messages, addresses, `repr`s, headers, and the source lines of a traceback.

use std::ops::Range;

use memchr::{memchr3, memchr3_iter};

use super::address;
use super::annotation;
use super::edit::Edit;
use super::extent::{
    MOST_OF_NAME, behind_colours, first_line, is_prose, last_end, list_end, next_line, quoted, says_nothing,
    skip, unquoted_end, words_end,
};
use super::keys::Keys;
use super::login::{is_login, is_of_arguments};
use super::names;
use super::naming::name_before;
use super::pairs;
use super::verdict::Verdict;
use super::worth::MOST_OF_RANDOM;

/// What is within a container that was looked through is looked at again up to this length; beyond that, all
/// that the container has left is masked. So nested containers cost no more than their length.
const MOST_OF_ONE_JUDGED: usize = 1024;
/// Texts up to this length are looked through without the overhead that pays for longer ones.
const SHORT: usize = 32;

/// Up to where containers have been looked through, for each verdict that the values decide.
#[derive(Default)]
struct Judged {
    token: usize,
    tokens: usize,
    random: usize,
    wallet: usize,
    seed: usize,
}

impl Judged {
    fn until(&mut self, verdict: Verdict) -> Option<&mut usize> {
        match verdict {
            Verdict::Token => Some(&mut self.token),
            Verdict::Random | Verdict::Auth => Some(&mut self.random),
            Verdict::Tokens => Some(&mut self.tokens),
            Verdict::WalletKey => Some(&mut self.wallet),
            Verdict::Seed => Some(&mut self.seed),
            _ => None,
        }
    }
}

/// Whether there may be a name with a value in `text`.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    let is_sign = |byte: &u8| (*byte == b'=') | (*byte == b':') | (*byte == b',');
    match text.len() {
        0..3 => false,
        3..SHORT => text.iter().fold(false, |found, byte| found | is_sign(byte)),
        _ => memchr3_iter(b'=', b':', b',', text)
            .any(|at| text[at] != b',' || at > 0 && b"\"'".contains(&text[at - 1])),
    }
}

/// `text` with the values of secret names masked, if there are any.
pub(super) fn masked(text: &[u8], keys: &Keys, defaults: bool) -> Option<Vec<u8>> {
    let mut edit = Edit::new(text);
    let mut judged = Judged::default();
    let mut from = 0;
    while let Some(found) = memchr3(b'=', b':', b',', &text[from..]) {
        let sign = from + found;
        from = sign + 1;
        let part = match text[sign] {
            b',' => pairs::secret(text, sign, keys),
            _ => built_in(text, sign, defaults).or_else(|| named(text, sign, keys, &mut judged)),
        };
        if let Some(part) = part {
            from = from.max(part.end);
            edit.mask(part);
        }
    }
    edit.finish()
}

fn built_in(text: &[u8], sign: usize, defaults: bool) -> Option<Range<usize>> {
    if !defaults {
        return None;
    }
    address::secret(text, sign).or_else(|| bot_token(text, sign)).or_else(|| login_arguments(text, sign))
}

fn named(text: &[u8], sign: usize, keys: &Keys, judged: &mut Judged) -> Option<Range<usize>> {
    let verdict = keys.verdict(name_before(text, sign)?);
    let sign = annotation::end(text, sign, verdict).unwrap_or(sign);
    let found = value(text, sign, verdict, judged)?;
    Some(found.start..list_end(text, &found))
}

/// The arguments of a request to log in: a key, a time, a signature.
fn login_arguments(text: &[u8], sign: usize) -> Option<Range<usize>> {
    let start = skip(text, sign + 1, |byte| *byte == b' ');
    if !text.get(start).is_some_and(|byte| b"[(".contains(byte)) {
        return None;
    }
    let is_login = is_of_arguments(word_before(text, sign)?) && is_login(text, start);
    is_login.then(|| start..unquoted_end(text, start))
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

/// The last word of the name before `sign`: `sent args=[…]`.
fn word_before(text: &[u8], sign: usize) -> Option<&[u8]> {
    name_before(text, sign)?.rsplit(|byte| *byte == b' ').next()
}

/// Where the value behind `sign` is that a name of this verdict covers.
fn value(text: &[u8], sign: usize, verdict: Verdict, judged: &mut Judged) -> Option<Range<usize>> {
    if verdict == Verdict::Clear {
        return None;
    }
    let judged_until = judged.until(verdict).map_or(0, |until| *until);
    let most = match verdict {
        // What is random is short, so nobody looks further for its end.
        Verdict::Random | Verdict::Auth | Verdict::Tokens | Verdict::WalletKey => {
            MOST_OF_NAME + MOST_OF_RANDOM
        }
        _ if sign < judged_until => MOST_OF_ONE_JUDGED,
        _ => text.len(),
    };
    let (whole, text) = (text, &text[..text.len().min(sign + most)]);
    let is_cut = |end| end == text.len() && end < judged_until;
    let start = skip(text, sign + 1, |byte| b"=>:".contains(byte));
    let start = behind_colours(text, skip(text, start, |byte| b" \t".contains(byte)));
    let start = next_line(text, start, verdict).unwrap_or(start);
    if let Some(content) = quoted(text, start) {
        let end = if is_cut(content.end) { judged_until } else { content.end };
        return verdict.covers(&text[content.clone()]).then_some(content.start..end);
    }
    if let Some(end) = Some(start).filter(|_| verdict.has_words()).and_then(|start| words_end(text, start)) {
        return Some(start..end);
    }
    let end = unquoted_end(text, start);
    let value = &text[start..end];
    if value.is_empty() || says_nothing(value) {
        return None;
    }
    if !verdict.is_certain() && value.iter().any(|byte| b"([{".contains(byte)) {
        return container(whole, start, verdict, judged);
    }
    let judged = match verdict {
        // What is said of a secret is short, so these may be cut.
        Verdict::Words => &text[start..last_end(text, start, end, verdict)],
        Verdict::Line => first_line(&text[start..text.len().min(start + MOST_OF_NAME)]),
        _ => value,
    };
    if !verdict.covers(in_sentence(judged)) || verdict == Verdict::Token && is_prose(value, 12) {
        return None; // prose: `invalid token: expected a number`
    }
    if is_cut(end) {
        return Some(start..judged_until);
    }
    Some(start..last_end(text, start, end, verdict))
}

/// A value that is judged without the mark that ends its sentence: `bought token: wBTC.`
fn in_sentence(value: &[u8]) -> &[u8] {
    match value {
        [before @ .., b'.' | b'!' | b'?'] if !before.is_empty() => before,
        _ => value,
    }
}

/// The container at `start`, if anything in it is covered. What lies within one that was looked through has
/// been, too.
fn container(text: &[u8], start: usize, verdict: Verdict, judged: &mut Judged) -> Option<Range<usize>> {
    let until = judged.until(verdict).filter(|until| start >= **until)?;
    *until = unquoted_end(text, start);
    covers_any(&text[start..*until], verdict).then_some(start..*until)
}

/// Whether a name of this verdict covers any of the values in a container, as `repr` and JSON write it.
fn covers_any(text: &[u8], verdict: Verdict) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'()[]{},;=:<>".contains(byte);
    let (mut at, mut of_name) = (0, verdict);
    // What is said of all in the list that is open.
    let mut of_list = verdict;
    while at < text.len() {
        let bare = || at..at + text[at..].iter().position(is_end).unwrap_or(text.len() - at);
        let atom = quoted(text, at).unwrap_or_else(bare);
        if atom.is_empty() {
            match text[at] {
                b'[' => of_list = of_name,
                b']' => (of_list, of_name) = (verdict, verdict),
                _ => {}
            }
            at = atom.end + 1;
            continue;
        }
        let behind = skip(text, atom.end, |byte| b"\"'\\ ".contains(byte));
        at = behind;
        let word = &text[atom];
        match text.get(behind) {
            Some(b'=' | b':') => of_name = verdict.within(names::describes(word)),
            Some(b'(') => {}
            _ if !says_nothing(word) && std::mem::replace(&mut of_name, of_list).covers(word) => return true,
            _ => {}
        }
    }
    false
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
            (
                "\x1b[36mtoken\x1b[0m=\x1b[1;35mx7y8!z9\x1b[0m a",
                "\x1b[36mtoken\x1b[0m=\x1b[1;35m***\x1b[0m a",
            ),
            (
                "\x1b[1;32m'secret'\x1b[0m: \x1b[32m'a b'\x1b[0m}",
                "\x1b[1;32m'secret'\x1b[0m: \x1b[32m'***'\x1b[0m}",
            ),
            ("\x1b[1mAPI key\x1b[0m: abc", "\x1b[1mAPI key\x1b[0m: ***"),
            ("api_secret (OKX): abc", "api_secret (OKX): ***"),
            ("mnemonic (12 words): abandon able", "mnemonic (12 words): ***"),
            ("HTTPBasicAuth('me', 'hunter2!x')", "HTTPBasicAuth('me', '***')"),
            ("private_key=<hidden> api_key=<a1>", "private_key=<hidden> api_key=***>"),
            ("get(auth=('me', 'hunter2!x'), n=1)", "get(auth=('me', '***'), n=1)"),
            (r#"{"auth": ["me", "hunter2!x"]}"#, r#"{"auth": ["me", "***"]}"#),
            ("X-MBX-APIKEY: abc\nAccept: */*", "X-MBX-APIKEY: ***\nAccept: */*"),
            ("Authorization: Bearer a.b.c\nAccept: x", "Authorization: ***\nAccept: x"),
            ("Cookie: a=1; b=2", "Cookie: ***"),
            ("Authorization: invalid s3cr3t", "Authorization: ***"),
            ("passphrase: wrong horse battery", "passphrase: ***"),
            ("token={'tags': ['a b'], 'x': 'hunter2'}", "token=***"),
            ("access_token: Bearer abc def", "access_token: *** def"),
            ("mnemonic: abandon ability able about, 12", "mnemonic: ***, 12"),
            ("mnemonic: abandon, ability, able, qty=1", "mnemonic: ***, qty=1"),
            ("seed: abandon,ability,able,about x", "seed: *** x"),
            ("mnemonic:\n1. abandon\n2. ability\n3. able\nqty: 1", "mnemonic:\n***\nqty: 1"),
            ("seed words: 1) abandon 2) ability 3) able 5) x", "seed words: *** 5) x"),
            ("mnemonic: |\n  abandon able\n  about above\nqty: 1", "mnemonic: |\n  ***\nqty: 1"),
            (
                "a:\n  seed: >\r\n    abandon able\r\n    about\r\n  n: 1",
                "a:\n  seed: >\r\n    ***\r\n  n: 1",
            ),
            ("recovery_words: abandon ability able", "recovery_words: ***"),
            ("passphrase: Correct horse7 battery, qty=1", "passphrase: ***, qty=1"),
            ("passphrase=correct horse qty=3", "passphrase=*** qty=3"),
            ("password:\n  hunter2\nnext: line", "password:\n  ***\nnext: line"),
            ("API secret:\r\nx1y2\r\n", "API secret:\r\n***\r\n"),
            ("password: |\n  hunter2", "password: |\n  ***"),
            ("secrets:\n - abc-1", "secrets:\n - ***"),
            ("secrets:\n - 'a'\n - 'b'\nc", "secrets:\n - '***\nc"),
            ("api_keys:\r\n  - abc-1\r\n  - 'd e'\r\nqty: 1", "api_keys:\r\n  - ***\r\nqty: 1"),
            ("{'api_key':\n  'a b'}", "{'api_key':\n  '***'}"),
            ("mnemonic:\nabandon ability able", "mnemonic:\n***"),
            ("[('X-MBX-APIKEY', 'abc'), ('Accept', '*/*')]", "[('X-MBX-APIKEY', '***'), ('Accept', '*/*')]"),
            ("[(b'KC-API-SIGN', b'abc'), (b'a', b'b')]", "[(b'KC-API-SIGN', b'***'), (b'a', b'b')]"),
            (r#"[["password", "hunter"], ["a", "b"]]"#, r#"[["password", "***"], ["a", "b"]]"#),
            (r#"[[\"password\", \"hunter\"]]"#, r#"[[\"password\", \"***\"]]"#),
            ("('OK-ACCESS-KEY', 'a1')", "('OK-ACCESS-KEY', '***')"),
            ("token={'value': 'hunter2'}", "token=***"),
            ("token=Token(value='hunter2')", "token=***"),
            ("access_tokens=['a', 'b'] x", "access_tokens=*** x"),
            (r#"{"op": "auth", "args": ["k1", 1, "0af1"]}"#, r#"{"op": "auth", "args": ***}"#),
            (
                r#"{"method":"server.sign","params":["k1","0af1",1]}"#,
                r#"{"method":"server.sign","params":***}"#,
            ),
            (r#"{\"params\":[\"k1\",1],\"op\":\"login\"}"#, r#"{\"params\":***,\"op\":\"login\"}"#),
            ("sent args=('k1', 1) op='auth'", "sent args=*** op='auth'"),
            ("postgres://bot:pa@ss@db:5432/x", "postgres://bot:***@db:5432/x"),
            ("https://ghp_0123456789abcdef0123@github.com", "https://***@github.com"),
            ("POST /bot123456789:AAEabcdefghijklmnopqrstuvwxyz0123456/send", "POST /bot123456789:***/send"),
            ("note 'password=abc', ok", "note 'password=***', ok"),
            ("password='unfinished and cut", "password='***"),
            ("secret = \"\"\"a\nb\"\"\"", "secret = \"\"\"***\"\"\""),
            ("пароль password=абв конец", "пароль password=*** конец"),
            ("if token == 'x1y2z3w':", "if token == '***':"),
            ("api_secret: str = 'a b'", "api_secret: str = '***'"),
            ("def f(token: str | None = \"x1y2z3\"):", "def f(token: str | None = \"***\"):"),
            ("secret: t.Final[Optional[str]] = \"a\"", "secret: t.Final[Optional[str]] = \"***\""),
            ("password: hunter = 3", "password: *** = 3"),
        ] {
            assert_eq!(seen(text), masked);
        }
    }

    #[test]
    fn what_is_nested_without_end_is_looked_through_once() {
        for (nested, most) in [("token={", 1 << 16), ("seed=[{", 1 << 16), ("key=(", 1 << 16)] {
            let text = nested.repeat(most);
            assert_eq!(seen(&text), text);
        }
        let long = "x1".repeat(1000);
        let text = format!("token={{'name': ' token={long}', 'symbol': 'BTC'}} qty=1");
        assert_eq!(seen(&text), "token={'name': ' token=*** qty=1");
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
            "password: required",
            "password: not set. Passphrase: wrong!",
            "Authorization: missing\r\nCookie: none",
            "secret=0 signature=3 seed=0.5 seed=-1e9",
            "token=[] token={'tags': ['layer-2', 'Top10coin'], 'symbol': 'ARB'}",
            "password: \n next",
            "if not password:\n    raise ValueError",
            "token:\nAccept: x1y2z3",
            "password:\nqty=0.5",
            "missing=('password', 'email')",
            "n_secrets=3 max_tokens=5 secrets: 12",
            "token=wBTC quote_token=ethereum base_token='arbitrum'",
            "token={'symbol': 'wBTC', 'chain': 'ethereum', 'decimals': 8, 'ok': True}",
            "token={'name': 'Wrapped Bitcoin', \\\"BTC\\\": \\\"0.25\\\", \"\": ''}",
            "Token(symbol='WBTC') token=Token(symbol='WBTC', name='wrapped')",
            "signature=on_bar(rates) sign=-1 key=close",
            "bought token: wBTC. Then token=0xdAC17F958D2ee523a2206206994597C13D831ec7!",
            r#"{"op": "subscribe", "args": ["publicTrade.BTCUSDT"]}"#,
            r#"{"op": "auth", "args": []}"#,
            r#"{"op": "login", "args": [{"instId": "BTC"}]}"#,
            r#"{"method": "SUBSCRIBE", "params": ["auth", "login"]}"#,
            "def secret(a): x1 = secret(a=1): x1",
            "auth=('okx', 'live') at=('me', 'hunter2!x')",
            "seed=0x2a seed: random secret: [REDACTED]",
            "seed words: 12, mnemonic: invalid, seed: 1. seed=42 strategy sma",
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
