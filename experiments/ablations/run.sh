#!/usr/bin/env bash
# minutes: 45
# Both signs, negatives, positives and drift alone, in both spaces, at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/ablations
read -ra rates <<<"${RATES:-3e-4 1e-4}"
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
rules=(prerl nsr-prerl psr-prerl drift-prerl grpo nsr-rl psr-rl drift-rl)
GRID_TOTAL=$((${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
# Seeds outside, so that an interrupted study has whole comparisons.
for seed in "${seeds[@]}"; do
  for rate in "${rates[@]}"; do
    common="\"steps\": 20, \"preset\": \"matched\", \"optimizer\": {\"learning_rate\": $rate}"
    for rule in "${rules[@]}"; do
      case $rule in
        drift-prerl) own='"algorithm": "drift", "space": "pre-train", "constant_advantage": -1' ;;
        drift-rl) own='"algorithm": "drift", "space": "post-train", "constant_advantage": -1' ;;
        *) own="\"algorithm\": \"$rule\"" ;;
      esac
      grid "$runs" "$rule-$rate" "$seed" "$own, $common"
    done
  done
done
for rate in "${rates[@]}"; do
  echo "== learning rate $rate"
  "$PRERL" compare "$runs"/*-"$rate"-s* --reference "grpo-$rate" --resolve 0.015 \
    --output "$runs/comparison-$rate.json" --overwrite
done
