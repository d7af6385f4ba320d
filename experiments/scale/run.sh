#!/usr/bin/env bash
# minutes: 60
# Rates and memory of alignment at the shapes of real models, with random weights. SHAPES ("135m 0.6b"; 1.7b and 4b take 4 and 8 GB
# of disk), TOKENS ("128+384 128+3968") and THREADS ("1 2") may be set outside. What is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
here=experiments/scale
runs=results/runs/scale
read -ra shapes <<<"${SHAPES:-135m 0.6b}"
read -ra lengths <<<"${TOKENS:-128+384 128+3968}"
read -ra threads <<<"${THREADS:-1 2}"
mkdir -p "$runs"
for shape in "${shapes[@]}"; do
  model=$runs/$shape
  [[ -f $model/config.json ]] || python3 "$here/make_model.py" "$shape" "$model"
  for length in "${lengths[@]}"; do
    rollouts=$runs/$shape-$length.jsonl
    python3 "$here/make_rollouts.py" "$model/config.json" "${length%+*}" "${length#*+}" 4 "$rollouts"
    for count in "${threads[@]}"; do
      name=$runs/$shape-$length-$count
      [[ ! -f $name.json ]] || continue
      echo "$shape, $length tokens, $count threads" >&2
      common=(--model "$model" --rollouts "$rollouts" --threads "$count" --quiet)
      "$PRERL" plan "${common[@]}" --weights stored --seconds 30 --json >"$name.plan.json"
      python3 "$here/peak.py" "$PRERL" align "${common[@]}" --weights stored --limit "$count" --overwrite \
        --output "$runs/one.h5" >"$name.peak.json"
      "$PRERL" bench "${common[@]}" --weights stored --seconds 3 --json >"$name.bench.json"
      python3 "$here/table.py" join "$name"
    done
  done
done
python3 "$here/table.py" print "$runs"
