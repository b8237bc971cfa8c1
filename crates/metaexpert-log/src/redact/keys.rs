//! Which names stand for secrets.

/// What a name says about its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    #[default]
    Clear,
    /// It is a secret.
    Secret,
    /// It is a secret, which without quotes goes on to the end of its line: headers.
    Line,
    /// It is a secret of several words.
    Words,
    /// It is a secret unless it looks like the name of an instrument: `token="BTC"` is daily bread here.
    Token,
    /// It is a secret of several words unless it is a number: random generators have seeds too.
    Seed,
}

/// A ticker's parts are no longer than this, nor is a ticker as a whole than twice that.
const MOST_OF_TICKER: usize = 12;
const MOST_OF_LOWER_TICKER: usize = 5;

impl Verdict {
    /// Whether a value with this text is to be masked.
    pub(crate) fn covers(self, text: &[u8]) -> bool {
        match self {
            Verdict::Clear => false,
            Verdict::Secret | Verdict::Line | Verdict::Words => !text.is_empty(),
            Verdict::Token => !text.is_empty() && !is_ticker(text),
            Verdict::Seed => !text.iter().all(u8::is_ascii_digit),
        }
    }

    /// Whether a value is to be masked whatever it is, as long as it says anything.
    pub(crate) fn is_certain(self) -> bool {
        matches!(self, Verdict::Secret | Verdict::Line | Verdict::Words)
    }

    /// What a name says that somebody has named as a secret: as much of a text is masked as without that, or more.
    fn certain(self) -> Verdict {
        match self {
            Verdict::Line => Verdict::Line,
            Verdict::Words | Verdict::Seed => Verdict::Words,
            Verdict::Clear | Verdict::Secret | Verdict::Token => Verdict::Secret,
        }
    }

    /// Whether further words may belong to a value without quotes.
    pub(crate) fn has_words(self) -> bool {
        matches!(self, Verdict::Words | Verdict::Seed)
    }
}

