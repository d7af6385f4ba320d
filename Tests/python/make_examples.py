#!/usr/bin/env python3
"""Writes small made-up result files: make_examples.py FOLDER

`training/nsr-prerl/training.h5`, `training/grpo/training.h5` and `thoughts/thoughts.h5`, in the
layout of schemas prerl.training and prerl.thoughts, with numbers from a formula, not a measurement;
beside the runs `comparison.json` and `calibration.json`, as `prerl compare` and the study of
predictions write them.
They are for trying notebooks and readers; check_layout.py accepts them. Needs h5py and numpy.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

NOT_MEASURED = "made up by Tests/python/make_examples.py, measured nowhere"
STEP_METRICS = [
    *("reward", "reward_std", "frac_reward_zero_std", "completions_mean_length"),
    *("completions_clipped_ratio", "entropy", "clip_ratio_low_mean", "clip_ratio_high_mean"),
    *("grad_norm", "learning_rate", "num_tokens", "step_time", "accuracy", "transitions"),
    *("reflections", "ended"),
]
EVALUATION = ["accuracy", "transitions", "reflections", "response_length", "ended", "false_steps"]
SINGLE = [
    *("kl_to_base", "pretraining_loss", "expression_skew", "logp_right_marginal"),
    *("logp_right_conditional", "logp_wrong_marginal", "logp_wrong_conditional"),
]
KINDS = ("reflection", "transition", "execution")
RULES = ("PreRL", "NSR-PreRL", "RL", "NSR-RL")


def new_group(parent, name):
    """A group that remembers the order of its links."""
    return parent.create_group(name, track_order=True)


def scale(group, name, data, long_name):
    """A dimension scale: an axis that variables of the group lie over."""
    dataset = group.create_dataset(name, data=np.asarray(data))
    dataset.attrs.update({"units": "1", "long_name": long_name})
    dataset.make_scale(name)
    return dataset


def variable(group, name, data, axes, long_name=None, units="1"):
    """A variable over scales of its own group."""
    strings = isinstance(data, (list, tuple)) and isinstance(data[0], str)
    kind = h5py.string_dtype() if strings else None
    dataset = group.create_dataset(name, data=data, dtype=kind)
    dataset.attrs.update({"units": units, "long_name": long_name or name.replace("_", " ")})
    for index, axis in enumerate(axes):
        dataset.dims[index].attach_scale(group[axis])
    return dataset


def interval(group, name, value, half, axes, **options):
    """A variable and the two ends of its interval."""
    variable(group, name, value, axes, **options)
    variable(group, f"{name}_low", value - half, axes, **options)
    variable(group, f"{name}_high", value + half, axes, **options)


def plot(group, signal, axes, title):
    """Marks a group as one that viewers draw."""
    group.attrs.update({"NX_class": "NXdata", "signal": signal, "title": title})
    group.attrs["axes"] = np.array(axes, dtype=h5py.string_dtype())


def create(path, schema, title, default):
    """A new result file; the caller closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = h5py.File(path, "w", track_order=True, libver="earliest")
    file.attrs.update(
        {
            "schema": schema,
            "schema_version": 1,
            "complete": 1,
            "NX_class": "NXroot",
            "title": title,
            "default": default,
            "history": NOT_MEASURED,
            "config": "{}",
        }
    )
    return file


def training(path, rise, length):
    """A run whose accuracy rises to `rise` and whose responses grow to `length` tokens."""
    generator = np.random.Generator(np.random.PCG64(7))
    with create(path, "prerl.training", "Training run (made up)", "evaluation") as file:
        steps = np.arange(1, 21)
        progress = steps / 20
        shapes = {
            "accuracy": 0.4 + (rise - 0.4) * progress,
            "reward": 0.4 + (rise - 0.4) * progress,
            "completions_mean_length": 30 + (length - 30) * progress,
            "entropy": 0.3 - 0.1 * progress,
            "num_tokens": 20_000.0 * steps,
            "learning_rate": np.full(20, 1e-4),
        }
        place = new_group(file, "steps")
        scale(place, "step", steps, "updates made")
        for name in STEP_METRICS:
            smooth = name in ("num_tokens", "learning_rate")
            noise = 0 if smooth else 0.02 * generator.standard_normal(20)
            values = shapes.get(name, 0.2 + 0.1 * progress)
            variable(place, name, values + noise * np.abs(values), ["step"])
        plot(place, "accuracy", ["step"], "Metrics of each step")

        place = new_group(file, "evaluation")
        steps = np.arange(0, 21, 5)
        progress = steps / 20
        scale(place, "step", steps, "updates made")
        for k, name in enumerate(EVALUATION):
            goal = {"accuracy": rise, "response_length": length}.get(name, 0.3 + 0.1 * k)
            start = {"accuracy": 0.4, "response_length": 30.0}.get(name, 0.2)
            interval(place, name, start + (goal - start) * progress, 0.06 * goal, ["step"])
        for k, name in enumerate(SINGLE):
            sign = -1 if name.startswith("logp") else 1
            variable(place, name, sign * (0.5 + 0.1 * k * progress), ["step"], units="nat")
        plot(place, "accuracy", ["step"], "Evaluations on held-out problems")

        place = new_group(file, "update")
        steps = np.array([0, 10, 20])
        scale(place, "step", steps, "updates made")
        for axis in ("rule", "rule_a", "rule_b"):
            scale(place, axis, np.arange(len(RULES)), "update rule")
        variable(place, "rule_name", RULES, ["rule"])
        count = len(RULES)
        off = 1 - np.eye(count)
        cosine = np.eye(count) + 0.3 * off * np.array([1, 0.8, 0.5])[:, None, None]
        half = 0.1 * off * np.ones((3, 1, 1))
        interval(place, "corrected_cosine", cosine, half, ["step", "rule_a", "rule_b"])
        for space in ("marginal", "conditional"):
            share = (
                np.array([0.86, 0.8, 0.7]) if space == "marginal" else np.array([0.1, 0.15, 0.2])
            )
            interval(place, f"drift_share_{space}", share, np.full(3, 0.08), ["step"])
        efficiency = np.outer([1, 0.9, 0.8], np.linspace(0.5, 1, count))
        for name in ("efficiency", "adam_efficiency"):
            interval(place, name, efficiency, np.full((3, count), 0.1), ["step", "rule"])
        for name, scaled in (("validity_radius", 0.07), ("first_token_share", 0.9)):
            variable(place, name, np.outer([1, 1, 0.5], np.full(count, scaled)), ["step", "rule"])
        plot(place, "efficiency", ["step", "rule"], "Surrogate efficiency along the run")


