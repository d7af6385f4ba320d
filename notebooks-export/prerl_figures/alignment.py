"""Figures of an alignment file (schema prerl.alignment): rollouts, parameters, pairs of rollouts.

Every function takes the open file and returns a figure; `Missing` says what a run has not got.
"""

import numpy as np

from . import paper, rows, style
from .files import group, strings, text, values, with_interval
from .statistics import cluster_mean

SCHEMA = "prerl.alignment"
TRUE_PAIR = "log P(y) with log P(y|x)"
CONTROLS = {  # group under /controls -> what it shows
    "mismatched-prompt": "other problem's prompt",
    "random-prompt": "random prompt",
    "shuffled-response": "shuffled response",
    "null-context": "null context",
    "mixture": "mixture of prompts",
    "untrained": "untrained model",
}


# MARK: distributions over rollouts


def pairs(file, breakdown=False):
    """(label, group of samples, its summary or None): the true pair, then every control."""
    found = [(TRUE_PAIR, group(file, "samples"), file.get("summary"))]
    if breakdown:
        for name, place in numbered(group(file, "controls/breakdown", "--control breakdown")):
            name = name.replace("<=", "≤").replace(">=", "≥")
            found.append((name, place, file.get(f"summary{place.name}")))
        return found
    for name, label in CONTROLS.items():
        if f"controls/{name}" not in file:
            continue
        control = file[f"controls/{name}"]
        if name == "null-context":
            found += [
                (f"{label} {n}", c, file.get(f"summary{c.name}")) for n, c in numbered(control)
            ]
        else:
            found.append((label, control, file.get(f"summary/controls/{name}")))
    return found


def numbered(parent):
    """(name, group) of numbered subgroups, in order."""
    order = sorted((key for key in parent if key.isdigit()), key=int)
    return [(text(parent[key].attrs.get("name", key)), parent[key]) for key in order]


def mean_of(pair, key):
    """(mean, low, high) from the summary; without one, the mean with a cluster-robust interval."""
    _, samples, summary = pair
    if summary is not None and f"{key}_mean" in summary:
        return [float(x) for x in with_interval(summary, f"{key}_mean")]
    mean, half = cluster_mean(values(samples, key), values(samples, "cluster"))
    return float(mean), float(mean - half), float(mean + half)


def counts(file):
    """How many rollouts and independent clusters the main result has."""
    clusters = values(group(file, "samples"), "cluster")
    return f"n = {len(clusters)} rollouts in {len(np.unique(clusters))} clusters"


def point_note(file, with_paper=True):
    """What a row of `distributions` shows."""
    diamond = " Diamond: the paper's value, reported second hand." if with_paper else ""
    return f"{counts(file)}. Dot and bar: mean, 95% interval.{diamond}"


def distributions(file, key, edges, axis_label, reported, breakdown=False):
    """Distribution of a quantity over rollouts in every pair, with its mean; the paper's below."""
    every = pairs(file, breakdown)
    labels = [pair[0] for pair in every]
    figure, axis = style.new(0.24 * (len(labels) + 2) + 0.9)
    for row, pair in enumerate(every):
        colour = style.BLUE if row == 0 else style.ORANGE
        rows.violin(axis, row, values(pair[1], key), edges, colour)
        rows.point(axis, row, *mean_of(pair, key))
    if key == "cosine" and not breakdown and "controls/cross" in file:
        labels.append("other problem's rollout")
        rows.violin(axis, len(labels) - 1, cross_class(file, "other_problem"), edges, style.GREY)
        rows.point(axis, len(labels) - 1, *cross_mean(file, "other_problem"))
    if reported and not breakdown:
        labels.append(paper.LABEL)
        reported(axis, len(labels) - 1)
    rows.label_rows(axis, labels)
    axis.get_yticklabels()[0].set_fontweight("bold")
    axis.set_xlabel(axis_label)
    style.note(figure, point_note(file, reported and not breakdown))
    return figure, axis


def cosines(file, breakdown=False):
    """Cosines of the two gradients, per rollout: the true pair above all controls."""

    def reported(axis, row):
        rows.point(axis, row, paper.COSINE_MEAN, color=style.VERMILION, marker="D")

    shown = [values(samples, "cosine") for _, samples, _ in pairs(file, breakdown)]
    if not breakdown and "controls/cross" in file:
        shown.append(cross_class(file, "other_problem"))
    finite = [data[np.isfinite(data)] for data in shown]
    least = min((data.min() for data in finite if len(data)), default=0)
    quarters = min(-1, int(np.floor(4 * least)))  # left of 0; ten bins each
    edges = np.linspace(quarters / 4, 1, 10 * (4 - quarters) + 1)
    figure, axis = distributions(
        file, "cosine", edges, "cosine of g_m and g_c", reported, breakdown
    )
    axis.set_xlim(quarters / 4 - 0.02, 1.02)
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
    return figure


