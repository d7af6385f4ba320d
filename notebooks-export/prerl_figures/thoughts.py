"""Figures of a thought file (schema prerl.thoughts): how often a model reflects, changes course, …

The file is read for what it has: every group with a scale `kind` becomes a figure of its numeric
variables, one row a kind, with the interval where `_low` and `_high` are stored beside a variable.
"""

import h5py
import numpy as np

from . import rows, style
from .files import Missing, group, strings, text, values, with_interval

SCHEMA = "prerl.thoughts"
MOST = len(style.SERIES)  # series that can be told apart in one figure


def groups(file):
    """Paths of the groups with a scale `kind` and something over it, in the file's order."""
    found = []

    def visit(path, place):
        if "kind" in place and variables(place):
            found.append(path)
        for name, item in place.items():
            if isinstance(item, h5py.Group):
                visit(f"{path}/{name}".lstrip("/"), item)

    visit("", file)
    if not found:
        raise Missing("no group with a scale `kind`")
    return found


def variables(place):
    """Numeric variables over `kind` (first axis, perhaps a second), ends of intervals left out."""
    ends = [f"{name}_{end}" for name in place for end in ("low", "high")]
    length = len(place["kind"])
    return [
        name
        for name, item in place.items()
        if isinstance(item, h5py.Dataset)
        and not item.is_scale
        and item.dtype.kind in "iuf"
        and item.ndim in (1, 2)
        and item.shape[0] == length
        and over(item, 0) == "kind"
        and name not in ends
    ]


def over(dataset, axis):
    """Name of the scale of an axis."""
    scales = dataset.dims[axis]
    return scales[0].name.split("/")[-1] if len(scales) else ""


def labels(place, axis):
    """What the places along an axis are called: a variable of strings over it, else its numbers."""
    for name in (f"{axis}_name", f"{axis}_label", "name", "label"):
        item = place.get(name)
        if (
            isinstance(item, h5py.Dataset)
            and item.shape == place[axis].shape
            and item.dtype.kind == "O"
        ):
            return strings(item)
    for item in place.values():
        if (
            isinstance(item, h5py.Dataset)
            and item.dtype.kind == "O"
            and item.ndim == 1
            and over(item, 0) == axis
        ):
            return strings(item)
    return [text(value) for value in values(place, axis)]


def variable(file, path, name):
    """One variable of a group: a row a kind, a mark a place along the second axis if it has one."""
    place = group(file, path) if path else file
    kinds = labels(place, "kind")
    value, low, high = with_interval(place, name)
    item = place[name]
    series = [""]
    if value.ndim == 2:
        series = labels(place, over(item, 1))
        if len(series) > MOST:
            raise Missing(f"/{path}/{name} has {len(series)} columns, too many to tell apart")
    value, low, high = (x.reshape(len(kinds), -1) for x in (value, low, high))
    figure, axis = style.new(0.12 * len(kinds) * (1 + len(series)) + 1.05)
    for k, label in enumerate(series):
        shift = 0.7 * ((k + 0.5) / len(series) - 0.5)
        rows.points(
            axis,
            np.arange(len(kinds)) + shift,
            value[:, k],
            low[:, k],
            high[:, k],
            color=style.SERIES[k],
            marker=style.MARKERS[k],
            label=label,
        )
    for row in np.flatnonzero(~np.isfinite(value).any(1)):
        rows.absent(axis, row, "undefined")
    rows.label_rows(axis, kinds)
    # A fold change is a ratio: equal steps up and down, 1 in the middle.
    if name.startswith("fold") and np.nanmin(value) > 0:
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}×")
        axis.axvline(1, color=style.BLACK, linewidth=0.5)
    elif np.nanmin(np.append(low, value)) >= 0:
        axis.set_xlim(0, None)
    else:
        axis.axvline(0, color=style.BLACK, linewidth=0.5)
    units = text(item.attrs.get("units", "1"))
    title = text(item.attrs.get("long_name", name))
    axis.set_xlabel(title if units == "1" else f"{title} / {units}", wrap=True)
    if series != [""]:
        figure.legend(loc="outside upper left", ncols=min(4, len(series)), handlelength=1)
    interval = "bars: 95% interval" if np.isfinite(low).any() else "no interval stored"
    style.note(figure, f"/{path}/{name}; {interval}.{context(file)}")
    return figure


def context(file):
    """Number of responses and accuracy, which always stand beside counts of thoughts."""
    found = []

    def visit(_, item):
        name = item.name.split("/")[-1]
        scalar = isinstance(item, h5py.Dataset) and item.shape == () and item.dtype.kind in "iuf"
        if scalar and name in ("n", "responses", "accuracy") and name not in dict(found):
            found.append((name, item[()]))

    file.visititems(visit)
    parts = [
        f"{name} = {value:.2f}" if name == "accuracy" else f"{name} = {value:,.0f}"
        for name, value in found
    ]
    return "\n" + ", ".join(parts) if parts else ""
