# The commands of everyday work: `just`, or `just --list`.

# List the commands.
default:
    @just --list

# Run the tests: all of Python and Rust, or those of Python that pytest's arguments name.
test *arguments:
    {{ if arguments == "" { ".ci/run tests rust-tests" } else { "uv run pytest " + arguments } }}

# Check style, types and layers without changing anything.
lint:
    .ci/run lint types layers

# Carry out steps of the checks, or all: `just check`, `just check loom fuzz`, `just check --list`.
check *steps:
    .ci/run {{steps}}

# Format the sources.
fmt:
    uv run ruff format
    uv run ruff check --fix
    cargo fmt

# Write anew the files that are made of the configuration's models.
generate:
    uv run python -m metaexpert.logger.config.generate
    uv run python -m metaexpert.logger.control.openapi > docs/contracts/openapi.json

# Feed damaged input to an engine: `just fuzz recovery 600`, `just fuzz lines 600 log-read`. Needs nightly Rust
# and cargo-fuzz.
fuzz target="frame" seconds="180" engine="log":
    mkdir -p crates/metaexpert-{{engine}}/fuzz/corpus/{{target}}
    cd crates/metaexpert-{{engine}}/fuzz && \
        cargo +nightly fuzz run --fuzz-dir . {{target}} corpus/{{target}} seeds/{{target}} -- \
        -max_total_time={{seconds}} -timeout=10 -rss_limit_mb=1024 -max_len=4096

# Measure all promises beside the peers: `just bench`, `just bench throughput --quick`.
bench *arguments:
    uv run --group bench benchmarks/all.py {{arguments}}

# Make the profile that the native module is optimised with: `rustup component add llvm-tools` first.
profile:
    uv run pgo/train.py

# Count a record's instructions beside the committed baseline: `just instructions --update`. Needs valgrind.
instructions *options:
    uv run benchmarks/instructions.py {{options}}
