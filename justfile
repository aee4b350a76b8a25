# `just` lists what there is to do; CI does `just gate`.

_default:
    @just --list

# Everything CI checks
gate:
    .ci/run

# Serve the example of the README on https://127.0.0.1:6443
serve *flags:
    cargo run --release --bin widgets -- serve {{flags}}

# All tests, with the kubectls, etcd and Python that CI has
test *filter:
    eval "$(.ci/tools)" && cargo test --workspace {{filter}}

# Format and lint
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# The API documentation
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Replay recorded answers of a kube-apiserver: those that must match, or those whose path has a word
parity *words:
    .ci/parity {{words}}

# Kill the store and the server that often, at any moment, with -9
kills n="1000":
    KUBEGRAFT_KILLS={{n}} cargo test -p kubegraft --lib survives_kill
    KUBEGRAFT_KILLS={{n}} cargo test -p kubegraft-tests survives_kill

# Hold watchers against ten million events
watches n="10000000":
    KUBEGRAFT_EVENTS={{n}} cargo test --release -p kubegraft --lib a_million_events

# The main command of the README on the release build: start, kubectl, restart; prints the time to ready
smoke:
    cargo build --release -p kubegraft-examples --bin widgets
    eval "$(.ci/tools)" && .ci/smoke

# Fuzz a target for ten minutes: fields_v1, apply, schema or cel
fuzz name *flags:
    fuzz/seed || true
    fuzz/run {{name}} -max_total_time=600 -timeout=10 -rss_limit_mb=2048 {{flags}}

# CPU time of compiling 50 resources, with our derives and with kube's
compile-bench:
    .ci/compile-bench

# Licences, bans and sources of all dependencies are the gate's (.ci/deny); advisories too: `cargo install cargo-deny --locked`
deny:
    cargo deny check

# Write what is generated anew: the table of kubectl, the pages of serde forms and of what differs from kube
update:
    UPDATE=1 cargo test -p kubegraft --test derive the_page
    UPDATE=1 cargo test -p kubegraft-tests kube_examples
    UPDATE=1 cargo test -p kubegraft-tests the_table
