"""Figures of a thought file (schema prerl.thoughts): how often a model reflects and changes course.

`/first` holds the counts of one rollout file, `/second` those of another; groups of comparisons are
there where they were asked for. Every group has the scale `kind` with `kind_name` beside it. The
accuracy stands beside every count.
"""

import numpy as np

from . import rows, style
from .files import Missing, group, strings, text, values, with_interval

SCHEMA = "prerl.thoughts"
RATES = {
    "per_response": "thoughts per response",
    "per_thousand_tokens": "thoughts per 1,000 {unit}",
}

TOKENS = {  # quantity of /alignment -> label of its axis
    "logp_gap": "|log π(y_t|n) − log π(y_t|x)| / nat",
    "entropy_conditional": "entropy of π(·|x, y_<t) / nat",
    "inner_product_share": "share of the sum of all inner products",
}


def sources(file):
    """(name, group) of the one or two rollout files counted."""
    first = group(file, "first")
    found = [(source_name(first, "first"), first)]
    if "second" in file:
        found.append((source_name(file["second"], "second"), file["second"]))
    return found


def source_name(place, fallback):
    """What a rollout file was called, without its folder."""
    return text(place.attrs.get("file", fallback)).rsplit("/", 1)[-1]


def unit(file):
    """What lengths are counted in: tokens by id, or words."""
    return "words" if text(file.attrs.get("tokens", "ids")) == "words" else "tokens"


def accuracy_note(file):
    """Responses, independent units and accuracy with its interval, one line a rollout file."""
    lines = []
    for name, place in sources(file):
        strata = group(place, "strata")
        middle, low, high = (end[0] for end in with_interval(strata, "accuracy"))
        responses, clusters = values(strata, "responses")[0], values(strata, "clusters")[0]
        lines.append(
            f"{name}: n = {responses:,} in {clusters:,} clusters, "
            f"accuracy {middle:.2f} ({low:.2f}–{high:.2f})"
        )
    return "\n".join(lines)


def scale_rates(axis, lows, highs):
    """A logarithmic axis where rates differ more than thirtyfold, else one that starts at 0."""
    lows, highs = (np.asarray(x, float)[np.isfinite(x)] for x in (lows, highs))
    if len(lows) and lows.min() > 0 and highs.max() > 30 * lows.min():
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    else:
        axis.set_xlim(0, None)


def rates(file, rate="per_response"):
    """How often each kind occurs, in every rollout file."""
    found = sources(file)
    kinds = strings(group(found[0][1], "kinds")["kind_name"])
    figure, axis = style.new(0.24 * len(kinds) + 1.25)
    ends = []
    for k, (name, place) in enumerate(found):
        shift = 0.24 * (k - (len(found) - 1) / 2)
        value, low, high = with_interval(place["kinds"], rate)
        ends += [low, high]
        options = {"color": style.SERIES[k], "marker": style.MARKERS[k], "label": name}
        rows.points(axis, np.arange(len(kinds)) + shift, value, low, high, **options)
        counts = values(place["kinds"], "count")
        if len(found) == 1:
            for row, count in enumerate(counts):
                rows.beside(axis, row, f"{count:,}")
    if len(found) == 1:
        axis.text(1.02, 1.0, "count", transform=axis.transAxes, va="bottom")
    rows.label_rows(axis, kinds)
    scale_rates(axis, np.concatenate(ends[::2]), np.concatenate(ends[1::2]))
    axis.set_xlabel(RATES[rate].format(unit=unit(file)))
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    style.note(figure, f"Bars: 95% interval over clusters.\n{accuracy_note(file)}")
    return figure


def strata(file, source="first"):
    """Rates and accuracy by correctness and by quarter of length, a panel a kind."""
    place = group(file, source, "a second rollout file" if source == "second" else "")["strata"]
    kinds, names = strings(place["kind_name"]), strings(place["stratum_name"])
    responses = values(place, "responses")
    keep = np.flatnonzero(responses)
    labels = [f"{names[k]}  (n = {responses[k]:,})" for k in keep]
    panels = [
        (kind, *(x[:, k] for x in with_interval(place, "per_thousand_tokens")))
        for k, kind in enumerate(kinds)
    ]
    panels.append(("accuracy", *with_interval(place, "accuracy")))
    figure, axes = style.new((0.16 * len(keep) + 0.42) * len(panels) + 0.4, len(panels), 1)
    for axis, (title, *interval) in zip(np.atleast_1d(axes), panels):
        value, low, high = (x[keep] for x in interval)
        colour = style.BLACK if title == "accuracy" else style.BLUE
        rows.points(axis, range(len(keep)), value, low, high, color=colour)
        for row in np.flatnonzero(~np.isfinite(value)):
            rows.absent(axis, row, "undefined")
        rows.label_rows(axis, labels)
        axis.set_xlim(0, 1 if title == "accuracy" else None)
        axis.set_title(
            "share of right responses" if title == "accuracy" else f"{title} per 1,000 {unit(file)}"
        )
    style.note(
        figure, f"{source_name(file[source], source)}; n responses; 95% intervals over clusters."
    )
    return figure


