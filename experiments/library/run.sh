#!/usr/bin/env bash
# minutes: 5
# Builds a program outside the package that imports its libraries, and aligns a model with it.
# usage: run.sh [CHECKPOINT-FOLDER [ROLLOUTS.jsonl]]   (paths from the top of the checkout)
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/setup.sh

prepare_machine
build --package-path experiments/library >&2
[[ $# -gt 0 ]] || set -- Sources/prerl/Resources/base
experiments/library/.build/release/AlignFromSwift "$@"