/// `BTC`, `BTC-USDT`, `1000SHIB/USDT`, `usdt`.
fn is_ticker(text: &[u8]) -> bool {
    let is_lower = text.iter().all(u8::is_ascii_lowercase) && text.len() <= MOST_OF_LOWER_TICKER;
    let mut parts = text.split(|byte| b"-/_.:".contains(byte));
    let is_part = |part: &[u8]| {
        part.len() <= MOST_OF_TICKER && part.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    is_lower || (text.len() <= 2 * MOST_OF_TICKER && parts.all(is_part))
}

/// The names that are masked by default, in small letters without separators, and whether they count also where
/// no word begins (`binanceapikey`).
const SECRETS: [(&str, bool, Verdict); 49] = [
    ("password", true, Verdict::Secret),
    ("passwords", true, Verdict::Secret),
    ("passwd", true, Verdict::Secret),
    ("pwd", false, Verdict::Secret),
    ("passphrase", true, Verdict::Secret),
    ("passcode", true, Verdict::Secret),
    ("secret", true, Verdict::Secret),
    ("secrets", true, Verdict::Secret),
    ("apikey", true, Verdict::Secret),
    ("apikeys", true, Verdict::Secret),
    ("secretkey", true, Verdict::Secret),
    ("accesskey", true, Verdict::Secret),
    ("privatekey", true, Verdict::Secret),
    ("privatekeys", true, Verdict::Secret),
    ("signingkey", true, Verdict::Secret),
    ("encryptionkey", true, Verdict::Secret),
    ("listenkey", true, Verdict::Secret),
    ("sessionkey", true, Verdict::Secret),
    ("authkey", false, Verdict::Secret),
    ("sshkey", false, Verdict::Secret),
    ("apitoken", true, Verdict::Secret),
    ("accesstoken", true, Verdict::Secret),
    ("refreshtoken", true, Verdict::Secret),
    ("authtoken", true, Verdict::Secret),
    ("bearertoken", true, Verdict::Secret),
    ("sessiontoken", true, Verdict::Secret),
    ("securitytoken", true, Verdict::Secret),
    ("csrftoken", true, Verdict::Secret),
    ("bottoken", false, Verdict::Secret),
    ("idtoken", false, Verdict::Token),
    ("token", false, Verdict::Token),
    ("jwt", false, Verdict::Secret),
    ("bearer", false, Verdict::Secret),
    ("otp", false, Verdict::Secret),
    ("totp", false, Verdict::Secret),
    ("credential", true, Verdict::Secret),
    ("credentials", true, Verdict::Secret),
    ("apisign", true, Verdict::Secret),
    ("accesssign", true, Verdict::Secret),
    ("signature", true, Verdict::Secret),
    ("authorization", true, Verdict::Line),
    ("cookie", true, Verdict::Line),
    ("cookies", true, Verdict::Line),
    ("mnemonic", true, Verdict::Words),
    ("mnemonics", true, Verdict::Words),
    ("seedphrase", true, Verdict::Words),
    ("recoveryphrase", true, Verdict::Words),
    ("secretphrase", true, Verdict::Words),
    ("seed", false, Verdict::Seed),
];

struct Entry {
    /// In small letters, without separators.
    name: Box<[u8]>,
    /// It counts also where no word begins.
    anywhere: bool,
    verdict: Verdict,
}

/// A set of names, found at the end of any name, whatever the case and the separators. Names that begin with `-` are
/// exempt; where several fit, the longest counts.
pub(crate) struct Keys {
    by_last: Vec<Vec<Entry>>,
}

impl Keys {
    pub(crate) fn new(defaults: bool, given: &[String]) -> Keys {
        let mut keys = Keys { by_last: (0..=u8::MAX).map(|_| Vec::new()).collect() };
        if defaults {
            for (name, anywhere, verdict) in SECRETS {
                keys.add(Entry { name: name.as_bytes().into(), anywhere, verdict });
            }
        }
        let (exempt, masked): (Vec<_>, Vec<_>) = given.iter().partition(|name| name.starts_with('-'));
        for name in masked {
            let verdict = keys.verdict(name.as_bytes()).certain();
            keys.add(Entry { name: plain(name), anywhere: false, verdict });
        }
        for name in exempt {
            keys.add(Entry { name: plain(name), anywhere: false, verdict: Verdict::Clear });
        }
        for entries in &mut keys.by_last {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.name.len()));
        }
        keys
    }

    /// Adds `entry`, in place of one for the same name.
    fn add(&mut self, mut entry: Entry) {
        let Some(last) = entry.name.last() else { return };
        let entries = &mut self.by_last[usize::from(*last)];
        if let Some(place) = entries.iter().position(|other| other.name == entry.name) {
            // `-secret` means `apisecret` as well where `secret` did.
            entry.anywhere |= entries[place].anywhere;
            entries.remove(place);
        }
        entries.push(entry);
    }

    /// What `name` says about its value.
    pub(crate) fn verdict(&self, name: &[u8]) -> Verdict {
        // `password2`, `secret_1`
        let len =
            name.iter().rposition(|byte| is_word(*byte) && !byte.is_ascii_digit()).map_or(0, |at| at + 1);
        let Some(last) = name[..len].last() else { return Verdict::Clear };
        let entries = &self.by_last[usize::from(last.to_ascii_lowercase())];
        entries.iter().find(|entry| entry.ends(&name[..len])).map_or(Verdict::Clear, |entry| entry.verdict)
    }
}

impl Entry {
    /// Whether `name` ends with the entry's, a word beginning there unless that makes no difference.
    fn ends(&self, name: &[u8]) -> bool {
        let mut at = name.len();
        for wanted in self.name.iter().rev() {
            at = match name[..at].iter().rposition(|byte| is_word(*byte)) {
                Some(at) if name[at].eq_ignore_ascii_case(wanted) => at,
                _ => return false,
            };
        }
        self.anywhere || begins_word(name, at)
    }
}

