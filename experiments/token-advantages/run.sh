#!/usr/bin/env bash
# minutes: 60
# Critics of two bases, and what rules promise that take their advantages from them or from continuations.
# STEPS (60), SAMPLES (4096) and NUMBERS ("3 4") may be set outside. What is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/token-advantages/critics.sh
runs=results/runs/token-advantages

# predict NAME OPTION...: one prediction for the base in `base`.
predict() {
  [[ -f $runs/$1.json ]] ||
    "$prerl" surrogate "${base[@]}" --samples "${SAMPLES:-4096}" "${@:2}" --summary "$runs/$1.json" --quiet \
      ${THREADS:+--threads "$THREADS"} >/dev/null
}

for numbers in ${NUMBERS:-3 4}; do
  critic "$numbers"
  for lam in 1 0.95 0.5; do predict "$numbers-lam-$lam" --critic "$critic" --lam "$lam"; done
  predict "$numbers-continuations" --continuations 9
done
python3 experiments/token-advantages/table.py "$runs"
