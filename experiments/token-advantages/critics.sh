# The bases with three and with four numbers, and a critic of each. Source it from the top folder of the checkout.
# PRERL, STEPS (60) and THREADS may be set outside.
prerl=$(realpath "${PRERL:-.build/release/prerl}")

# critic NUMBERS: trains them unless they are there. Sets `base`, the options of the base, and `critic`, the folder.
# The policy stays as it is while the critic warms up.
critic() {
  local numbers=$1 steps=${STEPS:-60} runs=results/runs/token-advantages
  local threads=(${THREADS:+--threads "$THREADS"})
  mkdir -p "$runs" results/runs/hard
  base=()
  case $numbers in
    3) ;;
    4)
      "$prerl" train experiments/hard/pretrain.json --output results/runs/hard/base --resume --quiet "${threads[@]}" >/dev/null
      base=(--model results/runs/hard/base/checkpoint --numbers 4)
      ;;
    *)
      echo "NUMBERS has $numbers (expected 3 and 4: there are no other bases)" >&2
      exit 2
      ;;
  esac
  cat >"$runs/critic-$numbers.json" <<END
{"algorithm": "ppo", "steps": $steps, "evaluate_every": 0, "save_every": $steps, "task": {"numbers": $numbers},
 "critic": {"warmup": $steps, "learning_rate": 1e-3}}
END
  "$prerl" train "$runs/critic-$numbers.json" "${base[@]:0:2}" --output "$runs/critic-of-$numbers" --resume --quiet \
    "${threads[@]}" >/dev/null
  critic=$runs/critic-of-$numbers/checkpoints/step-$steps/critic
}
