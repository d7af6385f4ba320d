"""Figures of an alignment file by token: where the log-probabilities of the two contexts differ."""

import numpy as np

from . import rows, style
from .alignment import counts
from .files import Missing, group, values
from .statistics import cluster_mean


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
    axis.locator_params(axis="x", nbins=6)
    axis.set_title(axis_title)
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    style.note(figure, f"n tokens, of {counts(file).removeprefix('n = ')}; bars: 95% intervals.")
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
    labels = [
        f"< {edges[0]:g}",
        *(f"{a:g}–{b:g}" for a, b in zip(edges, edges[1:])),
        f"≥ {edges[-1]:g}",
    ]
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
    """What tokens of each kind contribute to a rollout's inner product; rows add up to its mean."""
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
        axis,
        range(len(keep)),
        mean[keep],
        (mean - half)[keep],
        (mean + half)[keep],
        color=style.BLUE,
    )
    for row, k in enumerate(keep):
        rows.beside(axis, row, style.number(100 * mean[k] / mean.sum(), 0) + "%")
    axis.text(1.02, 1.0, "share", transform=axis.transAxes, va="bottom")
    rows.label_rows(axis, [f"{names[k]}  (n = {sizes[k]:,})" for k in keep])
    axis.axvline(0, color=style.BLACK, linewidth=0.5)
    axis.set_xlabel("contribution to ⟨g_m, g_c⟩ of a rollout")
    style.note(figure, f"{counts(file)}; n tokens; 95% intervals.")
    return figure
