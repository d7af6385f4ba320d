#!/usr/bin/env bash
# minutes: 20
# What NSR-PreRL's first ten steps owe to rewards, to the missing question, to wrong text and to y_1.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/controls
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
GRID_TOTAL=$((${#seeds[@]} * 11))
common='"steps": 10, "evaluate_every": 10, "evaluation_samples": 8, "optimizer": {"learning_rate": 3e-4}'
nsr="\"algorithm\": \"nsr-prerl\", $common"
# A base for which a bare document is off-distribution: every document it has seen opens with its
# question.
pretrain questions
for seed in "${seeds[@]}"; do
  grid "$runs" nsr-prerl "$seed" "$nsr"
  grid "$runs" nsr-prerl-shuffled "$seed" "$nsr, \"rewards\": \"shuffled\""
  grid "$runs" nsr-prerl-mismatched-prompt "$seed" \
    "$nsr, \"loss\": {\"null_context\": \"mismatched-prompt\"}"
  grid "$runs" nsr-prerl-random-prompt "$seed" \
    "$nsr, \"loss\": {\"null_context\": \"random-prompt\"}"
  grid "$runs" nsr-prerl-first-unscored "$seed" "$nsr, \"loss\": {\"score_first_token\": false}"
  grid "$runs" unlikelihood-prerl "$seed" \
    "\"algorithm\": \"unlikelihood\", \"space\": \"pre-train\", $common"
  grid "$runs" unlikelihood-rl "$seed" \
    "\"algorithm\": \"unlikelihood\", \"space\": \"post-train\", $common"
  grid "$runs" nsr-rl "$seed" "\"algorithm\": \"nsr-rl\", $common"
  grid "$runs" nsr-rl-shuffled "$seed" "\"algorithm\": \"nsr-rl\", \"rewards\": \"shuffled\", $common"
  MODEL=$(checkpoint questions)
  grid "$runs/questions" nsr-prerl "$seed" "$nsr"
  grid "$runs/questions" nsr-rl "$seed" "\"algorithm\": \"nsr-rl\", $common"
  MODEL=
done
echo "== the embedded base"
"$PRERL" compare "$runs"/*-s* --reference nsr-prerl --output "$runs/comparison.json" --overwrite
echo "== a base that has never seen a document without its question"
"$PRERL" compare "$runs"/questions/*-s* --reference nsr-prerl --output "$runs/questions.json" --overwrite
