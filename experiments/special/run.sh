#!/usr/bin/env bash
# minutes: 75
# NSR in both spaces, W-REINFORCE, GRPO and the paper's settings at equal KL divergence, on four bases.
# SEEDS ("0 1 2") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/special
read -ra seeds <<<"${SEEDS:-0 1 2}"
bases=(embedded second third fourth)
declare -A place=([embedded]=0 [second]=1 [third]=2 [fourth]=3)
declare -A settings=(
  [grpo]='"algorithm": "grpo"' [nsr-rl]='"algorithm": "nsr-rl"' [w-reinforce]='"algorithm": "w-reinforce"'
  [nsr-prerl]='"algorithm": "nsr-prerl"' [paper-code]='"algorithm": "nsr-prerl", "preset": "paper-code"'
)
compared=(grpo nsr-rl w-reinforce nsr-prerl paper-code)
for base in "${bases[@]}"; do pretrain "$base"; done
GRID_TOTAL=$((${#seeds[@]} * ${#compared[@]} * ${#bases[@]}))
for seed in "${seeds[@]}"; do
  for base in "${bases[@]}"; do
    for rule in "${compared[@]}"; do
      MODEL=$(checkpoint "$base") grid "$runs" "$rule-b${place[$base]}" "$seed" "${settings[$rule]}, \"steps\": 20, \"evaluate_every\": 2, \
\"evaluation_samples\": 2, \"optimizer\": {\"learning_rate\": 3e-4}"
    done
  done
done
folders=()
for seed in "${seeds[@]}"; do
  for base in "${bases[@]}"; do
    for rule in "${compared[@]}"; do folders+=("$runs/$rule-b${place[$base]}-s$seed"); done
  done
done
"$PRERL" compare "${folders[@]}" --all-steps --reference grpo --output "$runs/comparison.json" --overwrite
for reference in grpo nsr-rl; do
  python3 experiments/rates/distance.py "$runs/comparison.json" "$reference" transitions_fold
done
