"""Figures of an alignment file by batch update: shares, cosines, efficiencies, first order."""

from functools import partial

import numpy as np

from . import rows, style
from .files import Missing, group, strings, values, with_interval
from .statistics import jackknife

METRICS = {"raw": "Euclidean", "adam": "Adam's metric", "step": "first Adam step"}
PREFIXES = {"raw": "", "adam": "adam:", "step": "step:"}
EFFICIENCIES = {"efficiency": "without noise", "batch_efficiency": "at this batch size"}
# One v for all rules lets their lengths be compared; an optimizer has each rule's own.
ADAM_METRIC = (
    "Adam's metric divides all rules by the root of RL's second moment, which no optimizer does."
)
INTERVAL = "95% intervals by a jackknife over batches"


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
        f"{len(rollouts)} batches of {size} rollouts, mean {tokens.mean():,.0f} tokens; {INTERVAL}."
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
    figure, (top, bottom) = style.new(4.4, 2, 1, height_ratios=(6, 4.2))
    spaces = {"m": "null context", "c": "prompt"}
    labels = [f"{letter}, {space}" for space in spaces.values() for letter in "CDU"]
    # The label, the statistic, and which of its groups.
    shares = (
        ("null context", "drift_share_marginal", ""),
        ("null context, first\ntoken masked", "drift_share_marginal", "_first_token_masked"),
        ("prompt", "drift_share_conditional", ""),
    )
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
        for row, (_, name, part) in enumerate(shares):
            if metric + part in place:
                interval = with_interval(place[metric + part], name)
                if np.isfinite(interval).all():
                    rows.point(bottom, row + shift, *interval, **options)
                else:
                    rows.absent(bottom, row + shift, f"– {title}: the interval is unbounded")
        top.plot([], [], linestyle="none", label=title, **options)
    rows.label_rows(top, labels)
    rows.label_rows(bottom, [label for label, *_ in shares])
    top.axvline(0, color=style.BLACK, linewidth=0.5)
    top.set_xlabel("signal share of the squared length")
    figure.legend(loc="outside upper left", ncols=3, handlelength=0.8, columnspacing=1)
    bottom.set_title("Share of the signal that is D: |D|² / (|C|² + |D|²)")
    style.note(figure, f"{batch_note(file)} {ADAM_METRIC}")
    return figure


# MARK: rules compared, from the alignment file or from a summary of more rollouts
#
# Each reader returns {metric: {statistic: (rules, value, low, high)}} and what n is.


def of_file(file):
    """The statistics of the alignment file itself."""
    place = update(file)
    stored = {"cosine": "corrected_cosine", **{key: key for key in EFFICIENCIES}}
    measured = {
        metric: {
            key: (strings(place[metric]["rule_name"]), *with_interval(place[metric], name))
            for key, name in stored.items()
        }
        for metric in METRICS
        if metric in place
    }
    return measured, batch_note(file)


def of_alignment_summary(summary):
    """The cosines that `prerl align --control update --summary` wrote."""

    def cosine(place, first, second):
        if first == second:
            return 1, 1, 1
        first, second = (first, second) if second in place.get(first, {}) else (second, first)
        return [place[first].get(second + end) for end in ("", "_low", "_high")]

    measured = {}
    for metric, place in summary["controls"]["update"].items():
        if metric in METRICS:
            rules = [name for name in place["reliability"] if not name.endswith(("_low", "_high"))]
            matrix = [[cosine(place["cosine"], a, b) for b in rules] for a in rules]
            measured[metric] = {"cosine": (rules, *bounded(matrix))}
    return measured, f"{summary['n']:,} rollouts; {INTERVAL}."


def of_surrogate(summary):
    """The efficiencies that `prerl surrogate --summary` wrote."""
    rules = summary["rules"]
    measured = {
        metric: {
            key: (list(rules), *bounded([ends(rules[rule][prefix + key]) for rule in rules]))
            for key in EFFICIENCIES
        }
        for metric, prefix in (("raw", ""), ("adam", "adam_"), ("step", "step_"))
    }
    note = (
        f"Updates: {summary['training_rollouts']:,} rollouts of {summary['training_clusters']} "
        f"number sets in {summary['batches']} batches. Policy gradient: "
        f"{summary['held_out_rollouts']:,} rollouts of {summary['held_out_clusters']} held-out "
        "number sets. "
        f"{INTERVAL}."
    )
    return measured, note


def ends(interval):
    return [interval[key] for key in ("estimate", "low", "high")]


def bounded(triples):
    """(value, low, high) of nested lists of triples; NaN where an end is null: unbounded."""
    parts = np.array(triples, float)
    parts[np.isnan(parts).any(axis=-1)] = np.nan
    return np.moveaxis(parts, -1, 0)


def largest(run, size, reader, file):
    """`reader` of the summary with most rollouts, if more than the file's; else `of_file`.

    `size` returns a summary's number of rollouts, or None for another kind of JSON.
    """
    found = [(size(value), value) for _, value in run.json_files() if size(value)]
    count, summary = max(found, key=lambda pair: pair[0], default=(0, None))
    few = len(values(group(file, "samples"), "cluster"))
    return reader(summary) if count > few else of_file(file)


