#!/usr/bin/env bash
# minutes: 40
# GRPO on halves of the same problems: those that rank highest, those of published rules, random ones.
# SEEDS ("0 1 2 3 4") and STEPS (20) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
PRERL=$(realpath "${PRERL:-.build/release/prerl}")
here=experiments/rank
runs=results/runs/rank
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
conditions=(score step-score cosine variance low random all)
mkdir -p "$runs"
[[ -f $runs/rollouts.jsonl ]] ||
  "$PRERL" rollout --training-problems --samples 8192 --per-problem 16 --seed 1 --output "$runs/rollouts.jsonl" --resume --quiet
[[ -f $runs/held-out-rollouts.jsonl ]] ||
  "$PRERL" rollout --samples 512 --per-problem 1 --output "$runs/held-out-rollouts.jsonl" --resume --quiet
python3 "$here/problems.py" split "$runs"
[[ -f $runs/ranked.jsonl ]] ||
  "$PRERL" rank --rollouts "$runs/candidates.jsonl" --against "$runs/validation.jsonl" --output "$runs/ranked.jsonl" \
    --quiet ${THREADS:+--threads "$THREADS"} | tee "$runs/rank.txt"
done=0
folders=()
for seed in "${seeds[@]}"; do
  for condition in "${conditions[@]}"; do
    # Configurations of all conditions are the same, so that runs can be compared: each has its problems beside it.
    folder=$runs/problems/$condition-$seed
    mkdir -p "$folder"
    python3 "$here/problems.py" select "$runs" "$condition" "$seed" >"$folder/problems.jsonl"
    cat >"$folder/config.json" <<END
{"algorithm": "grpo", "steps": ${STEPS:-20}, "evaluate_every": 10, "evaluation_samples": 8, "max_new_tokens": 119,
 "task": {"name": "answers", "problems": "problems.jsonl", "held_out": "../../held-out.jsonl",
  "verifier": "python3 $here/judge.py"}, "optimizer": {"learning_rate": 3e-4}}
END
    "$PRERL" train "$folder/config.json" --seed "$seed" --output "$runs/$condition-s$seed" --resume --keep 1 --quiet \
      ${THREADS:+--threads "$THREADS"}
    folders+=("$runs/$condition-s$seed")
    done=$((done + 1))
    echo "$done of $((${#seeds[@]} * ${#conditions[@]})) runs" >&2
  done
done
"$PRERL" compare "${folders[@]}" --reference random --output "$runs/comparison.json" --overwrite
