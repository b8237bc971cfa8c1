//! The value's side of the judgement: a count, or something random enough to be a credential.

use super::market_data::{MOST_OF_MARKET_DATA, is_address, is_market_data};

/// Nobody has more secrets than a number of so many digits says.
const MOST_OF_COUNT: usize = 6;
/// Shorter texts have too few changes of class to tell chance from habit.
const LEAST_OF_RANDOM: usize = 16;
/// A text of hexadecimal digits this long is a hash, a key, or a signature.
const LEAST_OF_HEX: usize = 20;
/// Signatures of RSA and Ed25519 are shorter in any encoding.
pub(super) const MOST_OF_RANDOM: usize = 512;

/// What is written where a secret would stand, and is nobody's.
const SAID_OF_SECRETS: [&str; 45] = [
    "0",
    "random",
    "rotated",
    "generated",
    "absent",
    "accepted",
    "cannot",
    "changed",
    "denied",
    "disabled",
    "empty",
    "enabled",
    "expired",
    "found",
    "hidden",
    "incorrect",
    "invalid",
    "is",
    "loaded",
    "masked",
    "mismatch",
    "missing",
    "must",
    "needed",
    "no",
    "none",
    "not",
    "null",
    "ok",
    "optional",
    "present",
    "provided",
    "redacted",
    "refused",
    "rejected",
    "required",
    "revoked",
    "set",
    "should",
    "undefined",
    "unknown",
    "unset",
    "valid",
    "was",
    "wrong",
];

/// Whether `text` only says of a secret how it is: `password: required`.
pub(super) fn is_said_of_a_secret(text: &[u8]) -> bool {
    const MOST: usize = 24;
    let is_known = |word: &[u8]| SAID_OF_SECRETS.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()));
    let is_bracket = |byte: &u8| b"<>[]()".contains(byte);
    let start = text.iter().take(1).take_while(|byte| is_bracket(byte)).count();
    let end = text.len() - text[start..].iter().rev().take(1).take_while(|byte| is_bracket(byte)).count();
    let text = &text[start..end];
    text.len() <= MOST && text.split(|byte| *byte == b' ').all(is_known)
}

/// A number as random generators have it for a seed: `42`, `0.5`, `-1`, `1e9`, `0x2a`.
pub(super) fn is_number(text: &[u8]) -> bool {
    let hex = text.strip_prefix(b"0x").unwrap_or_default();
    (1..=16).contains(&hex.len()) && hex.iter().all(u8::is_ascii_hexdigit)
        || text.iter().all(u8::is_ascii_digit)
        || text.len() <= 40
            && text.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE_".contains(byte))
            && std::str::from_utf8(text).is_ok_and(|text| text.replace('_', "").parse::<f64>().is_ok())
}

/// `n_secrets=3`
pub(super) fn is_count(text: &[u8]) -> bool {
    (1..=MOST_OF_COUNT).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// What a function is called with: `(self, x: int) -> None`, `on_bar(rates)`.
pub(super) fn is_function_signature(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_. <".contains(byte);
    let name = text.iter().take_while(|byte| is_name(byte)).count();
    text.len() <= 4 * MOST_OF_MARKET_DATA && text.get(name) == Some(&b'(') && text.contains(&b')')
}

/// A public key as OpenSSH writes it, or the fingerprint of one.
pub(super) fn is_public(text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] = [b"SHA256:", b"MD5:", b"ssh-", b"ecdsa-sha2-", b"-----BEGIN PUBLIC KEY"];
    text.len() <= 4 * MOST_OF_MARKET_DATA && BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// Whether nobody would choose `text`: a key, a signature or a token, but no name, no address, no UUID.
pub(super) fn is_random(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.~%".contains(byte);
    if !(LEAST_OF_RANDOM..=MOST_OF_RANDOM).contains(&text.len()) || !text.iter().all(is_part) {
        return false;
    }
    if is_market_data(text) || is_address(text) || is_uuid(text) {
        return false;
    }
    let hex = text.strip_prefix(b"0x").unwrap_or(text);
    if hex.len() >= LEAST_OF_HEX && hex.iter().all(u8::is_ascii_hexdigit) {
        return hex.iter().any(u8::is_ascii_alphabetic);
    }
    // Of random letters and digits more than half begin another class, of words and numbers one in five.
    4 * changes(text) >= text.len()
}

/// A password as people choose them: `hunter2!x`, with a letter, a digit and a mark that no coin's name has.
pub(super) fn is_password(text: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    (8..=64).contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_graphic() && !b"/:=".contains(byte))
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit)
        && has(|byte| b"!$%^&*?".contains(byte))
}

