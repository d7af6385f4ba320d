#!/usr/bin/env bash
# Runs the same commands with two builds of prerl and compares every number that they publish, bit for
# bit: result files dataset by dataset, JSON, JSONL, CSV, NPZ and weights byte by byte. What people read
# (tables and sentences) may change; differences there are listed and do not count.
#
#   Tests/unchanged.sh OLD_BINARY NEW_BINARY [FOLDER]
#
# Both binaries must lie beside their resources, as in .build/release. FOLDER keeps the results of the
# old binary for the next call. QUICK=1 leaves out the replay of the committed run and takes fewer
# rollouts. Exit status: 0 unchanged, 1 something differs, 2 wrong usage.
set -euo pipefail

(($# == 2 || $# == 3)) || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
old=$(realpath "$1")
new=$(realpath "$2")
for program in "$old" "$new"; do
  [[ -x $program ]] || { echo "unchanged.sh: $program is no program (expected a build of prerl)" >&2; exit 2; }
done
work=${3:-$(mktemp -d)}
mkdir -p "$work"
work=$(realpath "$work")
(($# == 3)) || trap 'rm -rf "$work"' EXIT
fixtures=$top/Tests/ModelCoreTests/Fixtures
quick=${QUICK:-}
rollouts=400 surrogate=1600 problems=32
[[ -z $quick ]] || { rollouts=96 surrogate=640 problems=16; }

# The commands. Files whose names end in .txt are prose; all others hold numbers.
algorithms=(grpo prerl nsr-prerl psr-prerl nsr-rl psr-rl w-reinforce reinforce++ dsrl drift unlikelihood)
results() {
  local prerl=$1
  step() { echo "  $*" >&2; }
  step align, all controls
  "$prerl" align --samples $rollouts --control all --token-products --dump-gradients 2 --quiet --paper \
    --output align.h5 --summary align.json >align.txt
  "$prerl" align --samples 24 --control all --json --quiet --output printed.h5 >printed.json 2>/dev/null
  step align, float64, sums, no context
  "$prerl" rollout --samples 48 --per-problem 2 --quiet --output rollouts.jsonl >rollout.txt
  "$prerl" align --rollouts rollouts.jsonl --control all --precision float64 --reduction sum \
    --null-context none --method gram --cross-limit 16 --bootstrap 200 --quiet \
    --output double.h5 --summary double.json >double.txt
  "$prerl" align --rollouts rollouts.jsonl --method materialized --seed 3 --control all \
    --null-context ids:2,5 --bootstrap 200 --quiet --output materialized.h5 >materialized.txt
  step the families
  local family
  for family in qwen3-tied qwen3-untied qwen2-tied qwen2-untied-bf16 llama-tied llama-untied; do
    python3 - "$fixtures/$family/golden.json" >"$family.jsonl" <<'END'
import json, sys
for number, sample in enumerate(json.load(open(sys.argv[1]))["samples"]):
    for copy in range(12):
        print(json.dumps({"id": f"{number}-{copy}", "problem_id": f"p{number}-{copy // 3}",
                          "prompt_ids": [int(t) for t in sample["prompt"]] or [1],
                          "response_ids": [int(t) for t in sample["response"]] + [3 + copy],
                          "reward": (number + copy) % 3 % 2}))
END
    "$prerl" align --model "$fixtures/$family" --rollouts "$family.jsonl" --null-context 1 \
      --control all --token-products --dump-gradients 1 --bootstrap 100 --quiet \
      --output "$family.h5" >"$family.txt"
    "$prerl" selfcheck --model "$fixtures/$family" --json --quiet >"$family.selfcheck.json" || true
  done
  step shards, merge, export
  for part in 0 1 2; do
    "$prerl" align --rollouts rollouts.jsonl --shard $part/3 --control all --token-products \
      --bootstrap 200 --quiet --output part$part.h5 >/dev/null
  done
  "$prerl" merge --output merged.h5 part2.h5 part0.h5 part1.h5 >merge.txt
  "$prerl" export merged.h5 --csv tables --npz merged.npz >export.txt
  "$prerl" inspect merged.h5 --json >inspect.facts
  step evaluate, thoughts, surrogate
  "$prerl" evaluate --rollouts rollouts.jsonl --json >evaluate.json
  "$prerl" evaluate --rollouts rollouts.jsonl --verify --audit audit.jsonl >evaluate.txt
  "$prerl" evaluate --samples 64 --numbers 4 --k 1,4 --json --quiet >hard.json
  "$prerl" rollout --samples 64 --seed 7 --temperature 1.5 --quiet --output hot.jsonl >/dev/null
  "$prerl" thoughts rollouts.jsonl hot.jsonl --compare-lexicon seal --alignment merged.h5 \
    --spans spans.jsonl --output thoughts.h5 --bootstrap 400 --quiet >thoughts.txt
  "$prerl" thoughts rollouts.jsonl hot.jsonl --compare-lexicon seal --alignment merged.h5 \
    --bootstrap 400 --json --quiet >thoughts.json
  "$prerl" surrogate --samples $surrogate --summary surrogate.json --quiet >surrogate.txt
  step training
  local algorithm extra
  for algorithm in "${algorithms[@]}"; do
    extra=
    case $algorithm in
      dsrl) extra=', "warm_up_steps": 2, "measure_updates_every": 5, "measure_updates_problems": 16' ;;
      drift) extra=', "space": "pre-train", "constant_advantage": -1' ;;
      unlikelihood) extra=', "space": "post-train"' ;;
      nsr-prerl) extra=', "loss": {"null_context": "mismatched-prompt", "score_first_token": false}' ;;
      psr-prerl) extra=', "loss": {"null_context": "random-prompt", "aggregation": "seq-mean-token-mean"}' ;;
      prerl) extra=', "preset": "paper-code", "rewards": "shuffled", "task": {"numbers": 4}' ;;
      grpo) extra=', "preset": "paper-equation", "updates_per_batch": 2, "loss": {"dual_clip": 3}' ;;
    esac
    echo "{\"algorithm\": \"$algorithm\", \"steps\": 5, \"problems_per_step\": $problems,
      \"rollouts_per_problem\": 4, \"evaluate_every\": 5, \"evaluation_problems\": 64,
      \"optimizer\": {\"learning_rate\": 3e-4, \"weight_decay\": 0.01}$extra}" >"$algorithm.config"
    "$prerl" train "$algorithm.config" --output "run-$algorithm" --quiet >"run-$algorithm.txt"
  done
  "$prerl" train "$top/experiments/pretrain/config.json" --steps 3 --output run-pretrain --quiet >pretrain.txt
  "$prerl" train "$top/experiments/pretrain/config.json" --steps 2 --dump-batches batches.jsonl --quiet
  "$prerl" compare run-grpo run-nsr-rl --reference run-grpo --json >compare.json
  # Times and provenance are those of a run; numbers of a run are its metrics, evaluations and weights.
  rm -f run-*/manifest.json run-*/summary.json run-*/timing.jsonl
  python3 - run-pretrain/metrics.jsonl <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for line in lines:
    del line["step_time"]