def kind_group(parent, name):
    """A group with the scale `kind` and the names of its kinds."""
    group = new_group(parent, name)
    scale(group, "kind", np.arange(len(KINDS)), "kind of thought")
    variable(group, "kind_name", KINDS, ["kind"])
    return group


def rates(group, rate, axes):
    """Thoughts per response and per 1,000 tokens."""
    for name, values in (("per_response", rate), ("per_thousand_tokens", 33 * rate)):
        interval(group, name, values, values / 5, axes, long_name=name.replace("_", " "))


def thought_source(parent, name, rate):
    """Counts of one rollout file: by kind, and by kind and set of responses."""
    source = new_group(parent, name)
    source.attrs.update({"default": "kinds", "file": f"{name}.jsonl"})
    place = kind_group(source, "kinds")
    variable(place, "count", np.rint(400 * rate).astype(int), ["kind"])
    rates(place, rate, ["kind"])
    plot(place, "per_response", ["kind"], "Thoughts per response by kind")
    place = kind_group(source, "strata")
    scale(place, "stratum", np.arange(3), "set of responses")
    variable(place, "stratum_name", ["all", "right", "wrong"], ["stratum"])
    variable(place, "responses", np.array([400, 160, 240]), ["stratum"])
    variable(place, "clusters", np.array([23, 23, 23]), ["stratum"])
    interval(place, "accuracy", np.array([0.4, 1, 0]), np.array([0.08, 0, 0]), ["stratum"])
    rates(place, np.outer([1, 0.8, 1.2], rate), ["stratum", "kind"])
    axes = ["stratum", "kind"]
    plot(place, "per_thousand_tokens", axes, "Thoughts by correctness and length")


def thoughts(path):
    """Counts of three kinds of thoughts in two rollout files, and the fold change."""
    base, later = np.array([0.14, 0.0, 2.0]), np.array([0.3, 0.1, 2.1])
    with create(path, "prerl.thoughts", "Thoughts (made up)", "first") as file:
        file.attrs["tokens"] = "ids"
        thought_source(file, "first", base)
        thought_source(file, "second", later)
        place = kind_group(file, "fold_change")
        variable(place, "base_count", np.rint(400 * base).astype(int), ["kind"])
        variable(place, "count", np.rint(400 * later).astype(int), ["kind"])
        with np.errstate(divide="ignore"):
            fold = np.where(base > 0, later / base, np.nan)
        for name in ("per_response", "per_thousand_tokens"):
            interval(place, name, fold, fold / 4, ["kind"])
        plot(place, "per_response", ["kind"], "Fold change of thoughts per response")


def comparison(path):
    """Two rules, three seeds, three evaluations."""

    def metric(values):
        values = [float(value) for value in values]
        mean = sum(values) / len(values)
        return {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "values": values}

    entries = [
        {
            "run": f"{rule}-3e-4",
            "seeds": [0, 1, 2],
            "config": {"evaluation_problems": 64, "optimizer": {"learning_rate": 3e-4}},
            "steps": {
                str(step): {
                    name: metric(0.4 + slope * step * (1 + 0.2 * np.arange(3)))
                    for name in ("accuracy", "transitions", "response_length", "ended")
                }
                | {"accuracy_difference": None}
                for step in (0, 5, 10)
            },
        }
        for rule, slope in (("grpo", 0.02), ("nsr-prerl", -0.02))
    ]
    path.write_text(json.dumps(entries))


def calibration(path):
    """Two bases, two learning rates; one prediction that could not be estimated, one without bounds."""
    points = []
    for k, rule in enumerate(("PreRL", "NSR-PreRL", "NSR-RL", "drift-RL")):
        for base, rates in (("third", ("1e-4", "3e-4")), ("large", ("1e-4",))):
            for rate, step in ((rate, step) for rate in rates for step in (10, 20)):
                point = {"base": base, "learning_rate": rate, "step": step, "rule": rule}
                for place, name in enumerate(("raw", "adam", "realised")):
                    value = 1 - 0.25 * k - 0.05 * place
                    point |= {name: value, f"{name}_low": value - 0.1, f"{name}_high": value + 0.1}
                if rule == "drift-RL":
                    point |= {"raw": None, "raw_low": None, "raw_high": None}
                    point |= {"adam_low": None, "adam_high": None}
                points.append(point)
    path.write_text(json.dumps({"points": points, "spearman": {}, "errors": {}}))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_examples.py FOLDER")
    folder = Path(sys.argv[1])
    training(folder / "training/nsr-prerl/training.h5", 0.51, 45)
    training(folder / "training/grpo/training.h5", 0.8, 33)
    comparison(folder / "training/comparison.json")
    calibration(folder / "training/calibration.json")
    thoughts(folder / "thoughts/thoughts.h5")


if __name__ == "__main__":
    main()