def fold_change(file):
    """How many times as often in the second file, beside the counts that this rests on."""
    place = group(file, "fold_change", "a second rollout file")
    kinds = strings(place["kind_name"])
    base, count = values(place, "base_count"), values(place, "count")
    figure, axis = style.new(0.34 * len(kinds) + 1.35)
    for k, (name, label) in enumerate(RATES.items()):
        value, low, high = with_interval(place, name)
        rows.points(
            axis,
            np.arange(len(kinds)) + 0.24 * (k - 0.5),
            value,
            low,
            high,
            color=style.SERIES[k],
            marker=style.MARKERS[k],
            label=label.format(unit=unit(file)).removeprefix("thoughts "),
        )
    for row in range(len(kinds)):
        rows.beside(axis, row, f"{base[row]:,}\n→ {count[row]:,}")
        if not np.isfinite(values(place, "per_response")[row]):
            rows.absent(axis, row, "undefined: none in the base" if not base[row] else "undefined")
    rows.label_rows(axis, kinds)
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}×")
    axis.axvline(1, color=style.BLACK, linewidth=0.5)
    axis.set_xlabel("fold change, with the counts on the right")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    style.note(figure, f"Bars: 95% interval over clusters.\n{accuracy_note(file)}")
    return figure


def truth(file):
    """Precision and recall of the lexicon, and what moves did to the answer."""
    place = group(file, "truth", "the embedded task, or --label-column")
    kinds = strings(place["kind_name"])
    names = {
        "precision": "precision",
        "recall": "recall",
        "wrong_to_right": "wrong → right",
        "right_to_wrong": "right → wrong",
    }
    shown = [name for name in names if name in place]
    labels, figure, axis = [], *style.new(0.2 * len(kinds) * len(shown) + 0.9)
    for name in shown:
        value, low, high = with_interval(place, name)
        count, total = values(place, f"{name}_count"), values(place, f"{name}_n")
        for k, kind in enumerate(kinds):
            if total[k]:
                rows.point(
                    axis,
                    len(labels),
                    value[k],
                    low[k],
                    high[k],
                    color=style.SERIES[shown.index(name)],
                )
                labels.append(f"{kind}: {names[name]}  ({count[k]:,}/{total[k]:,})")
    if not labels:
        raise Missing("no thought of a kind with a known truth")
    figure.set_figheight(0.2 * len(labels) + 0.9)
    rows.label_rows(axis, labels)
    axis.set_xlim(0, 1)
    axis.set_xlabel("share")
    style.note(figure, "Bars: 95% interval over clusters; right → wrong and back per move.")
    return figure


def agreement(file):
    """Pieces of text by the kinds of two lexicons, with Cohen's kappa."""
    place = group(file, "agreement", "--compare-lexicon")
    confusion = values(place, "confusion")
    figure, axis = style.new(0.42 * len(confusion) + 1.1)
    image = axis.imshow(
        confusion, cmap=style.SEQUENTIAL, vmin=0, aspect="auto", interpolation="nearest"
    )
    for (row, column), count in np.ndenumerate(confusion):
        style.in_cell(axis, image, column, row, float(count), f"{count:,}")
    axis.set_xticks(
        range(confusion.shape[1]), strings(place["other_label_name"]), rotation=20, ha="right"
    )
    axis.set_yticks(range(confusion.shape[0]), strings(place["label_name"]))
    axis.tick_params(length=0)
    axis.set_ylabel(by_lexicon(place["label"]))
    axis.set_xlabel(by_lexicon(place["other_label"]))
    kappa, low, high = (float(x) for x in with_interval(place, "kappa"))
    style.note(
        figure,
        f"n = {confusion.sum():,} pieces; Cohen's kappa {style.number(kappa)} "
        f"({style.number(low)} to {style.number(high)}).",
    )
    return figure


def by_lexicon(scale):
    """The name of a lexicon, from its scale's long name."""
    return text(scale.attrs.get("long_name", "")).removeprefix("kind by ")


def tokens(file, quantity, opening=False):
    """An alignment quantity at the tokens of each kind (or at the first token of each thought)."""
    place = group(file, "alignment/first_tokens" if opening else "alignment", "--alignment FILE.h5")
    kinds = strings(place["kind_name"])
    value, low, high = with_interval(place, quantity)
    sizes = values(place, "tokens")
    figure, axis = style.new(0.24 * len(kinds) + 0.95)
    rows.points(axis, range(len(kinds)), value, low, high, color=style.BLUE)
    rows.label_rows(axis, [f"{kind}  (n = {n:,})" for kind, n in zip(kinds, sizes)])
    axis.set_xlim(min(0, 1.1 * np.nanmin(np.append(low, value))), None)
    axis.set_xlabel(TOKENS[quantity])
    where = "first token of each thought" if opening else "all tokens of each kind"
    style.note(figure, f"{where}; n tokens; 95% intervals over clusters.")
    return figure


def provenance_rows(file):
    """Lexicon, unit of length and rollout files, for the page's table."""
    found = [("title", text(file.attrs.get("title", ""))), ("lengths in", unit(file))]
    return [*found, *(("rollouts", name) for name, _ in sources(file))]