def breakdown_cosines(file):
    """Cosines by reward, token position, probability and entropy, and without the embedding."""
    figure = cosines(file, breakdown=True)
    axis = figure.axes[0]
    for row, (_, samples, _) in enumerate(pairs(file, breakdown=True)):
        rows.beside(axis, row, f"{np.isfinite(values(samples, 'cosine')).sum()}")
    axis.text(1.02, 1.0, "n", transform=axis.transAxes, va="bottom")
    return figure


def inner_products(file):
    """Inner products per rollout, on an axis that is linear below 0.1, and the share below 0."""

    def reported(axis, row):
        rows.point(axis, row, paper.INNER_PRODUCT_MEAN, color=style.VERMILION, marker="D")
        axis.plot(
            [paper.INNER_PRODUCT_MIN, paper.INNER_PRODUCT_MAX],
            [row, row],
            "|:",
            color=style.VERMILION,
            linewidth=0.8,
        )
        share(axis, row, paper.NEGATIVE_FRACTION)

    def share(axis, row, value):
        rows.beside(axis, row, f"{100 * value:.1f}%")

    near = np.linspace(-0.1, 0.1, 5)
    far = np.geomspace(0.1, 1e4, 36)[1:]
    edges = np.concatenate([-far[::-1], near, far])
    figure, axis = distributions(
        file, "inner_product", edges, "inner product of g_m and g_c", reported
    )
    for row, (_, samples, _) in enumerate(pairs(file)):
        share(axis, row, np.mean(values(samples, "inner_product") < 0))
    axis.text(1.02, 1.0, "below 0", transform=axis.transAxes, va="bottom", ha="center")
    axis.set_xscale("symlog", linthresh=0.1, linscale=0.4)
    axis.set_xticks([-100, -1, 0, 1, 100], ["−100", "−1", "0", "1", "100"])
    axis.minorticks_off()
    low = min(np.nanmin(values(samples, "inner_product")) for _, samples, _ in pairs(file))
    high = max(np.nanmax(values(samples, "inner_product")) for _, samples, _ in pairs(file))
    axis.set_xlim(min(-0.2, 2 * low), max(100, 2 * high))
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
    style.note(
        figure,
        f"{point_note(file)} Dotted: its smallest and largest value. "
        "The axis is linear within ±0.1, logarithmic beyond.",
    )
    return figure


def logp_gaps(file):
    """Mean absolute difference of token log-probabilities per rollout, in every pair."""

    def reported(axis, row):
        rows.point(axis, row, paper.LOGP_GAP_MEAN, color=style.VERMILION, marker="D")

    limit = max(np.nanmax(values(samples, "logp_gap")) for _, samples, _ in pairs(file))
    figure, axis = distributions(
        file,
        "logp_gap",
        np.linspace(0, limit, 41),
        "mean |log-prob gap| of a rollout / nat",
        reported,
    )
    axis.set_xlim(0, 1.02 * limit)
    return figure


# MARK: parameters


def layer_grid(file):
    """Rows of modules, columns of layers, and (N, modules, layers) arrays of the three products.

    What belongs to no layer (embedding, final norm, head) has a column of its own, the last.
    """
    place = group(file, "groups")
    layers, modules = values(place, "layer"), strings(place["module"])
    names = list(dict.fromkeys(modules))
    columns = [*sorted({layer for layer in layers if layer >= 0}), -1]
    grids = []
    for key in ("inner_product", "squared_norm_marginal", "squared_norm_conditional"):
        flat = values(place, key)
        grid = np.full((len(flat), len(names), len(columns)), np.nan)
        for index, (layer, module) in enumerate(zip(layers, modules, strict=True)):
            grid[:, names.index(module), columns.index(layer)] = flat[:, index]
        grids.append(grid)
    return names, columns, grids


