"""How often intervals of noise-corrected cosines cover the true cosine: simulate.py [RUNS]

Eight batches of two vectors u and r. The expected vectors have length 1 and a known cosine; a batch adds
Gaussian noise, half of whose variance both vectors share. The reliability is signal over signal plus noise of one
batch. Noise of few dimensions makes the signals uncertain, as gradients do that vary along few directions;
"200/d" has 200 dimensions with variances 1, 1/2, 1/3, ...

shown    the jackknife interval of the quotient, where the intervals of both signals lie above 0; in brackets
         the fraction of the runs with such an interval
all      the jackknife interval of the quotient, shown or not
Fieller  the ratios that the data do not contradict, in brackets the fraction of unbounded sets

Independent of the package's code. Needs numpy.
"""

import sys

import numpy as np

K, T = 8, 2.364624  # batches; Student's t with 7 degrees of freedom at 97.5%
BLOCK = 200


def signal(products):
    """The mean product of different batches, and the same without each batch."""
    diagonal = np.diagonal(products, axis1=-2, axis2=-1)
    total = products.sum((-1, -2)) - diagonal.sum(-1)
    own = products.sum(-1) + products.sum(-2) - 2 * diagonal
    return total / (K * (K - 1)), (total[:, None] - own) / ((K - 1) * (K - 2))


def reach(rest):
    """t times the jackknife's standard error."""
    spread = ((rest - rest.mean(-1, keepdims=True)) ** 2).sum(-1)
    return T * np.sqrt((K - 1) / K * spread)


def draw(random, reliabilities, cosine, variances):
    """Products u·u, r·r and u·r of the batches. (BLOCK, K, K) each"""
    shape = (BLOCK, len(variances))
    r = random.normal(size=shape) * np.sqrt(variances)
    r /= np.linalg.norm(r, axis=1, keepdims=True)
    other = random.normal(size=shape) * np.sqrt(variances)
    other -= (other * r).sum(1, keepdims=True) * r
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    u = cosine * r + np.sqrt(1 - cosine**2) * other
    noise = [random.normal(size=(BLOCK, K, len(variances))) * np.sqrt(variances) for _ in range(2)]
    scale = [np.sqrt(1 / reliability - 1) for reliability in reliabilities]
    rs = r[:, None] + scale[1] * noise[0]
    us = u[:, None] + scale[0] * (noise[0] + noise[1]) / np.sqrt(2)
    across = us @ rs.transpose(0, 2, 1)
    return us @ us.transpose(0, 2, 1), rs @ rs.transpose(0, 2, 1), across


def cover(random, runs, reliabilities, cosine, variances):
    counts = np.zeros(5)
    for _ in range(runs // BLOCK):
        (uu, uu_rest), (rr, rr_rest), (ur, ur_rest) = map(
            signal, draw(random, reliabilities, cosine, variances))
        length = np.sqrt(np.maximum(uu, 0)) * np.sqrt(np.maximum(rr, 0))
        length_rest = np.sqrt(np.maximum(uu_rest, 0)) * np.sqrt(np.maximum(rr_rest, 0))
        with np.errstate(all="ignore"):
            ends = reach(ur_rest / length_rest)
            hit = np.isfinite(ends) & (abs(ur / length - cosine) <= ends)
        shown = (uu > reach(uu_rest)) & (rr > reach(rr_rest))
        residual = abs(ur - cosine * length)
        fieller = residual <= reach(ur_rest - cosine * length_rest)
        unbounded = length <= reach(length_rest)
        counts += [
            (shown & hit).sum(), shown.sum(), hit.sum(), (fieller | unbounded).sum(), unbounded.sum()]
    return counts


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    random = np.random.default_rng(1)
    print(f"{runs} runs each")
    print("dimensions  reliabilities  cosine  shown           all    Fieller")
    for name, variances in [
        ("3", np.full(3, 1 / 3)), ("10", np.full(10, 0.1)), ("30", np.full(30, 1 / 30)),
        ("200/d", 1 / np.arange(1, 201) / (1 / np.arange(1, 201)).sum()),
    ]:
        for reliabilities in [(0.25, 0.25), (0.25, 0.6), (0.4, 0.4), (0.6, 0.6)]:
            for cosine in (0.3, 0.85):
                both, shown, every, fieller, unbounded = cover(
                    random, runs, reliabilities, cosine, variances)
                share = f"{both / shown:.3f}" if shown else "    -"
                print(
                    f"{name:>10}  {reliabilities[0]:>6} {reliabilities[1]:>6}  {cosine:>6}  "
                    f"{share} ({shown / runs:.2f})    {every / runs:.3f}  "
                    f"{fieller / runs:.3f} ({unbounded / runs:.2f})", flush=True)


if __name__ == "__main__":
    main()
