"""Figures of prerl's result files: one function a figure, numbers only read, never measured here.

`Run` finds the files of a run, `show` draws a figure and saves it. The modules `thoughts`, `series`,
`training`, `studies`, `prediction` and `throughput` hold the figures of one kind of file each;
`alignment`, `tokens` and `updates` share one.
"""

from . import alignment, prediction, series, studies, style, thoughts, throughput, tokens, training, updates
from .display import page, show
from .files import Missing, Run

__all__ = [
    "Missing",
    "Run",
    "alignment",
    "page",
    "prediction",
    "series",
    "show",
    "studies",
    "style",
    "thoughts",
    "throughput",
    "tokens",
    "training",
    "updates",
]

style.apply()
