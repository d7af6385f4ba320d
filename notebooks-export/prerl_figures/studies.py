"""Figures of several seeds: comparisons that `prerl compare` wrote, a list of rules as JSON.

Every rule has the values of each seed, their mean, and its 95% interval over seeds (Student's t).
"""

import numpy as np

from . import rows, style
from .files import Missing

METRICS = {
    "accuracy": "accuracy",
    "transitions": "transitions / response",
    "reflections": "reflections / response",
    "response_length": "length / token",
    "ended": "responses that end",
    "kl_to_base": "KL to the base / nat",
    "pretraining_loss": "pretraining loss / nat",
}
FRACTIONS = ("accuracy", "ended")


def comparisons(run, *names):
    """{name: rules} of the comparisons of these names; of all if the run has none of these."""

    def is_rule(entry):
        return isinstance(entry, dict) and {"run", "seeds", "config", "steps"} <= entry.keys()

    found = {
        path.stem: value
        for path, value in run.json_files(list)
        if value and all(map(is_rule, value))
    }
    if not found:
        raise Missing(
            "no comparison of seeds (made with prerl compare --all-steps --output F.json)"
        )
    return {name: found[name] for name in names if name in found} or found


# What a run does to be watched; it changes no step.
OBSERVATION = {"evaluate_every", "evaluation_problems", "evaluation_samples", "save_every"}


def of_config(run, config):
    """The compared rule that trains as a single run does, but for the seed, or None."""
    try:
        found = [entry for entries in comparisons(run).values() for entry in entries]
    except Missing:
        return None
    same = (
        entry
        for entry in found
        if entry["config"]
        and all(
            config.get(key) == value
            for key, value in entry["config"].items()
            if key not in OBSERVATION
        )
    )
    return next(same, None)


def curve(entry, metric):
    """(steps, mean, low, high, values) along training; values are (steps, seeds)."""
    places = {int(step): found.get(metric) for step, found in entry["steps"].items()}
    steps = sorted(step for step, place in places.items() if place)
    middle = (
        np.array([places[step].get(key) for step in steps], float)
        for key in ("mean", "low", "high")
    )
    values = np.array([places[step]["values"] for step in steps], float)
    return np.array(steps), *middle, values.reshape(len(steps), len(entry["seeds"]))


def rate(entry):
    """A rule's learning rate as it is written in configurations: 3e-4."""
    return style.scientific(entry["config"]["optimizer"]["learning_rate"])


def rates(entries):
    return ", ".join(dict.fromkeys(map(rate, entries)))


def name(entry):
    """A rule's name without its learning rate."""
    return entry["run"].removesuffix(f"-{rate(entry)}")


def span(values):
    """One value, or the smallest and the largest."""
    values = sorted(set(values))
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,}–{values[-1]:,}"


def seeds(entries):
    """How many seeds there are, of what."""
    problems = span(entry["config"].get("evaluation_problems", 0) for entry in entries)
    return (
        f"{span(len(entry['seeds']) for entry in entries)} seeds each, {problems} held-out problems"
    )


def evaluations(run, comparison, metrics):
    """Held-out problems along training: every seed of every rule, their mean and its interval."""
    entries = next(iter(comparisons(run, comparison).values()))
    shown = [m for m in metrics if any(len(curve(entry, m)[0]) for entry in entries)]
    if not shown:
        raise Missing(f"none of {', '.join(metrics)} in the comparison")
    figure, axes = style.new(
        0.72 * len(entries) + 0.9,
        len(entries),
        len(shown),
        squeeze=False,
        sharex=True,
        sharey="col",
    )
    for line, entry in zip(axes, entries):
        for axis, metric in zip(line, shown):
            steps, mean, low, high, values = curve(entry, metric)
            axis.fill_between(steps, low, high, color=style.SKY, alpha=0.35, linewidth=0)
            axis.plot(steps, values, color=style.GREY, linewidth=0.6)
            axis.plot(steps, mean, color=style.BLUE, marker="o", markersize=2.5)
            axis.grid(linewidth=0.4, color="#E3E3E3")
            axis.locator_params(nbins=5)
        line[0].set_ylabel(name(entry))
    for axis, metric in zip(axes[0], shown):
        axis.set_title(METRICS[metric])
        axis.set_ylim(0, 1.04 if metric in FRACTIONS else None)  # nothing here is negative
    for axis in axes[-1]:
        axis.set_xlabel("step")
    figure.align_ylabels(axes[:, 0])
    figure.suptitle(
        f"Learning rate {rates(entries)}: {seeds(entries)}", fontsize=style.SMALL, x=0.01, ha="left"
    )
    style.note(
        figure,
        "Thin, grey: one seed. Blue: mean of the seeds; shaded: its 95% interval over seeds, "
        "cut where an axis ends.",
    )
    return figure


def endpoints(run, *names):
    """Accuracy after the last step: every seed of every rule, their mean and its interval."""
    compared = comparisons(run, *names)
    heights = [len(entries) for entries in compared.values()]
    figure, axes = style.new(
        0.19 * sum(heights) + 0.45 * len(heights) + 0.7, len(heights), 1,
        squeeze=False, sharex=True, height_ratios=heights,
    )  # fmt: skip
    every = [entry for entries in compared.values() for entry in entries]
    for axis, (title, entries) in zip(axes.flat, compared.items()):
        curves = [curve(entry, "accuracy") for entry in entries]
        for row, (_, mean, low, high, values) in enumerate(curves):
            for value in values[-1]:
                rows.point(axis, row + 0.2, value, color=style.ORANGE, marker="|", markersize=5)
            rows.point(axis, row - 0.15, mean[-1], low[-1], high[-1], color=style.BLUE)
        axis.axvline(
            np.mean([mean[0] for _, mean, *_ in curves]),
            color=style.GREY,
            linewidth=0.8,
            linestyle="--",
        )
        rows.label_rows(axis, [name(entry) for entry in entries])
        last = span(steps[-1] for steps, *_ in curves)
        axis.set_title(f"{title}: learning rate {rates(entries)}, step {last}")
    axes.flat[0].set_xlim(0, 1)
    axes.flat[-1].set_xlabel("accuracy on held-out problems")
    style.note(
        figure,
        f"{seeds(every)}. Ticks: each seed. Dot and bar: mean, 95% interval over seeds. "
        "Dashed: mean before training.",
    )
    return figure
