//! The names that are masked without being asked for.

use super::entry::{Entry, Reach, begins_word};
use super::verdict::Verdict::{
    self, Auth, Line, PublicKey, Random, Secret, Signature, Token, WalletKey, Words,
};
use Reach::{Anywhere, Whole, Word};

/// In small letters without separators. Their plurals count as well, see [`Verdict::plural`].
const SECRETS: [(&str, Reach, Verdict); 93] = [
    ("password", Anywhere, Secret),
    ("passwd", Anywhere, Secret),
    ("pwd", Word, Secret),
    ("passphrase", Anywhere, Words),
    ("passcode", Anywhere, Secret),
    ("secret", Anywhere, Secret),
    ("apikey", Anywhere, Secret),
    ("apikeyid", Anywhere, Secret),
    ("secretkey", Anywhere, Secret),
    ("accesskey", Anywhere, Secret),
    ("accesskeyid", Anywhere, Secret),
    ("privatekey", Anywhere, Secret),
    ("signingkey", Anywhere, PublicKey),
    ("encryptionkey", Anywhere, Secret),
    ("listenkey", Anywhere, Secret),
    ("sessionkey", Anywhere, Secret),
    ("authkey", Word, Secret),
    ("sshkey", Word, PublicKey),
    ("hmackey", Word, Secret),
    ("agentkey", Word, Secret),
    ("walletkey", Word, Secret),
    ("signerkey", Word, Secret),
    ("apitoken", Anywhere, Secret),
    ("accesstoken", Anywhere, Secret),
    ("refreshtoken", Anywhere, Secret),
    ("authtoken", Anywhere, Secret),
    ("bearertoken", Anywhere, Secret),
    ("sessiontoken", Anywhere, Secret),
    ("securitytoken", Anywhere, Secret),
    ("listentoken", Anywhere, Secret),
    ("csrftoken", Anywhere, Secret),
    ("bottoken", Word, Secret),
    ("idtoken", Word, Token),
    ("token", Word, Token),
    ("jwt", Word, Secret),
    ("bearer", Word, Secret),
    ("otp", Word, Secret),
    ("totp", Word, Secret),
    ("twofa", Word, Secret),
    ("credential", Anywhere, Secret),
    ("credentials", Anywhere, Secret),
    ("creds", Word, Secret),
    ("privkey", Word, Secret),
    ("apipass", Anywhere, Secret),
    ("dbpass", Anywhere, Secret),
    ("userpass", Anywhere, Secret),
    ("smtppass", Anywhere, Secret),
    ("loginpass", Anywhere, Secret),
    ("walletpass", Anywhere, Secret),
    ("okxpass", Word, Secret),
    ("kucoinpass", Word, Secret),
    ("bitgetpass", Word, Secret),
    ("coinbasepass", Word, Secret),
    ("pass", Whole, Token),
    ("pk", Word, WalletKey),
    ("wallet", Word, WalletKey),
    ("private", Word, Random),
    ("keys", Whole, Random),
    ("auth", Word, Auth),
    ("apisign", Anywhere, Secret),
    ("accesssign", Anywhere, Secret),
    ("partnersign", Anywhere, Secret),
    ("authent", Word, Random),
    ("signature", Anywhere, Signature),
    ("sign", Word, Random),
    ("sig", Word, Random),
    ("hmac", Word, Random),
    ("signedstr", Word, Random),
    ("key", Whole, Random),
    ("binancekey", Word, Random),
    ("bybitkey", Word, Random),
    ("okxkey", Word, Random),
    ("bitgetkey", Word, Random),
    ("kucoinkey", Word, Random),
    ("gatekey", Word, Random),
    ("krakenkey", Word, Random),
    ("authorization", Anywhere, Line),
    ("authheader", Anywhere, Line),
    ("cookie", Anywhere, Line),
    ("cookiejar", Anywhere, Line),
    ("cookies", Anywhere, Line),
    ("mnemonic", Anywhere, Words),
    ("seedphrase", Anywhere, Words),
    ("seedwords", Anywhere, Verdict::Seed),
    ("backupphrase", Anywhere, Words),
    ("backupwords", Anywhere, Verdict::Seed),
    ("recoverywords", Anywhere, Verdict::Seed),
    ("mnemonicphrase", Anywhere, Words),
    ("mnemonicwords", Anywhere, Verdict::Seed),
    ("walletphrase", Anywhere, Words),
    ("recoveryphrase", Anywhere, Words),
    ("secretphrase", Anywhere, Words),
    ("seed", Word, Verdict::Seed),
];

