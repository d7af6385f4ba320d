#!/usr/bin/env bash
# minutes: 80
# Both signs, negatives, positives and drift alone, in both spaces, at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/ablations
read -ra rates <<<"${RATES:-3e-4 1e-4}"
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
mkdir -p "$runs"
GRID_TOTAL=$((${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
# Seeds outside, so that an interrupted study has whole comparisons.
for seed in "${seeds[@]}"; do
  for rate in "${rates[@]}"; do policies embedded "$rate" "$seed" "${rules[@]}"; done
done
for rate in "${rates[@]}"; do
  echo "== learning rate $rate"
  readarray -t runs_of_rate < <(folders embedded "$rate" "${seeds[*]}" "${rules[@]}")
  "$PRERL" compare "${runs_of_rate[@]}" --reference "grpo-$rate" --output "$runs/comparison-$rate.json" --overwrite
done
python3 experiments/restating/pairs.py "$runs"/comparison-*.json
