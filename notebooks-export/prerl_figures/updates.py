"""Figures of an alignment file by batch update: shares, cosines, efficiencies, first order."""

from functools import partial

import numpy as np

from . import rows, style
from .files import group, strings, values, with_interval
from .statistics import jackknife

METRICS = {"raw": "Euclidean", "adam": "Adam's metric", "step": "first Adam step"}
PREFIXES = {"raw": "", "adam": "adam:", "step": "step:"}


def update(file):
    return group(file, "controls/update", "--control update")


def batch_note(file):
    """How many batches of what size the update control has."""
    place = update(file)
    rollouts, tokens = values(place, "batch_rollouts"), values(place, "batch_tokens")
    size = (
        f"{rollouts.min()}"
        if rollouts.min() == rollouts.max()
        else f"{rollouts.min()}–{rollouts.max()}"
    )
    return (
        f"{len(rollouts)} batches of {size} rollouts, mean {tokens.mean():,.0f} tokens; "
        "95% jackknife."
    )


def signal_share(gram, vector, batches):
    """S/T of a batch vector: the share of its squared length that independent batches agree on."""
    block = gram[vector, vector][np.ix_(batches, batches)]
    count = len(batches)
    signal = (block.sum() - np.trace(block)) / (count * (count - 1))
    return signal / (np.trace(block) / count)


def update_shares(file):
    """How much of C, D and U is signal, and how much of the signal is a push blind to the sign."""
    place = update(file)
    gram, vectors = values(place, "gram"), strings(place["vector_name"])
    figure, (top, bottom) = style.new(4.0, 2, 1, height_ratios=(6, 2.8))
    spaces = {"m": "null context", "c": "prompt"}
    labels = [f"{letter}, {space}" for space in spaces.values() for letter in "CDU"]
    shares = [f"drift share,\n{space}" for space in spaces.values()]
    for index, (metric, title) in enumerate(METRICS.items()):
        shift = 0.22 * (index - 1)
        options = {"color": style.SERIES[index], "marker": style.MARKERS[index]}
        for row, name in enumerate(
            f"{PREFIXES[metric]}{a}_{space}" for space in spaces for a in "CDU"
        ):
            if name in vectors:
                vector = vectors.index(name)
                value, half = jackknife(partial(signal_share, gram, vector), gram.shape[2])
                rows.point(top, row + shift, value, value - half, value + half, **options)
        if metric in place:
            for row, space in enumerate(("marginal", "conditional")):
                value, low, high = with_interval(place[metric], f"drift_share_{space}")
                rows.point(bottom, row + shift, value, low, high, **options)
                if not np.isfinite(value):
                    rows.absent(bottom, row + shift, f"– {title}: not told from noise")
        top.plot([], [], linestyle="none", label=title, **options)
    rows.label_rows(top, labels)
    rows.label_rows(bottom, shares)
    top.axvline(0, color=style.BLACK, linewidth=0.5)
    top.set_xlabel("signal share of the squared length")
    figure.legend(loc="outside upper left", ncols=3, handlelength=0.8, columnspacing=1)
    bottom.set_xlabel("|D|² / (|C|² + |D|²), signals alone")
    style.note(figure, batch_note(file))
    return figure


def update_cosines(file, metric="raw"):
    """Noise-corrected cosines of the update rules with half widths; grey where they are unbounded."""
    place = group(update(file), metric, "--control update")
    names = strings(place["rule_name"])
    cosine, low, high = with_interval(place, "corrected_cosine")
    figure, axis = style.new(3.7)
    image = axis.imshow(
        cosine, cmap=style.DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    for (row, column), value in np.ndenumerate(cosine):
        half = (high[row, column] - low[row, column]) / 2
        label = style.number(value)
        if np.isfinite(value) and np.isfinite(half) and row != column:
            label += f"\n±{half:.2f}"
        style.in_cell(axis, image, column, row, value, label)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    axis.set_title(f"Noise-corrected cosines, {METRICS[metric]}")
    style.note(figure, f"–: unbounded.\n{batch_note(file)}")
    return figure


def efficiency(file):
    """Predicted held-out gain of a rule relative to RL at equal step length, three metrics."""
    place = update(file)
    figure, axes = style.new(4.6, 2, 1)
    for axis, key, title in zip(
        axes,
        ("efficiency", "batch_efficiency"),
        ("without noise", "at this batch size"),
        strict=True,
    ):
        for index, (metric, label) in enumerate(METRICS.items()):
            if metric not in place:
                continue
            names = strings(place[metric]["rule_name"])
            value, low, high = with_interval(place[metric], key)
            rows.points(
                axis,
                np.arange(len(names)) + 0.22 * (index - 1),
                value,
                low,
                high,
                color=style.SERIES[index],
                marker=style.MARKERS[index],
            )
            if axis is axes[0]:
                axis.plot(
                    [],
                    [],
                    linestyle="none",
                    marker=style.MARKERS[index],
                    color=style.SERIES[index],
                    label=label,
                )
        rows.label_rows(axis, names)
        axis.axvline(0, color=style.BLACK, linewidth=0.5)
        axis.axvline(1, color=style.GREY, linewidth=0.7, linestyle="--")
        axis.set_title(f"Surrogate efficiency {title}")
    limits = [axis.get_xlim() for axis in axes]
    for axis in axes:
        axis.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
    axes[1].set_xlabel("predicted gain relative to RL at equal step length")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=0.8
    )
    style.note(figure, f"No point: unbounded.\n{batch_note(file)}")
    return figure


# MARK: first order


def first_order(file):
    """Actual over predicted change along steps: rules on held-out rollouts, and single g_m."""
    place = group(file, "controls/first-order", "--control first-order")
    names, sample = strings(place["direction_name"]), values(place, "direction_sample")
    length, radius = values(place, "length"), values(place, "validity_radius")
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = values(place, "actual") / values(place, "predicted")
    rules = np.flatnonzero(sample < 0)
    figure, (axis, reach) = style.new(
        2.9 + 0.18 * len(rules), 2, 1, sharex=True, height_ratios=(1.7, 0.16 * len(rules) + 0.1)
    )
    axis.axhspan(0.9, 1.1, color="#E6E6E6", linewidth=0)
    single = ratio[sample >= 0]
    if len(single):
        low, middle, high = np.nanquantile(single, (0.25, 0.5, 0.75), axis=0)
        axis.fill_between(length, low, high, color=style.GREY, alpha=0.3, linewidth=0)
        axis.plot(
            length,
            middle,
            color=style.GREY,
            linewidth=2,
            label=f"g_m of a rollout (median, quartiles of {len(single)})",
        )
    for index, direction in enumerate(rules):
        options = {**style.line_style(index), "linewidth": 1}
        marker = options.pop("marker")
        axis.plot(length, ratio[direction], label=names[direction], **options)
        if np.isfinite(radius[direction]) and radius[direction] > 0:
            rows.point(reach, index, radius[direction], color=options["color"], marker=marker)
        else:
            rows.absent(reach, index, "no step")
    axis.set_xscale("log")
    axis.set_ylim(-0.6, 2.1)
    axis.axhline(0, color=style.BLACK, linewidth=0.5)
    axis.set_ylabel("actual / predicted change")
    rows.label_rows(reach, [names[direction] for direction in rules])
    reach.set_title("Validity radius: largest step inside the band")
    reach.set_xlabel("Euclidean length of the step")
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=2, handlelength=2.6, columnspacing=1
    )
    style.note(
        figure,
        "Band: ±10%. Rules: direction from half of the batches,\n"
        "tested on the rollouts of the others.",
    )
    return figure
