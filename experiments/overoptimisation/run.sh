#!/usr/bin/env bash
# minutes: 150
# Reward models of few and many, clean and noisy pairs; policies that learn from them while the verifier looks on.
# SEEDS ("0 1 2 3 4"), MODELS (all), RULES ("grpo prerl"), STEPS (60), ROLLOUTS (65536, for pairs), SAMPLES (4096, for
# predictions) and CHOICES (16384, for best of n) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
PRERL=$(realpath "$PRERL")
here=experiments/overoptimisation
runs=results/runs/overoptimisation
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
read -ra models <<<"${MODELS:-100 1000 10000 100-noisy 1000-noisy 10000-noisy mean-4 min-4 truth}"
read -ra rules <<<"${RULES:-grpo prerl}"
steps=${STEPS:-60}
mkdir -p "$runs"

# made FILE COMMAND...: writes the command's output unless the file is there; an interrupted command leaves none.
made() {
  [[ -f $1 ]] && return
  "${@:2}" >"$1.partial"
  mv "$1.partial" "$1"
}

# The rollouts of the first 512 problems are left out: predictions are made from them.
[[ -f $runs/rollouts.jsonl ]] ||
  "$PRERL" rollout --training-problems --samples "${ROLLOUTS:-65536}" --seed 1 --output "$runs/rollouts.jsonl" \
    --resume --quiet
made "$runs/others.jsonl" tail -n +4097 "$runs/rollouts.jsonl"
made "$runs/pairs.jsonl" python3 experiments/reward-model/pairs.py "$runs/others.jsonl"
made "$runs/pairs-noisy.jsonl" python3 "$here/noise.py" "$runs/pairs.jsonl" 0.25
# The responses among which the best is chosen, and four pairs of each problem by which reward models are judged.
[[ -f $runs/held-out.jsonl ]] ||
  "$PRERL" rollout --samples "${CHOICES:-16384}" --per-problem 64 --seed 2 --output "$runs/held-out.jsonl" --resume --quiet
made "$runs/pairs-held-out.jsonl" python3 experiments/reward-model/pairs.py "$runs/held-out.jsonl" 1000000 4

# reward_model NAME SEED: trains one of the table unless it is there; its folder. Ten thousand pairs are seen once.
reward_model() {
  local pairs=pairs.jsonl count=${1%-noisy}
  [[ $1 != *-noisy ]] || pairs=pairs-noisy.jsonl
  (($(wc -l <"$runs/$pairs") >= count)) || {
    echo "$runs/$pairs has fewer than $count pairs (expected more ROLLOUTS)" >&2
    exit 1
  }
  head -n "$count" "$runs/$pairs" >"$runs/pairs-of-$1.jsonl"
  cat >"$runs/model-$1.json" <<END
{"algorithm": "reward-model", "steps": 320, "pairs": "pairs-of-$1.jsonl", "held_out": "pairs-held-out.jsonl",
 "pairs_per_step": 32, "seed": $2, "evaluate_every": 80, "save_every": 320, "optimizer": {"learning_rate": 3e-4}}
END
  "$PRERL" train "$runs/model-$1.json" --seed "$2" --output "$runs/model-$1-s$2" --resume --quiet >/dev/null
  echo "$runs/model-$1-s$2/checkpoints/step-320"
}

# folders NAME: the reward models of a row of the table.
folders() {
  local seed
  case $1 in
    truth) ;;
    mean-4 | min-4) for seed in 1 2 3 4; do reward_model 1000-noisy "$seed"; done ;;
    *) reward_model "$1" 0 ;;
  esac
}

# scored FOLDER: the held-out responses with a reward model's rewards.
scored() {
  local name
  name=$(basename "$(dirname "$(dirname "$1")")")
  [[ -f $runs/scored-$name.jsonl ]] ||
    "$PRERL" evaluate --rollouts "$runs/held-out.jsonl" --reward-model "$1" --output "$runs/scored-$name.jsonl" --quiet >/dev/null
}

for model in "${models[@]}"; do
  own=$(folders "$model")
  for folder in $own; do scored "$folder"; done
  case $model in
    truth | *-4) ;;
    *)
      [[ -f $runs/surrogate-$model.json ]] ||
        "$PRERL" surrogate --samples "${SAMPLES:-4096}" --reward-model "$own" --summary "$runs/surrogate-$model.json" \
          --quiet >/dev/null
      ;;
  esac
done

GRID_TOTAL=$((${#seeds[@]} * ${#rules[@]} * ${#models[@]}))
for seed in "${seeds[@]}"; do
  for model in "${models[@]}"; do
    options=
    for folder in $(folders "$model"); do options+=" --reward-model $folder"; done
    for rule in "${rules[@]}"; do
      rewards=
      [[ $model != min-4 ]] || rewards='"reward_rule": "min", '
      ARGUMENTS=$options grid "$runs" "$rule-$model" "$seed" "\"algorithm\": \"$rule\", ${rewards}\"steps\": $steps, \
\"evaluate_every\": 10, \"optimizer\": {\"learning_rate\": 3e-4}"
    done
  done
done
python3 "$here/table.py" "$runs" "$steps"