/// What stands before `token` where it is a coin. `in_token` is not here, because of `sign_in_token`.
const OF_MARKETS: [&str; 33] = [
    "base",
    "quote",
    "fee",
    "reward",
    "pool",
    "lp",
    "from",
    "to",
    "buy",
    "sell",
    "collateral",
    "underlying",
    "native",
    "gas",
    "wrapped",
    "staked",
    "governance",
    "margin",
    "settlement",
    "src",
    "dst",
    "input",
    "output",
    "out",
    "target",
    "traded",
    "deposit",
    "borrow",
    "debt",
    "bridge",
    "bridged",
    "erc20",
    "stable",
];

/// The names in the description of a coin. Only what is random is masked under them.
const DESCRIBING: [&str; 57] = [
    "name",
    "symbol",
    "address",
    "chain",
    "network",
    "type",
    "status",
    "id",
    "decimals",
    "standard",
    "exchange",
    "contract",
    "mint",
    "issuer",
    "currency",
    "coin",
    "asset",
    "ticker",
    "base",
    "quote",
    "side",
    "kind",
    "category",
    "logo",
    "icon",
    "url",
    "description",
    "program",
    "pair",
    "market",
    "price",
    "scope",
    "tx",
    "txid",
    "hash",
    "block",
    "order",
    "homepage",
    "website",
    "explorer",
    "label",
    "labels",
    "tag",
    "tags",
    "links",
    "image",
    "uri",
    "extensions",
    "platform",
    "platforms",
    "slug",
    "title",
    "group",
    "sector",
    "created",
    "updated",
    "version",
];

/// What may stand behind a secret's name and says whose it is, or of what kind.
const QUALIFYING: [&str; 20] = [
    "okx",
    "binance",
    "bybit",
    "bitget",
    "kucoin",
    "gate",
    "kraken",
    "coinbase",
    "hyperliquid",
    "htx",
    "mexc",
    "main",
    "mainnet",
    "test",
    "testnet",
    "live",
    "demo",
    "prod",
    "dev",
    "value",
];

pub(super) fn built_in() -> impl Iterator<Item = Entry> {
    SECRETS.into_iter().map(|(name, reach, verdict)| Entry {
        name: name.as_bytes().into(),
        reach,
        verdict,
        plural: verdict.plural(),
    })
}

/// Whether what stands before `token` in a name makes a coin of it.
pub(super) fn is_of_market(before: &[u8]) -> bool {
    last_word_is_in(&OF_MARKETS, before)
}

/// Whether a name within the description of a coin says what its value describes.
pub(super) fn describes(name: &[u8]) -> bool {
    last_word_is_in(&DESCRIBING, name)
}

/// `name` without its last word, if that only says whose it is. `API key test: passed` is prose.
pub(super) fn unqualified(name: &[u8]) -> Option<&[u8]> {
    let before = &name[..last_word_in(&QUALIFYING, name)?];
    (!before.is_empty() && !before.ends_with(b" ")).then_some(before)
}

fn last_word_is_in(words: &[&str], name: &[u8]) -> bool {
    let len = name.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at + 1);
    last_word_in(words, &name[..len]).is_some()
}

/// Where the last word of `name` begins, if it is one of `words`.
fn last_word_in(words: &[&str], name: &[u8]) -> Option<usize> {
    words.iter().find_map(|word| {
        let at = name.len().checked_sub(word.len())?;
        let is_last = name[at..].eq_ignore_ascii_case(word.as_bytes());
        (is_last && begins_word(name, at)).then_some(at)
    })
}
