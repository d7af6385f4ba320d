#!/usr/bin/env bash
# minutes: 15
# The alignment of the same rollouts, with every control, at each 250 steps of the pretraining of the embedded model.
# SAMPLES (400) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/series
threads=(${THREADS:+--threads "$THREADS"})
mkdir -p "$runs" "$runs/parts"
"$PRERL" train experiments/pretrain/config.json --output "$runs/pretraining" --keep 100 --resume --quiet "${threads[@]}"
# The first state is the model before training, the last one the trained model.
"$PRERL" train experiments/pretrain/config.json --steps 0 --output "$runs/start" --resume --quiet "${threads[@]}"

# kept FOLDER NAME: copies a state beside the others, all of it or nothing.
kept() {
  local target=$runs/pretraining/checkpoints/$2
  [[ -d $target ]] && return
  rm -rf "$target.partial"
  cp -r "$1" "$target.partial"
  mv "$target.partial" "$target"
}
kept "$runs/start/checkpoint" step-0
kept "$runs/pretraining/checkpoint" step-3500
last=$runs/pretraining/checkpoints/step-3500
[[ -f $runs/rollouts.jsonl ]] ||
  "$PRERL" rollout --model "$last" --samples "${SAMPLES:-400}" --output "$runs/rollouts.jsonl" --quiet "${threads[@]}"
controls=()
for control in mismatched-prompt random-prompt shuffled-response null-context mixture untrained; do
  controls+=(--control "$control")
done
"$PRERL" align --series "$runs/pretraining/checkpoints/*" --rollouts "$runs/rollouts.jsonl" "${controls[@]}" \
  --output "$runs/series.h5" --resume --quiet "${threads[@]}" | tee "$runs/series.txt"
for step in 0 250 3500; do
  "$PRERL" export "$runs/series.h5.parts/step-$step.h5" --csv "$runs/parts/$step" --overwrite >/dev/null
done
python3 experiments/series/leads.py "$runs/parts" 0 250 3500
