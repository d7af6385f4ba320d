#!/usr/bin/env bash
# minutes: 3
# Sources of advantages: a group's mean and a critic, after the prompt and after the null context.
# SEEDS ("0"), CONDITIONS ("group critic-1", or "all") and STEPS (20) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/actor-critic
read -ra seeds <<<"${SEEDS:-0}"
steps=${STEPS:-20}
declare -A settings=(
  [group]='"advantages": "rloo"'
  [critic-1]='"lam": 1'
  [critic-95]='"lam": 0.95'
  [critic-warm]='"lam": 1, "critic": {"warmup": 5, "learning_rate": 1e-3}'
  [shared]='"lam": 1, "critic": {"trunk": "shared", "learning_rate": 1e-3}'
  [step]='"lam": 1, "reward": {"placement": "step"}, "critic": {"learning_rate": 1e-3}'
  [potential]='"lam": 1, "reward": {"placement": "potential"}, "critic": {"learning_rate": 1e-3}'
  [group-null]='"advantages": "rloo", "space": "pre-train"'
  [critic-1-null]='"lam": 1, "space": "pre-train", "critic": {"learning_rate": 1e-3}'
)
settings[critic-1]+=', "critic": {"learning_rate": 1e-3}'
settings[critic-95]+=', "critic": {"learning_rate": 1e-3}'
all=(group critic-1 critic-95 critic-warm shared step potential group-null critic-1-null)
read -ra conditions <<<"${CONDITIONS:-group critic-1}"
[[ ${conditions[*]} != all ]] || conditions=("${all[@]}")
GRID_TOTAL=$((${#seeds[@]} * ${#conditions[@]}))
folders=()
for seed in "${seeds[@]}"; do
  for condition in "${conditions[@]}"; do
    grid "$runs" "$condition" "$seed" "\"algorithm\": \"ppo\", ${settings[$condition]}, \"steps\": $steps, \
\"evaluate_every\": 10, \"evaluation_samples\": 8, \"optimizer\": {\"learning_rate\": 3e-4}"
    folders+=("$runs/$condition-s$seed")
  done
done
"$PRERL" compare "${folders[@]}" --reference group --output "$runs/comparison.json" --overwrite
python3 experiments/actor-critic/table.py "$runs" "$runs/table.json"
