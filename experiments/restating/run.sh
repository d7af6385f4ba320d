#!/usr/bin/env bash
# minutes: 130
# What does dropping the prompt do where the response does not restate it? A base, its alignment with every
# control, its surrogate efficiencies, and nine rules at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/restating
read -ra rates <<<"${RATES:-3e-4 1e-4}"
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
mkdir -p "$runs"
threads=(${THREADS:+--threads "$THREADS"})

pretrain restating
model=$(checkpoint restating)
[[ -f $runs/summary.json ]] ||
  "$PRERL" align --model "$model" --positions --samples 400 --paper --control all --control partial-prompt \
    --output "$runs/alignment.h5" --summary "$runs/summary.json" --overwrite "${threads[@]}" >"$runs/alignment.txt"
[[ -f $runs/surrogate.json ]] ||
  "$PRERL" surrogate --model "$model" --positions --summary "$runs/surrogate.json" "${threads[@]}" \
    >"$runs/surrogate.txt"
cat "$runs/alignment.txt" "$runs/surrogate.txt"

GRID_TOTAL=$((${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
# Seeds outside, so that an interrupted study has whole comparisons.
for seed in "${seeds[@]}"; do
  for rate in "${rates[@]}"; do policies restating "$rate" "$seed" "${rules[@]}"; done
done
for rate in "${rates[@]}"; do
  for reference in grpo nsr-rl psr-rl; do
    echo "== learning rate $rate, against $reference"
    "$PRERL" compare results/runs/policies/restating/*-"$rate"-s* --reference "$reference-$rate" \
      --output "$runs/comparison-$rate-$reference.json" --overwrite
  done
done
