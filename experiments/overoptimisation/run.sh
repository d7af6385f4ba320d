#!/usr/bin/env bash
# minutes: 150
# Reward models of few and many, clean and noisy pairs; policies that learn from them while the verifier looks on.
# SEEDS ("0 1 2 3 4"), MODELS (all), RULES ("grpo prerl"), STEPS (60), ROLLOUTS (65536, for pairs), SAMPLES (4096, for predictions) and
# CHOICES (16384, for best of n) may be set outside.
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

# Pairs of problems of training: seven in ten groups of eight rollouts have some right and some wrong.
[[ -f $runs/rollouts.jsonl ]] ||
  "$PRERL" rollout --training-problems --samples "${ROLLOUTS:-65536}" --seed 1 --output "$runs/rollouts.jsonl" --resume --quiet
[[ -f $runs/pairs.jsonl ]] || python3 experiments/reward-model/pairs.py "$runs/rollouts.jsonl" >"$runs/pairs.jsonl"

# The responses among which the best is chosen, and the pairs by which reward models are judged.
[[ -f $runs/held-out.jsonl ]] ||
  "$PRERL" rollout --samples "${CHOICES:-16384}" --per-problem 64 --seed 2 --output "$runs/held-out.jsonl" --resume --quiet
[[ -f $runs/pairs-held-out.jsonl ]] ||
  python3 experiments/reward-model/pairs.py "$runs/held-out.jsonl" 1000 >"$runs/pairs-held-out.jsonl"

# reward_model PAIRS NOISE SEED: trains one unless it is there; its folder.
reward_model() {
  local name=$1-noise-$2-s$3
  head -n "$1" "$runs/pairs.jsonl" >"$runs/pairs-$1.jsonl"
  cat >"$runs/model-$name.json" <<END
{"algorithm": "reward-model", "steps": 200, "pairs": "pairs-$1.jsonl", "held_out": "pairs-held-out.jsonl",
 "pairs_per_step": 32, "seed": $3,
 "label_noise": $2, "evaluate_every": 50, "save_every": 200, "optimizer": {"learning_rate": 3e-4}}
END
  "$PRERL" train "$runs/model-$name.json" --output "$runs/model-$name" --resume --quiet >/dev/null
  echo "$runs/model-$name/checkpoints/step-200"
}

# arguments NAME: the options of `train` for a reward model of the table.
arguments() {
  local seed
  case $1 in
    truth) ;;
    mean-4 | min-4) for seed in 1 2 3 4; do echo --reward-model "$(reward_model 1000 0.25 "$seed")"; done ;;
    *-noisy) echo --reward-model "$(reward_model "${1%-noisy}" 0.25 0)" ;;
    *) echo --reward-model "$(reward_model "$1" 0 0)" ;;
  esac
}

for model in "${models[@]}"; do
  read -ra own <<<"$(arguments "$model" | xargs)"
  if ((${#own[@]} == 2)); then
    [[ -f $runs/best-of-$model.json ]] ||
      "$PRERL" evaluate --rollouts "$runs/held-out.jsonl" "${own[@]}" --best-of 1,2,4,8,16,32,64 --json --quiet \
        >"$runs/best-of-$model.json"
    [[ -f $runs/surrogate-$model.json ]] ||
      "$PRERL" surrogate --samples "${SAMPLES:-4096}" "${own[@]}" --summary "$runs/surrogate-$model.json" --quiet >/dev/null
  fi
done

GRID_TOTAL=$((${#seeds[@]} * ${#rules[@]} * ${#models[@]}))
for seed in "${seeds[@]}"; do
  for model in "${models[@]}"; do
    read -ra own <<<"$(arguments "$model" | xargs)"
    for rule in "${rules[@]}"; do
      rewards=
      [[ $model != min-4 ]] || rewards='"reward_rule": "min", '
      ARGUMENTS="${own[*]}" grid "$runs" "$rule-$model" "$seed" "\"algorithm\": \"$rule\", ${rewards}\"steps\": $steps, \
\"evaluate_every\": 10, \"optimizer\": {\"learning_rate\": 3e-4}"
    done
  done
done
python3 "$here/table.py" "$runs" "$steps"
