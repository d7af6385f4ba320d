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


def with_updates(run):
    """Name and file of every run in which update vectors were measured."""
    found = []
    for path in run.files.get(SCHEMA, []):
        with h5py.File(path, "r") as file:
            if "update" in file:
                found.append((run.name(path), path))
    return found


def updates(run, name=None):
    """Efficiencies, drift shares, first-token shares and radii along one run, the first by default."""
    found = dict(with_updates(run))
    if not found:
        raise Missing("no /update in a training file (made with measure_updates_every in its config)")
    name = name or next(iter(found))
    with h5py.File(found[name], "r") as file:
        place = file["update"]
        config = json.loads(text(file.attrs.get("config", "{}")))
        step = values(place, "step")
        lines = update_lines(place)
        figure, axes = style.new(1.4 * len(lines) + 0.75, len(lines), 1, squeeze=False)
        for axis, (title, series) in zip(axes.flat, lines):
            for label, value, low, high, index in series:
                options = style.line_style(index)
                axis.plot(step, value, label=label, **options)
                if np.isfinite(low).any():
                    axis.fill_between(
                        step, low, high, color=options["color"], alpha=0.15, linewidth=0
                    )
            axis.set_title(title)
            axis.axhline(0, color=style.BLACK, linewidth=0.5)
            axis.set_xticks(step)
        axes[-1, 0].set_xlabel(f"step of {name}")
        handles = {
            label: handle
            for axis in figure.axes
            for handle, label in zip(*axis.get_legend_handles_labels())
        }
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper left", ncols=3, handlelength=2.4
        )
    keys = ("measure_updates_problems", "rollouts_per_problem")
    n = f"n = {math.prod(config[key] for key in keys):,} rollouts in 8 batches; " * (
        config.keys() >= {*keys}
    )
    style.note(figure, f"{n}shaded: 95% jackknife. A gap: un-\nbounded. Validity radius: 2-fold steps.")
    return figure


UPDATES = {  # variable over rules -> title
    "efficiency": "Surrogate efficiency: first-order gain relative to RL",
    "step_batch_efficiency": "Surrogate efficiency of Adam's first step, one batch",
    "first_token_share": "Share of the batch vector that first tokens make",
    "validity_radius": "Validity radius / Euclidean length of the step",
}


def update_lines(place):
    """(title, [(label, value, low, high, index of its style)]) of what /update holds over its steps."""
    names = named(place, "rule")
    found = []
    for key, title in UPDATES.items():
        if key in place:
            value, low, high = with_interval(place, key)
            if f"{key}_low" in place:  # unbounded ends are missing there
                value = np.where(np.isfinite(low), value, np.nan)
            found.append(
                (title, [(n, value[:, k], low[:, k], high[:, k], k) for k, n in enumerate(names)])
            )
    if "corrected_cosine" in place and "drift-PreRL" in names:
        value, low, high = with_interval(place, "corrected_cosine")
        value = np.where(np.isfinite(low), value, np.nan)
        drift = names.index("drift-PreRL")
        found.append((
            "Corrected cosine with lowering every response (drift-PreRL)",
            [
                (n, value[:, k, drift], low[:, k, drift], high[:, k, drift], k)
                for k, n in enumerate(names) if k != drift
            ],
        ))  # fmt: skip
    if not found:
        raise Missing(f"none of {', '.join(UPDATES)} in /update")
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


def prediction(run):
    """Predicted against realised gains of update rules, one panel a metric and learning rate."""
    found = [value for _, value in run.json_files() if {"points", "spearman"} <= value.keys()]
    if not found:
        raise Missing("no prediction.json (made by experiments/prediction/run.sh)")
    points, correlations = found[0]["points"], found[0]["spearman"]
    rates = sorted({point["learning_rate"] for point in points})
    bases = list(dict.fromkeys(point["base"] for point in points))
    rules = list(dict.fromkeys(point["rule"] for point in points))
    last = max(point["step"] for point in points)
    figure, axes = style.new(
        1.7 * len(rates) + 1.2, len(rates), 2, squeeze=False, sharex="col", sharey="row"
    )
    for line, rate in zip(axes, rates):
        for axis, (metric, title) in zip(line, (("raw", "Euclidean"), ("adam", "Adam's metric"))):
            for point in points:
                if (point["learning_rate"], point["step"]) != (rate, last):
                    continue
                axis.plot(
                    point[metric] or 0.0, point["realised"], linestyle="none", alpha=0.8,
                    color=style.SERIES[rules.index(point["rule"])],
                    marker=style.MARKERS[bases.index(point["base"])],
                )  # fmt: skip
            rank = correlations[f"all/{metric}/{rate}/{last}"]
            low, high = rank.get("low"), rank.get("high")
            ends = f" ({style.number(low)}..{style.number(high)})" if low is not None else ""
            axis.set_title(f"{title}, {rate}\nrank {style.number(rank['mean'])}{ends}")
            axis.axhline(0, color=style.BLACK, linewidth=0.5)
            axis.axvline(0, color=style.BLACK, linewidth=0.5)
        line[0].set_ylabel("realised gain / RL's")
    for axis in axes[-1]:
        axis.set_xlabel("predicted gain / RL's")
    handles = [
        axes[0, 0].plot([], [], "s", color=style.SERIES[k], label=rule)[0]
        for k, rule in enumerate(rules)
    ] + [
        axes[0, 0].plot([], [], style.MARKERS[k], color=style.GREY, label=base)[0]
        for k, base in enumerate(bases)
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1)
    style.note(
        figure,
        f"After {last} steps; one run a point. Rank correlation over {len(rules)} rules,\n"
        f"mean of {len(bases)} bases, 95% over bases. Colour: rule, marker: base.",
    )
    return figure
