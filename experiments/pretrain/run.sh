#!/usr/bin/env bash
# minutes: 4
# Trains the embedded checkpoint anew and evaluates it; the same bits as the committed one on the
# same BLAS kernels.
set -euo pipefail
cd "$(dirname "$0")/../.."
prerl=${PRERL:-.build/release/prerl}
"$prerl" train experiments/pretrain/config.json --overwrite
"$prerl" evaluate --model results/runs/pretrain/checkpoint --samples 4096
