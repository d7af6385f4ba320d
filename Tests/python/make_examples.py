#!/usr/bin/env python3
"""Writes small made-up result files: make_examples.py FOLDER

`training/nsr-prerl/training.h5`, `training/grpo/training.h5` and `thoughts/thoughts.h5`, in the
layout of schemas prerl.training and prerl.thoughts, with numbers from a formula, not a measurement.
They are for trying notebooks and readers; check_layout.py accepts them. Needs h5py and numpy.
"""

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
        names = ["C_m", "D_m", "C_c"]
        for axis, values in (("vector_a", names), ("vector_b", names), ("rule", RULES)):
            scale(place, axis, np.arange(len(values)), axis.replace("_", " "))
        variable(place, "vector_name", names, ["vector_a"])
        variable(place, "rule_name", RULES, ["rule"])
        cosine = np.eye(3) + 0.3 * (1 - np.eye(3)) * np.array([1, 0.8, 0.5])[:, None, None]
        interval(
            place,
            "cosine",
            cosine,
            0.1 * (1 - np.eye(3)) * np.ones((3, 1, 1)),
            ["step", "vector_a", "vector_b"],
        )
        for space in ("marginal", "conditional"):
            share = (
                np.array([0.86, 0.8, 0.7]) if space == "marginal" else np.array([0.1, 0.15, 0.2])
            )
            interval(place, f"drift_share_{space}", share, np.full(3, 0.08), ["step"])
        efficiency = np.outer([1, 0.9, 0.8], [0.8, 0.5, 1.0, 0.8])
        interval(place, "efficiency", efficiency, np.full((3, 4), 0.1), ["step", "rule"])
        variable(
            place,
            "validity_radius",
            np.outer([1, 1, 0.5], [0.07, 0.5, 0.07, 0.13]),
            ["step", "rule"],
        )
        plot(place, "cosine", ["step", "vector_a", "vector_b"], "Batch vectors along training")


def thoughts(path):
    """Counts of four kinds of thoughts, by correctness, and a fold change."""
    kinds = ["execution", "transition", "reflection", "backtracking"]
    base = np.array([3.1, 0.227, 0.138, 0.04])
    with create(path, "prerl.thoughts", "Thought statistics (made up)", "counts") as file:
        summary = new_group(file, "summary")
        for name, value in (("n", 400), ("accuracy", 0.41)):
            variable(summary, name, np.float64(value), [])
        place = new_group(file, "counts")
        scale(place, "kind", np.arange(4), "kind of thought")
        variable(place, "kind_name", kinds, ["kind"])
        interval(place, "per_response", base, base / 5, ["kind"], long_name="thoughts per response")
        interval(
            place,
            "per_1000_tokens",
            base * 33,
            base * 7,
            ["kind"],
            long_name="thoughts per 1,000 tokens",
        )
        plot(place, "per_response", ["kind"], "Thoughts per response")
        place = new_group(file, "by_correctness")
        scale(place, "kind", np.arange(4), "kind of thought")
        scale(place, "correct", np.arange(2), "0 wrong, 1 right")
        variable(place, "kind_name", kinds, ["kind"])
        variable(place, "correct_name", ["wrong", "right"], ["correct"])
        both = np.stack([base * 1.2, base * 0.8], axis=1)
        interval(
            place,
            "per_response",
            both,
            both / 5,
            ["kind", "correct"],
            long_name="thoughts per response",
        )
        plot(place, "per_response", ["kind", "correct"], "Thoughts by correctness")
        place = new_group(file, "fold_change")
        scale(place, "kind", np.arange(4), "kind of thought")
        variable(place, "kind_name", kinds, ["kind"])
        fold = np.array([1.1, 4.0, 2.5, np.nan])
        variable(place, "fold_change", fold, ["kind"], long_name="B over A, per response")
        variable(place, "fold_change_low", fold / 1.4, ["kind"])
        variable(place, "fold_change_high", fold * 1.4, ["kind"])
        variable(place, "count_a", np.array([1240, 91, 55, 0]), ["kind"], long_name="thoughts in A")
        plot(place, "fold_change", ["kind"], "Fold change")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_examples.py FOLDER")
    folder = Path(sys.argv[1])
    training(folder / "training/nsr-prerl/training.h5", 0.51, 45)
    training(folder / "training/grpo/training.h5", 0.8, 33)
    thoughts(folder / "thoughts/thoughts.h5")


if __name__ == "__main__":
    main()
