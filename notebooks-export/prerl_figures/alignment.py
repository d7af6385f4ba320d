"""Figures of an alignment file (schema prerl.alignment): what `prerl align` measured.

Every function takes the open file and returns a figure; `Missing` says what a run has not got.
"""

import numpy as np

from . import paper, rows, style
from .files import Missing, group, strings, text, values, with_interval
from .statistics import cluster_mean, jackknife

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
    """(label, group of samples, group of its summary or None): the true pair, then every control."""
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
            found += [(f"{label} {n}", c, file.get(f"summary{c.name}")) for n, c in numbered(control)]
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


def distributions(file, key, edges, axis_label, reported, breakdown=False):
    """Distribution of a per-rollout quantity in every pair, mean and interval on it, the paper below."""
    every = pairs(file, breakdown)
    labels = [pair[0] for pair in every]
    figure, axis = style.new(0.24 * (len(labels) + 2) + 0.75)
    for row, pair in enumerate(every):
        colour = style.BLUE if row == 0 else style.ORANGE
        rows.violin(axis, row, values(pair[1], key), edges, colour)
        rows.point(axis, row, *mean_of(pair, key))
    if key == "cosine" and not breakdown and "controls/cross" in file:
        labels.append("other problem's rollout")
        rows.violin(axis, len(labels) - 1, other_problem(file), edges, style.GREY)
        rows.point(axis, len(labels) - 1, *cross_mean(file, "other_problem"))
    if reported and not breakdown:
        labels.append(paper.LABEL)
        reported(axis, len(labels) - 1)
    rows.label_rows(axis, labels)
    axis.get_yticklabels()[0].set_fontweight("bold")
    axis.set_xlabel(axis_label)
    style.note(figure, f"{counts(file)}. Dot and bar: mean, 95% interval.")
    return figure, axis


def cosines(file, breakdown=False):
    """Cosines of the two gradients, per rollout: the true pair above all controls."""

    def reported(axis, row):
        axis.axvline(paper.COSINE_MEAN, color=style.VERMILION, linewidth=0.7, linestyle=":")
        rows.point(axis, row, paper.COSINE_MEAN, color=style.VERMILION, marker="D")

    edges = np.linspace(-0.25, 1, 51)
    figure, axis = distributions(file, "cosine", edges, "cosine of g_m and g_c", reported, breakdown)
    axis.set_xlim(-0.27, 1.02)
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
        rows.point(
            axis, row, paper.INNER_PRODUCT_MEAN, color=style.VERMILION, marker="D")
        axis.plot(
            [paper.INNER_PRODUCT_MIN, paper.INNER_PRODUCT_MAX], [row, row], "|:",
            color=style.VERMILION, linewidth=0.8)
        share(axis, row, paper.NEGATIVE_FRACTION)

    def share(axis, row, value):
        rows.beside(axis, row, f"{100 * value:.1f}%")

    near = np.linspace(-0.1, 0.1, 5)
    far = np.geomspace(0.1, 1e4, 36)[1:]
    edges = np.concatenate([-far[::-1], near, far])
    figure, axis = distributions(file, "inner_product", edges, "inner product of g_m and g_c", reported)
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
    return figure


def logp_gaps(file):
    """Mean absolute difference of token log-probabilities per rollout, in every pair."""

    def reported(axis, row):
        axis.axvline(paper.LOGP_GAP_MEAN, color=style.VERMILION, linewidth=0.7, linestyle=":")
        rows.point(axis, row, paper.LOGP_GAP_MEAN, color=style.VERMILION, marker="D")

    limit = max(np.nanmax(values(samples, "logp_gap")) for _, samples, _ in pairs(file))
    figure, axis = distributions(
        file, "logp_gap", np.linspace(0, limit, 41), "mean |log-prob gap| of a rollout / nat", reported)
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
    """Cosine of the two gradients within each parameter group, or its share of the inner product."""
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
        mean, cmap=style.DIVERGING if signed else style.SEQUENTIAL, vmin=-limit if signed else 0,
        vmax=limit, aspect="auto", interpolation="nearest")
    if len(columns) <= 8:
        for (row, column), value in np.ndenumerate(mean):
            if np.isfinite(value):
                style.in_cell(axis, image, column, row, value, f"{value:.2f}")
    step = max(1, len(columns) // 10)
    ticks = [*range(0, len(columns) - 1, step), len(columns) - 1]
    axis.set_xticks(ticks, ["none" if columns[tick] < 0 else columns[tick] for tick in ticks])
    axis.set_yticks(range(len(names)), [name.removeprefix("self_attn.") for name in names])
    axis.tick_params(length=0)
    axis.set_xlabel("layer (none: outside the layers)")
    axis.set_title(title)
    figure.colorbar(image, ax=axis, label=label, aspect=30)
    style.note(figure, f"{counts(file)}; 95% intervals up to ±{np.nanmax(half):.2f}.")
    return figure


# MARK: tokens


def token_table(file):
    """Per token: difference of the log-probabilities, its sample's cluster, and the sample."""
    place = group(file, "tokens")
    offsets = values(place, "sample_offset")
    sample = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    difference = values(place, "logp_marginal").astype(float) - values(place, "logp_conditional")
    return place, difference, values(group(file, "samples"), "cluster")[sample], sample


def binned(data, clusters, bins, count):
    """Means of `data` in each of `count` bins with half widths, and how many values each has."""
    means, halves, sizes = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, int)
    for k in range(count):
        inside = (bins == k) & np.isfinite(data)
        sizes[k] = inside.sum()
        if sizes[k]:
            means[k], halves[k] = cluster_mean(data[inside], clusters[inside])
    return means, halves, sizes


