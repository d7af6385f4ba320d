#!/usr/bin/env bash
# minutes: 3
# A reward model from pairs of rollouts, and a policy that learns from it while the verifier looks on.
# STEPS (20), NOISE (0), PAIRS (no limit) and SEED (0) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
seed=${SEED:-0}
runs=results/runs/reward-model/noise-${NOISE:-0}-pairs-${PAIRS:-all}-s$seed
mkdir -p "$runs"
"$PRERL" rollout --samples 2048 --per-problem 8 --seed "$((seed + 1))" --output "$runs/rollouts.jsonl" --resume
python3 experiments/reward-model/pairs.py "$runs/rollouts.jsonl" ${PAIRS:+"$PAIRS"} >"$runs/pairs.jsonl"
cat >"$runs/model.json" <<END
{"algorithm": "reward-model", "steps": 60, "pairs": "pairs.jsonl", "pairs_per_step": 32, "seed": $seed,
 "label_noise": ${NOISE:-0}, "optimizer": {"learning_rate": 3e-4}}
END
cat >"$runs/policy.json" <<END
{"algorithm": "grpo", "steps": ${STEPS:-20}, "seed": $seed, "evaluate_every": 5, "optimizer": {"learning_rate": 3e-4}}
END
"$PRERL" train "$runs/model.json" --output "$runs/model" --resume
"$PRERL" train "$runs/policy.json" --reward-model "$runs/model/checkpoints/step-60" --output "$runs/policy" --resume
