#!/usr/bin/env bash
# minutes: 30
# How well sources of advantages tell the steps of a response from each other, by the length of the response.
# SAMPLES (2048), CONTINUATIONS (64), STEPS (60) and NUMBERS ("3 4") may be set outside. What is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/token-advantages/critics.sh
runs=results/runs/credit
mkdir -p "$runs"
for numbers in ${NUMBERS:-3 4}; do
  critic "$numbers"
  if [[ ! -f $runs/values-$numbers.h5 ]]; then
    "$prerl" evaluate "${base[@]}" --samples "${SAMPLES:-2048}" --per-problem 8 --k 1,8 --critic "$critic" \
      --continuations "${CONTINUATIONS:-64}" --values "$runs/values-$numbers.h5" --quiet ${THREADS:+--threads "$THREADS"} | tee "$runs/critic-$numbers.txt"
  fi
  "$prerl" export "$runs/values-$numbers.h5" --csv "$runs/values-$numbers" --overwrite --quiet >/dev/null
done
python3 experiments/credit/credit.py "$runs" "$runs/credit.json" "${CONTINUATIONS:-64}"
