#!/usr/bin/env bash
# minutes: 60
# Critics of two bases, and what rules promise that take their advantages from them or from continuations.
# STEPS (60), SAMPLES (4096) and NUMBERS ("3 4") may be set outside. What is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/token-advantages
steps=${STEPS:-60}
mkdir -p "$runs" results/runs/hard

# predict NAME OPTION...: one prediction for the base in `base`.
predict() {
  [[ -f $runs/$1.json ]] ||
    "$prerl" surrogate "${base[@]}" --samples "${SAMPLES:-4096}" "${@:2}" --summary "$runs/$1.json" --quiet >"$runs/$1.txt"
  echo "== $1"
  cat "$runs/$1.txt"
}

for numbers in ${NUMBERS:-3 4}; do
  base=()
  config=experiments/token-advantages/critic.json
  if [[ $numbers == 4 ]]; then
    "$prerl" train experiments/hard/pretrain.json --output results/runs/hard/base --resume --quiet >/dev/null
    base=(--model results/runs/hard/base/checkpoint --numbers 4)
    config=$runs/critic-4.json
    python3 -c 'import json, sys
config = json.load(open(sys.argv[1]))
config["task"] = {"numbers": 4}
json.dump(config, open(sys.argv[2], "w"))' experiments/token-advantages/critic.json "$config"
  fi
  critic=$runs/critic-of-$numbers
  "$prerl" train "$config" "${base[@]:0:2}" --output "$critic" --steps "$steps" --resume --quiet
  for lam in 1 0.95 0.5; do
    predict "$numbers-lam-$lam" --critic "$critic/checkpoints/step-$steps/critic" --lam "$lam"
  done
  predict "$numbers-continuations" --continuations 9
done
