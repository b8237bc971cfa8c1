//! Secrets that are known by their looks, wherever they stand in a text.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Captures, Regex};

use super::edit::Edit;
use super::verdict::Verdict;
use crate::redact::lazily::Lazily;

/// A text without any of these has nothing that [`PATTERNS`] would find.
const TELLING: [&str; 32] = [
    "-----BEGIN",
    "from_key",
    "from_base58",
    "Bearer",
    "bearer",
    "BEARER",
    "Basic ",
    "basic ",
    "eyJ",
    "AKIA",
    "ASIA",
    "ecret",
    "ECRET",
    "rivate",
    "RIVATE",
    " key",
    "_key",
    "-key",
    " Key",
    " KEY",
    "_KEY",
    "pikey",
    "piKey",
    "PIKEY",
    "assphrase",
    "assword",
    "ASSWORD",
    "Seed",
    "seed",
    "SEED",
    "nemonic",
    "NEMONIC",
];
/// Nor has a shorter one.
const SHORTEST: usize = 10;
/// Nor has one that is shorter than this and without a digit.
pub(super) const SHORTEST_WITHOUT_DIGIT: usize = 20;

/// What is told behind one of these, `order 0x…`, also with `id` or `hash` between, is an id.
const OF_IDS: [&[u8]; 9] =
    [b"order", b"trade", b"tx", b"txid", b"transaction", b"block", b"fill", b"execution", b"position"];

/// Where a pattern has a group, only that is masked; where it is called `random`, only if it looks so.
const PATTERNS: [&str; 9] = [
    // Private keys in PEM (RFC 7468), also cut ones.
    r"(?s-u)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    // Credentials of HTTP (RFC 6750, RFC 7617).
    r#"(?i-u)\bbearer\s+["']?([a-z._~+/-]*[0-9][a-z0-9._~+/-]{2,}=*|[a-z0-9._~+/-]{20,}=*)"#,
    r"(?i-u)\bbasic\s+([a-z0-9+/]{6,}=+|[a-z0-9+/]{24,})",
    // JSON Web Tokens (RFC 7519).
    r"(?-u)\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*",
    // Access key ids of Amazon's cloud.
    r"(?-u)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    // Wallets that are made of their keys, in the source lines of a traceback.
    r"(?-u)\bfrom_key\(\s*b?[\x22']?((?:0x)?[0-9a-fA-F]{64})\b",
    r"(?-u)\bfrom_(?:secret_key|private_key|mnemonic|seed|base58_string)\(\s*b?[\x22']([^\x22'\n]{8,})",
    // What looks random directly behind a secret's name.
    concat!(
        r"(?i-u)(?:secret(?:[ _-]?key)?|private[ _-]?key|api[ _-]?key|passphrase|password",
        r"|(?:wallet|agent|signer|binance|bybit|okx|bitget|kucoin|gate|kraken)[ _-]key)",
        r"[\x22']?(?:\s*[-=]>\s*|\s+)[\x22'(\[{<]?(?P<random>[^\s\x22',;]+?)",
        r"(?:[)\]}>]+[.:!?]*)?(?:[\s\x22',;]|\z)",
    ),
    // 64 digits or letters are an exchange's key or a wallet's only next to a word that says so; else an
    // order's hash.
    r"(?i-u)(?:secret|private|api[ _-]?key|passphrase|password|seed|mnemonic)[^\n=:]{0,24}?(?:\r?\n\s{0,8})?\b((?:0x)?[a-z0-9]{64})\b",
];

static PREFILTER: Lazily<AhoCorasick> = Lazily::new(|| {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(TELLING);
    builder.expect("a few short words make a small automaton")
});

static BUILT_IN: Lazily<Vec<Regex>> = Lazily::new(|| {
    PATTERNS.iter().map(|pattern| Regex::new(pattern).expect("the pattern is valid")).collect()
});

/// Whether there may be something in `text` that looks like a secret.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    let is_possible = match text.len() {
        0..SHORTEST => false,
        SHORTEST..SHORTEST_WITHOUT_DIGIT => {
            text.iter().fold(false, |found, byte| found | byte.is_ascii_digit())
        }
        _ => true,
    };
    is_possible && PREFILTER.get().is_match(text)
}

/// `text` with what looks like a secret masked, if anything does.
pub(super) fn masked(text: &[u8]) -> Option<Vec<u8>> {
    all_masked(BUILT_IN.get(), text)
}

fn all_masked(patterns: &[Regex], text: &[u8]) -> Option<Vec<u8>> {
    let mut result = Cow::Borrowed(text);
    for pattern in patterns {
        if let Some(masked) = one_masked(pattern, &result) {
            result = Cow::Owned(masked);
        }
    }
    match result {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(masked),
    }
}

