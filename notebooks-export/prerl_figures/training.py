"""Figures of training files (schema prerl.training): metrics of steps, evaluations, batch updates.

A file is one run with one seed, and every figure says so. Several runs are drawn over one another
by name; a metric that no run has is left out. Figures of several seeds are in `studies`.
"""

import json
import math

import h5py
import numpy as np

from . import studies, style
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


def config_of(file):
    return json.loads(text(file.attrs.get("config", "{}")))


def one_run(run, path, config):
    """A run's name, with its seed."""
    return f"{run.name(path)}: one run (seed {config.get('seed', 'unknown')})"


def size(run, what, *keys):
    """ "n = 512 <what>; " where the configurations of all runs agree on the product of keys."""
    found = set()
    for path in run.paths_of(SCHEMA):
        with h5py.File(path, "r") as file:
            config = config_of(file)
        found.add(math.prod(config[key] for key in keys) if config.keys() >= {*keys} else None)
    return f"n = {found.pop():,} {what}; " if len(found) == 1 and None not in found else ""


def curves(run, group, names):
    """Figure of metrics over steps, two columns of panels, one line a run, intervals shaded."""
    found = {}  # metric -> [(index of the run, steps, value, low, high)]
    labels = []
    for index, path in enumerate(run.paths_of(SCHEMA)):
        with h5py.File(path, "r") as file:
            labels.append(one_run(run, path, config_of(file)))
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
    style.note(figure, f"{n}each step's own. One run of each rule, no interval.")
    return figure


def evaluations(run):
    """Held-out problems along training, with 95% intervals over number sets."""
    figure = curves(run, "evaluation", EVALUATION)
    n = size(run, "held-out problems", "evaluation_problems")
    style.note(
        figure,
        f"{n}shaded: 95% interval over number sets, of one run each; it does not cover seeds.",
    )
    return figure


def side_effects(run):
    """What training costs elsewhere: distance to the base, forgetting, bias."""
    figure = curves(run, "evaluation", SIDE_EFFECTS)
    style.note(figure, "One run of each rule, no interval.")
    return figure


def answers(run):
    """Log-probabilities per token of the base's own right and wrong responses, in both spaces."""
    figure = curves(run, "evaluation", ANSWERS)
    style.note(
        figure,
        "log-prob of the base's responses / nat per token. One run of each rule, no interval.",
    )
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
    """Accuracy, and the update rules' efficiencies, shares and cosines, along one run."""
    found = dict(with_updates(run))
    if not found:
        raise Missing(
            "no /update in a training file (made with measure_updates_every in its config)"
        )
    name = name or next(iter(found))
    with h5py.File(found[name], "r") as file:
        place = file["update"]
        config = config_of(file)
        step = values(place, "step")
        lines = update_lines(place)
        figure, axes = style.new(1.4 * len(lines) + 2.2, len(lines) + 1, 1, squeeze=False)
        accuracy(axes[0, 0], file, studies.of_config(run, config))
        axes[0, 0].set_title(
            f"{one_run(run, found[name], config)}\n{axes[0, 0].get_title(loc='left')}"
        )
        for axis, (title, series) in zip(axes.flat[1:], lines):
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
        axes[-1, 0].set_xlabel("step")
        handles = {
            label: handle
            for axis in axes.flat[1:]
            for handle, label in zip(*axis.get_legend_handles_labels())
        }
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper left", ncols=3, handlelength=2.4
        )
    keys = ("measure_updates_problems", "rollouts_per_problem")
    n = ""
    if config.keys() >= {*keys}:
        n = f"n = {math.prod(config[key] for key in keys):,} rollouts in 8 batches; "
    style.note(
        figure,
        f"{n}shaded: 95% intervals by a jackknife over batches. A gap: the interval is "
        "unbounded. Validity radius: in 2-fold steps.",
    )
    return figure


def accuracy(axis, file, compared):
    """Held-out accuracy of a run, and of all seeds of its rule where a comparison has them."""
    title = "Held-out accuracy; black: this run"
    if compared is not None:
        steps, *_, values_of_seeds = studies.curve(compared, "accuracy")
        axis.plot(steps, values_of_seeds, color=style.GREY, linewidth=0.8)
        axis.set_xticks(steps)
        title += f", grey: all {values_of_seeds.shape[1]} seeds of its rule"
    if "evaluation/accuracy" in file:
        place = file["evaluation"]
        axis.plot(values(place, "step"), values(place, "accuracy"), color=style.BLACK, marker="o")
    axis.set_ylim(0, 1)
    axis.set_title(title)


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
