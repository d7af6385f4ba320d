#!/usr/bin/env bash
# minutes: 150
# What does dropping the prompt do where the response does not restate it? A base, its alignment with every
# control, its surrogate efficiencies, and nine rules at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/restating
mkdir -p "$runs"
threads=(${THREADS:+--threads "$THREADS"})

pretrain restating
model=$(checkpoint restating)
[[ -f $runs/summary.json ]] ||
  "$PRERL" align --model "$model" --positions --samples 400 --paper --control all --control partial-prompt \
    --output "$runs/alignment.h5" --summary "$runs/summary.json" --overwrite "${threads[@]}" >"$runs/alignment.txt"
register restating
cat "$runs/alignment.txt"
study restating "$runs"

echo "== control: the embedded task with the corpus's questions and the pretraining of this base"
pretrain asked
[[ -f experiments/restating/asked.json ]] ||
  "$PRERL" surrogate --model "$(checkpoint asked)" --quiet --summary experiments/restating/asked.json "${threads[@]}"
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
comparisons=()
for rate in 3e-4 1e-4; do
  for seed in "${seeds[@]}"; do policies asked "$rate" "$seed" grpo prerl; done
  readarray -t runs_of_rate < <(folders asked "$rate" "${seeds[*]}" grpo prerl)
  comparisons+=("$runs/asked-$rate.json")
  "$PRERL" compare "${runs_of_rate[@]}" --reference "grpo-$rate" --all-steps --output "${comparisons[-1]}" --overwrite
done
python3 experiments/restating/pairs.py "${comparisons[@]}"
