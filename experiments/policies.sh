# The policies that several studies share: every update rule trained from every base for 20 steps. A study trains those
# that are not there yet, so that no run is made twice. Source it from the top folder of the checkout.
source experiments/grid.sh

# The update rules. Preset `matched` centers advantages and does not divide them by their deviation (Dr. GRPO's
# advantage), in both spaces alike. So `grpo` is the centered rule here, and `grpo-std` is GRPO as it was published.
rules=(prerl nsr-prerl psr-prerl drift-prerl grpo grpo-std nsr-rl psr-rl drift-rl)

# The bases:
#   embedded                the committed checkpoint, pretraining seed 0
#   second, third, fourth   the same with pretraining seeds 1, 2, 3
#   questions               a corpus in which every document opens with its question
#   large                   5 million parameters
#   restating               responses do not restate the prompt
#   asked                   the embedded task, with the corpus's questions and the pretraining steps of `restating`

# pretrain BASE: trains it unless it is there.
pretrain() {
  local config seed=0
  case $1 in
    embedded) return 0 ;;
    second) config=experiments/pretrain/config.json seed=1 ;;
    third) config=experiments/pretrain/config.json seed=2 ;;
    fourth) config=experiments/pretrain/config.json seed=3 ;;
    questions) config=experiments/controls/questions.json ;;
    large) config=experiments/sizes/pretrain.json ;;
    restating) config=experiments/restating/pretrain.json ;;
    asked) config=experiments/restating/control.json ;;
  esac
  mkdir -p results/runs/bases
  "$PRERL" train "$config" --seed "$seed" --output "results/runs/bases/$1" --resume --quiet \
    ${THREADS:+--threads "$THREADS"} >/dev/null
}

# checkpoint BASE: its folder; nothing for the embedded one, which needs no --model.
checkpoint() {
  [[ $1 == embedded ]] || echo "results/runs/bases/$1/checkpoint"
}

# policies BASE RATE SEED RULE...: trains the rules that are not there yet, in results/runs/policies/BASE.
policies() {
  local base=$1 rate=$2 seed=$3 task= own rule
  [[ $base != restating ]] || task='"task": {"restating": false}, '
  for rule in "${@:4}"; do
    case $rule in
      drift-prerl) own='"algorithm": "drift", "space": "pre-train", "constant_advantage": -1' ;;
      drift-rl) own='"algorithm": "drift", "space": "post-train", "constant_advantage": -1' ;;
      grpo-std) own='"algorithm": "grpo", "advantage": "group-std"' ;;
      *) own="\"algorithm\": \"$rule\"" ;;
    esac
    MODEL=$(checkpoint "$base") grid "results/runs/policies/$base" "$rule-$rate" "$seed" "$own, $task\"steps\": 20, \
\"evaluate_every\": 10, \"evaluation_samples\": 8, \"optimizer\": {\"learning_rate\": $rate}"
  done
}

# folders BASE "RATE..." "SEED..." RULE...: the folders of these policies, one a line.
folders() {
  local base=$1 rate seed rule
  for seed in $3; do
    for rate in $2; do
      for rule in "${@:4}"; do echo "results/runs/policies/$base/$rule-$rate-s$seed"; done
    done
  done
}

# study BASE RUNS [compare's options]: every rule at the rates of RATES ("3e-4 1e-4") with the seeds of SEEDS
# ("0 1 2 3 4"), compared with GRPO and with the same rule in the other space. Seeds come outside, so that an
# interrupted study has whole comparisons.
study() {
  local base=$1 runs=$2 rate seed rates seeds folders
  read -ra rates <<<"${RATES:-3e-4 1e-4}"
  read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
  GRID_TOTAL=$((${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
  for seed in "${seeds[@]}"; do
    for rate in "${rates[@]}"; do policies "$base" "$rate" "$seed" "${rules[@]}"; done
  done
  for rate in "${rates[@]}"; do
    echo "== learning rate $rate"
    readarray -t folders < <(folders "$base" "$rate" "${seeds[*]}" "${rules[@]}")
    "$PRERL" compare "${folders[@]}" --reference "grpo-$rate" "${@:3}" \
      --output "$runs/comparison-$rate.json" --overwrite
  done
  readarray -t folders < <(printf "$runs/comparison-%s.json\n" "${rates[@]}")
  python3 experiments/restating/pairs.py "${folders[@]}"
}

# register BASE: measures its surrogate efficiencies into experiments/prediction/registered unless they are there.
register() {
  local positions=()
  [[ $1 != restating ]] || positions=(--positions)
  mkdir -p results/runs/prediction experiments/prediction/registered
  [[ -f experiments/prediction/registered/$1.json ]] ||
    "$PRERL" surrogate --model "$(checkpoint "$1")" "${positions[@]}" --quiet \
      --summary "experiments/prediction/registered/$1.json" ${THREADS:+--threads "$THREADS"} \
      >"results/runs/prediction/surrogate-$1.txt"
}
