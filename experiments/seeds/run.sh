#!/usr/bin/env bash
# minutes: 20
# How many seeds a difference of 1.5 points in accuracy needs, from the spread of the ablations' runs. The rules that
# collapse (NSR-PreRL) or do not use the rewards (drift) are left out: their spread is not that of a comparison.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/seeds
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
compared=(grpo grpo-std prerl psr-prerl nsr-rl psr-rl)
mkdir -p "$runs"
for rate in 3e-4 1e-4; do
  for seed in "${seeds[@]}"; do policies embedded "$rate" "$seed" "${compared[@]}"; done
  readarray -t runs_of_rate < <(folders embedded "$rate" "${seeds[*]}" "${compared[@]}")
  echo "== $rate, both sides with seeds of their own"
  "$PRERL" compare "${runs_of_rate[@]}" --resolve 0.015 --output "$runs/independent-$rate.json" --overwrite
  echo "== $rate, paired: the same seeds on both sides"
  "$PRERL" compare "${runs_of_rate[@]}" --resolve 0.015 --reference "grpo-$rate" \
    --output "$runs/paired-$rate.json" --overwrite
done
