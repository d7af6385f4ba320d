"""Executes the notebooks whose inputs a run has; writes pages and figures (see export.sh)."""

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prerl_figures import Missing, Run, alignment, prediction, series, studies  # noqa: E402
from prerl_figures import thoughts, throughput, training  # noqa: E402
from prerl_figures.display import FOLDER  # noqa: E402
from prerl_figures.files import DEFAULT, RUN  # noqa: E402

RESULTS = HERE.parent / "results"
# The browser needs nothing else: no scripts, no fonts, no network.
STYLE = """
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 sans-serif; }
h1, h2, h3 { line-height: 1.25; }
img { max-width: 100%; height: auto; }
pre { background: #f6f6f6; padding: .6rem .8rem; overflow-x: auto; font-size: 13px; }
table { border-collapse: collapse; font-size: 14px; }
th, td { border: 1px solid #ddd; padding: .2rem .6rem; text-align: left; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 4px solid #E69F00; }
"""


def fail(message, status):
    print(f"export.sh: {message}", file=sys.stderr)
    sys.exit(status)


def resolve(name):
    """What a RUN names: a path, or a folder of results/runs or results/reference."""
    for path in (Path(name), RESULTS / "runs" / name, RESULTS / "reference" / name):
        if path.exists():
            return path.resolve()
    fail(
        f"{name}: no such run (expected a path, or a folder of results/runs or results/reference)",
        2,
    )


def inputs(run):
    """{notebook: why it has nothing to read, or None}."""

    def missing(check):
        try:
            check()
        except Missing as reason:
            return str(reason)
        return None

    def trained():
        """Files of runs, or what compares them."""
        try:
            run.paths_of(training.SCHEMA)
        except Missing:
            if not prediction.files(run):
                studies.comparisons(run)

    def speeds():
        try:
            throughput.measured(run)
        except Missing:
            throughput.benchmarks(run)

    return {
        "alignment": missing(lambda: run.paths_of(alignment.SCHEMA)),
        "series": missing(lambda: run.paths_of(series.SCHEMA)),
        "thoughts": missing(lambda: run.paths_of(thoughts.SCHEMA)),
        "throughput": missing(speeds),
        "training": missing(trained),
    }


def execute(name, paths, figures):
    """The executed notebook; its figures are in `figures`."""
    for old in [*figures.glob(f"{name}-*.png"), *figures.glob(f"{name}-*.svg")]:
        old.unlink()
    os.environ[FOLDER] = str(figures)
    os.environ[RUN] = os.pathsep.join(map(str, paths))
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    # The kernel is reached by sockets in a folder of its own: no port is opened.
    with tempfile.TemporaryDirectory() as runtime:
        os.environ["JUPYTER_RUNTIME_DIR"] = runtime
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(HERE)}},
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{runtime}/kernel"}}),
        )
        try:
            return client.execute()
        except CellExecutionError as error:
            fail(f"{name}.ipynb: {error.ename}: {error.evalue}".split("\n")[0], 1)


def html_page(name, notebook):
    """One self-contained page: styles and images are inside it."""
    exporter = HTMLExporter(
        template_name="basic",
        mathjax_url="",
        require_js_url="",
        exclude_anchor_links=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    if found := re.search(r"<script|<link|src=\"(?!data:)", body):
        fail(f"{name}.ipynb: the page is not self-contained ({found.group()})", 1)
    body = "\n".join(line.rstrip() for line in body.splitlines() if line.strip())
    styles = STYLE + HtmlFormatter().get_style_defs(".highlight")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{name}</title>\n"
        f"<style>{styles}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def main():
    paths = [resolve(name) for name in sys.argv[1:]] or [DEFAULT]
    if not paths[0].exists():
        fail(f"{DEFAULT.relative_to(HERE.parent)} is not there (expected a RUN, see --help)", 2)
    run = Run(*paths)
    reasons = inputs(run)
    if all(reasons.values()):
        fail(
            f"{paths[0]}: nothing to read (expected alignment, thought or training files or rates)"
            f"{run.unread}",
            2,
        )

    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    target = HERE if folder == DEFAULT else folder
    pages, figures = target / "html", target / "figures"
    try:
        for place in (pages, figures):
            place.mkdir(exist_ok=True)
        for name, reason in reasons.items():
            if reason:
                print(f"{name}: left out: {reason}")
                continue
            page = html_page(name, execute(name, paths, figures))
            (pages / f"{name}.html").write_text(page, encoding="utf-8")
            count = len(list(figures.glob(f"{name}-*.png")))
            print(
                f"{name}: {os.path.relpath(pages / name)}.html, "
                f"{count} figures in {os.path.relpath(figures)}"
            )
    except BrokenPipeError:  # the reader of our lines has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        fail(f"{error.filename or target}: {error.strerror or error}", 3)


if __name__ == "__main__":
    main()