/// The private key of a wallet: of Ethereum's kind, of Solana's, or in the format of Bitcoin's wallets.
pub(super) fn is_wallet_key(text: &[u8]) -> bool {
    let hex = text.strip_prefix(b"0x").unwrap_or(text);
    let is_base58 = || text.iter().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(byte));
    match text.len() {
        64 | 66 => hex.len() == 64 && hex.iter().all(u8::is_ascii_hexdigit),
        87 | 88 => is_base58(),
        51 | 52 => b"5KL".contains(&text[0]) && is_base58(),
        _ => false,
    }
}

/// How often a small letter, a capital or a digit comes after one of another class; a separator begins anew.
fn changes(text: &[u8]) -> usize {
    let class = |byte: &u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let is_change =
        |pair: &&[u8]| class(&pair[0]) * class(&pair[1]) != 0 && class(&pair[0]) != class(&pair[1]);
    text.windows(2).filter(is_change).count()
}

pub(super) fn is_uuid(text: &[u8]) -> bool {
    let is_right = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_addresses_and_amounts_are_market_data() {
        for text in [
            "BTC",
            "BTC-USDT",
            "1000SHIB/USDT",
            "usdt",
            "1INCH",
            "",
            "wBTC",
            "stETH",
            "JitoSOL",
            "sUSDe",
            "USDC.e",
            "superOETH",
            "0.000000000000000001",
            "-1.5",
            "2026-01-31T12:00:00Z",
            "Wrapped Bitcoin",
            "USD Coin",
            "ethereum",
            "matic-network",
            "1inch",
            "1000000mog",
            "$WIF",
            "@107",
            "HYPE@107",
            "xyz:TSLA",
            "0x",
            "uniswap-v3",
            "layer-2",
            "Ethereum",
            "0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "0x2::sui::SUI",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "So11111111111111111111111111111111111111112",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        ] {
            assert!(is_market_data(text.as_bytes()), "{text}");
            assert!(!is_random(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn credentials_are_no_market_data() {
        for text in [
            "hunter2",
            "abcdefghijklmnopq",
            "a-b-c-d1",
            "2-layer",
            "Hunter2",
            "hunter2@1",
            "a1:BTC",
            "Correcthorsebattery",
            "$",
            "$a1",
            "@1a",
            "@1234567",
            "12a",
            "1234567abcd",
            "wrapped--bitcoin",
            "ABCDEFGHIJKLM",
            "eyJhbGci",
            "123:abc",
            "AAA-BBB-CCC-DDD-EEE-FFF-GGG",
            "aB",
            "abC1",
            "correct horse battery",
            "1234567890123456",
            "s3cr3tValue0123",
            "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            // 43 characters that `secrets.token_urlsafe()` may return, without any that base58 does not have.
            "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSc",
            // Above the largest key.
            "ZPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        ] {
            assert!(!is_market_data(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_nobody_would_choose_is_random() {
        for text in [
            "0123456789abcdef0123456789abcdef",
            "9naHVck6pbd4ZRj2SxphvDTwrzqwo72n3wZuot7UGAoKD1AFfDKZxCKu7SPCzX3Z",
            "qnBpZ3hJUzN6d0hPYk1oR0dLS3c9PQ==",
            "Wq8TzKd2Rvd5fh3k7xp0Qm",
            "65f1c0a7e4b09d0001c2d3e4",
        ] {
            assert!(is_random(text.as_bytes()), "{text}");
        }
        for text in [
            "orders:2026-01-01:btc",
            "BTC-27JUN25-100000-C",
            "orderbook.50.BTCUSDT",
            "JupiterAggregatorToken",
            "550e8400-e29b-41d4-a716-446655440000",
            "moving_average_200",
            "12345678901234567890",
            "short1",
        ] {
            assert!(!is_random(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn functions_have_signatures_and_keys_have_fingerprints() {
        for text in ["f(x)", "(self, x: int) -> None", "on_bar(rates)", "<Signature (a, b=1)>", "a.b()"] {
            assert!(is_function_signature(text.as_bytes()), "{text}");
        }
        assert!(!is_function_signature(b"0af1"));
        assert!(is_password(b"hunter2!x") && !is_password(b"BTC/USDT?1") && !is_password(b"hunter!x"));
        assert!(is_wallet_key(&[b'K'; 52]) && is_wallet_key(&[b'a'; 64]));
        assert!(!is_wallet_key(b"0xdAC17F958D2ee523a2206206994597C13D831ec7") && !is_wallet_key(b""));
        assert!(is_public(b"SHA256:uNiVztksCsDhcc0u9e8BrqxuSGWj") && !is_public(b"hunter2"));
        assert!(is_count(b"3") && !is_count(b"1234567") && !is_count(b"") && !is_count(b"-1"));
    }
}
