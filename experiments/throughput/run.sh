#!/usr/bin/env bash
# Measures prerl beside PyTorch + transformers on the same checkpoints, rollouts and batches, and
# prints a table of rates and their ratio. usage: run.sh [--large]   (--large: also qwen3-0.6b)
# REPEATS (3), THREADS (2) and PRERL (an existing binary; built otherwise) may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/setup.sh

HERE=experiments/throughput
OUT=results/runs/throughput
THREADS=${THREADS:-2}
REPEATS=${REPEATS:-3}
BASE=Sources/prerl/Resources/base
LARGE=0
case "${1:-}" in
  --large) LARGE=1 ;;
  "") ;;
  *) fail "unknown option $1 (expected --large or nothing)" 2 ;;
esac
mkdir -p "$OUT/rates"
rm -f "$OUT"/rates/*

if [[ -z "${PRERL:-}" ]]; then
  prepare_machine
  build --product prerl
  PRERL="$(swift build "${SWIFT_FLAGS[@]}" --show-bin-path)/prerl"
fi

# The virtual environment, made once; remade when the pins change.
if ! cmp -s "$HERE/requirements.txt" "$HERE/.venv/installed.txt"; then
  python3 -m venv --clear "$HERE/.venv" &&
    "$HERE/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt" ||
    fail "could not install PyTorch (network needed once: $HERE/requirements.txt)"
  cp "$HERE/requirements.txt" "$HERE/.venv/installed.txt"
fi
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1
python() { "$HERE/.venv/bin/python" -W ignore "$@"; }

# ---------------------------------------------------------------------------------------------
# TO COMPLETE: prerl's side. A measured function prints, as its last line, one JSON object with the
# key that the peer prints too (samples_per_second, tokens_per_second, rollouts_per_second), the
# first sample or steps left out as the peer does, and returns non-zero when it cannot run. What
# returns non-zero appears as "not measured" in the table.

# Like: "$PRERL" align --model M --rollouts F --output O --threads N --json
prerl_align() { # MODEL ROLLOUTS THREADS
  echo "prerl align: not connected yet" >&2
  return 1
}

# Writes the first 60 training batches of pretraining in the format of pretrain_torch.py.
prerl_batches() { # FILE
  echo "prerl train (batches): not connected yet" >&2
  return 1
}

# Like: "$PRERL" train CONFIG, for as many steps as the peer takes.
prerl_train() { # THREADS
  echo "prerl train: not connected yet" >&2
  return 1
}

# Writes held-out problems as JSONL with prompt_ids.
prerl_prompts() { # FILE
  echo "prerl rollout (prompts): not connected yet" >&2
  return 1
}

# Like: "$PRERL" rollout --model M ..., 512 rollouts of at most 119 tokens.
prerl_rollout() { # MODEL PROMPTS THREADS
  echo "prerl rollout: not connected yet" >&2
  return 1
}
# END of what is to complete.
# ---------------------------------------------------------------------------------------------

torch_align() { python "$HERE/alignment_torch.py" "$1" "$2" --threads "$3"; }

# As many processes of one thread as THREADS, each on its share; their rates add up.
torch_align_processes() { # MODEL ROLLOUTS
  local i pids=() parts
  parts=$(mktemp -d)
  for ((i = 0; i < THREADS; i++)); do
    python "$HERE/alignment_torch.py" "$1" "$2" --threads 1 --shard "$i/$THREADS" >"$parts/$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || return 1; done
  cat "$parts"/* | python -c '
import json, sys
print(json.dumps(dict(samples_per_second=sum(json.loads(l)["samples_per_second"] for l in sys.stdin))))'
  rm -r "$parts"
}

torch_train() { python "$HERE/pretrain_torch.py" "$OUT/batches.jsonl" "$@"; }
torch_rollout() { python "$HERE/generate_torch.py" "$1" --prompts "$2" --threads "$3"; }

# Adds the last line of a command's output to OUT/rates/TASK.PROGRAM, if the command succeeds.
measure() { # TASK PROGRAM COMMAND...
  local task=$1 program=$2 output
  shift 2
  if output=$("$@"); then tail -n 1 <<<"$output" >>"$OUT/rates/$task.$program"; fi
}

load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo 0)
awk -v load="$load" 'BEGIN { exit !(load > 0.5) }' &&
  echo "Warning: load $load before the start. Beside another busy process PyTorch's threads wait for" \
    "one another and its rate can fall tenfold: measure on an idle machine." >&2

shapes=("tiny 200 12 40" "small 40 64 256")
((LARGE)) && shapes+=("qwen3-0.6b 3 64 256")
for row in "${shapes[@]}"; do
  read -r shape n prompt response <<<"$row"
  folder="$OUT/$shape"
  python "$HERE/make_bench.py" "$folder" "$shape" "$n" "$prompt" "$response" >&2
  repeats=$REPEATS
  [[ $shape == qwen3-0.6b ]] && repeats=1
  for ((repeat = 0; repeat < repeats; repeat++)); do # in turn, so that both meet the same weather
    measure "align-$shape" prerl prerl_align "$folder/model" "$folder/rollouts.jsonl" "$THREADS"
    measure "align-$shape" torch torch_align "$folder/model" "$folder/rollouts.jsonl" "$THREADS"
    [[ $shape == qwen3-0.6b ]] || # which would hold the weights and two gradients in each process
      measure "align-$shape" torch-processes \
        torch_align_processes "$folder/model" "$folder/rollouts.jsonl"
  done
done

if prerl_batches "$OUT/batches.jsonl"; then
  for ((repeat = 0; repeat < REPEATS; repeat++)); do
    measure pretrain prerl prerl_train "$THREADS"
    measure pretrain torch torch_train --threads "$THREADS"
    measure pretrain torch-compiled torch_train --threads "$THREADS" --compile
  done
fi

model=$BASE
if [[ ! -f "$BASE/model.safetensors" ]] || ! prerl_prompts "$OUT/prompts.jsonl"; then
  echo "Sampling from the random tiny model instead of the embedded one." >&2
  model="$OUT/tiny/model"
  cp "$OUT/tiny/rollouts.jsonl" "$OUT/prompts.jsonl"
fi
for ((repeat = 0; repeat < REPEATS; repeat++)); do
  measure rollout prerl prerl_rollout "$model" "$OUT/prompts.jsonl" "$THREADS"
  measure rollout torch torch_rollout "$model" "$OUT/prompts.jsonl" "$THREADS"
done

python - "$OUT/rates" <<'PYTHON'
import json, sys
from pathlib import Path

folder = Path(sys.argv[1])
KEYS = dict(align="samples_per_second", pretrain="tokens_per_second", rollout="rollouts_per_second")

def best(path, key):
    return max(json.loads(line)[key] for line in path.read_text().splitlines())

print(f"{'task':18} {'unit':12} {'prerl':>12} {'peer':>12} {'ratio':>7}  peer")
for task in sorted({p.name.rsplit(".", 1)[0] for p in folder.iterdir()}):
    key = KEYS[task.split("-")[0]]
    ours = folder / f"{task}.prerl"
    ours = best(ours, key) if ours.exists() else None
    for path in sorted(p for p in folder.glob(f"{task}.*") if p.suffix != ".prerl"):
        peer = best(path, key)
        mine, ratio = (f"{ours:.2f}", f"{ours / peer:.2f}") if ours else ("not measured", "")
        unit = key.replace("_per_second", "/s")
        print(f"{task:18} {unit:12} {mine:>12} {peer:12.2f} {ratio:>7}  {path.suffix[1:]}")
PYTHON
