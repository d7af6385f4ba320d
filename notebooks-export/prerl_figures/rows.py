"""Rows of a horizontal plot: a label, and a distribution or a point with its interval."""

import numpy as np

from . import style


def label_rows(axis, labels):
    """One row a label, the first on top."""
    axis.set_yticks(range(len(labels)), labels)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x", linewidth=0.4, color="#D9D9D9")
    axis.set_axisbelow(True)


def violin(axis, row, data, edges, colour):
    """The distribution of `data` over the bins between `edges`, the tallest bin 0.8 of a row."""
    data = np.clip(data[np.isfinite(data)], edges[0], edges[-1])
    if not len(data):
        return
    counts, _ = np.histogram(data, edges)
    heights = np.repeat(counts / counts.max() * 0.4, 2)
    places = np.repeat(edges, 2)[1:-1]
    # The outline keeps bins visible that are lower than a pixel.
    axis.fill_between(
        places,
        row - heights,
        row + heights,
        where=heights > 0,
        color=colour,
        alpha=0.35,
        linewidth=0.4,
    )


def point(axis, row, value, low=np.nan, high=np.nan, **options):
    """A value with its interval; nothing where there is no value, no bar where no interval."""
    if not np.isfinite(value):
        return
    options = {"color": style.BLACK, "marker": "o", "markersize": 3.2, **options}
    if np.isfinite(low) and np.isfinite(high):
        axis.plot([low, high], [row, row], color=options["color"], linewidth=1.2, clip_on=False)
    axis.plot([value], [row], linestyle="none", markeredgewidth=0.7, clip_on=False, **options)


def points(axis, rows, values, lows, highs, **options):
    """Several points; the first only carries the label of a legend."""
    label = options.pop("label", None)
    for row, value, low, high in zip(rows, values, lows, highs, strict=True):
        if np.isfinite(value):
            point(axis, row, value, low, high, label=label, **options)
            label = None


def absent(axis, row, text):
    """Says in a row why it has no point."""
    axis.text(
        0.06,
        row,
        text,
        transform=axis.get_yaxis_transform(),
        va="center",
        color="#606060",
        bbox={"color": "white", "pad": 0.2},
    )


def beside(axis, row, text):
    """A text to the right of a row."""
    axis.text(1.02, row, text, transform=axis.get_yaxis_transform(), va="center")