def layer_modules(file, share=False):
    """Cosine of the two gradients in each parameter group, or its share of the inner product."""
    names, columns, (product, marginal, conditional) = layer_grid(file)
    if share:
        data = product / np.nansum(product, axis=(1, 2)).mean()
        title, label = "Share of the mean inner product", "share of the mean inner product"
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            data = product / np.sqrt(marginal * conditional)
        title, label = "Cosine within a parameter group", "mean cosine"
    mean, half = cluster_mean(data, values(group(file, "samples"), "cluster"))

    figure, axis = style.new(0.2 * len(names) + 0.85)
    limit = np.nanmax(np.abs(mean))
    signed = np.nanmin(mean) < 0
    image = axis.imshow(
        mean,
        cmap=style.DIVERGING if signed else style.SEQUENTIAL,
        vmin=-limit if signed else 0,
        vmax=limit,
        aspect="auto",
        interpolation="nearest",
    )
    if len(columns) <= 8:
        for (row, column), value in np.ndenumerate(mean):
            if np.isfinite(value):
                style.in_cell(axis, image, column, row, value, style.number(value))
    last = len(columns) - 1
    step = max(1, len(columns) // 6)
    # The word at the end is wider than a number.
    ticks = [*(tick for tick in range(0, last, step) if step == 1 or tick + step <= last), last]
    axis.set_xticks(ticks, ["none" if columns[tick] < 0 else columns[tick] for tick in ticks])
    axis.set_yticks(range(len(names)), [name.removeprefix("self_attn.") for name in names])
    axis.tick_params(length=0)
    axis.set_xlabel("layer (none: outside the layers)")
    axis.set_title(title)
    figure.colorbar(image, ax=axis, label=label, aspect=30)
    style.note(figure, f"{counts(file)}; 95% intervals up to ±{np.nanmax(half):.2f}.")
    return figure


# MARK: pairs of rollouts


def cross(file):
    return group(file, "controls/cross", "--control cross")


def cross_problems(file):
    """Problems of the rows and of the columns of the cross matrix."""
    problem = values(group(file, "samples"), "problem")
    place = cross(file)
    return problem[values(place, "marginal_sample")], problem[values(place, "conditional_sample")]


CLASSES = {
    "same_rollout": "same rollout",
    "same_problem": "same problem",
    "other_problem": "other problem",
}


def cross_class(file, name):
    """Cosines of the pairs of rollouts in a class."""
    place = cross(file)
    problems = np.not_equal.outer(*cross_problems(file))
    same = np.equal.outer(values(place, "marginal_sample"), values(place, "conditional_sample"))
    inside = {"same_rollout": same, "same_problem": ~problems & ~same, "other_problem": problems}
    return values(place, "cosine")[inside[name]]


def cross_mean(file, name):
    """(mean, low, high) of the cosine in a class; without a summary no interval."""
    place = file.get(f"summary/controls/cross/{name}")
    if place is not None and "cosine_mean" in place:
        return [float(x) for x in with_interval(place, "cosine_mean")]
    found = cross_class(file, name)
    return float(np.nanmean(found)) if np.isfinite(found).any() else np.nan, np.nan, np.nan


def cross_matrix(file):
    """Cosines of every null-context with every conditional gradient, and means by class."""
    cosine = values(cross(file), "cosine")
    # Half of the cells lie within ±0.1: the colours end at the 99th percentile off the diagonal.
    away = np.abs(cosine[~np.eye(*cosine.shape, dtype=bool)])
    limit = max(0.1, float(np.nanquantile(away, 0.99)))
    figure, (matrix, means) = style.new(4.7, 2, 1, height_ratios=(3.2, 1.15))
    image = matrix.imshow(
        cosine,
        cmap=style.DIVERGING,
        vmin=-limit,
        vmax=limit,
        aspect="auto",
        interpolation="nearest",
    )
    matrix.set_xlabel("rollout j of g_c(y_j|x_j)")
    matrix.set_ylabel("rollout i of g_m(y_i)")
    matrix.set_title(f"{cosine.shape[0]} × {cosine.shape[1]} pairs, ordered by problem")
    figure.colorbar(image, ax=matrix, label="cosine", extend="both", aspect=30)
    labels = []
    for row, (key, label) in enumerate(CLASSES.items()):
        mean, low, high = cross_mean(file, key)
        rows.point(means, row, mean, low, high, color=style.BLUE)
        rows.beside(means, row, style.number(mean, 3))
        labels.append(f"{label}\n(n = {np.isfinite(cross_class(file, key)).sum():,})")
    rows.label_rows(means, labels)
    means.axvline(0, color=style.BLACK, linewidth=0.5)
    means.set_xlabel("mean cosine of a class of pairs")
    style.note(figure, "n pairs; bars: 95% intervals over clusters.")
    return figure
