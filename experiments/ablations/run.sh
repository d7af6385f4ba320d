#!/usr/bin/env bash
# minutes: 80
# Both signs, negatives, positives and drift alone, in both spaces, at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/ablations
mkdir -p "$runs"
study embedded "$runs" --resolve 0.015
