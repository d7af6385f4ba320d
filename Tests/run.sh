#!/usr/bin/env bash
# Installs what is missing, builds in release and runs every Swift test. Extra arguments go to
# `swift test` (for example: Tests/run.sh --filter Safetensors); without any, fresh numbers are then
# compared with the committed baselines, the documentation is built, and the scripts of the studies are tested.
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
  if command -v python3 >/dev/null; then
    echo "The scripts that decide claims, and the wheel's Python module"
    python3 -B -m unittest -q Tests/python/test_verdicts.py Tests/python/test_module.py
  else
    echo "Tests/python/test_*.py: skipped: no python3"
  fi
fi
