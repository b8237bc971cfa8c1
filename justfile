# The commands of everyday work: `just`, or `just --list`.

# List the commands.
default:
    @just --list

# Run the tests of Python and Rust.
test *arguments:
    uv run pytest {{arguments}}
    cargo test --workspace

# Check style, types and layers without changing anything.
lint:
    uv run ruff check
    uv run ruff format --check
    uv run mypy --strict
    uv run stubtest metaexpert.logger._native --allowlist .ci/stubtest-allowlist
    uv run lint-imports
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings

# Format the sources.
fmt:
    uv run ruff format
    uv run ruff check --fix
    cargo fmt

# Measure beside the peers: `just bench`, `just bench throughput --quick`.
bench program="call_latency throughput third_party strategy_overhead" *options:
    #!/usr/bin/env bash
    set -euo pipefail
    for program in {{program}}; do uv run --group bench "benchmarks/$program.py" {{options}}; done

# Do what must pass before a change is taken.
ci:
    .ci/run
