#!/usr/bin/env bash
# minutes: 20
# DSRL with several lengths of its first phase against GRPO at equal steps.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/dsrl
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
GRID_TOTAL=$((${#seeds[@]} * 5))
common='"steps": 30, "evaluate_every": 10, "evaluation_samples": 8, "optimizer": {"learning_rate": 3e-4}'
for seed in "${seeds[@]}"; do
  grid "$runs" grpo "$seed" "\"algorithm\": \"grpo\", $common"
  for warm_up in 5 10 15; do
    grid "$runs" "dsrl-$warm_up" "$seed" "\"algorithm\": \"dsrl\", \"warm_up_steps\": $warm_up, $common"
  done
  grid "$runs" dsrl-10-kept "$seed" \
    "\"algorithm\": \"dsrl\", \"warm_up_steps\": 10, \"reset_optimizer\": false, $common"
done
"$PRERL" compare "$runs"/*-s* --reference grpo --output "$runs/comparison.json" --overwrite