/// A name in small letters, without separators.
fn plain(name: &str) -> Box<[u8]> {
    name.bytes().filter(|byte| is_word(*byte)).map(|byte| byte.to_ascii_lowercase()).collect()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn begins_word(name: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| name[before]) else { return true };
    let is_hump = name[at].is_ascii_uppercase()
        && (before.is_ascii_lowercase() || name.get(at + 1).is_some_and(u8::is_ascii_lowercase));
    !is_word(before) || is_hump || before.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(given: &[&str], name: &str) -> bool {
        let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
        Keys::new(true, &given).verdict(name.as_bytes()) != Verdict::Clear
    }

    #[test]
    fn secrets_are_known_in_any_spelling_and_behind_any_prefix() {
        for name in [
            "api_key",
            "apikey",
            "apiKey",
            "APIKey",
            "API-KEY",
            "X-MBX-APIKEY",
            "binance_api_secret",
            "binanceApiSecret",
            "BINANCEAPISECRET",
            "secret",
            "secretKey",
            "private_key",
            "PrivateKey",
            "password",
            "db.password",
            "password2",
            "old_password_1",
            "passphrase",
            "OK-ACCESS-PASSPHRASE",
            "access_token",
            "refreshToken",
            "auth_token",
            "token",
            "telegram_token",
            "botToken",
            "Authorization",
            "Set-Cookie",
            "mnemonic",
            "seed_phrase",
            "seed",
            "listenKey",
            "signature",
            "API key",
            "the private key",
            "credentials",
            "pwd",
            "jwt",
        ] {
            assert!(masked(&[], name), "{name}");
        }
    }

    #[test]
    fn names_that_only_resemble_them_are_clear() {
        for name in [
            "",
            "_",
            "1",
            "key",
            "keyboard",
            "monkey",
            "secretary",
            "max_tokens",
            "tokens",
            "tokens_per_second",
            "token_count",
            "tokenAddress",
            "bid_tokens",
            "password_length",
            "public_key",
            "order_id",
            "symbol",
            "seeds",
            "seeded",
            "speed",
            "signatures",
            "cookie_count",
            "design",
            "sign",
            "pass",
            "auth",
            "broken",
            "stoken",
            "hotp",
            "cwpwd",
        ] {
            assert!(!masked(&[], name), "{name}");
        }
    }

    #[test]
    fn own_names_are_added_and_exempted_ones_are_taken_out() {
        assert!(masked(&["account_number"], "accountNumber"));
        assert!(masked(&["account_number"], "my-account-number"));
        assert!(!masked(&["account_number"], "subaccount_number"));
        assert!(!masked(&["-token"], "token"));
        assert!(!masked(&["-token"], "quote_token"));
        assert!(masked(&["-token"], "access_token"));
        assert!(masked(&["-quote_token"], "token"));
        assert!(!masked(&["-quote_token"], "quote_token"));
        assert!(!masked(&["-signature"], "functionsignature"));
        assert!(!masked(&["token", "-token"], "token"));
    }

    #[test]
    fn a_name_that_is_added_masks_no_less_of_a_text() {
        let given = ["mnemonic", "my_seed_phrase", "Authorization", "x-cookie", "seed", "token", "order"];
        let keys = Keys::new(true, &given.map(String::from));
        for (name, verdict) in [
            ("mnemonic", Verdict::Words),
            ("mySeedPhrase", Verdict::Words),
            ("authorization", Verdict::Line),
            ("X-Cookie", Verdict::Line),
            ("seed", Verdict::Words),
            ("quote_token", Verdict::Secret),
            ("my_order", Verdict::Secret),
        ] {
            assert_eq!(keys.verdict(name.as_bytes()), verdict, "{name}");
        }
    }

    #[test]
    fn tickers_are_no_tokens_and_numbers_no_seeds() {
        for ticker in ["BTC", "BTC-USDT", "1000SHIB/USDT", "usdt", "1INCH", ""] {
            assert!(!Verdict::Token.covers(ticker.as_bytes()), "{ticker}");
        }
        for token in
            ["hunter2", "abcdef", "ABCDEFGHIJKLM", "eyJhbGci", "123:abc", "AAA-BBB-CCC-DDD-EEE-FFF-GGG"]
        {
            assert!(Verdict::Token.covers(token.as_bytes()), "{token}");
        }
        assert!(!Verdict::Seed.covers(b"42"));
        assert!(Verdict::Seed.covers(b"abandon ability able"));
    }
}
