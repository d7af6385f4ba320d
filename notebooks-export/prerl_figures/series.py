"""Figures of a series (schema prerl.series): alignment along the checkpoints of a training.

`/main` has the true pair and `/controls/NAME` every control, each over the steps of the checkpoints.
"""

import h5py

from . import style
from .files import group, strings, text, values, with_interval

SCHEMA = "prerl.series"


def controls(file):
    """(label, group) of every control; one with several entries has a label for each."""
    found = []

    def visit(place, label):
        for name, inner in place.items():
            if not isinstance(inner, h5py.Group):
                continue
            title = f"{label}/{name}" if label else name
            if "cosine" in inner:
                found.append((inner.attrs.get("title", title), inner))
            else:
                visit(inner, title)

    if "controls" in file:
        visit(file["controls"], "")
    return found


def provenance_rows(file):
    """The checkpoints, for the page's table."""
    names = strings(group(file, "checkpoints")["name"])
    return [("title", text(file.attrs.get("title", ""))), ("checkpoints", f"{names[0]} to {names[-1]}")]


def curve(axis, steps, place, quantity, index, label):
    """A quantity with its band."""
    middle, low, high = with_interval(place, quantity)
    options = style.line_style(index)
    axis.plot(steps, middle, label=label, markersize=3, linewidth=1, **options)
    axis.fill_between(steps, low, high, color=options["color"], alpha=0.15, linewidth=0)


def cosines(file):
    """The cosine of the true pair and of every control along training, with 95% bands."""
    main = group(file, "main")
    steps = values(main, "checkpoint")
    figure, axis = style.new(3.0)
    curve(axis, steps, main, "cosine", 0, "log P(y) with log P(y|x)")
    for index, (label, place) in enumerate(controls(file), start=1):
        curve(axis, steps, place, "cosine", index, label)
    axis.axhline(0, color="black", linewidth=0.6)
    axis.set_xlabel("step of training")
    axis.set_ylabel("cosine")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.5, fontsize="small")
    return figure


def leads(file):
    """The true pair's cosine less each control's along training, paired by rollout, with 95% bands."""
    main = group(file, "main")
    steps = values(main, "checkpoint")
    figure, axis = style.new(3.0)
    for index, (label, place) in enumerate(controls(file), start=1):
        curve(axis, steps, place, "main_less_control", index, label)
    axis.axhline(0, color="black", linewidth=0.6)
    axis.set_xlabel("step of training")
    axis.set_ylabel("cosine less the control's")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.5, fontsize="small")
    return figure
