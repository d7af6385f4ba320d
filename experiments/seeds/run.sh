#!/usr/bin/env bash
# minutes: 20
# How many seeds a difference of 1.5 points in accuracy needs, from the spread of the ablations' runs.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
RATES=3e-4 bash experiments/ablations/run.sh >/dev/null
prerl=${PRERL:-.build/release/prerl}
runs=results/runs/policies/embedded
mkdir -p results/runs/seeds
echo "== both sides with seeds of their own"
"$prerl" compare "$runs"/*-3e-4-s* --resolve 0.015 \
  --output results/runs/seeds/independent.json --overwrite
echo "== paired: the same seeds on both sides"
"$prerl" compare "$runs"/*-3e-4-s* --resolve 0.015 --reference grpo-3e-4 \
  --output results/runs/seeds/paired.json --overwrite
