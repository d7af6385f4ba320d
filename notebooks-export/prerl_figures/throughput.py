"""Figures of speed: rates of experiments/throughput, and what `prerl bench --json` prints."""

import json

import numpy as np

from . import rows, style
from .files import Missing

RATES = {  # key of a rate -> unit
    "samples_per_second": "samples/s",
    "tokens_per_second": "tokens/s",
    "rollouts_per_second": "rollouts/s",
    "steps_per_second": "steps/s",
}
# A peer prints several rates; the task says which is compared.
KEYS = {
    "align": "samples_per_second",
    "pretrain": "tokens_per_second",
    "rollout": "rollouts_per_second",
    "policy": "steps_per_second",
}


def measured(run):
    """{task: {program: (best rate, number of repetitions)}} from files rates/TASK.PROGRAM."""
    found = {}
    for root in run.paths:
        for path in sorted(root.rglob("rates/*.*")) if root.is_dir() else []:
            task, _, program = path.name.partition(".")
            key = KEYS.get(task.split("-")[0])
            try:
                lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            except ValueError:
                continue
            measured_rates = [line[key] for line in lines if isinstance(line, dict) and key in line]
            if measured_rates:
                found.setdefault(task, {})[program] = (max(measured_rates), len(measured_rates))
    if not found:
        raise Missing("no rates/TASK.PROGRAM (made with experiments/throughput/run.sh)")
    return found


def benchmarks(run):
    """(path, object) of every JSON file that `prerl bench --json` wrote."""
    found = [
        (p, o) for p, o in run.json_files() if isinstance(o.get("rates"), list) and "blas" in o
    ]
    if not found:
        raise Missing("no output of `prerl bench --json` (bench.json)")
    return found


def ratios(run):
    """How many times as fast as each peer, for every task that was measured."""
    tasks = measured(run)
    pairs = [
        (task, peer, programs["prerl"], rate)
        for task, programs in tasks.items()
        if "prerl" in programs
        for peer, rate in programs.items()
        if peer != "prerl"
    ]
    if not pairs:
        raise Missing("no task measured with prerl and a peer")
    figure, axis = style.new(0.3 * len(pairs) + 0.95)
    for row, (task, _, ours, theirs) in enumerate(pairs):
        ratio = ours[0] / theirs[0]
        axis.plot([1, ratio], [row, row], color=style.BLUE, linewidth=1.2)
        axis.plot([ratio], [row], "o", color=style.BLUE)
        unit = RATES[KEYS[task.split("-")[0]]]
        digits = 0 if ours[0] >= 100 else 2
        rows.beside(axis, row, f"{ratio:.2f}×\n{ours[0]:,.{digits}f} {unit}")
    rows.label_rows(axis, [f"{task}\nbeside {peer}" for task, peer, *_ in pairs])
    axis.axvline(1, color=style.BLACK, linewidth=0.5)
    axis.set_xscale("log", base=2)
    axis.set_xlim(min(0.5, *(o[0] / t[0] * 0.9 for *_, o, t in pairs)), None)
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}×")
    axis.set_xlabel("rate of prerl / rate of the peer")
    repeats = sorted({rate[1] for *_, ours, theirs in pairs for rate in (ours, theirs)})
    span = "–".join(map(str, dict.fromkeys((repeats[0], repeats[-1]))))
    style.note(figure, f"Rates are prerl's; best of n = {span} repetitions, no interval.")
    return figure


def bench(run):
    """Arithmetic rate of every stage, by threads, beside the machine's own sgemm."""
    path, object_ = benchmarks(run)[0]
    rates = [rate for rate in object_["rates"] if np.isfinite(rate.get("gflops") or np.nan)]
    stages = list(dict.fromkeys(rate["stage"] for rate in rates))
    threads = sorted({rate["threads"] for rate in rates})
    figure, axis = style.new(0.26 * len(stages) + 1.0)
    for index, count in enumerate(threads):
        mine = [rate for rate in rates if rate["threads"] == count]
        shift = 0.2 * (index - (len(threads) - 1) / 2)
        axis.plot(
            [rate["gflops"] for rate in mine],
            [stages.index(rate["stage"]) + shift for rate in mine],
            linestyle="none",
            color=style.SERIES[index],
            marker=style.MARKERS[index],
            label=f"{count} thread{'s' if count > 1 else ''}",
        )
        if index == len(threads) - 1:
            for rate in mine:
                share = rate.get("share_of_sgemm")
                rows.beside(axis, stages.index(rate["stage"]), f"{share:.0%}" if share else "–")
    axis.text(1.0, 1.0, "of sgemm", transform=axis.transAxes, va="bottom", ha="center")
    rows.label_rows(axis, stages)
    axis.set_xlim(0, None)
    axis.set_xlabel("GFLOP/s")
    figure.legend(loc="outside upper left", ncols=len(threads), handlelength=1)
    style.note(
        figure,
        f"{object_.get('cpu', '?')}, {object_.get('blas_core', '?')} kernels;\n"
        f"share at {threads[-1]} threads, of sgemm at the stage's shapes; no interval.",
    )
    return figure
