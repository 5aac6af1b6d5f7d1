#!/bin/sh
# Installs the peers that `cargo bench -p birth-tests --bench triggers` measures
# against, each optional, into a folder that BIRTH_BENCH_PEERS then names.
#
#   sh tests/benches/peers.sh FOLDER
#   BIRTH_BENCH_PEERS=FOLDER cargo bench -p birth-tests --bench triggers
#
# dbmate and liquibase come through npm (liquibase runs on Java 17, and 4.28.1
# is the last package of it that has the program in it); sqitch through the
# system's packages (Debian: sqitch libdbd-pg-perl).
set -eu
folder=${1:?usage: peers.sh FOLDER}
mkdir -p "$folder"
if command -v npm >/dev/null; then
  npm install --no-audit --no-fund --prefix "$folder" dbmate@2.36.0 liquibase@4.28.1
else
  echo "npm is not installed: neither dbmate nor liquibase" >&2
fi
command -v java >/dev/null || echo "java is not installed: liquibase will not run" >&2
command -v sqitch >/dev/null || echo "sqitch is not installed: install the system's packages sqitch and libdbd-pg-perl" >&2
# The classification rules in Rego, for `--bench classification`.
here=$(cd "$(dirname "$0")" && pwd)
cargo install --locked --path "$here/../../bench/rego" --root "$folder" --target-dir "$folder/target"
