#!/usr/bin/env bash
# Runs an experiment from a fresh clone: installs what is missing, builds, runs experiments/NAME/run.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup.sh

usage() {
  cat <<'END'
usage: experiments/reproduce.sh [NAME | all | --list | --help]

Without NAME it runs `alignment`, the main job: the alignment table of the embedded model with every
control. `--list` lists the experiments with their expected minutes on two cores after the build;
`all` runs every one that needs no package of PyPI, over several nights if need be: what an experiment printed is
kept in results/runs/all/NAME.txt, and one that has its file is not run again. Training runs go on where they were
stopped, and a finished one is not made again (its folder is under results/runs).

example: experiments/reproduce.sh alignment
END
}

# The second line of each run.sh says "# minutes: N", with "(PyTorch)" or "(PyPI)" where that is needed.
minutes() {
  sed -n '2s/^# minutes: *//p' "experiments/$1/run.sh"
}

names() {
  local script
  for script in experiments/*/run.sh; do basename "$(dirname "$script")"; done
}

list() {
  local name
  for name in $(names); do printf '%-14s %s min\n' "$name" "$(minutes "$name")"; done
}

name=${1:-alignment}
(($# <= 1)) || { usage >&2; exit 2; }
case $name in
  -h | --help) usage; exit 0 ;;
  --list) list; exit 0 ;;
  all) selected=$(for each in $(names); do [[ $(minutes "$each") == *Py[TP]* ]] || echo "$each"; done) ;;
  *)
    [[ -f experiments/$name/run.sh && $name != */* ]] ||
      fail "there is no experiment '$name' (expected one of: $(names | tr '\n' ' ')or all)" 2
    selected=$name
    ;;
esac

prepare_machine
echo "Building (about two minutes on two cores the first time)" >&2
build --product prerl >&2
export PRERL="$PWD/.build/release/prerl"
# The minutes of the experiments from the first argument on.
minutes_left() {
  local sum=0 each number
  for each in "$@"; do
    number=$(minutes "$each")
    sum=$((sum + ${number%%[!0-9]*}))
  done
  echo "$sum"
}

# Hours and minutes of so many minutes.
hours() {
  (($1 < 60)) && echo "$1 min" || echo "$(($1 / 60)) h $(($1 % 60)) min"
}

read -ra selected <<<"$(tr '\n' ' ' <<<"$selected")"
if [[ $name != all ]]; then
  echo "Running $name (about $(minutes "$name") min)" >&2
  exec bash "experiments/$name/run.sh"
fi

outputs=results/runs/all
mkdir -p "$outputs"
waiting=()
for each in "${selected[@]}"; do
  [[ -f $outputs/$each.txt ]] || waiting+=("$each")
done
echo "$((${#selected[@]} - ${#waiting[@]})) of ${#selected[@]} experiments are finished ($outputs)" >&2
for place in "${!waiting[@]}"; do
  each=${waiting[place]}
  echo "Running $each (about $(minutes "$each") min; $(hours "$(minutes_left "${waiting[@]:place}")") left in all)" >&2
  bash "experiments/$each/run.sh" | tee "$outputs/$each.partial"
  mv "$outputs/$each.partial" "$outputs/$each.txt"
done
