#!/usr/bin/env bash
# minutes: 30
# Does surrogate efficiency, measured on a base, tell which rule will gain how much? Four bases, eight
# rules, two learning rates. `run.sh register` only trains the bases and measures the predictions
# (experiments/prediction/registered); `run.sh` trains the rules and compares.
# SEEDS ("0") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
here=experiments/prediction
runs=results/runs/prediction
read -ra rates <<<"${RATES:-3e-4 1e-4}"
read -ra seeds <<<"${SEEDS:-0}"
mkdir -p "$runs" "$here/registered"

# The embedded checkpoint; the same corpus and another seed; less than half of the steps; a corpus in
# which every document opens with its question.
train() { # NAME CONFIG [SEED]
  "$PRERL" train "$2" --seed "${3:-0}" --output "results/runs/$1" --resume --quiet
}
train second experiments/pretrain/config.json 1
train early "$here/early.json"
train questions experiments/controls/questions.json
declare -A models=(
  [embedded]="" [second]=results/runs/second/checkpoint [early]=results/runs/early/checkpoint
  [questions]=results/runs/questions/checkpoint
)
bases=(embedded second early questions)
for base in "${bases[@]}"; do
  [[ -f $here/registered/$base.json ]] ||
    "$PRERL" surrogate --samples 4000 ${models[$base]:+--model "${models[$base]}"} \
      --summary "$here/registered/$base.json" --quiet
done
[[ ${1:-} != register ]] || exit 0

rules=(prerl nsr-prerl psr-prerl drift-prerl grpo nsr-rl psr-rl drift-rl)
GRID_TOTAL=$((${#bases[@]} * ${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
for seed in "${seeds[@]}"; do
  for base in "${bases[@]}"; do
    MODEL=${models[$base]}
    for rate in "${rates[@]}"; do
      common="\"steps\": 10, \"preset\": \"matched\", \"optimizer\": {\"learning_rate\": $rate}"
      for rule in "${rules[@]}"; do
        case $rule in
          drift-prerl) own='"algorithm": "drift", "space": "pre-train", "constant_advantage": -1' ;;
          drift-rl) own='"algorithm": "drift", "space": "post-train", "constant_advantage": -1' ;;
          *) own="\"algorithm\": \"$rule\"" ;;
        esac
        grid "$runs/$base" "$rule-$rate" "$seed" "$own, $common"
      done
    done
  done
done
for base in "${bases[@]}"; do
  "$PRERL" compare "$runs/$base"/*-s* --output "$runs/$base.json" --overwrite --all-steps >/dev/null
done
python3 "$here/correlate.py" "$here/registered" "$runs" "${bases[@]}"
