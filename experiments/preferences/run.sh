#!/usr/bin/env bash
# minutes: 25
# Reward models from pairs of dialogues and from pairs of turns, judged by the reward and by a rating, and policies that
# learn from them. SEEDS ("0 1 2 3 4"), LABELS (2000), DIALOGUES (16384) and STEPS (30) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
PRERL=$(realpath "$PRERL")
here=experiments/preferences
runs=results/runs/preferences
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
labels=${LABELS:-2000}
steps=${STEPS:-30}
threads=(${THREADS:+--threads "$THREADS"})
mkdir -p "$runs/dialogues"

MODEL=Sources/prerl/Resources/desk

# logged NAME OPTION...: dialogues of the base, eight to an opening.
logged() {
  [[ -f $runs/$1.jsonl ]] ||
    "$PRERL" dialogue --model "$MODEL" --per-opening 8 --show 0 --output "$runs/$1.jsonl" "${@:2}" "${threads[@]}" >/dev/null
}
logged training --samples "${DIALOGUES:-16384}" --training-stocks --seed 1
logged held-out --samples 4096 --seed 2

for unit in dialogue turn; do
  for judge in reward rating; do
    python3 "$here/pairs.py" "$runs/training.jsonl" "$unit" "$judge" "$labels" >"$runs/$unit-$judge.jsonl"
    python3 "$here/pairs.py" "$runs/held-out.jsonl" "$unit" "$judge" 256 >"$runs/$unit-$judge-held-out.jsonl"
    cat >"$runs/$unit-$judge.json" <<END
{"algorithm": "reward-model", "steps": 320, "pairs": "$unit-$judge.jsonl", "held_out": "$unit-$judge-held-out.jsonl",
 "pairs_per_step": 32, "center_rewards_coefficient": 0.01, "evaluate_every": 80, "save_every": 320,
 "optimizer": {"learning_rate": 3e-4}}
END
  done
done

# policy NAME SEED JSON: trains a policy and plays its dialogues.
policy() {
  local output=$runs/dialogues/$1-s$2.json
  grid "$runs" "$1" "$2" "\"algorithm\": \"grpo\", \"task\": {\"name\": \"desk\"}, $3\"steps\": $steps, \
\"evaluate_every\": 0, \"optimizer\": {\"learning_rate\": 3e-4}"
  [[ -f $output ]] && return
  "$PRERL" dialogue --model "$runs/$1-s$2/checkpoints/step-$steps" --show 0 --json "${threads[@]}" >"$output.partial"
  mv "$output.partial" "$output"
}

GRID_TOTAL=$((${#seeds[@]} * 5))
for seed in "${seeds[@]}"; do
  for unit in dialogue turn; do
    settings=
    [[ $unit == dialogue ]] || settings='"reward_unit": "turn", '
    for judge in reward rating; do
      model=$runs/model-$unit-$judge-s$seed
      "$PRERL" train "$runs/$unit-$judge.json" --model "$MODEL" --seed "$seed" --output "$model" --resume --quiet \
        "${threads[@]}" >/dev/null
      ARGUMENTS="--reward-model $model/checkpoints/step-320" policy "$unit-$judge" "$seed" "$settings"
    done
  done
  policy truth "$seed" ""
done
python3 "$here/table.py" "$runs" "$runs/table.json"