def cosines_of(run, file):
    def size(value):
        return value.get("n") if "update" in value.get("controls", ()) else None

    return largest(run, size, of_alignment_summary, file)


def efficiencies_of(run, file):
    return largest(run, lambda value: value.get("training_rollouts"), of_surrogate, file)


def update_cosines(run, file, metric="raw"):
    """Noise-corrected cosines of the update rules with half widths; grey where unbounded."""
    measured, note = cosines_of(run, file)
    if metric not in measured:
        raise Missing(f"no update rules in the metric {metric} (made with --control update)")
    names, cosine, low, high = measured[metric]["cosine"]
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
    unbounded = "Grey, –: the interval is unbounded. " if np.isnan(cosine).any() else ""
    style.note(figure, f"{unbounded}±: half of the interval's width. {note}")
    return figure


def efficiency(run, file):
    """Predicted held-out gain of a rule relative to RL at equal step length, three metrics."""
    measured, note = efficiencies_of(run, file)
    figure, axes = style.new(4.6, 2, 1)
    for axis, (key, title) in zip(axes, EFFICIENCIES.items(), strict=True):
        for index, metric in enumerate(METRICS):
            if metric not in measured:
                continue
            names, *interval = measured[metric][key]
            places = np.arange(len(names)) + 0.22 * (index - 1)
            options = {"color": style.SERIES[index], "marker": style.MARKERS[index]}
            rows.points(axis, places, *interval, **options)
            if axis is axes[0]:
                axis.plot([], [], linestyle="none", label=METRICS[metric], **options)
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
    missing = any(
        np.isnan(found[key][1]).any() for found in measured.values() for key in EFFICIENCIES
    )
    unbounded = " No mark: the interval is unbounded." if missing else ""
    style.note(figure, f"{note}{unbounded} {ADAM_METRIC}")
    return figure


# MARK: first order


def first_order(file):
    """Actual over predicted change along steps: rules on held-out rollouts, and single g_m."""
    place = group(file, "controls/first-order", "--control first-order")
    names, sample = strings(place["direction_name"]), values(place, "direction_sample")
    length, radius = values(place, "length"), values(place, "validity_radius")
    ratio = change_ratio(place)
    rules = np.flatnonzero(sample < 0)
    lines = 0.16 * len(rules) + 0.1
    heights = (1.7, lines, lines) if "adam_length" in place else (1.7, lines)
    figure, axes = style.new(
        0.9 + sum(heights) + 0.35 * len(heights), len(heights), 1, height_ratios=heights
    )
    axis, reach = axes[:2]
    reach.sharex(axis)
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
    axis.tick_params(labelbottom=False)
    rows.label_rows(reach, [names[direction] for direction in rules])
    reach.set_title("Validity radius: largest step inside the band")
    reach.set_xlabel("Euclidean length of the step")
    note = (
        "Band: ±10%. Rules: direction from half of the batches, "
        "tested on the rollouts of the others."
    )
    if "adam_length" in place:
        adam_steps(place, axes)
        note += " Vertical: the length of Adam's first step at these learning rates."
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=2, handlelength=2.6, columnspacing=1
    )
    style.note(
        figure, f"{note} {len(values(group(file, 'samples'), 'cluster'))} rollouts, no interval."
    )
    return figure


def change_ratio(place, prefix=""):
    """Actual over predicted change."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return values(place, f"{prefix}actual") / values(place, f"{prefix}predicted")


def adam_steps(place, axes):
    """Marks how long Adam's first steps are, and shows what each does, by learning rate."""
    along, reach, effect = axes
    names, rates = strings(place["adam_rule_name"]), values(place, "learning_rate")
    for index, (rate, length) in enumerate(
        zip(rates, np.median(values(place, "adam_length"), axis=0))
    ):
        for axis in (along, reach):
            axis.axvline(length, color=style.BLACK, linewidth=0.7, linestyle=":")
        along.text(length, 2.13, style.scientific(rate), ha="center", va="bottom")
        rows.points(
            effect,
            np.arange(len(names)) + 0.22 * (index - 1),
            change_ratio(place, "adam_")[:, index],
            *np.full((2, len(names)), np.nan),
            color=style.SERIES[index],
            marker=style.MARKERS[index],
            label=style.scientific(rate),
        )
    effect.axvspan(0.9, 1.1, color="#E6E6E6", linewidth=0)
    effect.axvline(1, color=style.BLACK, linewidth=0.5)
    rows.label_rows(effect, names)
    effect.set_title("Adam's first step, one batch")
    effect.set_xlabel("actual / predicted change")
    effect.legend(
        loc="lower right", bbox_to_anchor=(1.02, 0.97), ncols=3, handlelength=0.6,
        handletextpad=0.3, columnspacing=0.8,
    )  # fmt: skip
