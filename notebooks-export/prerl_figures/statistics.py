"""The few statistics that result files do not hold: means over clusters, ranks, a jackknife."""

import math

import numpy as np

T_975 = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469)  # of 1 to 6 degrees of freedom
NORMAL_975 = 1.959963984540054  # 97.5% quantile of the normal distribution


def t_975(degrees):
    """97.5% quantile of Student's t: a table to 6, above it the expansion in 1/degrees (±0.001)."""
    if degrees <= len(T_975):
        return T_975[degrees - 1]
    z, v = NORMAL_975, degrees
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def rank_correlation(first, second):
    """Spearman's, ties sharing their mean rank; NaN of fewer than three pairs or without spread."""

    def ranks(data):
        data = np.asarray(data, float)
        return (data[:, None] > data).sum(1) + 0.5 * (data[:, None] == data).sum(1)

    if len(first) < 3:
        return np.nan
    a, b = (ranks(data) - ranks(data).mean() for data in (first, second))
    norm = math.sqrt((a**2).sum() * (b**2).sum())
    return (a * b).sum() / norm if norm else np.nan


def cluster_mean(data, clusters):
    """(mean, half width of its 95% interval): cluster-robust, t with one degree a cluster less one.

    `data` is (N,) or (N, K) with NaN where there is no value; `clusters` is (N,). The mean is over
    rows; a cluster with more rows weighs more. The half width is NaN with fewer than two clusters.
    """
    data = np.asarray(data, float)
    matrix = data.reshape(len(data), -1)
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    present = ~np.isnan(matrix)
    count = present.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, matrix, 0).sum(0) / count
    residual = np.where(present, matrix - mean, 0)
    sums = np.zeros((codes.max(initial=0) + 1, matrix.shape[1]))
    np.add.at(sums, codes, residual)
    filled = np.zeros_like(sums)
    np.add.at(filled, codes, present)
    used = (filled > 0).sum(0)  # clusters with a value
    half = np.full(matrix.shape[1], np.nan)
    for k in range(matrix.shape[1]):
        if used[k] > 1:
            variance = (sums[:, k] ** 2).sum() / count[k] ** 2 * used[k] / (used[k] - 1)
            half[k] = t_975(used[k] - 1) * math.sqrt(variance)
    shape = data.shape[1:]
    return mean.reshape(shape), half.reshape(shape)


def jackknife(statistic, count):
    """(value, half width): `statistic` of all batches, and ± t √((K−1)/K Σ (θ_(k) − mean)²).

    `statistic` takes the indices of the batches to use; one batch is left out at a time.
    """
    every = np.arange(count)
    left = np.array([statistic(np.delete(every, k)) for k in every])
    spread = (count - 1) / count * ((left - left.mean(0)) ** 2).sum(0)
    return statistic(every), t_975(count - 1) * np.sqrt(spread)
