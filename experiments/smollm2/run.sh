#!/usr/bin/env bash
# minutes: 240 (PyPI)
# SmolLM2-135M-Instruct: rollouts of word problems, alignment with controls, thoughts, surrogate. Goes on where
# it was stopped; results are in results/runs/smollm2. The minutes are the sum of its steps on two cores with AVX-512.
set -euo pipefail
cd "$(dirname "$0")/../.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
experiments/smollm2/setup.sh --no-check
cd results/runs/smollm2

# 50 problems of three levels, 8 responses each. The harder levels have longer prompts.
{ head -n 24 problems/level-1.jsonl; head -n 16 problems/level-2.jsonl; head -n 10 problems/level-3.jsonl; } \
  >problems.jsonl
"$prerl" rollout --model model --problems problems.jsonl --samples 400 --per-problem 8 \
  --max-new-tokens 96 --resume --output rollouts.jsonl
"$prerl" evaluate --model model --rollouts rollouts.jsonl --k 1,8 | tee evaluation.txt

# The controls of one rollout at a time, then those over all rollouts. The costly partial-prompt comes second.
"$prerl" align --model model --rollouts rollouts.jsonl --show 1 --paper --resume \
  --control mismatched-prompt --control random-prompt --control shuffled-response --control null-context \
  --control untrained --control breakdown \
  --output samples.h5 --summary samples.json | tee alignment.txt
"$prerl" align --model model --rollouts rollouts.jsonl --paper --resume --control partial-prompt \
  --output partial.h5 --summary partial.json | tee partial.txt
"$prerl" align --model model --rollouts rollouts.jsonl --resume --control update \
  --output update.h5 --summary update.json | tee update.txt
"$prerl" thoughts rollouts.jsonl --model model --alignment samples.h5 --output thoughts.h5 --overwrite | tee thoughts.txt
"$prerl" surrogate --model model --rollouts rollouts.jsonl --summary surrogate.json --overwrite | tee surrogate.txt