fn one_masked(pattern: &Regex, text: &[u8]) -> Option<Vec<u8>> {
    let mut edit = Edit::new(text);
    let mut mask = |found: Captures<'_>| {
        if found.get(1).is_some_and(|group| is_id(&text[found.get_match().start()..group.start()])) {
            return;
        }
        if found.name("random").is_some_and(|group| !Verdict::Tokens.covers(group.as_bytes())) {
            return;
        }
        let mut groups = found.iter().skip(1).flatten().peekable();
        if groups.peek().is_none() {
            edit.mask(found.get_match().range());
        }
        groups.for_each(|group| edit.mask(group.range()));
    };
    pattern.captures_iter(text).for_each(&mut mask);
    edit.finish()
}

/// Whether what comes behind `before` is said to be an id.
fn is_id(before: &[u8]) -> bool {
    let mut words = before.rsplit(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let is_of = |word: &[u8], all: &[&[u8]]| all.iter().any(|each| word.eq_ignore_ascii_case(each));
    words.find(|word| !is_of(word, &[b"id", b"hash"])).is_some_and(|word| is_of(word, &OF_IDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let found = Some(text.as_bytes()).filter(|text| may_be_in(text)).and_then(masked);
        String::from_utf8(found.unwrap_or_else(|| text.into())).unwrap()
    }

    #[test]
    fn secrets_are_known_by_their_looks() {
        let hex = "0123456789abcdef".repeat(4);
        for (text, masked) in [
            ("sent Bearer s3cr3t-value to host".to_owned(), "sent Bearer *** to host".to_owned()),
            ("Bearer 's3cr3t-value'".into(), "Bearer '***'".into()),
            (
                "bearer authorization=Bearer abcdefghijklmnopqrstuv==".into(),
                "bearer authorization=Bearer ***".into(),
            ),
            ("Basic dXNlcjpwYXNz dXNlcjpwYXNzdw==".into(), "Basic dXNlcjpwYXNz dXNlcjpwYXNzdw==".into()),
            ("Basic dXNlcjpwYXNzdw==".into(), "Basic ***".into()),
            ("got eyJhbGciOi.eyJzdWIiOi.Sfl-Kx_wRJ.".into(), "got ***".into()),
            ("id AKIAIOSFODNN7EXAMPLE!".into(), "id ***!".into()),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\nab\n-----END RSA PRIVATE KEY----- after".into(),
                "*** after".into(),
            ),
            ("-----BEGIN PRIVATE KEY-----\nMII cut".into(), "***".into()),
            (format!("the private key is 0x{hex}"), "the private key is ***".into()),
            (format!("Account.from_key('0x{hex}')"), "Account.from_key('***')".into()),
            ("from_mnemonic(\"a b c d\", 1)".into(), "from_mnemonic(\"a b c d\", 1)".into()),
            ("from_mnemonic(\"abandon able\", 1)".into(), "from_mnemonic(\"***\", 1)".into()),
            ("api_key\t7f3a9c0e5b2d4186a0c3e9f17b5d2846".into(), "api_key\t***".into()),
            ("secret key 7f3a9c0e5b2d4186a0c3e9f17b5d2846".into(), "secret key ***".into()),
            ("password hunter2!x; secret -> 'hunter2!x'".into(), "password ***; secret -> '***'".into()),
            (format!("wallet key 0x{hex}"), "wallet key ***".into()),
            (format!("API key id {hex}"), "API key id ***".into()),
            (format!("password hash {hex}"), "password hash ***".into()),
            (format!("private key\n  {hex}"), "private key\n  ***".into()),
            (format!("Secret {hex} rejected"), "Secret *** rejected".into()),
            ("refused (secret a1B2c3D4e5F6g7H8j9).".into(), "refused (secret ***).".into()),
            ("API key (a1B2c3D4e5F6g7H8j9) refused".into(), "API key (***) refused".into()),
            ("secret <a1B2c3D4e5F6g7H8j9>, order [7]".into(), "secret <***>, order [7]".into()),
            ("[api_key a1B2c3D4e5F6g7H8j9]!".into(), "[api_key ***]!".into()),
            (format!("agent key 0x{hex}"), "agent key ***".into()),
            (format!("SIGNER_KEY {hex}"), "SIGNER_KEY ***".into()),
            ("Binance key a1B2c3D4e5F6g7H8j9".into(), "Binance key ***".into()),
        ] {
            assert_eq!(seen(&text), masked);
        }
    }

    #[test]
    fn texts_that_only_speak_of_secrets_stay() {
        let hash = format!("order 0x{} filled", "ab".repeat(32));
        let near = format!("password accepted, order {} filled", "ab".repeat(32));
        for text in [
            near.as_str(),
            "bearer of bad news",
            "basic subscription, api of the exchange",
            "-----BEGIN PUBLIC KEY-----",
            "eyJ.is.short",
            "AKIA and ASIA",
            "password refused by the exchange, secret 550e8400-e29b-41d4-a716-446655440000",
            "Cache.from_key('orders:2026-01-01:btc')",
            "no entry under the sort key 7f3a9c0e5b2d4186a0c3e9f17b5d2846",
            "API key (read only), secret [1], password (see 2FA)",
            "The Binance key is valid (secret missing), Kraken key found",
            hash.as_str(),
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
