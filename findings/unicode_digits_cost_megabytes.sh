#!/usr/bin/env bash
# A pattern for card numbers, `\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}` between boundaries of words, takes 48 KB
# as a full automaton over ASCII, and more than 8 MB over Unicode. `\d` alone does it: it stands for the
# digits of dozens of scripts, whose bytes are spelled out at each of the sixteen places, in every combination
# with the separators.
#
# regex-automata 0.4.19 with regex-syntax 0.8.12 (the engine of Rust's `regex` 1), built by Rust 1.85 or
# later.
#
# `regex` hides this: it builds states as texts reach them and keeps the latest 2 MiB, so the price is paid at
# run time, and only for some texts. With `quit` on every byte above 0x7f the automaton stops there, and what
# is left is small enough to be built in full, which bounds the steps of any ASCII text in advance.
#
# Output seen:
#   to the end of the text: more than 8388608 bytes
#   to the first byte that is not ASCII: 47680 bytes
#
# What it means here: patterns of users are measured over ASCII when they are configured, and what is not
# ASCII has an allowance of its own (crates/metaexpert-log/src/redact/,
# tests/integration/test_costly_patterns.py).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
cargo init --quiet --name automaton --vcs none
cat >>Cargo.toml <<'MANIFEST'
regex-automata = "=0.4.19"
regex-syntax = "=0.8.12"
MANIFEST
cat >src/main.rs <<'PROGRAM'
use regex_automata::dfa::dense;

const PATTERN: &str = r"(?-u:\b)\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?-u:\b)";
const LIMIT: usize = 8 << 20;

fn bytes(config: dense::Config) -> String {
    let config = config.dfa_size_limit(Some(LIMIT)).determinize_size_limit(Some(LIMIT));
    match dense::Builder::new().configure(config).build(PATTERN) {
        Ok(automaton) => format!("{} bytes", automaton.memory_usage()),
        Err(_) => format!("more than {LIMIT} bytes"),
    }
}

fn main() {
    let quits = (0x80..=0xff).fold(dense::Config::new(), |config, byte| config.quit(byte, true));
    println!("to the end of the text: {}", bytes(dense::Config::new()));
    println!("to the first byte that is not ASCII: {}", bytes(quits));
}
PROGRAM
seen=$(cargo run --quiet)
echo "$seen"
expected="to the end of the text: more than 8388608 bytes
to the first byte that is not ASCII: 47680 bytes"
if [ "$seen" != "$expected" ]; then
  echo "the automata have other sizes now" >&2
  exit 1
fi
