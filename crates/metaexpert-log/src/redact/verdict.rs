//! Verdicts on a value, from its name and from the value itself.

use super::{market_data, worth};

/// What a name says about its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    #[default]
    Clear,
    /// It is a secret.
    Secret,
    /// They are secrets, unless it is how many: `n_secrets=3`.
    Secrets,
    /// It is a secret, which without quotes goes on to the end of its line: headers.
    Line,
    /// It is a secret of several words.
    Words,
    /// It is a secret unless it looks like the name of an instrument: `token="BTC"` is daily bread here.
    Token,
    /// It is a secret only if it looks like one: `sign`, `quote_token`.
    Random,
    /// As [`Verdict::Random`], also if it looks like a password: there are several.
    Tokens,
    /// As [`Verdict::Random`]; in a pair it is the second, judged as a token: `auth=("user", "…")`.
    Auth,
    /// It is a secret only if it looks like a wallet's key: `wallet`, and `pk`, which is also a primary key.
    WalletKey,
    /// It is a secret of several words unless it is a number: random generators have seeds too.
    Seed,
    /// It is a secret unless a function has it.
    Signature,
    /// It is a secret unless it is a public key, or the fingerprint of one.
    PublicKey,
}

impl Verdict {
    /// Whether a value with this text is to be masked.
    pub(crate) fn covers(self, text: &[u8]) -> bool {
        match self {
            Verdict::Clear => false,
            _ if self.is_certain() && (text.is_empty() || worth::is_said_of_a_secret(text)) => false,
            Verdict::Secret | Verdict::Line | Verdict::Words => true,
            Verdict::Secrets => !worth::is_count(text),
            Verdict::Token => !text.is_empty() && !market_data::is_market_data(text),
            Verdict::Random | Verdict::Auth => worth::is_random(text),
            Verdict::Tokens => worth::is_random(text) || worth::is_password(text),
            Verdict::WalletKey => worth::is_wallet_key(text),
            Verdict::Seed => !worth::is_number(text) && !worth::is_said_of_a_secret(text),
            Verdict::Signature => !worth::is_count(text) && !worth::is_function_signature(text),
            Verdict::PublicKey => !worth::is_public(text),
        }
    }

    /// Whether a number is to be masked.
    pub(crate) fn covers_number(self, is_count: bool) -> bool {
        self.is_certain() && !(matches!(self, Verdict::Secrets | Verdict::Signature) && is_count)
    }

    /// Whether a list or a mapping is to be masked as a whole.
    pub(crate) fn is_certain(self) -> bool {
        !matches!(
            self,
            Verdict::Clear
                | Verdict::Token
                | Verdict::Tokens
                | Verdict::Random
                | Verdict::Auth
                | Verdict::WalletKey
                | Verdict::Seed
        )
    }

    /// What a name says that somebody has named as a secret: as much of a text is masked as without that,
    /// or more.
    pub(super) fn certain(self) -> Verdict {
        match self {
            Verdict::Line => Verdict::Line,
            Verdict::Words | Verdict::Seed => Verdict::Words,
            _ => Verdict::Secret,
        }
    }

    /// What the name's plural says.
    pub(super) fn plural(self) -> Verdict {
        match self {
            Verdict::Secret | Verdict::PublicKey => Verdict::Secrets,
            Verdict::Line | Verdict::Words => self,
            Verdict::Token => Verdict::Tokens,
            Verdict::WalletKey => self,
            _ => Verdict::Clear,
        }
    }

    /// Whether further words may belong to a value without quotes.
    pub(crate) fn has_words(self) -> bool {
        matches!(self, Verdict::Words | Verdict::Seed)
    }

    /// What it says about the value of a name within, which says nothing itself.
    pub(super) fn within(self, describes: bool) -> Verdict {
        match self {
            Verdict::Token if describes => Verdict::Random,
            Verdict::Auth => Verdict::Random,
            Verdict::WalletKey if describes => Verdict::Clear,
            _ => self,
        }
    }
}
