#!/usr/bin/env bash
# Installs what is missing, builds in release and runs every Swift test. Extra arguments go to
# `swift test` (for example: Tests/run.sh --filter Safetensors).
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup.sh

prepare_machine
swift format lint --strict --recursive Package.swift Sources Tests
build --build-tests
swift test "${SWIFT_FLAGS[@]}" --skip-build "$@"
