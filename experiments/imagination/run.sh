#!/usr/bin/env bash
# minutes: 120
# Policies trained with user models of several qualities, depths and kinds, and what they exploit. The minutes are an estimate.
# SEEDS ("0 1 2 3 4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/grid.sh
here=experiments/imagination
runs=results/runs/imagination
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
threads=(${THREADS:+--threads "$THREADS"})
mkdir -p "$runs/configs" "$runs/dialogues"

# user_model NAME SEED NOISE DOCUMENTS: pretrains it unless it is there; DOCUMENTS is `all` for ever new ones.
user_model() {
  local corpus=
  [[ $4 == all ]] || corpus="\"corpus\": {\"documents\": $4},"
  sed "s/\"task\": {\"name\": \"desk\"},/\"task\": {\"name\": \"desk\", \"user_noise\": $3}, $corpus/" \
    experiments/dialogue/pretrain.json >"$runs/configs/$1.json"
  "$PRERL" train "$runs/configs/$1.json" --seed "$2" --output "$runs/$1" --resume --quiet "${threads[@]}" >/dev/null
}

# policy NAME SEED NOISE JSON [USER_MODEL...]: trains a policy with these user models.
policy() {
  local name=$1 seed=$2 noise=$3 settings=$4 options=() each
  for each in "${@:5}"; do options+=(--user-model "$runs/$each/checkpoint"); done
  printf '{"steps": 30, "evaluate_every": 0, "task": {"name": "desk", "user_noise": %s}, "optimizer": {"learning_rate": 3e-4}, %s}\n' \
    "$noise" "$settings" >"$runs/configs/$name.json"
  "$PRERL" train "$runs/configs/$name.json" --model "$runs/base-$noise/checkpoint" "${options[@]}" --seed "$seed" \
    --output "$runs/$name-s$seed" --resume --keep 1 --quiet "${threads[@]}"
}

# dialogues NAME SEED NOISE OUTPUT [USER_MODEL]: what the policy is worth, and what it is worth to the user model or to itself.
dialogues() {
  local output=$runs/dialogues/$4-s$2.json judge=()
  [[ ! -f $output ]] || return 0
  [[ -z ${5:-} ]] || judge=(--user-model "$runs/$5/checkpoint")
  "$PRERL" dialogue --model "$runs/$1-s$2/checkpoints/step-30" "${judge[@]}" --user-noise "$3" --show 0 --json \
    "${threads[@]}" >"$output.partial"
  mv "$output.partial" "$output"
}

# A policy and its dialogues with the first user model.
both() {
  policy "$@"
  dialogues "$1" "$2" "$3" "$1" "${5:-}"
}

for noise in 0 0.1 0.3; do
  # The base has learned from ever new conversations, so it is the best of the user models, too.
  user_model "base-$noise" 0 "$noise" all
  for documents in 300 3000; do user_model "user-$noise-$documents" 1 "$noise" "$documents"; done
  "$PRERL" dialogue --model "$runs/base-$noise/checkpoint" --user-noise "$noise" --show 0 --json "${threads[@]}" \
    >"$runs/dialogues/base-$noise.json"
done
for seed in 2 3 4; do user_model "user-0-3000-$seed" "$seed" 0 3000; done

grpo='"algorithm": "grpo", "imagination"'
ppo='"algorithm": "ppo", "truncation": "bootstrap", "imagination"'
for seed in "${seeds[@]}"; do
  for noise in 0 0.1 0.3; do
    policy "exact-$noise" "$seed" "$noise" "$grpo: {\"world_model\": \"exact\"}"
    for documents in 300 3000 all; do
      model=user-$noise-$documents
      [[ $documents != all ]] || model=base-$noise
      both "learned-$noise-$documents" "$seed" "$noise" "$grpo: {}" "$model"
      # The null: the same user model judges a policy that has not learned from it.
      dialogues "exact-$noise" "$seed" "$noise" "exact-$noise-$documents" "$model"
    done
  done
  for depth in 0 1 2 null; do
    for documents in 300 all; do
      model=user-0-$documents
      [[ $documents != all ]] || model=base-0
      both "depth-$depth-$documents" "$seed" 0 "$ppo: {\"start\": \"logged\", \"imagined_turns\": $depth}" "$model"
    done
  done
  both likeliest "$seed" 0 "$grpo: {\"world_model\": \"argmax\"}" user-0-3000
  both own-user "$seed" 0 "$grpo: {}"
  both ensemble "$seed" 0 "$grpo: {\"disagreement_penalty\": 1}" user-0-3000 user-0-3000-{2,3,4}
done
python3 "$here/table.py" "$runs/dialogues" "$runs/table.json"
