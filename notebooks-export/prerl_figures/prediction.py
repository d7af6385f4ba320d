"""Figures of predicted against realised gains of update rules (experiments/prediction).

Both rounds of the experiment write an object with "points" and "spearman". A reader for each makes
points of it: base, learning_rate, step and rule, and raw, adam and realised as (value, low, high),
with NaN for what is not known.
"""

import json

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .files import CHECKOUT, Missing
from .statistics import rank_correlation

REGISTERED = CHECKOUT / "experiments/prediction/registered-1"
IDENTITY = ("base", "learning_rate", "step", "rule")


def files(run):
    """{name: content} of the predictions of a run."""
    return {
        path.stem: value
        for path, value in run.json_files()
        if {"points", "spearman"} <= value.keys() and value["points"]
    }


def drawings(run):
    """(name, content, metric, step) of every figure; one without content if there is nothing."""
    return [
        (
            f"{name}-{metric}-step-{step}".removesuffix("-step-10").replace("-raw", ""),
            content,
            metric,
            step,
        )
        for name, content in files(run).items()
        for metric in ("raw", "adam")
        for step in steps(content)
    ] or [("prediction", None, None, None)]


def read(content):
    """(points, {metric: what it is}, what the bars are), by what the points contain."""
    keys = set.intersection(*(set(point) for point in content["points"]))
    for needed, reader in READERS:
        if {*IDENTITY, *needed} <= keys:
            return reader(content["points"])
    expected = " or ".join(", ".join((*IDENTITY, *needed)) for needed, _ in READERS)
    raise ValueError(f"points of a prediction with {', '.join(sorted(keys))} (expected {expected})")


def second_round(points):
    """calibration.json: every gain has its interval."""
    metrics = {"raw": "without noise", "adam": "Adam's first step"}
    read = [
        {key: point[key] for key in IDENTITY}
        | {
            key: triple(point[key], point[f"{key}_low"], point[f"{key}_high"])
            for key in (*metrics, "realised")
        }
        for point in points
    ]
    return read, metrics, "bars: 95% intervals, of realised gains over seeds"


def first_round(points):
    """prediction.json: one run a gain. Intervals of predictions are in the registered files."""
    metrics = {"raw": "without noise", "adam": "Adam's metric"}
    fields = {"raw": "efficiency", "adam": "adam_efficiency"}
    registered = {
        path.stem: json.loads(path.read_text())["rules"] for path in REGISTERED.glob("*.json")
    }

    def predicted(point, metric):
        own = registered.get(point["base"], {}).get(point["rule"], {}).get(fields[metric], {})
        known = own.get("estimate") == point[metric]
        return triple(point[metric], *(own[end] if known else None for end in ("low", "high")))

    read = [
        {key: point[key] for key in IDENTITY}
        | {metric: predicted(point, metric) for metric in metrics}
        | {"realised": triple(point["realised"], None, None)}
        for point in points
    ]
    return (
        read,
        metrics,
        "one seed each, so that realised gains have no interval; bars: 95% intervals of "
        "predictions",
    )


READERS = (
    (("raw_low", "adam_low", "realised_low"), second_round),
    (("raw", "adam", "realised", "gain_of_rl"), first_round),
)


def triple(*ends):
    """(value, low, high), NaN for null."""
    return tuple(np.nan if end is None else float(end) for end in ends)


def steps(content):
    """The steps of training at which gains were compared, from 10."""
    return sorted({point["step"] for point in content["points"] if point["step"] >= 10})


def figure(content, metric, step):
    """Realised against predicted gains of every rule, a panel for each base and learning rate."""
    if content is None:
        raise Missing(
            "no prediction.json or calibration.json (made by experiments/prediction/run.sh)"
        )
    points, metrics, what = read(content)
    points = [point for point in points if point["step"] == step]
    rates = sorted({point["learning_rate"] for point in points}, key=float)
    bases = list(dict.fromkeys(point["base"] for point in points))
    known = [point for point in points if np.isfinite(point[metric][0])]
    rules = list(dict.fromkeys(point["rule"] for point in points))
    drawn, axes = style.new(
        1.35 * len(bases) + 1.2, len(bases), len(rates), squeeze=False, sharex=True, sharey="row"
    )
    for line, base in zip(axes, bases):
        for axis, rate in zip(line, rates):
            own = [p for p in known if (p["base"], p["learning_rate"]) == (base, rate)]
            if not own:
                axis.remove()
                continue
            scatter(axis, own, metric, rules)
            correlation = rank_correlation(
                [p[metric][0] for p in own], [p["realised"][0] for p in own]
            )
            axis.set_title(f"{base}, {rate}\nρ = {style.number(correlation)} (n = {len(own)})")
    for line in axes:
        line[0].set_ylabel("realised gain / RL's")
    for column in axes.T:
        lowest = [axis for axis in column if axis.figure is not None][-1]
        lowest.set_xlabel("predicted gain / RL's")
        lowest.tick_params(labelbottom=True)
    handles = [
        Line2D([], [], linestyle="none", label=rule, **shape(k))
        for k, rule in enumerate(rules)
        if any(point["rule"] == rule for point in known)
    ]
    drawn.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1)
    unbounded = any(np.isnan(point[metric][1:]).any() for point in known)
    style.note(
        drawn,
        f"Prediction: {metrics[metric]}. After {step} steps; {what}. Dashed: y = x. ρ: rank "
        f"correlation of the n points.{left_out(points, metric)}"
        f"{' No horizontal bar: the interval is unbounded.' if unbounded else ''}",
    )
    return drawn


def shape(index):
    """Colour and hollow marker of the rule at an index: overlapping ones stay visible."""
    return {
        "color": style.SERIES[index], "marker": style.MARKERS[index], "markersize": 4.5,
        "markerfacecolor": "none", "markeredgewidth": 1,
    }  # fmt: skip


def left_out(points, metric):
    """A sentence on the points that have no prediction; empty where there are none."""
    rules = [point["rule"] for point in points if not np.isfinite(point[metric][0])]
    counts = ", ".join(f"{rule} ({rules.count(rule)})" for rule in dict.fromkeys(rules))
    return (
        f" Not shown, because their prediction could not be estimated: {counts}." if rules else ""
    )


def scatter(axis, points, metric, rules):
    """Points with their intervals on both axes."""
    for point in points:
        (x, *across), (y, *up) = point[metric], point["realised"]
        k = rules.index(point["rule"])
        axis.plot(across, [y, y], color=style.SERIES[k], linewidth=0.8)
        axis.plot([x, x], up, color=style.SERIES[k], linewidth=0.8)
        axis.plot([x], [y], **shape(k))
    axis.axline((0, 0), slope=1, color=style.BLACK, linewidth=0.6, linestyle="--")
    axis.axhline(0, color=style.BLACK, linewidth=0.5)
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
