//! What the expert host records: fills and their sums by symbol, and how long event handlers took.

use std::collections::{BTreeMap, HashMap};

use metaexpert_log::jsonl::{Fields, Members, Name};
use serde_json::{Value as Json, json};

use super::counts::shown;
use super::sums::Sum;

/// How many symbols, and how many event handlers of sessions, are told apart.
const MAX_SYMBOLS: usize = 10_000;
const MAX_HANDLERS: usize = 10_000;

const AMOUNTS: [&str; 4] = ["qty", "notional", "fee", "realized_pnl"];
const FIGURES: [&str; 5] = ["calls", "mean_us", "p50_us", "p99_us", "max_us"];

/// Fills by symbol and currency.
#[derive(Debug)]
pub(super) struct Fills {
    by_symbol: BTreeMap<(String, String), (u64, [Sum; 4])>,
    others: u64,
    names: [Name; 6],
}

impl Default for Fills {
    fn default() -> Fills {
        let [qty, notional, fee, pnl] = AMOUNTS;
        let names = ["symbol", "currency", qty, notional, fee, pnl].map(Name::new);
        Fills { by_symbol: BTreeMap::new(), others: 0, names }
    }
}

impl Fills {
    /// Counts an `order.filled`.
    pub(super) fn add(&mut self, fields: &[u8]) {
        let Ok(mut fields) = Fields::of(&self.names, fields) else { return };
        let mut value = |index| fields.get(index).ok().flatten();
        let key = (value(0).map(shown).unwrap_or_default(), value(1).map(shown).unwrap_or_default());
        if self.by_symbol.len() == MAX_SYMBOLS && !self.by_symbol.contains_key(&key) {
            self.others += 1;
            return;
        }
        let (count, sums) = self.by_symbol.entry(key).or_default();
        *count += 1;
        for (index, sum) in sums.iter_mut().enumerate() {
            if let Some(raw) = value(index + 2) {
                sum.add(raw);
            }
        }
    }

    pub(super) fn to_json(&self) -> Json {
        let symbols = self.by_symbol.iter().map(|((symbol, currency), (count, sums))| {
            let left_out: u64 = sums.iter().map(|sum| sum.left_out).sum();
            let mut row =
                json!({"symbol": symbol, "currency": currency, "fills": count, "left_out": left_out});
            for (name, sum) in AMOUNTS.iter().zip(sums) {
                row[*name] = json!(sum.to_string());
            }
            row
        });
        json!({"symbols": symbols.collect::<Vec<_>>(), "others": self.others})
    }
}

/// How long event handlers took, as the latest metrics of each session have it.
#[derive(Debug)]
pub(super) struct Handlers {
    latest: HashMap<(String, String), [f64; 5]>,
    names: [Name; 2],
    figures: [Name; 5],
}

impl Default for Handlers {
    fn default() -> Handlers {
        Handlers {
            latest: HashMap::new(),
            names: ["session_id", "handlers"].map(Name::new),
            figures: FIGURES.map(Name::new),
        }
    }
}

impl Handlers {
    /// Takes the figures of an `expert.metrics`, which count from the session's start.
    pub(super) fn add(&mut self, fields: &[u8]) {
        let Ok(mut fields) = Fields::of(&self.names, fields) else { return };
        let session = fields.get(0).ok().flatten().map(shown).unwrap_or_default();
        let Some(handlers) = fields.get(1).ok().flatten() else { return };
        let Ok(members) = Members::of(handlers) else { return };
        for (event, figures) in members.flatten() {
            let key = (session.clone(), String::from_utf8_lossy(event.bytes).into_owned());
            let Ok(mut figures) = Fields::of(&self.figures, figures) else { continue };
            let found: [f64; 5] = std::array::from_fn(|index| {
                let raw = figures.get(index).ok().flatten().unwrap_or_default();
                std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
            });
            if self.latest.len() < MAX_HANDLERS || self.latest.contains_key(&key) {
                self.latest.insert(key, found);
            }
        }
    }

    /// By event, over all sessions: calls, mean, and the highest of the sessions' p50, p99 and maximum.
    pub(super) fn to_json(&self) -> Json {
        let mut by_event: BTreeMap<&str, [f64; 5]> = BTreeMap::new();
        for ((_, event), [calls, mean, p50, p99, max]) in &self.latest {
            let all = by_event.entry(event).or_default();
            let total = all[0] * all[1] + calls * mean;
            let count = all[0] + calls;
            let mean = if count > 0.0 { total / count } else { 0.0 };
            *all = [count, mean, all[2].max(*p50), all[3].max(*p99), all[4].max(*max)];
        }
        let events = by_event.iter().map(|(event, figures)| {
            let mut row = json!({"event": event, "calls": figures[0] as u64});
            for (name, figure) in FIGURES.iter().zip(figures).skip(1) {
                row[*name] = json!((figure * 1_000.0).round() / 1_000.0);
            }
            row
        });
        json!(events.collect::<Vec<_>>())
    }
}
