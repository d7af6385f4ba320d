#!/usr/bin/env bash
# minutes: 15
# The alignment of the same rollouts, with every control, at each 250 steps of the pretraining of the embedded model.
# SAMPLES (400) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/series
threads=(${THREADS:+--threads "$THREADS"})
mkdir -p "$runs"
"$PRERL" train experiments/pretrain/config.json --output "$runs/pretraining" --keep 100 --resume --quiet "${threads[@]}"
# The last state is the trained model.
last=$runs/pretraining/checkpoints/step-3500
[[ -d $last ]] || cp -r "$runs/pretraining/checkpoint" "$last"
[[ -f $runs/rollouts.jsonl ]] ||
  "$PRERL" rollout --model "$last" --samples "${SAMPLES:-400}" --output "$runs/rollouts.jsonl" --quiet "${threads[@]}"
controls=()
for control in mismatched-prompt random-prompt shuffled-response null-context mixture untrained; do
  controls+=(--control "$control")
done
"$PRERL" align --series "$runs/pretraining/checkpoints/*" --rollouts "$runs/rollouts.jsonl" "${controls[@]}" \
  --output "$runs/series.h5" --resume --quiet "${threads[@]}" | tee "$runs/series.txt"
