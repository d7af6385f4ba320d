#!/usr/bin/env bash
# minutes: 20
# A critic of the embedded checkpoint, and what rules promise that take their advantages from it.
# STEPS (60) and SAMPLES (4096) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
runs=results/runs/token-advantages
steps=${STEPS:-60}
mkdir -p "$runs"
"$prerl" train experiments/token-advantages/critic.json --output "$runs/critic" --steps "$steps" --resume --quiet
for lam in 1 0.95 0.5; do
  [[ -f $runs/lam-$lam.json ]] ||
    "$prerl" surrogate --samples "${SAMPLES:-4096}" --critic "$runs/critic/checkpoints/step-$steps/critic" --lam "$lam" \
      --summary "$runs/lam-$lam.json" --quiet >"$runs/lam-$lam.txt"
  echo "== λ = $lam"
  cat "$runs/lam-$lam.txt"
done
