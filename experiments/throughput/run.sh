#!/usr/bin/env bash
# minutes: 12 (PyTorch)
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
    "$HERE/.venv/bin/pip" install --quiet --disable-pip-version-check --retries 0 -r "$HERE/requirements.txt" ||
    fail "could not install PyTorch (network needed once: $HERE/requirements.txt)"
  cp "$HERE/requirements.txt" "$HERE/.venv/installed.txt"
fi
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1
python() { "$HERE/.venv/bin/python" -W ignore "$@"; }

# prerl's side: whole processes, start and result file included, while a peer's clock starts after its
# first sample. A measured function prints one JSON object with the key that the peer prints too.

# Runs a command that does COUNT pieces of work: its rate under KEY and its peak memory.
rate() { # KEY COUNT COMMAND...
  python -c '
import json, resource, subprocess, sys, time
key, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
start = time.perf_counter()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps({key: count / seconds, "peak_rss_mib": peak}))' "$@"
}

prerl_align() { # MODEL ROLLOUTS THREADS
  rate samples_per_second "$(wc -l <"$2")" "$PRERL" align --model "$1" --rollouts "$2" \
    --threads "$3" --null-context 1 --output "$OUT/alignment.h5" --overwrite --quiet
}

# The first 60 training batches of pretraining in the format of pretrain_torch.py.
prerl_batches() { # FILE
  "$PRERL" train experiments/pretrain/config.json --dump-batches "$1" --steps 60 --overwrite --quiet
}

prerl_train() { # THREADS
  "$PRERL" train experiments/pretrain/config.json --steps 60 --output "$OUT/train" --overwrite \
    --threads "$1" --quiet >/dev/null
  python -c '
import json, sys
steps = [json.loads(line) for line in open(sys.argv[1])]
tokens = steps[-1]["num_tokens"] - steps[4]["num_tokens"]
print(json.dumps(dict(tokens_per_second=tokens / sum(s["step_time"] for s in steps[5:]))))' \
    "$OUT/train/metrics.jsonl"
}

# Rollouts of held-out problems, for their prompts.
prerl_prompts() { # FILE
  "$PRERL" rollout --samples 512 --output "$1" --overwrite --quiet
}

prerl_rollout() { # MODEL PROMPTS THREADS
  rate rollouts_per_second 512 "$PRERL" rollout --model "$1" --samples 512 --threads "$3" \
    --output "$OUT/rollouts.jsonl" --overwrite --quiet
}

# GRPO or PPO from the embedded checkpoint; the first step is warm-up.
prerl_policy() { # ALGORITHM THREADS
  echo "{\"algorithm\": \"$1\", \"steps\": 9, \"evaluate_every\": 0}" >"$OUT/policy.json"
  "$PRERL" train "$OUT/policy.json" --output "$OUT/policy" --overwrite --threads "$2" --quiet >/dev/null
  python -c '
import json, sys
steps = [json.loads(line) for line in open(sys.argv[1])][1:]
mean = lambda key: sum(step[key] for step in steps) / len(steps)
print(json.dumps(dict(steps_per_second=1 / mean("step_time"),
    sampling_seconds=mean("sampling_time"), update_seconds=mean("update_time"))))' \
    "$OUT/policy/timing.jsonl"
}

torch_align() { # MODEL ROLLOUTS THREADS LIMIT
  python "$HERE/alignment_torch.py" "$1" "$2" --threads "$3" --limit "$4"
}

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
torch_policy() { # MODEL PROMPTS THREADS [--ppo]
  python "$HERE/policy_torch.py" "$1" --prompts "$2" --threads "$3" "${@:4}"
}
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

shapes=("tiny 400 24 100" "small 96 32 128")
((LARGE)) && shapes+=("qwen3-0.6b 12 128 384")
for row in "${shapes[@]}"; do
  read -r shape n prompt response <<<"$row"
  limit=$n
  folder="$OUT/$shape"
  python "$HERE/make_bench.py" "$folder" "$shape" "$n" "$prompt" "$response" >&2
  repeats=$REPEATS
  if [[ $shape == qwen3-0.6b ]]; then
    repeats=1 limit=4 # the peer's rate is of the samples after the first: three of them will do
  fi
  for ((repeat = 0; repeat < repeats; repeat++)); do # in turn, so that both meet the same weather
    measure "align-$shape" prerl prerl_align "$folder/model" "$folder/rollouts.jsonl" "$THREADS"
    measure "align-$shape" torch torch_align "$folder/model" "$folder/rollouts.jsonl" "$THREADS" \
      "$limit"
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
prerl_prompts "$OUT/prompts.jsonl"
for ((repeat = 0; repeat < REPEATS; repeat++)); do
  measure rollout prerl prerl_rollout "$model" "$OUT/prompts.jsonl" "$THREADS"
  measure rollout torch torch_rollout "$model" "$OUT/prompts.jsonl" "$THREADS"
done

for ((repeat = 0; repeat < REPEATS; repeat++)); do
  measure policy prerl prerl_policy grpo "$THREADS"
  measure policy torch torch_policy "$model" "$OUT/prompts.jsonl" "$THREADS"
  measure ppo prerl prerl_policy ppo "$THREADS"
  measure ppo torch torch_policy "$model" "$OUT/prompts.jsonl" "$THREADS" --ppo
done

python - "$OUT/rates" <<'PYTHON'
import json, sys
from pathlib import Path

folder = Path(sys.argv[1])
KEYS = dict(align="samples_per_second", pretrain="tokens_per_second", rollout="rollouts_per_second",
            policy="steps_per_second", ppo="steps_per_second")

def best(path, key):
    """The best rate, and the most memory that any repetition took."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    peaks = [row["peak_rss_mib"] for row in rows if "peak_rss_mib" in row]
    return max(row[key] for row in rows), f"{max(peaks)}" if peaks else ""

print(f"{'task':18} {'unit':10} {'prerl':>10} {'MiB':>6} {'peer':>10} {'MiB':>6} {'ratio':>6}  peer")
for task in sorted({p.name.rsplit(".", 1)[0] for p in folder.iterdir()}):
    key = KEYS[task.split("-")[0]]
    ours = folder / f"{task}.prerl"
    ours, memory = best(ours, key) if ours.exists() else (None, "")
    for path in sorted(p for p in folder.glob(f"{task}.*") if p.suffix != ".prerl"):
        peer, peer_memory = best(path, key)
        mine, ratio = (f"{ours:.4g}", f"{ours / peer:.2f}") if ours else ("", "")
        unit = key.replace("_per_second", "/s")
        print(f"{task:18} {unit:10} {mine:>10} {memory:>6} {peer:10.4g} {peer_memory:>6} "
              f"{ratio:>6}  {path.suffix[1:]}")
PYTHON
