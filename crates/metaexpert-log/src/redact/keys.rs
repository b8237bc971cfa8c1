//! The set of names that stand for secrets.

use super::entry::{Entry, Reach, is_word};
use super::names;
pub(super) use super::verdict::Verdict;

/// A set of names, found at the end of any name, whatever the case and the separators. Names that begin with
/// `-` are exempt; where several fit, the longest counts.
pub(crate) struct Keys {
    by_last: Vec<Vec<Entry>>,
}

impl Keys {
    pub(crate) fn new(defaults: bool, given: &[String]) -> Keys {
        let mut keys = Keys { by_last: (0..=u8::MAX).map(|_| Vec::new()).collect() };
        if defaults {
            names::built_in().for_each(|entry| keys.add(entry));
        }
        let (exempt, masked): (Vec<_>, Vec<_>) = given.iter().partition(|name| name.starts_with('-'));
        for name in masked {
            let verdict = keys.verdict(name.as_bytes()).certain();
            keys.add(Entry::given(name, verdict));
        }
        for name in exempt {
            keys.add(Entry::given(name, Verdict::Clear));
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
            // `-secret` means `apisecret` as well where `secret` did, but `secrets` only by its own name.
            let former = entries.remove(place);
            entry.reach = if former.reach == Reach::Whole { Reach::Word } else { former.reach };
            entry.plural = former.plural;
        }
        entries.push(entry);
    }

    /// What `name` says about its value.
    pub(crate) fn verdict(&self, name: &[u8]) -> Verdict {
        // `password2`, `secret_1`
        let len =
            name.iter().rposition(|byte| is_word(*byte) && !byte.is_ascii_digit()).map_or(0, |at| at + 1);
        let Some(last) = name[..len].last() else { return Verdict::Clear };
        let found = self.entry(&name[..len]).map(|(entry, at)| match entry.verdict {
            Verdict::Token if names::is_of_market(&name[..at]) => Verdict::Random,
            verdict => verdict,
        });
        let plural = || match last {
            b's' | b'S' => self.entry(&name[..len - 1]).map(|(entry, _)| entry.plural),
            _ => None,
        };
        found.or_else(plural).unwrap_or_else(|| self.qualified(&name[..len]))
    }

    /// What `name` says without the exchange or the like that it ends with: `api_key_okx`.
    fn qualified(&self, name: &[u8]) -> Verdict {
        let verdict = names::unqualified(name).map_or(Verdict::Clear, |name| self.verdict(name));
        if verdict == Verdict::Token { Verdict::Random } else { verdict }
    }

    /// The longest entry that `name` ends with, and where it begins.
    fn entry(&self, name: &[u8]) -> Option<(&Entry, usize)> {
        let entries = &self.by_last[usize::from(name.last()?.to_ascii_lowercase())];
        entries.iter().find_map(|entry| Some((entry, entry.start(name)?)))
    }
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
            "creds",
            "priv_key",
            "api_key_okx",
            "apiSecretBinance",
            "BYBIT_SECRET_TESTNET",
            "passphrase_okx_main",
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
            "keyboard",
            "monkey",
            "secretary",
            "tokens_per_second",
            "token_count",
            "tokenAddress",
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
            "public_keys",
            "sort_key",
            "session",
            "bypass",
            "first pass",
            "public_keys",
            "author",
            "broken",
            "stoken",
            "hotp",
            "cwpwd",
            "okx",
            "main",
            "fee_okx",
            "sort_key_main",
            "API key test",
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
    fn some_names_say_only_with_the_value_what_they_mean() {
        let keys = Keys::new(true, &[]);
        for (name, verdict) in [
            ("token", Verdict::Token),
            ("token0", Verdict::Token),
            ("quote_token", Verdict::Random),
            ("baseToken", Verdict::Random),
            ("max_tokens", Verdict::Tokens),
            ("sign", Verdict::Random),
            ("KEY", Verdict::Random),
            ("sent KEY", Verdict::Random),
            ("sort key", Verdict::Clear),
            ("SORT_KEY", Verdict::Clear),
            ("primary_key", Verdict::Clear),
            ("sign_in_token", Verdict::Token),
            ("n_secrets", Verdict::Secrets),
            ("access_tokens", Verdict::Secrets),
            ("ApiKeys", Verdict::Secrets),
            ("X-BAPI-SIGN-TYPE", Verdict::Clear),
            ("KC-API-KEY-VERSION", Verdict::Clear),
            ("KC-API-PARTNER-SIGN", Verdict::Secret),
        ] {
            assert_eq!(keys.verdict(name.as_bytes()), verdict, "{name}");
        }
    }

    #[test]
    fn a_seed_is_a_number_or_a_secret() {
        assert!(!Verdict::Seed.covers(b"42"));
        assert!(Verdict::Seed.covers(b"abandon ability able"));
    }
}
