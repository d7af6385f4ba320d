#!/usr/bin/env bash
# minutes: 2
# The alignment table of the embedded model: 400 fresh rollouts (50 problems × 8), every control.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=results/runs/alignment
mkdir -p "$run"
"${PRERL:-.build/release/prerl}" align --samples 400 --seed 0 --control all --token-products --paper --overwrite \
  --output "$run/alignment.h5" --summary "$run/summary.json" --manifest "$run/manifest.json"
