#!/usr/bin/env bash
# minutes: 30
# How well sources of advantages tell the steps of a response from each other, and what a critic that errs loses.
# SAMPLES (2048), CONTINUATIONS (64), STEPS (60) and NUMBERS ("3 4") may be set outside. What is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/token-advantages/critics.sh
runs=results/runs/credit
continuations=${CONTINUATIONS:-64}
mkdir -p "$runs"
for numbers in ${NUMBERS:-3 4}; do
  critic "$numbers"
  values=$runs/values-$numbers-by-$continuations.h5
  if [[ ! -f $values ]]; then
    "$prerl" evaluate "${base[@]}" --samples "${SAMPLES:-2048}" --per-problem 8 --k 1,8 --critic "$critic" \
      --continuations "$continuations" --values "$values" --quiet ${THREADS:+--threads "$THREADS"} | tee "$runs/critic-$numbers.txt"
  fi
  "$prerl" export "$values" --csv "$runs/values-$numbers" --overwrite >/dev/null
done
python3 experiments/credit/credit.py "$runs" "$runs/credit.json" "$continuations"
