# Shared by the training experiments: runs of configurations over seeds, each resumable. Source it
# from the top folder of the checkout; PRERL names the program, MODEL a base, ARGUMENTS further options.
PRERL=${PRERL:-$PWD/.build/release/prerl}

# grid RUNS NAME SEEDS JSON: trains {JSON} once a seed into RUNS/NAME-sSEED. A finished run is left as
# it is, an interrupted one goes on where it stopped.
grid() {
  local runs=$1 name=$2 seeds=$3 settings=$4 seed
  mkdir -p "$runs/configs"
  printf '{%s}\n' "$settings" >"$runs/configs/$name.json"
  for seed in $seeds; do
    SECONDS=0
    "$PRERL" train "$runs/configs/$name.json" --seed "$seed" --output "$runs/$name-s$seed" \
      --resume --keep 1 --quiet ${THREADS:+--threads "$THREADS"} ${MODEL:+--model "$MODEL"} ${ARGUMENTS:-}
    GRID_DONE=$((${GRID_DONE:-0} + 1))
    if [[ -n "${GRID_TOTAL:-}" ]] && ((SECONDS > 1)); then # finished ones tell nothing of the time
      GRID_TIMED=$((${GRID_TIMED:-0} + 1)) GRID_SPENT=$((${GRID_SPENT:-0} + SECONDS))
      echo "$GRID_DONE of $GRID_TOTAL runs, about $(((GRID_TOTAL - GRID_DONE) * GRID_SPENT / GRID_TIMED / 60)) min left" >&2
    fi
  done
}
