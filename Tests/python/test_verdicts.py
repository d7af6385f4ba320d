"""The scripts that decide claims, on inputs whose answer is known: python3 -m unittest Tests/python/test_verdicts.py

Standard library only, as the scripts are.
"""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from math import exp, log, sqrt
from pathlib import Path
from unittest import mock

EXPERIMENTS = Path(__file__).resolve().parent.parent.parent / "experiments"
sys.path[:0] = [str(EXPERIMENTS)] + [
    str(EXPERIMENTS / name) for name in ("rates", "restating", "prediction", "long", "hard")]
import calibrate  # noqa: E402
import distance  # noqa: E402
import paired  # noqa: E402
import pairs  # noqa: E402
import passes  # noqa: E402
import thresholds  # noqa: E402


def printed(main, *arguments):
    """What a script prints, its spaces joined."""
    output = io.StringIO()
    with mock.patch.object(sys, "argv", ["script", *map(str, arguments)]), contextlib.redirect_stdout(output):
        main()
    return [" ".join(line.split()) for line in output.getvalue().splitlines()]


def entry(run, steps, bases=None):
    """As `prerl compare --all-steps` writes one: {step: {column: values of the runs}}."""
    count = len(next(iter(next(iter(steps.values())).values())))
    return {
        "run": run, "seeds": list(range(1, count + 1)), "base_of_run": bases or ["base"] * count,
        "steps": {
            str(step): {
                name: {"values": values, "mean": sum(values) / len(values)} for name, values in columns.items()}
            for step, columns in steps.items()},
    }  # fmt: skip


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def save(self, name, value):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
        return path


class Paired(unittest.TestCase):
    def test_student_has_the_tables_values(self):
        for degrees, value in ((1, 12.7062), (2, 4.30265), (3, 3.18245), (4, 2.77645), (7, 2.36462), (30, 2.04227)):
            self.assertAlmostEqual(paired.quantile(degrees), value, places=4)
        mean, reach, p = paired.student([1, 2, 3, 4, 5])
        self.assertEqual(mean, 3)
        self.assertAlmostEqual(reach, 2.776445 * sqrt(0.5), places=5)
        self.assertAlmostEqual(p, 0.0132356, places=6)

    def test_few_values_tell_nothing(self):
        self.assertEqual(paired.student([]), (None, None, None))
        self.assertEqual(paired.student([2.0]), (2.0, None, None))
        self.assertEqual(paired.student([2.0, 2.0])[2], None)

    def test_holm_is_the_textbook_example(self):
        adjusted = paired.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "none": None})
        for key, value in {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}.items():
            self.assertAlmostEqual(adjusted[key], value)
        self.assertNotIn("none", adjusted)

    def test_seeds_are_nested_in_bases(self):
        self.assertEqual(paired.over_bases({("a", 1): 1, ("a", 2): 3}), [1, 3])
        self.assertEqual(paired.over_bases({("a", 1): 1, ("a", 2): 3, ("b", 1): 7}), [2, 7])


class Distance(Files):
    def test_a_statistic_is_linear_in_the_logarithm(self):
        rates = {"1e-4": {"u": [[0.0, 0.1], [0.1, 0.3], [1.0, 0.7]]}}
        self.assertAlmostEqual(distance.at_distance(rates, "u", sqrt(0.1), 1), 0.5)
        self.assertIsNone(distance.at_distance(rates, "u", 2, 1))

    def test_a_rate_is_chosen_on_the_other_seeds(self):
        rates = {
            rate: {seed: [[1, value]] for seed, value in enumerate(values)}
            for rate, values in {"1e-4": [0.5, 0.5, 0.9], "1e-3": [0.6, 0.6, 0.0]}.items()}
        values, chosen = distance.best(rates)
        # The seed .9 does not choose for itself, and decides for the others.
        self.assertEqual(values, {0: 0.5, 1: 0.5, 2: 0.0})
        self.assertEqual(chosen, {"1e-4", "1e-3"})

    def test_one_curve_walked_at_two_speeds_has_no_difference(self):
        noise = [0.01, -0.02, 0.03, 0.0, 0.02]
        far = {step: {"kl_to_base": [kl] * 5, "accuracy": [accuracy + n for n in noise]}
               for step, kl, accuracy in ((10, 0.1, 0.2), (20, 1.0, 0.6))}
        slow = {step: {"kl_to_base": [kl] * 5, "accuracy": [accuracy + n for n in noise]}
                for step, kl, accuracy in ((10, 0.01, -0.2), (20, 0.1, 0.2), (30, 1.0, 0.6))}
        path = self.save("comparison.json", [entry("grpo", far), entry("prerl", slow)])
        lines = printed(distance.main, path, "grpo")
        self.assertTrue(any(line.startswith("prerl") and "+0.000" in line for line in lines), lines)
        self.assertTrue(all("Holm for 0" in line for line in lines if "Holm" in line), lines)

    def test_a_planted_difference_is_found(self):
        noise = [0.01, -0.02, 0.03, 0.0, 0.02]
        divergences = {10: 0.1, 20: 2}
        steps = {step: {"kl_to_base": [kl] * 5, "accuracy": [0.5 + n for n in noise]} for step, kl in divergences.items()}
        lower = {step: {"kl_to_base": [kl] * 5, "accuracy": [0.4 + n * n for n in noise]} for step, kl in divergences.items()}
        path = self.save("comparison.json", [entry("grpo", steps), entry("prerl", lower)])
        lines = printed(distance.main, path, "grpo")
        mean, reach, p = paired.student([-0.1 + n * n - n for n in noise])
        self.assertIn(f"prerl 0.400 (5) {paired.cell(mean, reach, p)}", lines)