def gap_rows(file, bins, labels, axis_title):
    """Mean absolute gap and mean signed difference in bins of tokens, one row a bin with any."""
    _, difference, clusters, _ = token_table(file)
    absolute = binned(np.abs(difference), clusters, bins, len(labels))
    signed = binned(difference, clusters, bins, len(labels))
    keep = np.flatnonzero(absolute[2])
    figure, axis = style.new(0.24 * len(keep) + 1.0)
    place = np.arange(len(keep))
    for (mean, half, _), shift, options in (
        (absolute, -0.12, {"color": style.BLUE, "label": "absolute"}),
        (signed, 0.12, {"color": style.VERMILION, "marker": "s", "label": "signed"}),
    ):
        low, high = mean - half, mean + half
        rows.points(axis, place + shift, mean[keep], low[keep], high[keep], **options)
    rows.label_rows(axis, [f"{labels[k]}  (n = {absolute[2][k]:,})" for k in keep])
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
    axis.set_xlabel("log π(y_t|n) − log π(y_t|x) / nat")
    axis.set_title(axis_title)
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    style.note(figure, "n tokens; bars: 95% intervals over clusters.")
    return figure


def gap_by_position(file):
    """Log-probability gap along the response: single places first, then wider bins."""
    edges = np.array([*range(0, 8), 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 1024, 2**31])
    bins = np.digitize(values(group(file, "tokens"), "position"), edges) - 1
    labels = [f"{a}" if b == a + 1 else f"{a}–{b - 1}" for a, b in zip(edges, edges[1:])]
    labels[-1] = f"{edges[-2]} and later"
    return gap_rows(file, bins, labels, "By place in the response")


def gap_by_entropy(file):
    """Log-probability gap by how uncertain the model is there, with the prompt."""
    edges = np.array([0.01, 0.1, 0.3, 0.5, 1, 1.5, 2])
    bins = np.digitize(values(group(file, "tokens"), "entropy_conditional"), edges)
    labels = [f"< {edges[0]:g}", *(f"{a:g}–{b:g}" for a, b in zip(edges, edges[1:])), f"≥ {edges[-1]:g}"]
    return gap_rows(file, bins, labels, "By entropy of π(·|x, y_<t) / nat")


def token_kinds(file, vocabulary):
    """Names of the kinds of tokens, and the kind of each token of the file."""
    if not vocabulary:
        raise Missing("no tokenizer.json of the run's checkpoint, so token kinds are not known")
    ids = values(group(file, "tokens"), "token_id")
    kinds = {token: kind(piece) for token, piece in vocabulary.items()}
    names = list(KINDS)
    return names, np.array([names.index(kinds.get(token, "other")) for token in ids.tolist()])


KINDS = ("number", "operator", "word", "Alternatively", "Wait", "punctuation", "special", "other")


def kind(piece):
    """The kind of a token from its text, in word-level and byte-level vocabularies."""
    bare = piece.strip().lstrip("Ġ▁ĊĉÂ")
    if bare in ("Alternatively", "Wait"):
        return bare
    if bare.startswith("<") and bare.endswith(">") and len(bare) > 2:
        return "special"
    if bare.isdigit():
        return "number"
    if bare.isalpha():
        return "word"
    if bare and all(letter in "+-*/=<>^×÷" for letter in bare):
        return "operator"
    return "punctuation" if bare and not any(map(str.isalnum, bare)) else "other"


