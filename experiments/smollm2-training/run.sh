#!/usr/bin/env bash
# minutes: 240 (PyPI)
# GRPO, PreRL and NSR-PreRL on SmolLM2-135M-Instruct: 20 steps of 16 problems with 8 rollouts each. Goes on where it
# was stopped. SEEDS ("0") and RULES ("nsr-prerl prerl grpo") may be set outside. The minutes are an estimate.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
experiments/smollm2/setup.sh --no-check
smollm2=$PWD/results/runs/smollm2
runs=results/runs/smollm2-training
mkdir -p "$runs"
cat "$smollm2"/problems/level-{1,2}.jsonl >"$runs/problems.jsonl"
read -ra seeds <<<"${SEEDS:-0}"
read -ra rules <<<"${RULES:-nsr-prerl prerl grpo}"
GRID_TOTAL=$((${#seeds[@]} * ${#rules[@]}))
for seed in "${seeds[@]}"; do
  for rule in "${rules[@]}"; do
    MODEL=$smollm2/model grid "$runs" "$rule" "$seed" "\"algorithm\": \"$rule\", \"steps\": 20, \
\"problems_per_step\": 16, \"rollouts_per_problem\": 8, \"max_new_tokens\": 96, \
\"evaluate_every\": 10, \"evaluation_problems\": 64, \
\"optimizer\": {\"learning_rate\": 1e-5}, \
\"task\": {\"name\": \"answers\", \"problems\": \"../problems.jsonl\", \"held_out_share\": 0.3}"
  done
done
"$PRERL" compare "$runs"/*-s* --all-steps --output "$runs/comparison.json" --overwrite
