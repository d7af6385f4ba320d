"""Figures of training files (schema prerl.training): metrics of steps, evaluations, batch updates.

Several runs are drawn over one another by name; a metric that no run has is left out of a figure.
"""

import json
import math

import h5py
import numpy as np

from . import rows, style
from .files import Missing, strings, text, values, with_interval

SCHEMA = "prerl.training"
STEPS = {  # metric of /steps -> label of its axis
    "accuracy": "accuracy",
    "reward": "reward",
    "reward_std": "sd of reward in a group",
    "frac_reward_zero_std": "groups of equal reward",
    "completions_mean_length": "response length / token",
    "completions_clipped_ratio": "responses cut off",
    "ended": "responses that end",
    "transitions": "transitions / response",
    "reflections": "reflections / response",
    "entropy": "entropy / nat",
    "grad_norm": "gradient norm",
    "learning_rate": "learning rate",
    "clip_ratio_low_mean": "clipped below",
    "clip_ratio_high_mean": "clipped above",
    "num_tokens": "tokens so far",
    "step_time": "time of a step / s",
}
EVALUATION = {
    "accuracy": "accuracy",
    "response_length": "response length / token",
    "transitions": "transitions / response",
    "reflections": "reflections / response",
    "ended": "responses that end",
    "false_steps": "false arithmetic steps",
}
SIDE_EFFECTS = {
    "kl_to_base": "KL to the base / nat",
    "pretraining_loss": "pretraining loss / nat",
    "expression_skew": "skew of expressions",
}
ANSWERS = {
    "logp_right_conditional": "right, after x",
    "logp_right_marginal": "right, after n",
    "logp_wrong_conditional": "wrong, after x",
    "logp_wrong_marginal": "wrong, after n",
}


def size(run, what, *keys):
    """"n = 512 <what>; " where the configurations of all runs agree on the product of keys."""
    found = set()
    for path in run.paths_of(SCHEMA):
        with h5py.File(path, "r") as file:
            config = json.loads(text(file.attrs.get("config", "{}")))
        found.add(math.prod(config[key] for key in keys) if config.keys() >= {*keys} else None)
    return f"n = {found.pop():,} {what}; " if len(found) == 1 and None not in found else ""


