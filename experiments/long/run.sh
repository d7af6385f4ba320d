#!/usr/bin/env bash
# minutes: 180
# GRPO, PreRL, PSR-RL and DSRL for 150 steps at 1e-4: collapse, and steps to a threshold.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/long
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
rules=(grpo prerl psr-rl dsrl-10 dsrl-20 dsrl-25)
GRID_TOTAL=$((${#seeds[@]} * ${#rules[@]}))
for seed in "${seeds[@]}"; do
  for rule in "${rules[@]}"; do
    case $rule in
      dsrl-*) own="\"algorithm\": \"dsrl\", \"pre_train_steps\": ${rule#dsrl-}" ;;
      *) own="\"algorithm\": \"$rule\"" ;;
    esac
    grid "$runs" "$rule" "$seed" "$own, \"steps\": 150, \"evaluate_every\": 5, \"evaluation_samples\": 2, \
\"save_every\": 25, \"optimizer\": {\"learning_rate\": 1e-4}"
  done
done
folders=() dsrl=()
for seed in "${seeds[@]}"; do
  for rule in "${rules[@]}"; do folders+=("$runs/$rule-s$seed"); done
  dsrl+=("$runs"/dsrl-{10,20,25}-s"$seed")
done
"$PRERL" compare "${folders[@]}" --reference grpo --output "$runs/comparison.json" --overwrite
echo "== lengths of DSRL's first phase against each other"
for reference in dsrl-10 dsrl-20; do
  "$PRERL" compare "${dsrl[@]}" --reference "$reference" --output "$runs/comparison-$reference.json" --overwrite
done
python3 experiments/long/thresholds.py "$runs/comparison.json" "$runs"