def gap_by_kind(file, vocabulary):
    """Log-probability gap by kind of token."""
    names, kinds = token_kinds(file, vocabulary)
    return gap_rows(file, kinds, names, "By kind of token")


def products_by_kind(file, vocabulary):
    """What tokens of each kind contribute to a rollout's inner product; the rows add up to its mean."""
    place, _, _, sample = token_table(file)
    products = values(place, "inner_product", "--token-products").astype(float)
    names, kinds = token_kinds(file, vocabulary)
    clusters = values(group(file, "samples"), "cluster")
    sums = np.zeros((len(clusters), len(names)))
    np.add.at(sums, (sample, kinds), np.nan_to_num(products))
    mean, half = cluster_mean(sums, clusters)
    sizes = np.bincount(kinds, minlength=len(names))
    keep = np.flatnonzero(sizes)
    figure, axis = style.new(0.22 * len(keep) + 0.95)
    rows.points(
        axis, range(len(keep)), mean[keep], (mean - half)[keep], (mean + half)[keep], color=style.BLUE)
    for row, k in enumerate(keep):
        rows.beside(axis, row, f"{100 * mean[k] / mean.sum():.0f}%")
    axis.text(1.02, 1.0, "share", transform=axis.transAxes, va="bottom")
    rows.label_rows(axis, [f"{names[k]}  (n = {sizes[k]:,})" for k in keep])
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
    axis.set_xlabel("contribution to ⟨g_m, g_c⟩ of a rollout")
    style.note(figure, f"{counts(file)}; n tokens; 95% intervals.")
    return figure


# MARK: pairs of rollouts


def cross(file):
    return group(file, "controls/cross", "--control cross")


def cross_problems(file):
    """Problems of the rows and of the columns of the cross matrix."""
    problem = values(group(file, "samples"), "problem")
    place = cross(file)
    return problem[values(place, "marginal_sample")], problem[values(place, "conditional_sample")]


def other_problem(file):
    """Cosines of pairs of rollouts from different problems."""
    rows_, columns = cross_problems(file)
    return values(cross(file), "cosine")[rows_[:, None] != columns[None, :]]


def cross_mean(file, kind_):
    """(mean, low, high) of the cosine in a class of pairs, from the summary."""
    place = group(file, f"summary/controls/cross/{kind_}")
    return [float(x) for x in with_interval(place, "cosine_mean")]


