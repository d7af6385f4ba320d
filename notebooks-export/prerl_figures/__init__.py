"""Figures of prerl's result files: one function a figure, numbers only read, never measured here.

`Run` finds the files of a run, `show` draws a figure and saves it, and the modules `alignment`,
`thoughts`, `training` and `throughput` hold the figures of one kind of file each.
"""

from . import alignment, style, thoughts, throughput, training
from .display import page, show
from .files import Missing, Run

__all__ = ["Missing", "Run", "alignment", "page", "show", "style", "thoughts", "throughput", "training"]

style.apply()