def curves(run, group, names):
    """Figure of metrics over steps, two columns of panels, one line a run, intervals shaded."""
    found = {}  # metric -> [(index of the run, steps, value, low, high)]
    labels = []
    for index, path in enumerate(run.paths_of(SCHEMA)):
        labels.append(run.name(path))
        with h5py.File(path, "r") as file:
            place = file.get(group)
            for name in names if place is not None else ():
                if name in place:
                    series = (values(place, "step"), *with_interval(place, name))
                    found.setdefault(name, []).append((index, *series))
    if not found:
        raise Missing(f"no /{group} with any of {', '.join(names)}")

    shown = [name for name in names if name in found]  # in the order of the table above
    columns = min(2, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = style.new(1.25 * lines + 0.5 + 0.14 * len(labels), lines, columns, squeeze=False)
    for axis in axes.flat[len(shown) :]:
        axis.remove()
    for axis, name in zip(axes.flat, shown):
        for index, steps, value, low, high in found[name]:
            options = style.line_style(index)
            if len(steps) > 12:
                options["marker"] = ""
            axis.plot(steps, value, label=labels[index], **options)
            if np.isfinite(low).any():
                axis.fill_between(steps, low, high, color=options["color"], alpha=0.2, linewidth=0)
        axis.set_title(names[name])
        axis.locator_params(axis="x", integer=True, nbins=5)
        axis.grid(linewidth=0.4, color="#E3E3E3")
    for axis in axes.flat[len(shown) - columns : len(shown)]:
        axis.set_xlabel("step")
    handles = {
        label: handle
        for axis in figure.axes
        for handle, label in zip(*axis.get_legend_handles_labels())
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", handlelength=3)
    return figure


def steps(run):
    """What every step reports about its own rollouts and update."""
    figure = curves(run, "steps", STEPS)
    n = size(run, "rollouts a step", "problems_per_step", "rollouts_per_problem")
    style.note(figure, f"{n}each step's own; no interval.")
    return figure


def evaluations(run):
    """Held-out problems along training, with 95% intervals over number sets."""
    figure = curves(run, "evaluation", EVALUATION)
    n = size(run, "held-out problems", "evaluation_problems")
    style.note(figure, f"{n}shaded: 95% interval over number sets.")
    return figure


def side_effects(run):
    """What training costs elsewhere: distance to the base, forgetting, bias."""
    figure = curves(run, "evaluation", SIDE_EFFECTS)
    style.note(figure, "One run each, no interval.")
    return figure


def answers(run):
    """Log-probabilities per token of the base's own right and wrong responses, in both spaces."""
    figure = curves(run, "evaluation", ANSWERS)
    style.note(figure, "log-prob of the base's responses / nat per token; no interval.")
    return figure


def updates(run):
    """Cosines of batch vectors, drift shares and efficiencies along training, one file a figure."""
    path, place = first_with(run, "update")
    with h5py.File(path, "r") as file:
        place = file["update"]
        step = values(place, "step")
        lines = update_lines(place)
        figure, axes = style.new(1.55 * len(lines) + 0.3, len(lines), 1, squeeze=False)
        for axis, (title, series) in zip(axes.flat, lines):
            for index, (label, value, low, high) in enumerate(series):
                options = style.line_style(index)
                axis.plot(step, value, label=label, **options)
                if np.isfinite(low).any():
                    axis.fill_between(
                        step, low, high, color=options["color"], alpha=0.15, linewidth=0
                    )
            axis.set_title(f"{title} ({run.name(path)})")
            axis.axhline(0, color=style.BLACK, linewidth=0.5)
            axis.locator_params(axis="x", integer=True)
            axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.4)
        axes[-1, 0].set_xlabel("step")
    style.note(figure, "Shaded: 95% jackknife interval.")
    return figure


def first_with(run, group):
    """The first training file that has a group."""
    for path in run.paths_of(SCHEMA):
        with h5py.File(path, "r") as file:
            if group in file:
                return path, group
    raise Missing(f"no /{group} in a training file (batch updates were not measured)")


def update_lines(place):
    """(title, [(label, value, low, high)]) of what /update holds over its steps."""
    found = []
    shares = [
        (label, *with_interval(place, f"drift_share_{space}"))
        for space, label in (("marginal", "null context"), ("conditional", "prompt"))
        if f"drift_share_{space}" in place
    ]
    if shares:
        found.append(("Drift share", shares))
    for key, title in (
        ("efficiency", "Surrogate efficiency"),
        ("validity_radius", "Validity radius"),
    ):
        if key in place:
            names = named(place, "rule")
            value, low, high = with_interval(place, key)
            found.append(
                (title, [(n, value[:, k], low[:, k], high[:, k]) for k, n in enumerate(names)])
            )
    if "cosine" in place:
        names, other = named(place, "vector_a"), named(place, "vector_b")
        value, low, high = with_interval(place, "cosine")
        pairs = [(a, b) for a in range(len(names)) for b in range(len(other)) if a < b]
        # As many as can be told apart; all are in the file.
        found.append(
            (
                "Cosines of batch vectors",
                [
                    (f"{names[a]}, {other[b]}", value[:, a, b], low[:, a, b], high[:, a, b])
                    for a, b in pairs[: len(style.SERIES)]
                ],
            )
        )
    if not found:
        raise Missing("no cosine, drift share, efficiency or validity radius in /update")
    return found


def named(place, axis):
    """Names along an axis: `rule_name`, `vector_name` where they are stored, else numbers."""
    for name in (f"{axis}_name", f"{axis.split('_')[0]}_name"):
        if name in place:
            return strings(place[name])
    return [str(k) for k in values(place, axis)]


def endpoints(run):
    """Accuracy at the last evaluation of every run with its interval, beside the base's."""
    labels, ends = [], []
    for path in run.paths_of(SCHEMA):
        with h5py.File(path, "r") as file:
            if "evaluation/accuracy" in file:
                place = file["evaluation"]
                labels.append(f"{run.name(path)}, step {values(place, 'step')[-1]}")
                ends.append([x[[0, -1]] for x in with_interval(place, "accuracy")])
    if not ends:
        raise Missing("no /evaluation with accuracy")
    figure, axis = style.new(0.22 * len(ends) + 1.0)
    last = [[end[k][1] for end in ends] for k in range(3)]
    first = [[end[k][0] for end in ends] for k in range(3)]
    place = np.arange(len(ends))
    rows.points(axis, place - 0.12, *first, color=style.GREY, marker="s", label="first evaluation")
    rows.points(axis, place + 0.12, *last, color=style.BLUE, label="last evaluation")
    rows.label_rows(axis, labels)
    axis.set_xlim(0, 1)
    axis.set_xlabel("accuracy on held-out problems")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    n = size(run, "held-out problems", "evaluation_problems")
    style.note(figure, f"{n}bars: 95% interval over number sets.")
    return figure