def cross_matrix(file):
    """Cosines of every null-context with every conditional gradient, and the means of three classes."""
    cosine = values(cross(file), "cosine")
    # Half of the cells lie within ±0.1: the colours end at the 99th percentile off the diagonal.
    away = np.abs(cosine[~np.eye(*cosine.shape, dtype=bool)])
    limit = max(0.1, float(np.nanquantile(away, 0.99)))
    figure, (matrix, means) = style.new(4.1, 2, 1, height_ratios=(4, 1))
    image = matrix.imshow(
        cosine, cmap=style.DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    matrix.set_xlabel("rollout j of g_c(y_j|x_j)")
    matrix.set_ylabel("rollout i of g_m(y_i)")
    matrix.set_title(f"{cosine.shape[0]} × {cosine.shape[1]} pairs, ordered by problem")
    figure.colorbar(image, ax=matrix, label="cosine", extend="both", aspect=30)
    labels = {"same_rollout": "same rollout", "same_problem": "same problem", "other_problem": "other problem"}
    for row, key in enumerate(labels):
        mean, low, high = cross_mean(file, key)
        rows.point(means, row, mean, low, high, color=style.BLUE)
        rows.beside(means, row, f"{mean:.3f}")
    rows.label_rows(means, list(labels.values()))
    means.axvline(0, color=style.BLACK, linewidth=0.5)
    means.set_xlabel("mean cosine, 95% interval")
    return figure


# MARK: batch updates

METRICS = {"raw": "Euclidean", "adam": "Adam's metric", "step": "first Adam step"}
PREFIXES = {"raw": "", "adam": "adam:", "step": "step:"}


def update(file):
    return group(file, "controls/update", "--control update")


def batch_note(file):
    """How many batches of what size the update control has."""
    place = update(file)
    rollouts, tokens = values(place, "batch_rollouts"), values(place, "batch_tokens")
    size = f"{rollouts.min()}" if rollouts.min() == rollouts.max() else f"{rollouts.min()}–{rollouts.max()}"
    return f"{len(rollouts)} batches of {size} rollouts, {tokens.mean():,.0f} tokens; 95% jackknife."


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
        for row, name in enumerate(f"{PREFIXES[metric]}{a}_{space}" for space in spaces for a in "CDU"):
            if name in vectors:
                vector = vectors.index(name)
                value, half = jackknife(lambda k: signal_share(gram, vector, k), gram.shape[2])
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
    """Noise-corrected cosines of the update rules with half widths; grey where noise hides them."""
    place = group(update(file), metric, "--control update")
    names = strings(place["rule_name"])
    cosine, low, high = with_interval(place, "corrected_cosine")
    figure, axis = style.new(3.7)
    image = axis.imshow(cosine, cmap=style.DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(cosine):
        half = (high[row, column] - low[row, column]) / 2
        label = "–" if not np.isfinite(value) else f"{value:.2f}"
        if np.isfinite(value) and np.isfinite(half) and row != column:
            label += f"\n±{half:.2f}"
        style.in_cell(axis, image, column, row, value, label)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    axis.set_title(f"Noise-corrected cosines of update rules ({METRICS[metric]})")
    style.note(figure, f"–: not told from noise.\n{batch_note(file)}")
    return figure


def efficiency(file):
    """Predicted held-out gain of a rule relative to RL at equal step length, three metrics."""
    place = update(file)
    figure, axes = style.new(4.6, 2, 1)
    for axis, key, title in zip(
        axes, ("efficiency", "batch_efficiency"), ("without noise", "at this batch size"), strict=True
    ):
        for index, (metric, label) in enumerate(METRICS.items()):
            if metric not in place:
                continue
            names = strings(place[metric]["rule_name"])
            value, low, high = with_interval(place[metric], key)
            rows.points(
                axis, np.arange(len(names)) + 0.22 * (index - 1), value, low, high,
                color=style.SERIES[index], marker=style.MARKERS[index])
            if axis is axes[0]:
                axis.plot(
                    [], [], linestyle="none", marker=style.MARKERS[index], color=style.SERIES[index],
                    label=label)
        rows.label_rows(axis, names)
        axis.axvline(0, color=style.BLACK, linewidth=0.5)
        axis.axvline(1, color=style.GREY, linewidth=0.7, linestyle="--")
        axis.set_title(f"Surrogate efficiency {title}")
    limits = [axis.get_xlim() for axis in axes]
    for axis in axes:
        axis.set_xlim(min(l for l, _ in limits), max(h for _, h in limits))
    axes[1].set_xlabel("predicted gain relative to RL at equal step length")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=0.8)
    style.note(figure, f"No point: not told from noise.\n{batch_note(file)}")
    return figure


# MARK: first order


def first_order(file):
    """Actual over predicted change along steps: rules on held-out rollouts, and per-sample gradients."""
    place = group(file, "controls/first-order", "--control first-order")
    names, sample = strings(place["direction_name"]), values(place, "direction_sample")
    length, radius = values(place, "length"), values(place, "validity_radius")
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = values(place, "actual") / values(place, "predicted")
    figure, axis = style.new(3.3)
    axis.axhspan(0.9, 1.1, color="#E6E6E6", linewidth=0)
    single = ratio[sample >= 0]
    if len(single):
        low, middle, high = np.nanquantile(single, (0.25, 0.5, 0.75), axis=0)
        axis.fill_between(length, low, high, color=style.GREY, alpha=0.3, linewidth=0)
        axis.plot(
            length, middle, color=style.GREY, linewidth=2,
            label=f"g_m of a rollout (median, quartiles of {len(single)})")
    for index, direction in enumerate(np.flatnonzero(sample < 0)):
        options = line_options(index)
        reached = np.flatnonzero(np.isclose(length, radius[direction]))
        axis.plot(length, ratio[direction], label=names[direction], markevery=reached.tolist(), **options)
    axis.set_xscale("log")
    axis.set_ylim(-0.6, 2.1)
    axis.axhline(0, color=style.BLACK, linewidth=0.5)
    axis.set_xlabel("Euclidean length of the step")
    axis.set_ylabel("actual / predicted change")
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=2.6, columnspacing=1)
    style.note(figure, "Band: ±10%. Marker: validity radius (largest step inside it).")
    return figure


def line_options(index):
    return {**style.line_style(index), "linewidth": 1}