class Pairs(Files):
    def test_each_rule_is_compared_with_its_own_twin(self):
        def steps(accuracy):
            return {step: {"kl_to_base": [kl] * 3, "accuracy": [accuracy, accuracy + 0.01, accuracy + 0.02]}
                    for step, kl in ((10, 0.1), (20, 2.0))}
        rules = {"grpo": 0.5, "prerl": 0.4, "nsr-rl": 0.3, "nsr-prerl": 0.35, "drift-rl": 0.1, "drift-prerl": 0.0}
        path = self.save("embedded.json", [entry(f"{rule}-1e-4", steps(a)) for rule, a in rules.items()])
        lines = printed(pairs.main, path)
        for line in ("embedded 1e-4 prerl - grpo -0.100", "embedded 1e-4 nsr-prerl - nsr-rl +0.050",
                     "0.5 nat prerl - grpo -0.100", "0.5 nat nsr-prerl - nsr-rl +0.050"):
            self.assertTrue(any(found.startswith(line) and found.endswith("3 runs") for found in lines), (line, lines))

    def test_the_drift_is_shown_and_not_compared(self):
        noise = (0.0, 0.01, 0.03)
        steps = {10: {"kl_to_base": [1] * 3, "accuracy": [0.5] * 3}}
        other = {10: {"kl_to_base": [1] * 3, "accuracy": [0.4 + n for n in noise]}}
        path = self.save("embedded.json", [entry("grpo-1e-4", steps), entry("prerl-1e-4", other),
                                           entry("drift-rl-1e-4", steps), entry("drift-prerl-1e-4", other)])
        lines = printed(pairs.main, path)
        self.assertTrue(any("at the last step (p by Holm for 1 comparisons)" in line for line in lines), lines)
        drift = next(line for line in lines if "drift-prerl" in line)
        self.assertNotIn(" p ", drift)


class Calibrate(Files):
    def test_tied_ranks_are_shared(self):
        self.assertEqual(calibrate.ranks([0.3, 0.1, 0.3, 0.2]), [3.5, 1, 3.5, 2])
        self.assertAlmostEqual(calibrate.spearman([(1, 10), (2, 20), (3, 15), (4, 40)]), 0.8)
        self.assertAlmostEqual(calibrate.spearman([(1, 3), (2, 2), (3, 1)]), -1)
        self.assertIsNone(calibrate.spearman([(1, 1), (2, 2)]))
        self.assertIsNone(calibrate.spearman([(1, 1), (1, 2), (1, 3)]))

    def test_realised_gains_are_relative_to_rl_and_to_the_pooled_base(self):
        def of(run, start, end):
            return entry(run, {0: {"accuracy": start}, 10: {"accuracy": end}})
        entries = [of("grpo-1e-4", [0.1, 0.3], [0.6, 0.6]), of("prerl-1e-4", [0.1, 0.3], [0.4, 0.4])]
        ratio, low, high = calibrate.realised(entries, "prerl", "1e-4", "10")
        self.assertAlmostEqual(ratio, 0.5)
        self.assertAlmostEqual(low, 0.5)
        self.assertAlmostEqual(high, 0.5)

    def test_a_prediction_that_is_right_has_no_error_and_its_null_has(self):
        rules = list(calibrate.RULES.items())
        truth = {"a": [0.8, 0.1, 0.2, 0.0, 0.9, 0.7, 0.05], "b": [0.2, 0.9, 0.7, 0.1, 0.3, 0.4, 0.0]}
        for base, gains in truth.items():
            fields = {field: {} for field in calibrate.FIELDS.values()}
            self.save(f"registered/{base}.json", {"rules": {
                title: {field: {"estimate": gain, "low": gain, "high": gain} for field in fields}
                for (_, title), gain in zip(rules, gains)}})
            entries = [entry("grpo-1e-4", {s: {"accuracy": [v] * 2} for s, v in ((0, 0.2), (10, 0.7), (20, 0.7))})]
            entries += [
                entry(f"{rule}-1e-4", {s: {"accuracy": [v] * 2} for s, v in
                                       ((0, 0.2), (10, 0.2 + gain / 2), (20, 0.2 + gain / 2))})
                for (rule, _), gain in zip(rules, gains)]
            self.save(f"comparisons/{base}.json", entries)
        output = self.folder / "calibration.json"
        printed(calibrate.main, self.folder / "registered", self.folder / "comparisons", output, "a", "b")
        result = json.loads(output.read_text())
        for metric in ("raw", "adam"):
            self.assertEqual([round(value, 9) for value in result["spearman"]["1e-4/10"][metric]], [1, 1])
            self.assertEqual([round(value, 9) for value in result["errors"]["1e-4/10"][metric]], [0, 0])
        # Each base stands beside the other's predictions, and the drift is not among the errors of sizes.
        expected = sum(abs(x - y) for x, y, (rule, _) in zip(truth["a"], truth["b"], rules) if "drift" not in rule) / 5
        for value in result["errors"]["1e-4/10"]["other"]:
            self.assertAlmostEqual(value, expected)
        self.assertTrue(all(value < 1 for value in result["spearman"]["1e-4/10"]["other"]))


