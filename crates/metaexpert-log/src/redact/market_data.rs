//! What is known of a token on a market: its ticker, address, amount, time, or name in words.

/// A ticker's parts are no longer than this, nor is a ticker as a whole than twice that.
const MOST_OF_TICKER: usize = 12;
const MOST_OF_LOWER_TICKER: usize = 5;
/// A coin's name in small letters, as lists of coins have it, has no longer words: `matic-network`.
const MOST_OF_COIN_WORD: usize = 12;
const MOST_OF_COIN_NAME: usize = 32;
/// `Aave`
const LEAST_OF_NAME: usize = 4;
/// `1inch`, `1000000mog`
const MOST_OF_COUNTED_COIN: usize = 10;
/// `superOETH` and shorter ones: beyond that, mixed letters are as likely a password.
const MOST_OF_MIXED_TICKER: usize = 9;
/// No market has more pairs than a number of so many digits says.
const MOST_OF_INDEX: usize = 6;
/// Nothing that is known as market data is longer.
pub(super) const MOST_OF_MARKET_DATA: usize = 256;
/// A key of 32 bytes, in base58, is not above this.
const LARGEST_KEY: &[u8] = b"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG";

/// What is known of a token on a market: a ticker, an address, an amount, a time, a name in words.
pub(super) fn is_market_data(text: &[u8]) -> bool {
    text.len() <= MOST_OF_MARKET_DATA
        && (is_ticker(text)
            || is_coin_name(text)
            || is_amount(text)
            || is_time(text)
            || is_title(text)
            || is_address(text) && !is_base64_of_32_bytes(text))
}

/// `BTC`, `BTC-USDT`, `1000SHIB/USDT`, `usdt`, `wBTC`, `USDC.e`.
fn is_ticker(text: &[u8]) -> bool {
    let is_lower = text.iter().all(u8::is_ascii_lowercase) && text.len() <= MOST_OF_LOWER_TICKER;
    let mut parts = text.split(|byte| b"-/_.:".contains(byte));
    let is_part = |part: &[u8]| {
        let is_capital = part.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        part.len() <= MOST_OF_TICKER && (is_capital || is_mixed_ticker(part))
    };
    is_lower || (text.len() <= 2 * MOST_OF_TICKER && parts.all(is_part))
}

/// `ethereum`, `wrapped-bitcoin`, `layer-2`, `1inch`, `$WIF`, `@107`, `HYPE@107`, `xyz:TSLA`.
fn is_coin_name(text: &[u8]) -> bool {
    if let [b'$', ticker @ ..] = text {
        return !ticker.is_empty() && is_ticker(ticker);
    }
    if let Some(at) = text.iter().position(|byte| *byte == b'@') {
        return is_ticker(&text[..at]) && is_index(&text[at + 1..]);
    }
    if let Some(at) = text.iter().position(|byte| *byte == b':') {
        return is_coin_word(&text[..at]) && at <= MOST_OF_LOWER_TICKER && is_ticker(&text[at + 1..]);
    }
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count > 0 && count < text.len() {
        let is_counted = text.len() >= count + 2 && is_coin_word(&text[count..]);
        return is_counted && text.len() <= MOST_OF_COUNTED_COIN || text == b"0x";
    }
    let mut parts = text.split(|byte| *byte == b'-');
    text.len() <= MOST_OF_COIN_NAME
        && parts.next().is_some_and(is_coin_word)
        && parts.all(|part| is_coin_word(part) || is_version(part))
}

/// The `107` of `@107`.
fn is_index(text: &[u8]) -> bool {
    (1..=MOST_OF_INDEX).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

fn is_coin_word(word: &[u8]) -> bool {
    (1..=MOST_OF_COIN_WORD).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase)
}

/// The `v3` of `uniswap-v3`, the `2` of `layer-2`.
fn is_version(part: &[u8]) -> bool {
    let number = part.strip_prefix(b"v").unwrap_or(part);
    (1..=2).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
}

/// A wrapped, staked or bridged coin: `wBTC`, `stETH`, `JitoSOL`, `sUSDe`; also the `e` of `USDC.e`.
fn is_mixed_ticker(part: &[u8]) -> bool {
    let stretch = |from: usize, is: fn(&u8) -> bool| part[from..].iter().take_while(|byte| is(byte)).count();
    let first = usize::from(
        part.first().is_some_and(u8::is_ascii_uppercase) && part.get(1).is_some_and(u8::is_ascii_lowercase),
    );
    let prefix = first + stretch(first, u8::is_ascii_lowercase);
    let core = stretch(prefix, u8::is_ascii_uppercase);
    let rest = part.len() - prefix - core;
    let is_coin = prefix <= 5 && core >= 2 && rest <= 1 && part.last().is_some_and(u8::is_ascii_alphabetic);
    part.len() <= MOST_OF_MIXED_TICKER && is_coin || part.len() == 1 && prefix == 1
}

fn is_amount(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let points = digits.iter().filter(|byte| **byte == b'.').count();
    let is_number = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    is_number && points == 1 && digits.len() > 1 && text.len() <= 40
}

/// A time or a date (ISO 8601): `2026-01-31`, `2026-01-31T12:00:00Z`.
fn is_time(text: &[u8]) -> bool {
    let is_date =
        text.len() >= 10 && text[4] == b'-' && text[7] == b'-' && text[..4].iter().all(u8::is_ascii_digit);
    is_date && text.len() <= 35 && text.iter().all(|byte| byte.is_ascii_digit() || b"-:.+TZ ".contains(byte))
}

/// `Wrapped Bitcoin`, `USD Coin`, `Ethereum`: words with a capital each; one alone is no longer than a
/// coin's name.
fn is_title(text: &[u8]) -> bool {
    let is_word = |word: &[u8]| {
        word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().all(u8::is_ascii_alphabetic)
    };
    let is_name = || {
        (LEAST_OF_NAME..=MOST_OF_COIN_WORD).contains(&text.len())
            && text[1..].iter().all(u8::is_ascii_lowercase)
    };
    text.split(|byte| *byte == b' ').all(is_word) && (text.contains(&b' ') || is_name())
}

/// The address of a contract: 20 bytes of Ethereum's kind, a type of Move, 32 bytes in base58, one of Tron.
pub(super) fn is_address(text: &[u8]) -> bool {
    if let Some(rest) = text.strip_prefix(b"0x") {
        let hex = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        return hex == 40 && rest.len() == 40 || (1..=64).contains(&hex) && rest[hex..].starts_with(b"::");
    }
    if !text.iter().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(byte)) {
        return false;
    }
    match text.len() {
        // The digits of base58 are in the order of ASCII.
        44 => text <= LARGEST_KEY,
        43 => true,
        34 => text[0] == b'T',
        _ => false,
    }
}

/// What `secrets.token_urlsafe()` returns has 43 characters, the last of which holds four bits.
fn is_base64_of_32_bytes(text: &[u8]) -> bool {
    text.len() == 43 && text.last().is_some_and(|last| b"AEIMQUYcgkosw048".contains(last))
}
