#!/usr/bin/env python3
"""Recomputes published numbers from the raw rows of an alignment file: recompute.py [FILE.h5]

Means over rollouts from inner products and norms, log-probability gaps from tokens, classes of pairs
from the cross matrix, shares and cosines of updates from the Gram matrix of batch vectors; beside each
the value in the file's summary. Exits 1 if one differs by more than 1e-6. Needs h5py.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

FILE = Path(__file__).resolve().parent / "reference/alignment/alignment.h5"
TOLERANCE = 1e-6  # stored tokens are float32


def pairs(file):
    """(name, its rows, its summary) of the true pair and of every control with rows of rollouts."""
    yield "log P(y) with log P(y|x)", file["samples"], file["summary"]
    for name, control in file["controls"].items():
        if "logp_gap" in control:
            yield name, control, file[f"summary{control.name}"]
        for number in filter(str.isdigit, control):
            place = control[number]
            yield f"{name}/{place.attrs['name']}", place, file[f"summary{place.name}"]


def rows(file):
    """(quantity, recomputed, stored)."""
    for name, place, summary in pairs(file):
        product = place["inner_product"][()]
        with np.errstate(invalid="ignore", divide="ignore"):
            cosine = product / (place["norm_marginal"][()] * place["norm_conditional"][()])
        yield f"{name}: cosine", np.nanmean(cosine), summary["cosine_mean"][()]
        below = np.mean(product[np.isfinite(product)] < 0)
        yield f"{name}: below 0", below, summary["negative_fraction"][()]

    tokens = file["tokens"]
    gap = np.abs(tokens["logp_marginal"][()].astype(float) - tokens["logp_conditional"][()])
    ends = tokens["sample_offset"][()]
    mean = np.mean([np.nanmean(gap[a:b]) for a, b in zip(ends, ends[1:])])
    yield "log-prob gap, from tokens", mean, file["summary/logp_gap_mean"][()]

    cross, problem = file["controls/cross"], file["samples/problem"][()]
    first, second = cross["marginal_sample"][()], cross["conditional_sample"][()]
    same = first[:, None] == second
    alike = (problem[first][:, None] == problem[second]) & ~same
    kinds = {"same_rollout": same, "same_problem": alike, "other_problem": ~same & ~alike}
    for kind, inside in kinds.items():
        stored = file[f"summary/controls/cross/{kind}/cosine_mean"][()]
        yield f"cross, {kind}", np.nanmean(cross["cosine"][()][inside]), stored

    update = file["controls/update"]
    names = [name.decode() for name in update["vector_name"][()]]
    gram = update["gram"][()]
    apart = ~np.eye(gram.shape[2], dtype=bool)  # products of different batches share no noise

    def product(a, b):
        vectors = [np.array([dict(v).get(name, 0.0) for name in names]) for v in (a, b)]
        return np.einsum("a,b,abij->ij", *vectors, gram)[apart].mean()

    c, d, drift = [("C_m", 1)], [("D_m", 1)], [("U_m", -1)]
    nsr = [("C_m", 0.5), ("D_m", -0.5)]
    share = product(d, d) / (product(c, c) + product(d, d))
    yield "sign-blind share, null context", share, update["raw/drift_share_marginal"][()]
    rules = [name.decode() for name in update["raw/rule_name"][()]]
    stored = update["raw/corrected_cosine"][rules.index("NSR-PreRL"), rules.index("drift-PreRL")]
    yield (
        "cosine of NSR-PreRL and -U_m",
        product(nsr, drift) / np.sqrt(product(nsr, nsr) * product(drift, drift)),
        stored,
    )


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    worst = 0
    with h5py.File(path, "r") as file:
        for name, fresh, stored in rows(file):
            worst = max(worst, abs(fresh - stored))
            print(f"{name:40} {fresh:9.4f} {stored:9.4f}")
    print(f"largest difference {worst:.1e}")
    sys.exit(not worst <= TOLERANCE)


if __name__ == "__main__":
    main()
