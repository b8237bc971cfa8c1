//! Secrets within addresses: `://user:password@host`, and the key of a stream in its path.

use std::ops::Range;

use super::worth::is_random;

/// A name without a password this long in an address is a token.
const SHORTEST_USER_TOKEN: usize = 20;
/// Names of streams are shorter than a key in a path: `btcusdt@kline_1m`.
const SHORTEST_STREAM_KEY: usize = 32;
/// The shortest key of [`HOSTS_WITH_KEYS`].
const SHORTEST_PATH_KEY: usize = 20;
/// Nodes of blockchains and webhooks whose path has the key.
const HOSTS_WITH_KEYS: [&str; 13] = [
    "infura.io",
    "alchemy.com",
    "alchemyapi.io",
    "quiknode.pro",
    "ankr.com",
    "getblock.io",
    "blastapi.io",
    "chainstack.com",
    "nodereal.io",
    "slack.com",
    "discord.com",
    "discordapp.com",
    "office.com",
];
/// A key is looked for within so many bytes of an address.
const MOST_OF_ADDRESS: usize = 512;

pub(super) fn secret(text: &[u8], colon: usize) -> Option<Range<usize>> {
    password(text, colon).or_else(|| path_key(text, colon))
}

/// The password in `://user:password@host`, or a long name alone.
fn password(text: &[u8], colon: usize) -> Option<Range<usize>> {
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

/// The key in the path of a user's stream, as Binance has it (`wss://…/ws/KEY`, `?streams=KEY/…`), of a node,
/// or of a webhook.
fn path_key(text: &[u8], colon: usize) -> Option<Range<usize>> {
    if !text[colon..].starts_with(b"://") {
        return None;
    }
    let start = colon + 3;
    let most = text.len().min(colon + MOST_OF_ADDRESS);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.~%:@?&=/".contains(byte);
    let end = start + text[start..most].iter().take_while(|byte| is_part(byte)).count();
    let is_stream = text[..colon].ends_with(b"wss") || text[..colon].ends_with(b"ws");
    let least = match has_key_in_path(&text[start..end]) {
        true => SHORTEST_PATH_KEY,
        false if is_stream => SHORTEST_STREAM_KEY,
        false => return None,
    };
    let mut at = start;
    for part in text[start..end].split(|byte| b"/?&=@".contains(byte)) {
        // Behind other names, these say what it is.
        let is_nameless = !text[..at].ends_with(b"=") || text[..at].ends_with(b"streams=");
        if is_nameless && part.len() >= least && is_random(part) {
            return Some(at..at + part.len());
        }
        at += part.len() + 1;
    }
    None
}

/// Whether the address, from its host on, is one of those that have a key in their path.
fn has_key_in_path(address: &[u8]) -> bool {
    let is_end = |byte: &u8| b"/:?".contains(byte);
    let host = &address[..address.iter().position(is_end).unwrap_or(address.len())];
    let is_of = |of: &str| {
        host.strip_suffix(of.as_bytes()).is_some_and(|before| before.is_empty() || before.ends_with(b"."))
    };
    HOSTS_WITH_KEYS.iter().any(|of| is_of(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let colon = text.find(':').unwrap();
        secret(text.as_bytes(), colon).map(|range| &text[range])
    }

    #[test]
    fn the_key_of_a_stream_is_found_in_its_path() {
        let key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1";
        for text in [
            format!("wss://stream.binance.com:9443/ws/{key}"),
            format!("wss://fstream.binance.com/stream?streams={key}/btcusdt@trade"),
            format!("ws://x.com/stream?streams=btcusdt@trade/{key} opened"),
            format!("https://mainnet.infura.io/v3/{key}"),
            format!("https://infura.io:443/v3/{key}?a=1"),
        ] {
            assert_eq!(found(&text), Some(key), "{text}");
        }
    }

    #[test]
    fn names_of_streams_and_addresses_of_contracts_stay() {
        for text in [
            "wss://stream.binance.com:9443/stream?streams=btcusdt@kline_1m/ethusdt@depth20@100ms",
            "wss://x.com/ws/0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "wss://x.com/ws/EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "https://www.alchemy.com/docs/how-to-build-a-dapp-in-5-minutes",
            "https://example-infura.io/v3/7f3a9c0e5b2d4186a0c3e9f17b5d2846",
            "https://discord.com/channels/1204567890123456789/1204567890123456780",
            "wss://x.com/550e8400-e29b-41d4-a716-446655440000",
            "wss://x.com/ws?order=550e8400e29b41d4a716446655440000",
            "https://x.com/tx/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
