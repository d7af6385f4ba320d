#!/usr/bin/env bash
# minutes: 5
# Pretrains a model on logged dialogues and trains it by reinforcement learning with the synthetic user.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/dialogue
mkdir -p "$runs"
"$PRERL" train experiments/dialogue/pretrain.json --output "$runs/base" --resume ${THREADS:+--threads "$THREADS"}
"$PRERL" train experiments/dialogue/grpo.json --model "$runs/base/checkpoint" --output "$runs/grpo" --resume \
  ${THREADS:+--threads "$THREADS"}
