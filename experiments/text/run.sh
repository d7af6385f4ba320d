#!/usr/bin/env bash
# minutes: 1
# Plain text as verl and TRL write it, through a tokenizer: alignment and thoughts of ten rollouts.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=results/runs/text
mkdir -p "$run"
prerl=${PRERL:-.build/release/prerl}
for name in verl trl; do
  dump=Tests/prerlTests/Fixtures/$name.jsonl
  echo "== $dump"
  "$prerl" align --model experiments/text/model --rollouts "$dump" --null-context empty-user \
    --control mismatched-prompt --token-products --output "$run/$name.h5" --overwrite --quiet
  "$prerl" thoughts "$dump" --model experiments/text/model --lexicon seal --compare-lexicon easysteer \
    --alignment "$run/$name.h5" --output "$run/$name-thoughts.h5" --overwrite --quiet
  "$prerl" evaluate --rollouts "$dump" --model experiments/text/model --k 1,2 --verify --audit
done