class Thresholds(Files):
    def test_steps_are_linear_between_evaluations(self):
        curve = [(0, 0.2), (10, 0.4), (20, 0.8), (30, 0.5)]
        self.assertAlmostEqual(thresholds.steps_to(curve, 0.6), 15)
        self.assertEqual(thresholds.steps_to(curve, 0.1), 0)
        self.assertIsNone(thresholds.steps_to(curve, 0.9))

    def test_a_collapse_stays_down(self):
        self.assertTrue(thresholds.collapsed([(0, 0.2), (10, 0.9), (20, 0.5)]))
        self.assertFalse(thresholds.collapsed([(0, 0.2), (10, 0.9), (20, 0.5), (30, 0.85)]))
        self.assertFalse(thresholds.collapsed([(0, 0.2), (10, 0.9), (20, 0.81)]))

    def test_ratios_are_of_the_same_seed(self):
        columns = ("kl_to_base", "response_length", "ended", "transitions_fold", "reflections_fold")

        def of(run, steps_to_one):
            course = {}
            for step in thresholds.COURSE:
                course[step] = {name: [1.0] * 3 for name in columns}
                course[step]["accuracy"] = [min(1, step / end) for end in steps_to_one]
            for seed in (1, 2, 3):
                folder = self.folder / f"{run}-s{seed}"
                folder.mkdir()
                (folder / "metrics.jsonl").write_text(
                    "".join(f'{{"step": {step}, "entropy": 0.5}}\n' for step in range(1, 151)))
            return entry(run, course)
        path = self.save("comparison.json", [of("grpo", [100, 125, 150]), of("dsrl", [40, 62.5, 90])])
        lines = printed(thresholds.main, path, self.folder)
        row = next(line for line in lines if line.startswith("dsrl to 0.6"))
        for threshold in thresholds.THRESHOLDS:
            ratios = []
            for ends in ((100, 40), (125, 62.5), (150, 90)):
                curves = [[(step, min(1, step / end)) for step in thresholds.COURSE] for end in ends]
                steps = [thresholds.steps_to(curve, threshold) for curve in curves]
                ratios.append(steps[0] / steps[1])
            mean = exp(sum(map(log, ratios)) / 3)
            self.assertIn(f"to {threshold}: {mean:.2f}", row)
        self.assertTrue(any("p by Holm for 3" in line for line in lines), lines)


class Passes(Files):
    def test_pass_at_k_is_the_share_of_subsets(self):
        self.assertAlmostEqual(passes.pass_at(1, 3, 10), 0.3)
        self.assertAlmostEqual(passes.pass_at(2, 1, 4), 0.5)
        self.assertEqual(passes.pass_at(8, 3, 10), 1)
        self.assertEqual(passes.pass_at(4, 0, 10), 0)

    def test_minus_signs_and_chance(self):
        self.assertEqual(passes.fewest_minus_signs("1-2-3-10=14"), 1)
        self.assertEqual(passes.fewest_minus_signs("1-2-3-10=6"), 2)
        self.assertAlmostEqual(sum(passes.target_shares("1-2-3-10").values()), 1)
        self.assertEqual(passes.value("10 - 3 + 2 + 1".split(), "1-2-3-10"), 10)
        self.assertIsNone(passes.value("10 - 4 + 2 + 1".split(), "1-2-3-10"))

    def test_what_training_reached_stands_beside_the_heated_base(self):
        names = ["base", "base-hot", "trained"]
        right = {"base": [0, 0, 256], "base-hot": [0, 4, 256], "trained": [0, 4, 256]}
        each = {name: {str(seed): right[name] for seed in range(1, 6)} for name in names}
        path = self.save("passes.json", {
            "problems": ["1-2-3-10=6", "1-2-3-11=13", "1-2-3-12=14"], "tries": {name: 256 for name in names},
            "right": each, "first_right": each, "first_chance": each,
            "answers": {name: {str(seed): [0] * 5 for seed in range(1, 6)} for name in names},
            "switches": {name: {str(seed): 0 for seed in range(1, 6)} for name in names},
        })
        lines = printed(lambda: passes.table(path))
        start = next(place for place, line in enumerate(lines) if line.startswith("2 problems were never solved"))
        self.assertEqual(lines[start + 1:], ["base-hot 1.0 1, 1, 1, 1, 1", "trained 1.0 1, 1, 1, 1, 1"])
        self.assertIn("trained 5 +0.000", lines)


if __name__ == "__main__":
    unittest.main()
