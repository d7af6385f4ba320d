#!/usr/bin/env bash
# Makes the committed reference runs again: into results/runs/reference first, so that the checkout
# stays clean while they record its commit, then into results/reference. Needs the program built
# (./experiments/reproduce.sh builds it).
set -euo pipefail
cd "$(dirname "$0")/.."
prerl=.build/release/prerl
runs=results/runs/reference
[[ -z "$(git status --porcelain)" ]] || {
  echo "remake.sh: the checkout has changes (expected none, so that the recorded commit says everything)" >&2
  exit 2
}
mkdir -p "$runs"/{alignment,thoughts,training,updates,surrogate} results/reference

"$prerl" align --samples 400 --seed 0 --control all --token-products --overwrite \
  --output "$runs/alignment/alignment.h5" --summary "$runs/alignment/summary.json" \
  --manifest "$runs/alignment/manifest.json"
# The same rollouts as the alignment's.
"$prerl" rollout --samples 400 --seed 0 --overwrite --output "$runs/rollouts.jsonl"
"$prerl" thoughts "$runs/rollouts.jsonl" --alignment "$runs/alignment/alignment.h5" --overwrite \
  --compare-lexicon experiments/thoughts/sentences.json --output "$runs/thoughts/thoughts.h5"

# The update rules from ten times as many rollouts: cosines of the rules, and their predicted gains.
"$prerl" align --samples 4000 --control update --overwrite --output "$runs/updates/alignment.h5" \
  --summary "$runs/updates/summary.json"
"$prerl" surrogate --samples 4000 --overwrite --summary "$runs/surrogate/summary.json"

# Two rules from the embedded checkpoint, with the update rules' vectors measured along the run.
for rule in nsr-prerl grpo; do
  run=$runs/training/$rule
  printf '{"algorithm": "%s", "steps": 20, "measure_updates_every": 10,
  "optimizer": {"learning_rate": 3e-4}}\n' "$rule" >"$run.json"
  "$prerl" train "$run.json" --output "$run" --overwrite --keep 1
done

# Copied at the end, since a changed checkout would be recorded.
cp -r "$runs"/{alignment,thoughts,surrogate} results/reference/
mkdir -p results/reference/updates
cp "$runs/updates/summary.json" results/reference/updates/
for rule in nsr-prerl grpo; do
  mkdir -p "results/reference/training/$rule"
  cp "$runs/training/$rule"/{training.h5,manifest.json,summary.json,evaluation.jsonl} \
    "results/reference/training/$rule/"
done
