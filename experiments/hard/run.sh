#!/usr/bin/env bash
# minutes: 60
# Does reinforcement learning reach problems that its base does not, or the same ones more often?
# SEEDS ("0 1 2 3 4"), RULES (all six), OOD_RULES (two) and THREADS may be set outside. Runs and counts
# that are there are left as they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/hard
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
read -ra rules <<<"${RULES-grpo psr-rl nsr-rl prerl nsr-prerl dsrl}"
read -ra ood_rules <<<"${OOD_RULES-grpo nsr-prerl}"
threads=(${THREADS:+--threads "$THREADS"})
steps=20
mkdir -p "$runs/counts"

# count NAME SEED TRIES [--model DIR]: puts 64 held-out four-number problems to a model, each so many
# times, and keeps how often each was solved.
count() {
  local counts=$runs/counts/$1-s$2.json rollouts=$runs/rollouts-$$.jsonl
  [[ ! -f $counts ]] || return 0
  "$PRERL" rollout --numbers 4 --samples $((64 * $3)) --per-problem "$3" --seed "$2" \
    --output "$rollouts" --overwrite --quiet "${threads[@]}" "${@:4}" >/dev/null
  python3 experiments/hard/passes.py count "$rollouts" "$counts"
  rm "$rollouts"
}

# train NAME SEED TRIES JSON: one run from MODEL, and the counts of what came of it.
train() {
  grid "$runs" "$1" "$2" "\"steps\": $steps, \"evaluate_every\": 0, \"save_every\": 1000, $4"
  count "$1" "$2" "$3" --model "$runs/$1-s$2/checkpoints/step-$steps"
}

# settings RULE: the keys of a rule. The rates are those at which it does not collapse on three numbers.
settings() {
  case $1 in
    nsr-prerl) echo '"algorithm": "nsr-prerl", "optimizer": {"learning_rate": 1e-4}' ;;
    dsrl) echo '"algorithm": "dsrl", "warm_up_steps": 5, "optimizer": {"learning_rate": 3e-4}' ;;
    *) echo "\"algorithm\": \"$1\", \"optimizer\": {\"learning_rate\": 3e-4}" ;;
  esac
}

"$PRERL" train experiments/hard/pretrain.json --output "$runs/base" --resume --quiet \
  "${threads[@]}" >/dev/null
# Seeds outside, so that an interrupted study has whole comparisons.
for seed in "${seeds[@]}"; do
  count base "$seed" 256 --model "$runs/base/checkpoint"
  # The control: does it take training to try what the base rarely does?
  count base-hot "$seed" 256 --model "$runs/base/checkpoint" --temperature 1.5
  MODEL=$runs/base/checkpoint
  for rule in "${rules[@]}"; do
    train "$rule" "$seed" 256 "$(settings "$rule"), \"task\": {\"numbers\": 4}"
  done
done
# Out of distribution: models of three numbers, which are asked for four.
MODEL=
for seed in "${seeds[@]}"; do
  ((${#ood_rules[@]})) || break
  count three-base "$seed" 64
  for rule in "${ood_rules[@]}"; do
    train "three-$rule" "$seed" 64 "$(settings "$rule")"
  done
done
python3 experiments/hard/passes.py join "$runs/passes.json" "$runs"/counts/*.json
python3 experiments/hard/passes.py table "$runs/passes.json"
