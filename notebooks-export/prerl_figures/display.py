"""Draws a figure into the notebook and, where the export asks for it, into PNG and SVG files."""

import html
import io
import os
from pathlib import Path

import numpy as np
import PIL.Image
from IPython.display import HTML, Image, Markdown, display
from matplotlib import pyplot

from .files import Missing, provenance

FOLDER = "PRERL_FIGURES"  # environment variable: where figures are saved; nowhere when unset
# Without these a file would hold a date and the version of matplotlib.
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def show(name, draw, *arguments, **options):
    """Draws `draw(...)` and saves it under `name`; says what is missing where that is the case."""
    try:
        figure = draw(*arguments, **options)
    except Missing as missing:
        display(Markdown(f"> **{name}: left out** — {missing}."))
        return
    image = png(figure)
    if folder := os.environ.get(FOLDER):
        Path(folder, f"{name}.png").write_bytes(image)
        figure.savefig(Path(folder, f"{name}.svg"), format="svg", metadata=METADATA["svg"])
    pyplot.close(figure)
    display(Image(image, width=544, alt=f"{name}: {summary(draw)}"))


def summary(draw):
    """The first line of a figure function's description, which is the figure's alternative text."""
    return (draw.__doc__ or "").strip().split("\n")[0]


def png(figure):
    """A figure as PNG with 256 colours: half of the size, and no difference to be seen.

    Half of the palette are the most frequent colours, so that lines and areas keep theirs; the
    other half, chosen by Pillow, is for shades in between. Every pixel takes the nearest.
    """
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", metadata=METADATA["png"])
    with PIL.Image.open(whole) as opened:
        image = opened.convert("RGB")
    pixels = np.asarray(image).reshape(-1, 3)
    colours, place, count = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    frequent = colours[np.argsort(-count, kind="stable")[:128]]
    shades = image.quantize(128, PIL.Image.Quantize.MAXCOVERAGE).getpalette()[: 3 * 128]
    palette = np.concatenate([frequent, np.reshape(shades, (-1, 3)).astype(np.uint8)])
    distance = ((colours[:, None].astype(int) - palette[None].astype(int)) ** 2).sum(2)
    indices = distance.argmin(1)[place.ravel()].astype(np.uint8)
    reduced = PIL.Image.frombytes("P", image.size, indices.tobytes())
    reduced.putpalette(palette.tobytes())
    reduced.save(small, format="png", optimize=True, dpi=(figure.dpi, figure.dpi))
    return small.getvalue()


def page(file, *more):
    """A table of where a file's numbers come from."""
    rows = "".join(
        f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>"
        for key, value in (*provenance(file), *more)
    )
    display(HTML(f"<table>{rows}</table>"))
