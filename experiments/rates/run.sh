#!/usr/bin/env bash
# minutes: 100
# Five rules at five learning rates: best against best, and at equal KL divergence from the base.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/rates
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
compared=(grpo nsr-rl psr-prerl prerl nsr-prerl)
rates=(3e-5 1e-4 2e-4 3e-4 6e-4)
mkdir -p "$runs"
GRID_TOTAL=$((${#seeds[@]} * ${#compared[@]} * ${#rates[@]}))
for seed in "${seeds[@]}"; do
  for rate in "${rates[@]}"; do
    policies embedded "$rate" "$seed" "${compared[@]}"
  done
done
readarray -t runs_of_rates < <(folders embedded "${rates[*]}" "${seeds[*]}" "${compared[@]}")
"$PRERL" compare "${runs_of_rates[@]}" --all-steps --output "$runs/comparison.json" --overwrite
python3 experiments/rates/distance.py "$runs/comparison.json" grpo
