#!/usr/bin/env bash
# Fails the n-th system call of a short run of `align` and of `train`, for every n, and goes on with --resume: the result has the bits of
# a run without faults, or there is one clear line. Never a crash, a hang or half a file. Needs strace.
# usage: Tests/faults.sh [STRIDE]     (every STRIDE-th n of the frequent calls; default 1: about half an hour; 61: three minutes)
set -uo pipefail
cd "$(dirname "$0")/.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
stride=${1:-1}
command -v strace >/dev/null || { echo "Tests/faults.sh: skipped: strace is not installed"; exit 0; }
# In a process namespace of its own a program always has the same number, and temporary files the same names.
SPACE=(unshare --pid --fork --kill-child=KILL)
"${SPACE[@]}" true 2>/dev/null || { echo "Tests/faults.sh: skipped: unshare needs root"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$prerl" rollout --samples 16 --per-problem 2 --output r.jsonl --quiet >/dev/null
echo '{"algorithm": "nsr-prerl", "steps": 2, "problems_per_step": 2, "rollouts_per_problem": 2, "evaluate_every": 0, "save_every": 1}' >c.json
ALIGN=(align --rollouts "$work/r.jsonl" --output a.h5 --threads 1 --quiet --bootstrap 100)
TRAIN=(train "$work/c.json" --output run --threads 1 --quiet)

# What a run must leave: its result files, to be compared with those of a run without faults.
mkdir reference
(cd reference && "$prerl" "${ALIGN[@]}" >/dev/null && "$prerl" "${TRAIN[@]}" >/dev/null) || exit 1

# The files that each of them writes to. A thread's wake-up is a write as well, which no full disk fails.
written() {
  "${SPACE[@]}" strace -f -qq -y -o trace -e trace=write "$prerl" "$@" >/dev/null
  grep -oE "^[0-9]+ +write\([0-9]+<$PWD/[^>]*>" trace | sed 's/.*<\(.*\)>/\1/' | sort -u
}
mkdir try
cd try
mapfile -t ALIGN_FILES < <(written "${ALIGN[@]}")
mapfile -t TRAIN_FILES < <(written "${TRAIN[@]}")
cd ..
((${#ALIGN_FILES[@]} && ${#TRAIN_FILES[@]})) || { echo "Tests/faults.sh: no writes were found" >&2; exit 1; }

strace -f -o trace -e trace=mmap "$prerl" --version >/dev/null
loader=$(grep -c mmap trace)

failed=0 runs=0 survived=0 refused=0
complain() {
  echo "FAULT $1: $2" >&2
  failed=$((failed + 1))
}

# try KIND CALL ERROR N: one run with its n-th call failing, in a folder of its own, then one that resumes.
try() {
  local kind=$1 call=$2 error=$3 n=$4 status file folder=$work/try name="$1 $2:$3 $4"
  rm -rf "$folder"
  mkdir "$folder"
  cd "$folder"
  local -n command=${kind^^} files=${kind^^}_FILES
  local paths=()
  [[ $call != write ]] || for file in "${files[@]}"; do paths+=(-P "$file"); done
  timeout -k 5 60 "${SPACE[@]}" strace -f -qq -o trace "${paths[@]}" -e trace="$call" -e inject="$call:error=$error:when=$n" "$prerl" "${command[@]}" >out 2>err
  status=$?
  # There is no n-th call of this kind.
  grep -q INJECTED trace || return 1
  runs=$((runs + 1))
  case $status in
    0) ;;
    1 | 2 | 3) [[ $(wc -l <err) == 1 && $(head -c 7 err) == "prerl: " ]] || complain "$name" "status $status with $(wc -l <err) lines: $(tail -n 1 err)" ;;
    127) [[ $(<err) == *"error while loading shared libraries"* ]] || complain "$name" "status 127: $(tail -n 1 err)" ;; # the system's loader
    124 | 137) complain "$name" "hangs" ;;
    *) complain "$name" "status $status: $(tail -n 1 err)" ;;
  esac
  ((status == 0)) && survived=$((survived + 1)) || refused=$((refused + 1))
  if [[ -f a.h5 ]]; then
    "$prerl" inspect a.h5 >/dev/null 2>inspected || complain "$name" "half a file: $(<inspected)"
  fi
  if ((status != 0)); then
    timeout 60 "$prerl" "${command[@]}" --resume >out 2>err || {
      complain "$name" "cannot be resumed, status $?: $(tail -n 1 err)"
      return 0
    }
  fi
  case $kind in
    align) "$prerl" diff a.h5 "$work/reference/a.h5" >out 2>&1 || complain "$name" "other bits: $(tail -n 1 out)" ;;
    train)
      cmp -s run/checkpoints/step-2/model.safetensors "$work/reference/run/checkpoints/step-2/model.safetensors" ||
        complain "$name" "another checkpoint"
      "$prerl" diff run/training.h5 "$work/reference/run/training.h5" >out 2>&1 || complain "$name" "other bits: $(tail -n 1 out)"
      ;;
  esac
  return 0
}

for kind in align train; do
  for call in write:ENOSPC fsync:EIO rename:EIO ftruncate:EIO unlink:EACCES mkdir:ENOSPC pwrite64:ENOSPC mmap:ENOMEM openat:EMFILE openat:EACCES; do
    step=1 first=1
    case $call in pwrite64* | mmap* | openat*) step=$stride ;; esac
    # The system's loader maps the libraries before the program begins.
    [[ $call != mmap* ]] || first=$loader
    before=$runs
    for ((n = first; n < 2000; n += step)); do
      try "$kind" "${call%:*}" "${call#*:}" "$n" || break
    done
    echo "$kind, $call: $((runs - before)) places"
  done
done
echo "$runs runs: $survived went on in spite of the fault, $refused said so in one line and could be resumed; $failed failures"
((failed == 0))
