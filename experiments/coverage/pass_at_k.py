"""How often intervals of Pass@k cover, and how wide they are: pass_at_k.py [RUNS]

24 problems, 32 tries each, and a distribution of the problems' chances. The truth is the mean of 1 - (1 - p)^k.

bootstrap-t  over problems; where all values are 0 or 1 Clopper and Pearson's interval of 24 values, and where a
             replicate has no spread Student's t
bounded      quantiles of means with random weights over the problems and one more at the bound, as `prerl evaluate`

Independent of the package's code. Needs numpy.
"""

import sys

import numpy as np

C, TRIES, T = 24, 32, 2.0686576  # problems; tries; Student's t with 23 degrees of freedom at 97.5%
KS = (1, 4, 16, 32)
CHANCES = {
    "Beta(2, 3)": lambda random, size: random.beta(2, 3, size),
    "Beta(8, 2)": lambda random, size: random.beta(8, 2, size),
    "Beta(.5, .5)": lambda random, size: random.beta(0.5, 0.5, size),
    "Beta(.3, 6)": lambda random, size: random.beta(0.3, 6, size),
    "0 or .6 (5 : 95)": lambda random, size: np.where(random.random(size) < 0.05, 0, 0.6),
}


def pass_table(k):
    """Pass@k by the number of right tries."""
    table = np.ones(TRIES + 1)
    for right in range(TRIES - k + 1):
        table[right] = 1 - np.prod(1 - k / np.arange(TRIES - right + 1, TRIES + 1))
    return table


def bounded(values, weights):
    values = np.sort(values)
    return (np.quantile(weights @ np.append(values, 0), 0.025),
            np.quantile(weights @ np.append(values, 1), 0.975))


def bootstrap_t(values, places):
    mean, error = values.mean(), values.std(ddof=1) / C**0.5
    if error == 0:
        end = 0.025 ** (1 / C)
        return (end, 1) if mean == 1 else (0, 1 - end) if mean == 0 else (mean, mean)
    drawn = values[places]
    distance = drawn.mean(1) - mean
    with np.errstate(all="ignore"):
        ratios = np.where(distance == 0, 0, distance / (drawn.std(1, ddof=1) / C**0.5))
    low, high = (-T, T)
    if np.isfinite(ratios).all():
        low, high = np.quantile(ratios, [0.025, 0.975])
    return max(0, mean - high * error), min(1, mean - low * error)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    random = np.random.default_rng(1)
    weights = random.exponential(size=(2000, C + 1))
    weights /= weights.sum(1, keepdims=True)
    places = random.integers(0, C, size=(1000, C))
    print(f"{runs} runs each")
    print("chances             k   truth  bootstrap-t   mean width   bounded   mean width")
    for name, draw in CHANCES.items():
        everyone = draw(random, 400_000)
        for k in KS:
            truth, table = np.mean(1 - (1 - everyone) ** k), pass_table(k)
            covered, widths = np.zeros(2), np.zeros(2)
            for _ in range(runs):
                values = table[random.binomial(TRIES, draw(random, C))]
                ends = [bootstrap_t(values, places), bounded(values, weights)]
                covered += [low <= truth <= high for low, high in ends]
                widths += [high - low for low, high in ends]
            (old, new), (wide, smooth) = covered / runs, widths / runs
            print(f"{name:17} {k:>3}  {truth:.4f}        {old:.3f}        {wide:.3f}     {new:.3f}"
                  f"        {smooth:.3f}", flush=True)


if __name__ == "__main__":
    main()
