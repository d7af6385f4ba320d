#!/usr/bin/env bash
# minutes: 1
# Trains the desk's embedded checkpoint by reinforcement learning with the synthetic user, without and with the
# likelihood of the user's turns.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/dialogue
mkdir -p "$runs"
for name in grpo two-objectives; do
  "$PRERL" train "experiments/dialogue/$name.json" --output "$runs/$name" --resume ${THREADS:+--threads "$THREADS"}
  "$PRERL" dialogue --model "$runs/$name/checkpoints/step-30" --show 0 ${THREADS:+--threads "$THREADS"}
done
