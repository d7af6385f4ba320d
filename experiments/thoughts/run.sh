#!/usr/bin/env bash
# minutes: 2
# The replication in small: the base, NSR-PreRL and GRPO, and what they do to thoughts.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
runs=results/runs/thoughts
mkdir -p "$runs"
common='"steps": 20, "evaluate_every": 10'
grid "$runs" nsr-prerl 0 "\"algorithm\": \"nsr-prerl\", $common, \"optimizer\": {\"learning_rate\": 1e-4}"
grid "$runs" grpo 0 "\"algorithm\": \"grpo\", $common, \"optimizer\": {\"learning_rate\": 3e-4}"
sample() { # NAME [--model DIR]
  "$PRERL" rollout --samples 512 --per-problem 1 --output "$runs/$1.jsonl" --overwrite --quiet "${@:2}" >&2
}
sample base
for name in nsr-prerl grpo; do
  sample "$name" --model "$runs/$name-s0/checkpoints/step-20"
  echo "== base and $name after 20 steps"
  "$PRERL" thoughts "$runs/base.jsonl" "$runs/$name.jsonl" --lexicon countdown \
    --output "$runs/$name.h5" --overwrite --quiet
done
