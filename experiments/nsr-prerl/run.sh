#!/usr/bin/env bash
# minutes: 8
# NSR-PreRL at two learning rates, evaluated every five steps: thoughts, accuracy, and its collapse.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/nsr-prerl
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
GRID_TOTAL=$((${#seeds[@]} * 2))
for seed in "${seeds[@]}"; do
  for rate in 3e-4 1e-4; do
    grid "$runs" "nsr-prerl-$rate" "$seed" "\"algorithm\": \"nsr-prerl\", \"steps\": 20, \
\"evaluation_samples\": 8, \"optimizer\": {\"learning_rate\": $rate}"
  done
done
"$PRERL" compare "$runs"/nsr-prerl-*-s* --all-steps \
  --output "$runs/comparison.json" --overwrite
