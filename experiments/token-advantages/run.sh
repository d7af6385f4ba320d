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
    "$prerl" surrogate "${base[@]}" --samples "${SAMPLES:-4096}" "${@:2}" --summary "$runs/$1.json" --quiet >/dev/null
}

for numbers in ${NUMBERS:-3 4}; do
  base=()
  case $numbers in
    3) ;;
    4)
      "$prerl" train experiments/hard/pretrain.json --output results/runs/hard/base --resume --quiet >/dev/null
      base=(--model results/runs/hard/base/checkpoint --numbers 4)
      ;;
    *)
      echo "NUMBERS has $numbers (expected 3 and 4: there are no other bases)" >&2
      exit 2
      ;;
  esac
  # The policy stays as it is while the critic warms up.
  cat >"$runs/critic-$numbers.json" <<END
{"algorithm": "ppo", "steps": $steps, "evaluate_every": 0, "save_every": $steps, "task": {"numbers": $numbers},
 "critic": {"warmup": $steps, "learning_rate": 1e-3}}
END
  critic=$runs/critic-of-$numbers
  "$prerl" train "$runs/critic-$numbers.json" "${base[@]:0:2}" --output "$critic" --resume --quiet
  for lam in 1 0.95 0.5; do
    predict "$numbers-lam-$lam" --critic "$critic/checkpoints/step-$steps/critic" --lam "$lam"
  done
  predict "$numbers-continuations" --continuations 9
done
python3 experiments/token-advantages/table.py "$runs"
