"""Paired differences over seeds, for the scripts of several studies. Standard library only."""

from math import atan, cos, pi, sin, sqrt


def p_value(t, degrees):
    """Two-sided p of Student's t for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = atan(abs(t) / sqrt(degrees))
    odd = degrees % 2
    total, term = (angle, cos(angle) * sin(angle)) if odd else (0.0, sin(angle))
    for k in range(odd, degrees - 1, 2):
        total += term
        term *= cos(angle) ** 2 * (k + 1) / (k + 2)
    return max(0.0, 1 - total * (2 / pi if odd else 1))  # rounding error alone, below some 1e-15


def quantile(degrees):
    """The t that |T| exceeds in 5% of cases."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(middle, degrees) > 0.05 else (low, middle)
    return low


def student(values):
    """Mean, half width of the 95% interval and two-sided p; None for what one value does not tell."""
    values = list(values)
    count = len(values)
    if count == 0:
        return None, None, None
    mean = sum(values) / count
    if count == 1:
        return mean, None, None
    error = sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)
    return mean, quantile(count - 1) * error, p_value(mean / error, count - 1) if error else None


def over_bases(values):
    """Values by (base, seed) as independent numbers: the seeds of one base, or the means of several bases."""
    bases = {}
    for (base, _), value in values.items():
        bases.setdefault(base, []).append(value)
    groups = list(bases.values())
    return groups[0] if len(groups) == 1 else [sum(group) / len(group) for group in groups]


def holm(values):
    """P-values by key, corrected for their number; None is no comparison."""
    order = sorted((p, key) for key, p in values.items() if p is not None)
    adjusted, largest = {}, 0.0
    for rank, (p, key) in enumerate(order):
        largest = max(largest, min(1, (len(order) - rank) * p))
        adjusted[key] = largest
    return adjusted


def cell(mean, reach, p=None):
    """A difference as text."""
    if mean is None:
        return "-"
    ends = f" ({mean - reach:+.3f} .. {mean + reach:+.3f})" if reach is not None else ""
    return f"{mean:+.3f}{ends}" + ("" if p is None else " p < 1e-12" if p < 1e-12 else f" p {p:.2g}")


def print_runs(head, runs, columns, width, cell_width):
    """Prints mean and 95% interval over seeds for each run and column, and returns them with the seeds' values.

    runs: name -> seed -> column -> number. head stands above the names, which are width wide.
    """
    print(head.ljust(width) + "seeds  " + "  ".join(column.rjust(cell_width) for column in columns))
    rows = {}
    for name, seeds in runs.items():
        row = {}
        for column in columns:
            values = [each[column] for each in seeds.values()]
            mean, reach, _ = student(values)
            row[column] = {"mean": mean, "reach": reach, "values": values}
        rows[name] = row
        cells = [cell(row[column]["mean"], row[column]["reach"]).rjust(cell_width) for column in columns]
        print(name.ljust(width) + f"{len(seeds):5}  " + "  ".join(cells))
    return rows
