#!/usr/bin/env bash
# minutes: 240
# Does surrogate efficiency, measured on a base, tell which rule will gain how much, better than another base's
# prediction and than a fixed order? Four bases that no earlier study used. `run.sh register` only trains the
# bases and measures the predictions (experiments/prediction/registered); `run.sh` trains the rules and compares.
# SEEDS ("0 1 2") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
here=experiments/prediction
runs=results/runs/prediction
read -ra seeds <<<"${SEEDS:-0 1 2}"
bases=(third fourth restating large)
declare -A rates=([third]="1e-4 3e-4" [fourth]="1e-4 3e-4" [restating]="1e-4 3e-4" [large]="1e-4")
compared=(prerl nsr-prerl psr-prerl drift-prerl grpo nsr-rl psr-rl drift-rl)
mkdir -p "$runs"

for base in "${bases[@]}"; do
  pretrain "$base"
  register "$base"
done
[[ ${1:-} != register ]] || exit 0

GRID_TOTAL=$((7 * ${#seeds[@]} * ${#compared[@]}))
for seed in "${seeds[@]}"; do
  for base in "${bases[@]}"; do
    for rate in ${rates[$base]}; do policies "$base" "$rate" "$seed" "${compared[@]}"; done
  done
done
for base in "${bases[@]}"; do
  readarray -t runs_of_base < <(folders "$base" "${rates[$base]}" "${seeds[*]}" "${compared[@]}")
  "$PRERL" compare "${runs_of_base[@]}" --all-steps --output "$runs/$base.json" --overwrite >/dev/null
done
python3 "$here/calibrate.py" "$here/registered" "$runs" "$runs/calibration.json" "${bases[@]}"
