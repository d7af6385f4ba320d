"""How a figure looks: one column wide, text of 7 pt, colours that the colour-blind tell apart."""

import matplotlib
from matplotlib import pyplot
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.textpath import TextPath

WIDTH = 3.4  # inches, one column of a two-column page
SMALL = 7  # points, the smallest text

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8C8C8C"
# Yellow is left out: it vanishes on white.
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (7, 2)), (0, (3, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# From 0 up: white to blue. Around 0: vermilion, white, blue; grey where there is no number.
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "prerl-sequential", ["#FFFFFF", SKY, BLUE, "#00304F"]
)
DIVERGING = LinearSegmentedColormap.from_list(
    "prerl-diverging", ["#7A3300", VERMILION, "#FFFFFF", BLUE, "#003D61"]
)
for colours in (SEQUENTIAL, DIVERGING):
    colours.set_bad("#E6E6E6")


def apply():
    """Sets matplotlib up, from its own defaults: nothing of a user's configuration counts."""
    matplotlib.rcdefaults()
    pyplot.switch_backend("Agg")
    matplotlib.rcParams.update(
        {
            "font.family": "DejaVu Sans",  # comes with matplotlib
            "font.size": SMALL,
            "axes.titlesize": SMALL,
            "axes.titlelocation": "left",
            "axes.labelsize": SMALL,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "legend.fontsize": SMALL,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.1,
            "lines.markersize": 3.5,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "figure.constrained_layout.use": True,
            "figure.dpi": 200,
            "savefig.dpi": 200,
            "svg.hashsalt": "prerl",  # names inside an SVG depend on this instead of chance
            "svg.fonttype": "path",
        }
    )


def new(height, rows=1, columns=1, **options):
    """A figure of one column's width and its axes."""
    return pyplot.subplots(rows, columns, figsize=(WIDTH, height), **options)


def note(figure, text):
    """Small lines under a figure: what n is and what an interval means."""
    figure.supxlabel(wrapped(text), fontsize=SMALL, color="#404040", x=0.01, ha="left")


def wrapped(text):
    """A text of the smallest size in lines that fit into a column; its own line breaks are kept."""
    lines = []
    for paragraph in text.split("\n"):
        lines.append("")
        for word in paragraph.split():
            longer = f"{lines[-1]} {word}".lstrip()
            if TextPath((0, 0), longer, size=SMALL).get_extents().width <= 0.97 * 72 * WIDTH:
                lines[-1] = longer
            else:
                lines.append(word)
    return "\n".join(lines)


def line_style(index):
    """Colour, dash and marker of the series at an index, all three different for eight series."""
    kind = index % len(SERIES)
    return {"color": SERIES[kind], "linestyle": DASHES[kind], "marker": MARKERS[kind]}


def number(value, digits=2):
    """A number as text with a true minus sign, never −0; a dash where there is none."""
    if value != value:
        return "–"
    written = f"{value:.{digits}f}"
    return written.replace("-", "−" if float(written) else "")


def scientific(value):
    """A learning rate as it is written in configurations: 3e-4."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def in_cell(axis, image, column, row, value, text):
    """Text in a cell of a heat map, black or white by the luminance of the cell (ITU-R BT.709)."""
    red, green, blue, _ = image.cmap(image.norm(value)) if value == value else (1, 1, 1, 1)
    dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.55
    axis.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
