"""table.py join NAME puts NAME.plan.json, NAME.peak.json and NAME.bench.json into NAME.json; table.py print RUNS prints a row for each.

Standard library only.
"""

import json
import sys
from pathlib import Path


def load(path):
    return json.loads(Path(path).read_text())


def join(name):
    plan, peak, bench = (load(f"{name}.{kind}.json") for kind in ("plan", "peak", "bench"))
    threads = plan["threads"]
    rate = next(
        rate for rate in bench["rates"] if rate["stage"].startswith("alignment, auto") and rate["threads"] == threads)
    result = {
        "threads": threads, "samples_per_second": plan["tokens_per_second"] * plan["rollouts"] / plan["tokens"],
        "planned_bytes": plan["bytes"], "peak_bytes": peak["peak_bytes"], "gflops": rate["gflops"],
        "share_of_sgemm": rate["share_of_sgemm"], "blas_core": bench["blas_core"], "cpu": bench["cpu"],
    }
    Path(f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


def show(runs):
    print(f"{'shape':6} {'tokens':>10} {'threads':>7} {'samples/s':>10} {'GFLOP/s':>8} {'of sgemm':>8} {'planned':>8} {'peak':>8}"
          f" {'400 rollouts':>13}")
    for path in sorted(path for path in Path(runs).glob("*-*-*.json") if path.stem.count("-") == 2 and path.stem[-1].isdigit()):
        shape, tokens, threads = path.stem.split("-")
        row = load(path)
        print(f"{shape:6} {tokens:>10} {threads:>7} {row['samples_per_second']:10.3g} {row['gflops']:8.3g}"
              f" {row['share_of_sgemm']:8.0%} {row['planned_bytes'] / 2**30:6.2f} G {row['peak_bytes'] / 2**30:6.2f} G"
              f" {400 / row['samples_per_second'] / 3600:11.2f} h")


if __name__ == "__main__":
    join(sys.argv[2]) if sys.argv[1] == "join" else show(sys.argv[2])
