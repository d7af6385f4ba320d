#!/usr/bin/env bash
# Installs what is missing, builds in release and runs every Swift test. Extra arguments go to
# `swift test` (for example: Tests/run.sh --filter Safetensors); without any, fresh numbers are then
# compared with the committed baselines, and the documentation is built.
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup.sh

prepare_machine
swift format lint --strict --recursive Package.swift Sources Tests
build --build-tests
swift test "${SWIFT_FLAGS[@]}" --skip-build "$@"
if (($# == 0)); then
  echo "Alignment, sampling and training against results/baselines (prerl regress shows the table)"
  .build/release/prerl regress --quiet | tail -n 1
  echo "Documentation: every link and every code sample (about a minute)"
  Tests/docs.sh
fi
