#!/usr/bin/env bash
# minutes: 120
# Four rules on bases of 0.6 and 5 million parameters.
# SEEDS ("0 1 2") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/sizes
read -ra seeds <<<"${SEEDS:-0 1 2}"
compared=(grpo nsr-rl prerl nsr-prerl)
bases=(embedded large)
mkdir -p "$runs"
pretrain large
GRID_TOTAL=$((${#seeds[@]} * ${#compared[@]} * ${#bases[@]}))
for seed in "${seeds[@]}"; do
  for base in "${bases[@]}"; do policies "$base" 1e-4 "$seed" "${compared[@]}"; done
done
for base in "${bases[@]}"; do
  readarray -t runs_of_base < <(folders "$base" 1e-4 "${seeds[*]}" "${compared[@]}")
  for reference in grpo nsr-rl; do
    echo "== $base, against $reference"
    "$PRERL" compare "${runs_of_base[@]}" --reference "$reference-1e-4" \
      --output "$runs/comparison-$base-$reference.json" --overwrite
  done
done