open(sys.argv[1], "w").writelines(json.dumps(line) + "\n" for line in lines)
END
  "$prerl" bench --help >/dev/null
}

run() { # PROGRAM FOLDER
  rm -rf "$2"
  mkdir -p "$2"
  (cd "$2" && results "$1")
}

mark=$(sha256sum "$old" "$0" | cut -c1-64 | tr '\n' ' ')$quick
if [[ $(cat "$work/old/.complete" 2>/dev/null) != "$mark" ]]; then
  echo "The old program" >&2
  run "$old" "$work/old"
  echo "$mark" >"$work/old/.complete"
fi
echo "The new program" >&2
run "$new" "$work/new"

failed=0 compared=0
differs() { echo "differs: $*"; failed=$((failed + 1)); }

# Attributes of groups and datasets count (units, names, axes); those of the file are provenance.
attributes='
import json, sys
result = json.load(sys.stdin)
names = [a["path"] for a in result["attributes"] if not a["path"].startswith("@")]
print(" ".join([d["path"] for d in result["datasets"]][:5] + names[:5]))'

# A new program may have more checks; those of the old one count, digit by digit.
checks='
import json, sys
old, new = (json.load(open(path), parse_float=str) for path in sys.argv[1:])
names = [(c["check"], c["precision"]) for c in old["checks"]]
new["checks"] = [c for c in new["checks"] if (c["check"], c["precision"]) in names]
sys.exit(old != new)'

while IFS= read -r file; do
  if [[ ! -e $work/new/$file ]]; then differs "$file is missing"; continue; fi
  compared=$((compared + 1))
  case $file in
    *.h5)
      found=$({ "$old" diff --json "$work/old/$file" "$work/new/$file" 2>/dev/null || true; } | python3 -c "$attributes") ||
        found="cannot be compared"
      [[ -z ${found// /} ]] || differs "$file: $found"
      ;;
    *.selfcheck.json)
      python3 -c "$checks" "$work/old/$file" "$work/new/$file" || differs "$file"
      ;;
    *.txt | *.facts | *.config)
      cmp -s "$work/old/$file" "$work/new/$file" || echo "prose differs: $file"
      ;;
    *.json)
      # A conclusion is prose.
      cmp -s <(grep -v '"conclusion"' "$work/old/$file") <(grep -v '"conclusion"' "$work/new/$file") ||
        differs "$file"
      ;;
    *)
      cmp -s "$work/old/$file" "$work/new/$file" || differs "$file"
      ;;
  esac
done < <(cd "$work/old" && find . -type f ! -name .complete | sed 's|^\./||' | sort)
while IFS= read -r file; do
  [[ -e $work/old/$file ]] || differs "$file is new"
done < <(cd "$work/new" && find . -type f | sed 's|^\./||' | sort)

if [[ -z $quick ]]; then
  echo "The committed run" >&2
  "$new" replay "$top/results/reference/alignment/alignment.h5" --quiet || differs "the replay of the committed run"
  (cd "$top" && "$new" regress --quiet | tail -n 1) || differs "regress"
fi
if ((failed)); then
  echo "$failed of $compared files differ"
  exit 1
fi
echo "$compared files are unchanged"
